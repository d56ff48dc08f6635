"""Does a grader's whole job in the real window, with mouse and keys, and shows it.

Open, click, refine, undo, commit, paint, export, train a short round, use the new
model, click again. `make app` runs it where there is no display, `make docs` makes
the pictures of the documentation with it, and the end-to-end test drives the same
grader.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from grader_hand import Grader, middle
from PIL import Image
from skimage.segmentation import expand_labels

from napari_mae_sam2._qt.dock_tabs import Tab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QMessageBox


def draw_frames(folder: Path, count: int = 4, size: int = 512) -> dict[str, np.ndarray]:
    """Draw frames with leakage into a folder.

    Returns
    -------
    dict
        For every file name, without its ending, the lesions as `outlined`.
    """
    from napari_mae_sam2.fa.drawing import draw_frame

    folder.mkdir(parents=True, exist_ok=True)
    truth: dict[str, np.ndarray] = {}
    seed = 0
    while len(truth) < count:
        drawn = draw_frame(seed=seed, size=size)
        seed += 1
        if not drawn.lesions.any():
            continue
        name = f"drawn {len(truth) + 1}"
        Image.fromarray(drawn.pixels).save(folder / f"{name}.png")
        truth[name] = outlined(drawn.lesions)
    return truth


def outlined(lesions: np.ndarray) -> np.ndarray:
    """Outline lesions as generously as some graders do.

    The packaged model draws close to the edge, so it can learn this habit in a
    round.

    Parameters
    ----------
    lesions : uint16 array of shape (H, W)

    Returns
    -------
    uint16 array of shape (H, W)
        Each lesion with a margin of a fiftieth of the frame.
    """
    wide: np.ndarray = expand_labels(lesions, max(lesions.shape) / 50)
    return wide


def largest_first(lesions: np.ndarray, at_least: int = 60) -> list[np.ndarray]:
    """Give the masks of the lesions of a label image that are worth a click."""
    numbers, areas = np.unique(lesions[lesions > 0], return_counts=True)
    order = np.argsort(-areas)
    return [lesions == numbers[i] for i in order if areas[i] >= at_least]


def tour(
    grader: Grader,
    truth: dict[str, np.ndarray],
    round_options: Sequence[str] = (),
) -> None:
    """Do the whole job, each step with a screenshot.

    Parameters
    ----------
    grader : Grader
        In front of a window on a list of frames, the first of which is in hand.
    truth : dict
        The true lesions, by the name of the frame.
    round_options : sequence of str
        More arguments of the training command.
    """
    widget, say = grader.widget, grader.say
    grader.wait_until_ready()
    name = grader.session.frame.name
    lesions = largest_first(truth[name])
    leak = middle(lesions[0])
    say(f"opened {len(widget.desk.worklist.cases)} cases, {name} is in hand")
    grader.shot("open")

    grader.click(leak)
    say(f"clicked on a leak: {int(grader.wait_for_proposal().sum())} pixels proposed")
    grader.shot("click")

    height, width = grader.session.frame.shape
    grader.click((height - leak[0], width - leak[1]), leakage=False)
    say(f"said where it is not: {int(grader.wait_for_proposal().sum())} pixels")
    grader.shot("refine")

    grader.press("Z")
    grader.wait_for_proposal()
    say("took the last click back")
    grader.shot("undo")

    grader.press("C")
    assert grader.session.lesion_numbers(), widget.messages.text
    say(f"committed lesion {grader.session.lesion_numbers()[-1]}")
    grader.shot("commit")

    before = int((grader.session.labels > 0).sum())
    grader.press("P")
    assert widget.layers.leakage is not None
    widget.layers.leakage.brush_size = max(8, height // 40)
    row, column = leak
    grader.drag(
        [(row, column), (row + height / 12, column), (row + height / 8, column)]
    )
    say(f"painted {int((grader.session.labels > 0).sum()) - before} pixels by hand")
    grader.shot("paint")
    grader.correct(lesions)

    for _ in range(len(truth) - 1):
        position = widget.desk.worklist.index
        grader.press("D", alt=True)
        grader.wait(
            lambda p=position: widget.desk.worklist.index == p + 1,  # type: ignore[misc]
            "the next case",
        )
        grader.wait_until_ready()
        grader.correct(largest_first(truth[grader.session.frame.name]))
    grader.press("D", alt=True)
    grader.wait(lambda: "last case" in widget.messages.text, "the last answer")
    say(f"finished {len(truth)} cases, most lesions drawn with the polygon")
    grader.shot("last-case")

    grader.push("Export")
    grader.wait(lambda: "Exported" in widget.messages.text, "the export")
    say(widget.messages.text)
    grader.shot("export")

    train_and_use(grader, round_options)

    lesions = largest_first(truth[grader.session.frame.name])
    grader.click(middle(lesions[min(1, len(lesions) - 1)]))
    found = int(grader.wait_for_proposal().sum())
    say(f"clicked again: {found} pixels proposed by the new model")
    grader.shot("new-model")


def promote_anyway(question: QMessageBox) -> None:
    """Answer the question whether a round is used against the advice."""
    for offered in question.buttons():
        if offered.text() == "Promote anyway":
            offered.click()


def train_and_use(grader: Grader, round_options: Sequence[str]) -> None:
    """Train a round in the dock and promote its model."""
    widget, say = grader.widget, grader.say
    widget.messages.clear()
    widget.tabs.show_tab(Tab.MODEL)
    widget.rounds.options = tuple(round_options)
    before = widget.desk.annotator.predictor
    grader.push("Train a round")
    training, verdict = widget.training, widget.verdict
    grader.wait(lambda: training.start.isVisible(), "the estimate", 120)
    say(training.words.text())
    grader.shot("estimate")
    grader.push("Start")
    grader.wait(lambda: len(training.curve.dice) > 1, "a second look", 400)
    grader.shot("training")
    grader.wait(lambda: training.train.isVisible(), "the end of the round", 600)
    grader.wait(lambda: verdict.promote.isVisible(), "the verdict", 60)
    say(verdict.words.text())
    grader.shot("trained")
    assert widget.desk.annotator.predictor is before
    verdict.promote.click()
    if verdict.question is not None:  # few frames rarely make a round proposed
        promote_anyway(verdict.question)
    grader.wait(lambda: widget.desk.annotator.predictor is not before, "the new model")
    say(f"the model in use is now {widget.model.name.text()}")
    widget.tabs.show_tab(Tab.GRADE)
    grader.wait_until_ready()


def main() -> None:
    """Run the tour on drawn frames in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screens", type=Path, default=Path("build/screens"))
    parser.add_argument("--docs", type=Path, help="copy pictures for the documentation")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        # A tour leaves no trace in the grader's settings.
        os.environ["NAPARI_MAE_SAM2_HOME"] = scratch
        # In an empty home the faster engine would be prepared for nothing.
        os.environ.setdefault("NAPARI_MAE_SAM2_ENCODER", "torch")
        from napari_mae_sam2._qt.app import open_window

        print("drawing four frames")
        truth = draw_frames(Path(scratch) / "frames")
        viewer, widget = open_window([Path(scratch) / "frames"])
        widget.labels.grader.setText("AB-1")
        viewer.window.resize(1280, 800)
        arguments.screens.mkdir(parents=True, exist_ok=True)
        for old in arguments.screens.glob("*.png"):
            old.unlink()
        grader = Grader(
            viewer, widget, arguments.screens, lambda line: print(line, flush=True)
        )
        grader.settle(0.5)
        grader.push("Not now")  # the tour for people
        tour(grader, truth, ("--set", "finetune.loop.steps=40"))
        viewer.close()
    count = len(list(arguments.screens.glob("*.png")))
    print(f"{count} screenshots are in {arguments.screens}")
    if arguments.docs is not None:
        arguments.docs.mkdir(parents=True, exist_ok=True)
        for step in ("training", "new-model"):
            (shot,) = arguments.screens.glob(f"*-{step}.png")
            Image.open(shot).convert("RGB").save(
                arguments.docs / f"{step}.png", optimize=True
            )


if __name__ == "__main__":
    sys.exit(main())
