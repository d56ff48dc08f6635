from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_mae_sam2.annotate.history import RegionChange

images = arrays(np.uint16, (7, 9), elements=st.integers(0, 2))


@given(images, images)
def test_a_change_holds_every_difference_and_no_more(before, after):
    change = RegionChange.between(before, after)
    if change is None:
        assert (before == after).all()
        return
    rebuilt = before.copy()
    rebuilt[change.region] = change.after
    assert (rebuilt == after).all()
    rebuilt[change.region] = change.before
    assert (rebuilt == before).all()
    differs = (before != after)[change.region]
    assert differs[0].any()
    assert differs[-1].any()
    assert differs[:, 0].any()
    assert differs[:, -1].any()
