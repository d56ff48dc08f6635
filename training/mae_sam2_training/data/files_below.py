"""Files that a manifest names: at their paths, or found by their names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mae_sam2_training.data.errors import DataError
from napari_mae_sam2.fa.name_matching import NameMatcher
from napari_mae_sam2.fa.reading import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class FilesBelow:
    """Finds the files that names in a manifest mean.

    Parameters
    ----------
    folder : Path
        The manifest's; it is searched once a name is not the path of a file.
    suffixes : sequence of str
        Endings of the files that may be meant, in lower case.
    without : iterable of Path
        Files that are never meant: a frame is not its own mask.
    """

    def __init__(
        self, folder: Path, suffixes: Sequence[str], without: Iterable[Path] = ()
    ) -> None:
        self._folder = folder
        self._suffixes = tuple(suffixes)
        self._without = {os.path.realpath(one) for one in without}
        self._matcher: NameMatcher[Path] | None = None

    def find(self, name: str, what: str, manifest: Path) -> Path:
        """Give the file that a name means.

        Parameters
        ----------
        name : str
            As it stands in the manifest.
        what : str
            For the message, with # in place of the file: "The mask # of line 2".
        manifest : Path
            For the message.

        Raises
        ------
        DataError
            If it means no file, or several.
        """
        path = self._folder / name
        if path.is_file():
            return path
        if self._matcher is None:
            self._matcher = self._look()
        found = self._matcher.find(name)
        said = what.replace("#", readable(str(path)))
        if not found:
            raise DataError(
                f"{said} of {manifest.name} does not exist: correct the line or put "
                "the file there."
            )
        if len(found) > 1:
            shown = [readable(str(one.relative_to(self._folder))) for one in found[:4]]
            raise DataError(
                f"{said} of {manifest.name} may be any of {', '.join(shown)}: add the "
                "folder in front."
            )
        return found[0]

    def _look(self) -> NameMatcher[Path]:
        matcher: NameMatcher[Path] = NameMatcher()
        for above, folders, names in os.walk(self._folder):
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            for name in sorted(names):
                path = Path(above, name)
                if (
                    path.suffix.lower() in self._suffixes
                    and not name.startswith(".")
                    and os.path.realpath(path) not in self._without
                ):
                    matcher.add(path, os.path.abspath(path))
        return matcher
