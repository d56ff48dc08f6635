"""Brings a case back from its journal, with its history and its prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.case_past import Past
from napari_mae_sam2.annotate.effort import Spent
from napari_mae_sam2.annotate.journal_codec import Codec, unpack
from napari_mae_sam2.annotate.session import CaseSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_mae_sam2.annotate.history import Step
    from napari_mae_sam2.annotate.journal_reviews import Arrays, Header
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.saving import Saved
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.record_log import RecordLog


def recover(log: RecordLog, frame: Frame) -> tuple[CaseSession, Codec, str]:
    """Read a journal.

    Parameters
    ----------
    log : RecordLog
        Where it lies.
    frame : Frame
        The frame of its case.

    Returns
    -------
    session : CaseSession
        As the case was left.
    codec : Codec
        To write on with.
    trouble : str
        A sentence where its end is lost, else empty.

    Raises
    ------
    StudyError
        If it is no journal that this version reads.
    ValueError, KeyError, IndexError
        If it is damaged from its beginning.
    """
    records = log.read()
    codec = Codec()
    header, arrays = unpack(records.payloads[0])
    if header["kind"] != "case" or header["frame"] != frame.sha256:
        raise ValueError("it is the journal of another case")
    codec.meet(header, arrays)
    width = frame.shape[1]
    done: list[Step] = []
    undone: list[Step] = []
    live: list[tuple[Header, Step | None]] = []
    for payload in records.payloads[1:]:
        said, pixels = unpack(payload)
        codec.meet(said, pixels)
        step = codec.step(said["step"], pixels, width) if "step" in said else None
        if step is not None and said["kind"] in ("past", "future"):
            (done if said["kind"] == "past" else undone).append(step)
        else:
            live.append((said, step))
    session = _stand(header, arrays, codec, frame, done, undone)
    for said, step in live:
        if said["kind"] not in ("saved", "looked"):
            session.replay(said["kind"], step)
    last = live[-1][0] if live else header
    session.saves.take_up(last["edits"], last["saved"], last.get("word"))
    session.saves.revision = last["revision"]
    # Journals of earlier versions do not say: what they saved was called done.
    usual = None if last["revision"] is None else "done"
    session.saves.status = last.get("status", usual)
    session.look_again(last.get("choice", session.choice), last.get("threshold", 0.0))
    session.effort.take_up(Spent(*last["spent"]), Spent(*last["reported"]))
    trouble = (
        ""
        if records.is_whole
        else f"The journal of {frame.name} is damaged: its last steps may be missing."
    )
    return session, codec, trouble


def _stand(
    header: Header,
    arrays: Arrays,
    codec: Codec,
    frame: Frame,
    done: list[Step],
    undone: list[Step],
) -> CaseSession:
    """Make the session as it stood when the journal was begun."""
    lesions = codec.lesions(header["lesions"])
    known = [lesion for lesion in lesions.values() if lesion is not None]
    session = CaseSession(frame, arrays["labels"], known, header["revision"])
    draft = codec.draft(header["draft"])
    review = codec.review(header.get("review"))
    past = Past(arrays["origins"], draft, review, tuple(done), tuple(undone))
    session.take_up(past)
    return session


def agrees(session: CaseSession, saved: Saved | None) -> bool:
    """Tell whether a case from a journal still is what the study says of it.

    What the grader did since counts more than what lies in the study. A save that was
    finished when the program was killed is taken note of here.

    Parameters
    ----------
    session : CaseSession
        From `recover`.
    saved : Saved or None
        The newest labels in the study.

    Returns
    -------
    bool
        False where the study knows better: somebody went on elsewhere.
    """
    saves = session.saves
    newest = None if saved is None else saved.revision
    if newest == saves.revision:
        return True
    # Also where nothing had changed since the last save: a grader may save that, too.
    if (
        saved is not None
        and (saved.labels == session.labels).all()
        and _said(saved.lesions) == _said(session.present_lesions())
        and saves.word in (None, saved.status)
    ):
        saves.written(saves.edits, saved.revision, saved.status)
        return True
    return not saves.is_saved


def _said(lesions: Iterable[Lesion]) -> set[tuple[int, str, str]]:
    return {(lesion.number, lesion.kind, lesion.comment) for lesion in lesions}
