"""Encoding a frame and answering a click: ours against SAM 2's own image predictor.

Both take turns on the same frame and the same weights in one process, so that whatever
else the machine does weighs on both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.pixels import as_rgb8
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.model.weights import packaged_weights

if TYPE_CHECKING:
    from collections.abc import Callable


def reference(model: Any) -> Any:
    """Make SAM 2's own predictor of a model, which wants two names of torchvision."""
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou) -> Tensor")
    from sam2.sam2_image_predictor import SAM2ImagePredictor  # noqa: TID251

    made = SAM2ImagePredictor(model)
    made.library = library  # the names go when it does
    return made


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def compare(
    name: str, theirs: Callable[[], object], ours: Callable[[], object], n: int
) -> None:
    theirs()
    ours()
    pairs = [(timed(theirs), timed(ours)) for _ in range(n)]
    reference_s = statistics.median(pair[0] for pair in pairs)
    ours_s = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    print(
        f"{name:<28}{1000 * reference_s:>10.0f} ms{1000 * ours_s:>10.0f} ms"
        f"{ratio:>10.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encodes", type=int, default=5)
    parser.add_argument("--clicks", type=int, default=30)
    parser.add_argument("--side", type=int, default=1024, help="of the drawn frame")
    arguments = parser.parse_args()
    pixels = draw_frame(size=arguments.side).pixels
    loaded = load_model(packaged_weights())
    ours = Sam2Predictor(loaded)
    theirs = reference(loaded.model)
    rgb = as_rgb8(pixels)
    place = arguments.side * 0.6
    prompts = Prompts(np.array([[place, place]], np.float32), np.array([1], np.int8))
    print(
        f"{loaded.card.title}, drawn frame {arguments.side} x {arguments.side}, "
        f"{torch.get_num_threads()} threads, medians"
    )
    print(f"{'':<28}{'SAM 2 eager':>13}{'ours':>13}{'ratio':>10}")
    compare(
        "encode a frame",
        lambda: theirs.set_image(rgb),
        lambda: ours.encode(pixels),
        arguments.encodes,
    )
    embedding = ours.encode(pixels)
    compare(
        "answer one click",
        lambda: theirs.predict(
            np.array([[place, place]]), np.array([1]), return_logits=True
        ),
        lambda: ours.decode(embedding, prompts),
        arguments.clicks,
    )


if __name__ == "__main__":
    main()
