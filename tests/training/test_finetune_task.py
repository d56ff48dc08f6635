"""Which sessions a step holds, and what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.finetune_config import FinetuneConfig
from mae_sam2_training.finetune_task import FinetuneTask
from mae_sam2_training.losses import LossConfig
from mae_sam2_training.session import Session
from mae_sam2_training.views import Shown
from napari_mae_sam2.model.architectures import Architecture, build_model

if TYPE_CHECKING:
    from mae_sam2_training.engine.run import Run


class TwoLesions:
    """One view with two lesions, whether or not these are all."""

    def __init__(self, complete: bool, empty: tuple[int, ...] = ()) -> None:
        self._complete = complete
        self._empty = empty

    def __len__(self) -> int:
        return 3

    def show(
        self, index: int, rng: np.random.Generator, side: int | None = None
    ) -> Shown:
        lesions = np.zeros((64, 64), np.uint16)
        if index not in self._empty:
            lesions[5:20, 5:20], lesions[40:60, 30:60] = 1, 2
        shape = (1, 3, side or 128, side or 128)
        seen = torch.full(shape, float(index))
        return Shown(f"{index}", (64, 64), lesions, seen, self._complete)


@pytest.fixture(scope="module")
def session() -> Session:
    torch.manual_seed(0)
    model = build_model(Architecture("tiny"), image_size=128)
    return Session(model, LossConfig())


def task(
    session: Session, complete: bool, per_view: int = 1, empty: tuple[int, ...] = ()
) -> FinetuneTask:
    config = FinetuneConfig.model_validate(
        {"loop": {"batch": 8}, "prompts": {"all": 0.5, "per_view": per_view}}
    )
    gallery = TwoLesions(complete, empty)
    return FinetuneTask(session, gallery, gallery, config, cast("Run", None))


def test_what_is_not_fully_labelled_is_never_asked_for_all(session: Session) -> None:
    for complete in (True, False):
        steps = [task(session, complete).batch(step, 0, 1) for step in range(4)]
        kinds = [sample.kind for batch in steps for sample in batch.samples]
        assert len(kinds) == 32
        assert ("all" in kinds) is complete


def test_a_view_is_not_called_clean_where_leaks_are_unlabelled(
    session: Session,
) -> None:
    some = task(session, False, empty=(0, 2))
    for step in range(4):
        samples = some.batch(step, 0, 1).samples
        assert {sample.name for sample in samples} == {"1"}
        assert all(sample.target.any() for sample in samples)
    with pytest.raises(DataError, match="No frame is fully labelled"):
        task(session, False, empty=(0, 1, 2)).batch(0, 0, 1)
    clean = task(session, True, empty=(0, 1, 2)).batch(0, 0, 1).samples
    assert {sample.kind for sample in clean} == {"all"}


def test_sessions_on_one_view_share_its_encoding(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = task(session, True, per_view=4).batch(0, 0, 1)
    views = [sample.seen for sample in batch.samples]
    assert len(views) == 8
    assert len({id(view) for view in views}) == 2
    encoded = []
    encode = session.encode

    def counted(images: list[torch.Tensor]) -> object:
        encoded.append(len(images))
        return encode(images)

    monkeypatch.setattr(session, "encode", counted)
    with torch.no_grad():
        loss, _ = session(batch)
    assert encoded == [2]
    assert torch.isfinite(loss)


def test_processes_divide_the_views_between_them(session: Session) -> None:
    whole = task(session, True, per_view=2).batch(5, 0, 1).samples
    parts = [
        task(session, True, per_view=2).batch(5, rank, 2).samples for rank in (0, 1)
    ]
    said = {(sample.name, sample.kind, sample.seed) for sample in whole}
    assert said == {(s.name, s.kind, s.seed) for part in parts for s in part}
    assert [len(part) for part in parts] == [4, 4]


def test_each_step_draws_a_side_and_answers_at_it(session: Session) -> None:
    config = FinetuneConfig.model_validate(
        {"loop": {"batch": 2}, "train": {"what": "all", "sides": [96, 160]}}
    )
    gallery = TwoLesions(complete=True)
    some = FinetuneTask(session, gallery, gallery, config, cast("Run", None))
    batches = [some.batch(step, 0, 1) for step in range(12)]
    sides = [{4 * s.target.shape[-1] for s in batch.samples} for batch in batches]
    assert all(len(one) == 1 for one in sides)
    assert set().union(*sides) == {96, 160}
    for batch in batches[:3]:
        loss, _ = session(batch)
        assert torch.isfinite(loss)
