"""A round that is trained elsewhere: a bundle goes out, a result bundle comes back.

Both are plain zip files. Only members with the names that are expected are ever read
from one, and everything in it is checked by hash.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mae_sam2_training.config import load_config
from mae_sam2_training.engine.atomic import drop_unfinished, replacing, write_bytes
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.rounds.commands import begin, tell
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.decisions import MODEL
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.history import keep_history
from mae_sam2_training.rounds.material import Material
from mae_sam2_training.rounds.places import Bench, bench_of
from mae_sam2_training.rounds.records import read_round
from mae_sam2_training.rounds.running import run_round
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.images import tiff_bytes
from napari_mae_sam2.study.records import RECORD_SCHEMA, dump
from napari_mae_sam2.study.round_answers import answers_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mae_sam2_training.rounds.records import RoundRecord

ROUND = "round.json"
BASE, IN_USE = "weights/base.safetensors", "weights/in_use.safetensors"
RESULT = (
    *("result.json", MODEL, "report.html"),
    *("per_image.csv", "per_lesion.csv", "metrics.csv"),
)
"""Files of a result; the first two must be there."""


def export_round(
    study: Path,
    out: Path,
    *,
    base: Path | None = None,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    json_progress: bool = False,
) -> RoundRecord:
    """Freeze a round and pack all that it needs into one zip file.

    Parameters
    ----------
    study : Path
        A study folder.
    out : Path
        The bundle, `*.zip`; it appears whole or not at all.
    base, config_file, overrides, json_progress
        As for `round_of`.

    Raises
    ------
    PlainError
        If study, recipe or weights cannot be used, or the bundle cannot be written.
    """
    _ready(out)
    config = load_config(RoundConfig, config_file, overrides)
    Study.open(study)
    rounds = Rounds(study)
    with telling(out.parent, json_progress) as reporter, bench_of(study).lock():
        rounds.settle()
        record, material = begin(rounds, config, base)
        try:
            with replacing(out) as temporary:
                _pack(material, temporary)
        except BaseException as error:
            rounds.add_event(record.number, "failed", message=str(error))
            raise
        rounds.add_event(record.number, "exported")
        reporter.report("saved", path=str(out), round=record.number)
    return record


def run_bundle(
    bundle: Path, out: Path, *, json_progress: bool = False
) -> dict[str, Any]:
    """Train, measure and judge the round of a bundle; no study is needed here.

    Parameters
    ----------
    bundle : Path
        From `export_round`.
    out : Path
        The result bundle, `*.zip`; it appears whole or not at all.
    json_progress : bool
        Tell progress as JSON lines.

    Returns
    -------
    dict
        What `result.json` says.

    Raises
    ------
    PlainError
        If the bundle is damaged, or the machine does not allow it.
    Stopped
        If a signal ended it; nothing is left then.
    """
    _ready(out)
    with (
        telling(out.parent, json_progress) as reporter,
        _opened(bundle) as archive,
    ):
        bench = _bench(archive)
        with bench.lock():
            try:
                with bench.work() as work:
                    material = _unpack(archive, work / "bundle")
                    number = material.record.number
                    reporter.report(
                        "start",
                        round=number,
                        message=f"Round {number} of a bundle.",
                    )
                    files, result = run_round(material, work, bench.encoded, reporter)
                    with replacing(out) as temporary:
                        _pack_result(archive.read(ROUND), files, temporary)
            finally:
                # nobody comes back to a bundle: pixels and features of it go
                for part in (bench.embeddings, bench.encoded):
                    shutil.rmtree(part, ignore_errors=True)
        tell(reporter, result, out)
    return result


def take_back(study: Path, bundle: Path) -> dict[str, Any]:
    """Put the result of a round that was trained elsewhere into its study.

    Parameters
    ----------
    study : Path
        The study that exported the round.
    bundle : Path
        The result bundle.

    Returns
    -------
    dict
        What `result.json` says.

    Raises
    ------
    RoundError
        If it is no result of a round of this study, or the round has one already.
    """
    rounds = Rounds.open(study)
    with _opened(bundle) as archive:
        own = hashlib.sha256(_read(archive, ROUND)).hexdigest()
        for number in rounds.numbers():
            frozen = (rounds.place(number) / ROUND).read_bytes()
            if hashlib.sha256(frozen).hexdigest() == own:
                break
        else:
            raise RoundError(
                f"{bundle.name} is the result of no round of the study {study.name}: "
                "choose the study that exported it."
            )
        names = set(archive.namelist())
        files = {name: _read(archive, name) for name in RESULT[:2]}
        tested = rounds.read(number).side("test")
        further = [*RESULT[2:], *(answers_file(one.case) for one in tested)]
        files |= {name: _read(archive, name) for name in further if name in names}
    try:
        result: dict[str, Any] = json.loads(files["result.json"])
    except ValueError as error:
        raise RoundError(_damaged(bundle)) from error
    rounds.publish(number, files)
    rounds.add_event(number, "done")
    keep_history(rounds)
    return result


def _pack(material: Material, path: Path) -> None:
    record, study = material.record, Study(material.study)
    material.check()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(Rounds(material.study).place(record.number) / ROUND, ROUND)
        archive.write(material.base, BASE, zipfile.ZIP_STORED)
        if material.in_use != material.base:
            archive.write(material.in_use, IN_USE, zipfile.ZIP_STORED)
        for one in record.members:
            case = f"cases/{one.case}"
            # a frame that the study only refers to goes along like any other
            said = dump(study.case(one.case))
            said |= {"schema": RECORD_SCHEMA, "frame_file": None}
            archive.writestr(f"{case}/case.json", json.dumps(said))
            pixels = study.load_frame(one.case).pixels
            archive.writestr(f"{case}/frame.tif", tiff_bytes(pixels))
            label = f"{case}/revisions/{one.revision}"
            for name in ("lesions.tif", "revision.json"):
                archive.write(material.revision(one) / name, f"{label}/{name}")


def _unpack(archive: zipfile.ZipFile, place: Path) -> Material:
    """Write what a round needs, and nothing else that a foreign file may hold."""
    place.mkdir(parents=True)
    for name in (ROUND, BASE):
        write_bytes(place / name, _read(archive, name))
    record = read_round(place / ROUND)
    study = Study(place)
    for one in record.members:  # the study refuses an id that would lead elsewhere
        case = study.case_folder(one.case)
        revision = study.revision_folder(one.case, one.revision)
        said = f"cases/{one.case}"
        for path, name in (
            (case / "case.json", f"{said}/case.json"),
            (case / "frame.tif", f"{said}/frame.tif"),
            *(
                (revision / part, f"{said}/revisions/{one.revision}/{part}")
                for part in ("lesions.tif", "revision.json")
            ),
        ):
            write_bytes(path, _read(archive, name))
    in_use = place / BASE
    if IN_USE in archive.namelist():
        in_use = place / IN_USE
        write_bytes(in_use, _read(archive, IN_USE))
    return Material(record, place, place / BASE, in_use)


def _pack_result(frozen: bytes, files: dict[str, bytes], path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ROUND, frozen)
        for name, content in files.items():
            archive.writestr(name, content)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise RoundError(f"There is no {path}: check the path.") from None
    except (zipfile.BadZipFile, IsADirectoryError) as error:
        raise RoundError(_damaged(path)) from error
    with archive:
        yield archive


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read a member; its checksum is checked on the way."""
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise RoundError(_damaged(archive.filename)) from error


def bundle_bench(bundle: Path) -> Bench:
    """Give the bench on which a bundle is trained; `RoundError` where it is damaged."""
    with _opened(bundle) as archive:
        return _bench(archive)


def _bench(archive: zipfile.ZipFile) -> Bench:
    digest = hashlib.sha256(_read(archive, ROUND)).hexdigest()
    return Bench(f"bundle-{digest[:16]}")


def _damaged(path: object) -> str:
    return f"{path} is damaged or no bundle of a round: export it again."


def _ready(out: Path) -> None:
    if out.suffix != ".zip":
        raise RoundError(f"{out} must end in .zip: change the name after --out.")
    if out.exists():
        raise RoundError(
            f"{out} is there already and is not written over: give another name after "
            "--out, or move it away."
        )
    drop_unfinished(out)
