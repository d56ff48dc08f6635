"""Colours lesions by their kind, and those without one in colours that no kind has."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from skimage.color import deltaE_ciede2000, rgb2lab

from napari_mae_sam2._qt.label_layers import LESIONS, PROPOSAL
from napari_mae_sam2.annotate.label_image import MOST_LESIONS

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.session import CaseSession

_APART = 20.0
"""CIEDE2000 between colours that nobody mixes up, also half transparent."""
_FEWEST, _MOST = 3, 6
_AHEAD = 64
"""How many numbers that no lesion has yet are given a colour, for the brush."""


class KindColours:
    """Keeps the colours of the leakage layer in step with a session."""

    def __init__(self) -> None:
        self._shown: dict[int | None, str] = {}
        self._layer: Labels | None = None

    def show(self, layer: Labels | None, session: CaseSession | None) -> None:
        """Colour a layer, where its colours are other ones than those shown.

        A new map costs the layer a redraw, a kind that stays none.
        """
        if layer is None or session is None:
            return
        colours = colours_of(session)
        is_new = layer is not self._layer
        if not is_new and colours.items() <= self._shown.items():
            return
        # Some more than are needed, so that not every new lesion makes a new map; not
        # all up to a lesion that somebody numbered 65535, which napari refuses.
        top = min((session.free_numbers().start // _AHEAD + 2) * _AHEAD, MOST_LESIONS)
        free = unclassified_colours(_kind_colours(session))
        whole: dict[int | None, str] = {None: free[0], 0: "transparent"}
        whole |= {number: free[number % len(free)] for number in range(1, top)}
        self._shown = whole | colours
        self._layer = layer
        layer.colormap = DirectLabelColormap(color_dict=self._shown)


def colours_of(session: CaseSession) -> dict[int | None, str]:
    """Give the colour of every lesion that a session has."""
    by_kind = {kind.name: kind.colour for kind in session.kinds}
    free = unclassified_colours(_kind_colours(session))
    return {
        lesion.number: by_kind.get(lesion.kind) or free[lesion.number % len(free)]
        for lesion in session.present_lesions()
    }


def _kind_colours(session: CaseSession) -> tuple[str, ...]:
    return tuple(kind.colour for kind in session.kinds)


@lru_cache
def unclassified_colours(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Choose colours for lesions without a kind.

    Parameters
    ----------
    kinds : tuple of str
        Colours of the kinds, as "#rrggbb".

    Returns
    -------
    tuple of str
        None looks like that of a kind or of a proposal; several, so that lesions that
        touch can be told apart.
    """
    taken = _lab((*kinds, PROPOSAL))
    apart = {
        colour: float(deltaE_ciede2000(_lab((colour,)), taken).min())
        for colour in LESIONS
    }
    free = [colour for colour, distance in apart.items() if distance >= _APART]
    if len(free) < _FEWEST:
        free = sorted(apart, key=lambda colour: -apart[colour])[:_FEWEST]
    return tuple(free[:_MOST])


def _lab(colours: tuple[str, ...]) -> NDArray[np.float64]:
    parts = [[int(one[at : at + 2], 16) / 255 for at in (1, 3, 5)] for one in colours]
    return rgb2lab(np.array(parts))
