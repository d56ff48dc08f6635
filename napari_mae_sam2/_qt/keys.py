"""The grader's keys: one table that binds them, and that the sheet of keys shows.

They are bound to the viewer, where every key of napari's own layers comes first, and
to the prompts layer, which is ours. So S, C, T, N, A, R and Z do what graders know
while they prompt, and none of napari's keys is lost while they paint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import napari
    from napari.layers import Labels, Points


PAINT = "Paint on the leakage"
"""Keys that napari itself has on a labels layer; bound on the prompts layer alone."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does.

    Attributes
    ----------
    keys : tuple of str
        In napari's notation; all do the same, the first is shown.
    text : str
        What it does, in a grader's words.
    act : callable
        Does it.
    group : str
        Heading under which the sheet lists it.
    while_painting : bool
        True where it must come before napari's own key on the leakage labels.
    released : callable, optional
        Of a key that is held: does what follows when it is let go.
    """

    keys: tuple[str, ...]
    text: str
    act: Callable[[], None]
    group: str
    while_painting: bool = False
    released: Callable[[], None] | None = None


def bind(
    viewer: napari.Viewer, prompts: Points, leakage: Labels, keys: Sequence[Key]
) -> None:
    """Bind the keys; binding twice is harmless."""
    for key in keys:
        for name in key.keys:
            action = _action(key)
            prompts.bind_key(name, action, overwrite=True)
            if key.while_painting:
                leakage.bind_key(name, action, overwrite=True)
            if key.group != PAINT:
                viewer.bind_key(name, action, overwrite=True)


def unbind(viewer: napari.Viewer, keys: Sequence[Key]) -> None:
    """Give the viewer's keys back."""
    for key in keys:
        if key.group != PAINT:
            for name in key.keys:
                viewer.bind_key(name, None, overwrite=True)


def bind_panning(prompts: Points, on_pan: Callable[[bool], None]) -> None:
    """Let the grader move the picture with Space held, as everywhere in napari."""

    def pan(_layer: Any) -> Iterator[None]:
        on_pan(True)
        yield
        on_pan(False)

    prompts.bind_key("Space", pan, overwrite=True)


def _action(key: Key) -> Callable[[Any], Any]:
    def action(_bound_to: Any) -> None:
        key.act()

    def held(_bound_to: Any) -> Iterator[None]:
        key.act()
        yield
        assert key.released is not None
        key.released()

    return action if key.released is None else held
