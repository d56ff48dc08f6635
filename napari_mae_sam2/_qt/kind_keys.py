"""Keys that a study gives its kinds of lesions, where they are not a grader's already.

A kind may not take a key that commits, paints or deletes: nobody would know why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_mae_sam2._qt.keys import Key
    from napari_mae_sam2.study.kinds import Kind


def without_taken_keys(
    kinds: Sequence[Kind], keys: Iterable[Key]
) -> tuple[tuple[Kind, ...], str]:
    """Leave kinds without a key that does something else.

    Parameters
    ----------
    kinds : sequence of Kind
        As the study has them.
    keys : iterable of Key
        The grader's other keys.

    Returns
    -------
    kinds : tuple of Kind
        The same, some of them without a key.
    trouble : str
        One sentence about those, empty where there is none.
    """
    taken = {_sorted(name) for key in keys for name in key.keys}
    refused = [kind for kind in kinds if kind.key and _sorted(kind.key) in taken]
    if not refused:
        return tuple(kinds), ""
    named = ", ".join(f"{kind.key} for {kind.name}" for kind in refused)
    trouble = f"These keys of study.json do something else already: {named}; choose "
    trouble += "others there."
    return tuple(
        kind.model_copy(update={"key": ""}) if kind in refused else kind
        for kind in kinds
    ), trouble


def _sorted(name: str) -> tuple[str, ...]:
    """Give the parts of a key in one order: Control-Shift-Z is Shift-Control-Z."""
    return tuple(sorted(name.split("-")))
