"""Predicting many frames: read ahead, encoded in batches, going on where it stopped.

One frame that cannot be read or asked is named and left out; the others are done.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.quality import Quality, assess
from napari_mae_sam2.model.classifier import Classifier
from napari_mae_sam2.predict.answer import Answer, answer_frame, asks_tiles
from napari_mae_sam2.predict.prompts_file import PromptBook, digest
from napari_mae_sam2.predict.results import FrameRecord, Results
from napari_mae_sam2.predict.told import Told
from napari_mae_sam2.study.cases import case_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.classifier import ToldClass
    from napari_mae_sam2.model.embedding import FrameEmbedding
    from napari_mae_sam2.model.predictor import Sam2Predictor
    from napari_mae_sam2.model.protocol import Prompts
    from napari_mae_sam2.predict.proposals import Proposals
    from napari_mae_sam2.predict.sources import Source

BATCH = 4
"""Frames that are encoded together on a GPU, where more may be worth it. A processor
gains nothing by it, and whoever waits sees frames sooner one by one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one frame.

    Attributes
    ----------
    name : str
    what : str
        "classified" where only what heads tell was missing.
    sentence : str
        Why it was left out.
    entry : str
        What the file of prompts calls it; empty where it says nothing of it.
    """

    name: str
    what: Literal["made", "found", "classified", "trouble", "labelled"]
    sentence: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A frame that is to be asked, with all that needs no model."""

    source: Source
    frame: Frame
    entry: str
    prompts: list[Prompts]
    field: NDArray[np.bool_]
    quality: Quality
    told: dict[str, Told]


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A frame that was predicted before, of which a head has still to tell."""

    name: str
    frame: Frame
    entry: str
    record: FrameRecord


_Step = _Read | _Known | Outcome


class PredictRun:
    """Predicts frames into a folder.

    Parameters
    ----------
    predictor : Sam2Predictor
    results : Results
        Frames that are there already, from the same prompts, are passed over.
    book : PromptBook
    batch : int
        Frames that are encoded together.
    proposals : Proposals, optional
        Takes every frame whose answer is there.
    classifier : Classifier, optional
        Its heads tell what each frame shows, where they have not done so before.
    """

    def __init__(
        self,
        predictor: Sam2Predictor,
        results: Results,
        book: PromptBook | None = None,
        batch: int = BATCH,
        proposals: Proposals | None = None,
        classifier: Classifier | None = None,
    ) -> None:
        self._predictor = predictor
        self._results = results
        self._book = book or PromptBook()
        self._batch = batch
        self._proposals = proposals
        self._classifier = classifier or Classifier(predictor)

    def steps(self, sources: Sequence[Source]) -> Iterator[Outcome]:
        """Predict all frames; yields what became of each.

        While one batch is encoded, the next is read and the one before is written.

        Raises
        ------
        StudyError
            If the folder cannot take a result: the next could not be written either.
        """
        batches = [
            sources[start : start + self._batch]
            for start in range(0, len(sources), self._batch)
        ]
        with (
            ThreadPoolExecutor(1, "read ahead") as reader,
            ThreadPoolExecutor(1, "write behind") as writer,
        ):
            written: list[Future[Outcome]] = []
            reading = [reader.submit(self._read, batch) for batch in batches[:1]]
            try:
                for following in [*batches[1:], None]:
                    if not reading:
                        break
                    read = reading.pop().result()
                    if following is not None:
                        reading.append(reader.submit(self._read, following))
                    encoded = self._encode(read)
                    yield from (one.result() for one in written)
                    written = [writer.submit(self._finish, *one) for one in encoded]
            except KeyboardInterrupt:
                yield from (one.result() for one in written)
                raise
            yield from (one.result() for one in written)

    def _read(self, sources: Sequence[Source]) -> list[_Step]:
        return [self._read_one(source) for source in sources]

    def _read_one(self, source: Source) -> _Step:
        entry = self._book.entry_of(source)
        try:
            frame = source.load()
            entry = self._book.entry_of(source, frame)
            prompts = self._book.of(source, frame)
        except PlainError as error:
            return Outcome(source.name, "trouble", str(error), entry)
        if self._proposals is not None and not self._proposals.is_wanted(frame):
            return Outcome(source.name, "labelled", entry=entry)
        known = self._results.known(case_id(frame), frame)
        told = {} if known is None else known.told
        if known is not None and known.prompts == digest(prompts):
            if self._untold(told):
                return _Known(source.name, frame, entry, known)
            # The run may have been ended before it was proposed.
            return self._propose(frame, Outcome(source.name, "found", entry=entry))
        field = field_mask(frame.pixels)
        quality = assess(frame.pixels, field)
        return _Read(source, frame, entry, prompts, field, quality, told)

    def _untold(self, told: Mapping[str, Told]) -> set[str]:
        """Name what no head, or another one, has told."""
        heads = self._classifier.heads.items()
        return {n for n, head in heads if n not in told or told[n].head != head}

    def _tell(self, frame: Frame, told: Mapping[str, Told]) -> dict[str, Told]:
        """Give all that is told of a frame; what was told before is not asked again."""
        found = self._classifier.tell(frame.pixels, self._untold(told))
        return {**told, **_as_records(found)}

    def _encode(self, batch: list[_Step]) -> list[tuple[_Step, FrameEmbedding | None]]:
        """Encode those frames of a batch that are asked as a whole, and classify."""
        batch = [
            one
            if isinstance(one, Outcome)
            else replace(one, told=self._tell(one.frame, one.told))
            if isinstance(one, _Read)
            else replace(one, record=self._classified(one))
            for one in batch
        ]
        whole = [
            one
            for one in batch
            if isinstance(one, _Read)
            and not asks_tiles(self._predictor, one.frame, one.prompts)
        ]
        made = self._predictor.encode_many([one.frame.pixels for one in whole])
        embeddings = {id(one): found for one, found in zip(whole, made, strict=True)}
        return [(one, embeddings.get(id(one))) for one in batch]

    def _classified(self, known: _Known) -> FrameRecord:
        told = self._tell(known.frame, known.record.told)
        return known.record.model_copy(update={"told": told})

    def _finish(self, read: _Step, embedding: FrameEmbedding | None) -> Outcome:
        if isinstance(read, Outcome):
            return read
        if isinstance(read, _Known):
            self._results.write_record(read.record)
            known = Outcome(read.name, "classified", entry=read.entry)
            return self._propose(read.frame, known)
        try:
            answer = answer_frame(self._predictor, read.frame, read.prompts, embedding)
        except PlainError as error:
            sentence = f"{read.source.name}: {error}"
            return Outcome(read.source.name, "trouble", sentence, read.entry)
        self._results.write(_record(read, answer), read.frame, answer)
        made = Outcome(read.source.name, "made", entry=read.entry)
        return self._propose(read.frame, made)

    def _propose(self, frame: Frame, outcome: Outcome) -> Outcome:
        if self._proposals is not None:
            try:
                self._proposals.add(frame)
            except PlainError as error:
                sentence = f"{outcome.name}: {error}"
                return Outcome(outcome.name, "trouble", sentence, outcome.entry)
        return outcome


def _as_records(told: Mapping[str, ToldClass]) -> dict[str, Told]:
    """Give the answers of heads as records hold them."""
    return {
        name: Told(
            value=one.value,
            probability=one.probabilities[one.value],
            probabilities=one.probabilities,
            head=one.head,
        )
        for name, one in told.items()
    }


def _record(read: _Read, answer: Answer) -> FrameRecord:
    frame, quality, field = read.frame, read.quality, read.field
    called = answer.labels > 0
    field_px = int(np.count_nonzero(field))
    return FrameRecord(
        id=case_id(frame),
        name=frame.name,
        source=read.source.name,
        frame_sha256=frame.sha256,
        shape=frame.shape,
        prompts=digest(read.prompts),
        area_px=int(np.count_nonzero(called)),
        field_px=field_px,
        field_share=float(np.count_nonzero(called & field) / max(field_px, 1)),
        lesions=len(np.unique(answer.labels[called])),
        score=answer.score,
        uncertainty=answer.uncertainty,
        doubt=answer.doubt,
        spread=answer.spread,
        dye=quality.dye,
        sharpness=quality.sharpness,
        brightness=quality.brightness,
        burnt=quality.burnt,
        bright=quality.bright,
        flags=list(quality.flags),
        told=read.told,
    )
