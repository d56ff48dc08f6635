"""Colours lesions by their kind, and those without one as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.colormaps import DirectLabelColormap

from napari_mae_sam2._qt.label_layers import LESIONS
from napari_mae_sam2.annotate.label_image import MOST_LESIONS

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_mae_sam2.annotate.session import CaseSession

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
        whole: dict[int | None, str] = {None: LESIONS[0], 0: "transparent"}
        whole |= {number: _usual(number) for number in range(1, top)}
        self._shown = whole | colours
        self._layer = layer
        layer.colormap = DirectLabelColormap(color_dict=self._shown)


def colours_of(session: CaseSession) -> dict[int | None, str]:
    """Give the colour of every lesion that a session has."""
    by_kind = {kind.name: kind.colour for kind in session.kinds}
    return {
        lesion.number: by_kind.get(lesion.kind) or _usual(lesion.number)
        for lesion in session.present_lesions()
    }


def _usual(number: int) -> str:
    return LESIONS[(number - 1) % len(LESIONS)]
