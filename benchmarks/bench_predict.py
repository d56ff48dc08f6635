"""Encoding a frame and answering a click: ours against SAM 2's own image predictor.

All take turns on the same frame and the same weights in one process, so that whatever
else the machine does weighs on each alike. `--agreement FOLDER` compares the masks of
each encoder with those of float32 instead: of clicks and boxes at fixed places in the
frames of a folder, most of them on nothing, or on the lesions of a manifest (CSV with
`image,mask`), where graders click.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from skimage.measure import regionprops

from mae_sam2_training.data.manifest import read_manifest
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.mask_reading import read_mask
from napari_mae_sam2.fa.pixels import as_rgb8
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.engine_choice import (
    Engine,
    choose_engine,
    cpu_has_bf16,
    look_at_machine,
)
from napari_mae_sam2.model.engines import open_decoder, open_encoder
from napari_mae_sam2.model.predictor import Sam2Predictor, choose_device
from napari_mae_sam2.model.prepared import PreparedDecoder, PreparedEncoder
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.model.weights import packaged_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_mae_sam2.model.checkpoint import LoadedModel


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


def compare(acts: dict[str, Callable[[], object]], n: int) -> None:
    """Print medians, and each one's median ratio to the first of the same turn."""
    for act in acts.values():
        act()
    turns = [[timed(act) for act in acts.values()] for _ in range(n)]
    for i, name in enumerate(acts):
        seconds = statistics.median(turn[i] for turn in turns)
        ratio = statistics.median(turn[i] / turn[0] for turn in turns)
        print(f"  {name:<30}{1000 * seconds:>8.0f} ms{ratio:>8.2f}")


def open_encoders(loaded: LoadedModel) -> dict[str, Sam2Predictor]:
    """Open every encoder that makes sense on this machine, and say how long it took."""
    device = choose_device()
    machine = look_at_machine(device)
    engines = [Engine.TORCH]
    engines += [Engine.TORCH_BF16] * machine.bf16
    if machine.openvino:
        engines += [Engine.OPENVINO]
        engines += [Engine.OPENVINO_BF16] * cpu_has_bf16()
    found = {}
    for engine in engines:
        start = time.perf_counter()
        encoder = open_encoder(loaded, engine, device)
        if isinstance(encoder, PreparedEncoder):
            encoder.wait()
            seconds = time.perf_counter() - start
            print(f"{encoder.name} was ready after {seconds:.1f} s")
        found[encoder.name] = Sam2Predictor(loaded, device, encoder)
    return found


def ask_for(shape: tuple[int, int]) -> list[Prompts]:
    """Make clicks at three places of a frame, and a box around each."""
    side = 0.06 * min(shape)
    asked = []
    for row, column in ((0.3, 0.4), (0.5, 0.7), (0.7, 0.3)):
        place = np.array([[row * shape[0], column * shape[1]]], np.float32)
        asked.append(Prompts(points=place, labels=np.array([1], np.int8)))
        asked.append(Prompts(boxes=np.hstack([place - side, place + side])))
    return asked


def ask_for_lesions(lesions: NDArray[np.integer]) -> list[Prompts]:
    """Click on the three largest lesions, and draw a box around each."""
    found = sorted(regionprops(lesions), key=lambda lesion: -lesion.area)[:3]
    asked = []
    for lesion in found:
        inside = np.argmax(distance_transform_edt(np.pad(lesion.image, 1)))
        place = np.array([np.unravel_index(inside, np.add(lesion.image.shape, 2))])
        place = (place - 1 + lesion.bbox[:2]).astype(np.float32)
        asked.append(Prompts(points=place, labels=np.array([1], np.int8)))
        asked.append(Prompts(boxes=np.array([lesion.bbox], np.float32)))
    return asked


