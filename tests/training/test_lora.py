from __future__ import annotations

import torch
from torch import nn

from mae_sam2_training.lora import LowRank, add_adapters, merge_adapters


def test_adapters_start_at_nothing_and_merge_into_plain_weights() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 3))
    keys = set(net.state_dict())
    x = torch.randn(5, 6)
    before = net(x)
    assert add_adapters(net, rank=2, alpha=4.0, wanted=lambda name: name == "2") == 1
    assert isinstance(net[2], LowRank)
    torch.testing.assert_close(net(x), before)
    nn.init.normal_(net[2].up)
    adapted = net(x)
    assert not torch.allclose(adapted, before)
    trained = {name for name, p in net.named_parameters() if p.requires_grad}
    assert trained == {"0.weight", "0.bias", "2.down", "2.up"}
    merge_adapters(net)
    torch.testing.assert_close(net(x), adapted)
    assert set(net.state_dict()) == keys
