from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from torch import nn


def _hiera(**settings: object) -> nn.Module:
    from sam2.modeling.backbones.hieradet import Hiera

    torch.manual_seed(0)
    trunk = Hiera(**settings)
    for embedding in (trunk.pos_embed, trunk.pos_embed_window):  # zero when fresh
        torch.nn.init.normal_(embedding)
    return trunk.eval()


@pytest.fixture
def small_trunk() -> nn.Module:
    """SAM2's Hiera with the blocks and windows of tiny, but few channels."""
    return _hiera(
        embed_dim=16,
        num_heads=1,
        stages=(1, 2, 7, 2),
        global_att_blocks=(5, 7, 9),
        window_pos_embed_bkg_spatial_size=(7, 7),
    )


@pytest.fixture
def wide_trunk() -> nn.Module:
    """The same with the windows of 8 x 8 units that the large trunk has."""
    return _hiera(
        embed_dim=16,
        num_heads=2,
        stages=(2, 3, 4, 2),
        global_att_blocks=(6, 8),
        window_pos_embed_bkg_spatial_size=(7, 7),
        window_spec=(8, 4, 16, 8),
    )
