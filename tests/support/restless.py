"""A grader without a window who works until the program is killed.

Run as `python restless.py FOLDER STATE SEED`; tells what the case is after each step,
a line at a time, so that whoever killed it knows what should come back.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from grey import GreyPredictor, Inbox

from napari_mae_sam2.annotate.annotator import Annotator
from napari_mae_sam2.annotate.desk import Desk
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.study.places import Places


def open_desk(folder, state, inbox):
    annotator = Annotator(inbox.post, lambda _choice, _tell: GreyPredictor())
    annotator.load_model()
    return Desk(annotator, inbox.post, Places(), state / "home", state)


def is_settled(desk):
    """True where the model has answered what it was asked."""
    session, predictor = desk.session, desk.annotator.predictor
    return session.draft.is_empty or (
        predictor is not None and session.is_answered(predictor.fingerprint)
    )


def standing(session):
    """What has to come back: pixels, prompts, lesions, history, what is to judge."""
    proposal, review = session.proposal, session.review
    if proposal is not None and proposal.draft is not session.draft:
        proposal = None  # it waits for the answer that takes its place
    return [
        pixel_sha256(session.labels),
        [[click.row, click.column, click.positive] for click in session.draft.clicks],
        sorted(session.lesions),
        [step.name for step in session.history.done],
        [step.name for step in session.history.undone],
        None if proposal is None else [proposal.placed().area, proposal.chosen],
        None if review is None else [patch.mask.area for patch in review.patches],
        session.threshold,
    ]


def act(session, dice):
    row, column = dice.randrange(5, 55), dice.randrange(5, 75)
    what = dice.randrange(12)
    if session.is_reviewing and what >= 6:
        judge(session, what)
    elif what <= 2:
        session.click(row, column, dice.random() < 0.8)
    elif what == 3:
        try:
            session.commit()
        except PlainError:
            session.reject()
    elif what == 4:
        session.labels[row : row + 5, column : column + 5] = dice.randrange(9)
        session.painted()
    elif what == 5:
        region = (slice(row - 5, row), slice(column - 5, column))
        session.edit("grow", lambda old: old.max() + 0 * old, region=region)
    elif what in (6, 7):
        session.undo()
    elif what == 8:
        session.redo()
    elif what == 9:
        session.set_threshold(dice.choice([-0.5, 0.0, 0.25]))
    else:
        session.ask_for_everything()


def judge(session, what):
    try:
        if what <= 8:
            session.accept_patch()
        elif what <= 10:
            session.reject_patch()
        else:
            session.edit_patch()
    except PlainError:
        session.reject_patch()


def main() -> None:
    folder, state, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    inbox, dice = Inbox(), random.Random(seed)
    desk = open_desk(folder, state, inbox)
    if not desk.bring_back():
        desk.open_paths([folder])
        inbox.run_until(lambda: desk.session is not None)  # a folder takes its time
        desk.go(1)
    inbox.run_until(lambda: desk.session is not None)
    inbox.run_until(lambda: is_settled(desk))
    while True:
        print(json.dumps(standing(desk.session)), flush=True)
        act(desk.session, dice)
        inbox.run_until(lambda: is_settled(desk))
        if dice.random() < 0.05:
            desk.save()
        time.sleep(0.01)


if __name__ == "__main__":
    main()
