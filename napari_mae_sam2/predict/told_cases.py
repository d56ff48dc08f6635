"""What heads told of a study's cases, and which cases that makes.

What a grader says of a case always goes before what a head told of it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.predict.stored import results_in
from napari_mae_sam2.study.records import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_mae_sam2.predict.told import Told
    from napari_mae_sam2.study.index_query import Item

_OWN: Final = ("eye", "visit", "phase")
_kept: tuple[tuple[Path, list[tuple[Path, int]]], ToldCases] | None = None
_HASH: Final = 12  # digits of the frame's hash at the end of a case's id


@dataclass(frozen=True, slots=True)
class Wanted:
    """A condition: what is told, and the class; "" for cases of which none is said."""

    name: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Wanted:
        """Read NAME=VALUE; `PlainError` where it is something else."""
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise PlainError(
                f"“{text}” is no condition: write what is told and its class, such as "
                "phase=late."
            )
        return cls(name.strip(), value.strip())


class ToldCases:
    """What heads told of the cases of a study, by its newest predictions.

    Parameters
    ----------
    study : Path
        Its folder; what lies in `predictions` counts, the latest run first.
    """

    def __init__(self, study: Path) -> None:
        self._told: dict[str, dict[str, Told]] = {}
        for results in results_in(study):
            for record in results.records([]):  # a damaged one is predicted again
                known = self._told.setdefault(record.frame_sha256[:_HASH], {})
                for name, told in record.told.items():
                    known.setdefault(name, told)

    def of(self, case: str) -> Mapping[str, Told]:
        """Give what heads told of a case, by what is told."""
        return self._told.get(case[-_HASH:], {})

    def words(self, case: str, name: str) -> str:
        """Say what a head told of a case and how surely; empty where it did not."""
        told = self.of(case).get(name)
        return "" if told is None else f"{told.value} {told.probability:.0%}"

    def as_json(self, case: str) -> dict[str, dict[str, object]]:
        """Give what heads told of a case as plain values."""
        return {n: told.model_dump(mode="json") for n, told in self.of(case).items()}

    def values(self) -> list[tuple[str, str]]:
        """List what is told and its classes, in order."""
        return sorted(
            {
                (name, one.value)
                for told in self._told.values()
                for name, one in told.items()
            }
        )

    def value(self, item: Item, name: str) -> str:
        """Give what is said of a case: by a grader, else by a head, else ""."""
        told = self.of(item.case).get(name)
        return own_value(item, name) or ("" if told is None else told.value)

    def matching(
        self, items: Iterable[Item], wanted: Sequence[Wanted]
    ) -> frozenset[str]:
        """Give the ids of the cases that fit every condition.

        Raises
        ------
        PlainError
            If neither a head nor a grader has said anything of that kind.
        """
        every = list(items)
        heads = {name for name, _ in self.values()}
        for one in wanted:
            if one.name not in heads and not any(own_value(i, one.name) for i in every):
                known = ", ".join(sorted(heads)) or "nothing yet"
                raise PlainError(
                    f"Nothing in this study tells {one.name} (told: {known}): run "
                    "“napari-mae-sam2 predict STUDY --propose STUDY --classify HEAD”."
                )
        return frozenset(
            item.case
            for item in every
            if all(self.value(item, one.name) == one.value for one in wanted)
        )


def own_value(item: Item, name: str) -> str:
    """Give what graders say of a case: a field of it, or whether it can be graded."""
    if name in _OWN:
        return str(getattr(item, name))
    if name == "gradability":
        if item.status == "cannot_grade":
            return "cannot_grade"
        return "gradable" if item.status in ANSWERED else ""
    return ""


def told_of(study: Path) -> ToldCases:
    """Give what heads told of a study's cases; read again only where it changed."""
    global _kept
    stamps = []
    for results in results_in(study):
        with suppress(OSError):  # a record that is written anew changes its folder
            stamps.append(
                (results.folder, (results.folder / "records").stat().st_mtime_ns)
            )
    if _kept is None or _kept[0] != (study, stamps):
        _kept = ((study, stamps), ToldCases(study))
    return _kept[1]
