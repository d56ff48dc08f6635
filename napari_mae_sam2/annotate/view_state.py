"""How the grader looks at frames, the same for all of them, kept between starts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.fa.display import Treatment
from napari_mae_sam2.study.preferences import is_number

if TYPE_CHECKING:
    from napari_mae_sam2.study.preferences import Preferences

_KEPT = "view"

OPACITIES = (0.25, 0.5, 0.8)
"""Between which the key steps."""


@dataclass(frozen=True, slots=True)
class View:
    """What is shown, and how.

    Attributes
    ----------
    green, local_contrast : bool
        See `Treatment`.
    inverted : bool
        Leakage dark on bright, as some printouts have it.
    grid, scale_bar, mini_map : bool
        True where they are shown.
    outline : bool
        Lesions and proposal as outlines; filled otherwise.
    opacity : float
        Of lesions, from 0 to 1.
    """

    green: bool = False
    local_contrast: bool = False
    inverted: bool = False
    grid: bool = False
    scale_bar: bool = False
    mini_map: bool = True
    outline: bool = False
    opacity: float = 0.5

    @property
    def treatment(self) -> Treatment:
        """What is done to the pixels."""
        return Treatment(self.green, self.local_contrast)


class ViewState:
    """The view in use.

    Parameters
    ----------
    preferences : Preferences
        Where it is kept.
    """

    changed = Signal(View)

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._view = _from(preferences.get(_KEPT))

    @property
    def view(self) -> View:
        """What is shown now."""
        return self._view

    def change(self, **values: bool | float) -> None:
        """Change some of it; who shows it hears of it where it is another."""
        view = replace(self._view, **values)  # type: ignore[arg-type]
        view = replace(view, opacity=min(max(float(view.opacity), 0.0), 1.0))
        if view != self._view:
            self._view = view
            self._preferences.put(_KEPT, asdict(view))
            self.changed.emit(view)

    def flip(self, name: str) -> None:
        """Turn a flag of the view on or off."""
        self.change(**{name: not getattr(self._view, name)})

    def next_opacity(self) -> None:
        """Step to the next stronger opacity, from the strongest to the faintest."""
        stronger = (o for o in OPACITIES if o > self._view.opacity + 0.01)
        self.change(opacity=next(stronger, OPACITIES[0]))


def _from(kept: object) -> View:
    view = View()
    if not isinstance(kept, dict):
        return view
    good: dict[str, bool | float] = {}
    for field in fields(View):
        value = kept.get(field.name)
        if field.name == "opacity":
            if is_number(value) and 0 <= value <= 1:
                good["opacity"] = float(value)
        elif isinstance(value, bool):
            good[field.name] = value
    return replace(view, **good)  # type: ignore[arg-type]