def questions(source: Path, count: int) -> list[tuple[Path, list[Prompts]]]:
    """Give frames with what is asked on each."""
    if source.suffix != ".csv":
        files = list_frames(source)
        chosen = files[:: max(1, len(files) // count)][:count]
        return [(path, ask_for(read_frame(path).shape)) for path in chosen]
    rows = read_manifest(source)
    asked = [
        (row.image, ask_for_lesions(read_mask(row.mask).lesions))
        for row in rows
        if row.mask is not None
    ]
    asked = [(image, prompts) for image, prompts in asked if prompts]
    return asked[:: max(1, len(asked) // count)][:count]


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Give the IoU of two masks; that of two empty ones is 1."""
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 1.0


def agree(predictors: dict[str, Sam2Predictor], source: Path, count: int) -> None:
    """Print the mean IoU with float32 over frames and prompts, and the worst frame."""
    exact, *others = predictors
    overlaps: dict[str, list[float]] = {name: [] for name in others}
    asked_of = questions(source, count)
    for path, asked in asked_of:
        pixels = read_frame(path).pixels
        embeddings = {name: p.encode(pixels) for name, p in predictors.items()}
        masks = {
            name: [
                p.decode(embeddings[name], prompts).logits[0] > 0 for prompts in asked
            ]
            for name, p in predictors.items()
        }
        for name in others:
            each = [iou(*pair) for pair in zip(masks[name], masks[exact], strict=True)]
            overlaps[name].append(float(np.mean(each)))
    print(f"mean IoU with {exact} over {len(asked_of)} frames of {source.name}")
    for name, found in overlaps.items():
        print(f"  {name:<30}{np.mean(found):>8.4f}, worst frame {min(found):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encodes", type=int, default=5)
    parser.add_argument("--clicks", type=int, default=30)
    parser.add_argument("--side", type=int, default=1024, help="of the drawn frame")
    parser.add_argument("--weights", type=Path, help="the packaged ones by default")
    parser.add_argument("--agreement", type=Path, help="frames or manifest")
    parser.add_argument("--frames", type=int, default=8, help="of that folder")
    arguments = parser.parse_args()
    loaded = load_model(arguments.weights or packaged_weights())
    ours = open_encoders(loaded)
    if arguments.agreement:
        agree(ours, arguments.agreement, arguments.frames)
        return
    pixels = draw_frame(size=arguments.side).pixels
    theirs = reference(loaded.model)
    rgb = as_rgb8(pixels)
    place = arguments.side * 0.6
    prompts = Prompts(np.array([[place, place]], np.float32), np.array([1], np.int8))
    print(
        f"{loaded.card.title}, drawn frame {arguments.side} x {arguments.side}, "
        f"{torch.get_num_threads()} threads, medians and ratios to SAM 2 eager"
    )
    print("encode a frame")
    encoders = {name: partial(p.encode, pixels) for name, p in ours.items()}
    compare(
        {"SAM 2 eager float32": lambda: theirs.set_image(rgb)} | encoders,
        arguments.encodes,
    )
    print("answer one click")
    own = ours[next(iter(ours))]
    embedding = own.encode(pixels)
    compare(
        {
            "SAM 2 eager float32": lambda: theirs.predict(
                np.array([[place, place]]), np.array([1]), return_logits=True
            )
        }
        | {
            f"ours, {p.decoder.name}": lambda p=p: p.decode(embedding, prompts).mask()
            for p in (own, open_fast_decoder(loaded))
        },
        arguments.clicks,
    )


def open_fast_decoder(loaded: LoadedModel) -> Sam2Predictor:
    """Open the decoder that is chosen on this machine, and wait until it is there."""
    device = choose_device()
    engine = choose_engine(look_at_machine(device)).engine
    encoder = open_encoder(loaded, engine, device)
    decoder = open_decoder(loaded, engine, encoder, device)
    if isinstance(decoder, PreparedDecoder):
        decoder.wait()
    return Sam2Predictor(loaded, device, encoder, decoder=decoder)


if __name__ == "__main__":
    main()
