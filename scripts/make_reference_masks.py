"""Write tests/model/data/reference_masks.npz: what SAM 2's own predictor answers.

    python scripts/make_reference_masks.py --weights ../shared/weights/NAME.safetensors
        --images ../shared/data

Runs SAM2ImagePredictor itself, with the base weights in float32, on a few real
frames. Only masks, scores, prompts, file names and hashes are stored, never a pixel
of a frame. The tests then compare our predictor with it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from napari_mae_sam2.fa.frame import pixel_sha256

OUT = Path(__file__).parents[1] / "tests" / "model" / "data" / "reference_masks.npz"

# Frame below the folder of images, and how many of the prompts it is asked: the masks
# of the ultra-widefield frame are large, so it is asked less.
FRAMES = {
    "huapu4_FFA/diag_brvo/BRVO0025.jpg": 6,
    "huapu4_FFA/diag_with_np/With_NP0013.jpg": 6,
    "huapu4_FFA/phase_arterial/00003.jpg": 6,
    "UWAT-GAN-R/1-1.jpg": 2,
}
# Points with labels and boxes in (row, column) as shares of the frame's sides; "again"
# gives the best answer to the same clicks back as a mask.
PROMPTS: tuple[dict[str, Any], ...] = (
    {"name": "one click", "points": [[0.40, 0.55]], "labels": [1]},
    {"name": "box", "box": [0.35, 0.20, 0.65, 0.50]},
    {
        "name": "clicks for and against",
        "points": [[0.45, 0.60], [0.30, 0.30], [0.52, 0.66]],
        "labels": [1, 0, 1],
    },
    {
        "name": "box and click",
        "box": [0.30, 0.45, 0.62, 0.83],
        "points": [[0.47, 0.61]],
        "labels": [1],
    },
    {
        "name": "mask before and click",
        "points": [[0.45, 0.60]],
        "labels": [1],
        "again": True,
    },
    {"name": "nothing"},
)


def main() -> None:
    """Run the reference and store what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    options = parser.parse_args()

    predictor = reference_predictor(options.weights)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    index = []
    for frame, asked in FRAMES.items():
        image = Image.open(options.images / frame)
        pixels = np.array(image)
        rgb = np.array(image.convert("RGB"))
        predictor.set_image(rgb)
        for prompt in PROMPTS[:asked]:
            for multimask in (True, False):
                key = str(len(index))
                masks, scores, before = answer(predictor, prompt, rgb.shape, multimask)
                arrays[f"masks{key}"] = np.packbits(masks.astype(bool))
                arrays[f"scores{key}"] = scores.astype(np.float32)
                if before is not None:
                    arrays[f"before{key}"] = before
                index.append(
                    {
                        "frame": frame,
                        "sha256": pixel_sha256(pixels),
                        "shape": list(masks.shape),
                        "multimask": multimask,
                        **prompt,
                    }
                )
    text = np.array(json.dumps(index))
    np.savez_compressed(OUT, index=text, **arrays)
    print(f"{OUT}: {len(index)} answers, {OUT.stat().st_size} bytes")


def reference_predictor(weights: Path) -> Any:
    """Build SAM2ImagePredictor as SAM 2's own code does, in float32 on the CPU."""
    # A CPU build of torch lacks torchvision's operators, which nothing here calls;
    # defining them lets the import pass.
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou) -> Tensor")
    from sam2.build_sam import build_sam2
    from sam2.sam2_image_predictor import SAM2ImagePredictor  # noqa: TID251

    model = build_sam2("configs/sam2/sam2_hiera_t.yaml", device="cpu")
    tensors = {key: value.float() for key, value in load_file(weights).items()}
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected or len(missing) != 163:
        raise SystemExit(f"{weights} is not the image half of SAM 2.0 tiny")
    predictor = SAM2ImagePredictor(model)
    predictor.kept_alive = library
    return predictor


def answer(
    predictor: Any, prompt: dict[str, Any], shape: tuple[int, ...], multimask: bool
) -> tuple[Any, Any, Any]:
    """Return masks, scores and the logits given back, if any."""
    height, width = shape[:2]
    xy = np.array([width, height], np.float64)
    given: dict[str, Any] = {"multimask_output": multimask}
    if "points" in prompt:
        given["point_coords"] = np.array(prompt["points"])[:, ::-1] * xy
        given["point_labels"] = np.array(prompt["labels"])
    if "box" in prompt:
        box = np.array(prompt["box"]).reshape(2, 2)
        given["box"] = (box[:, ::-1] * xy).reshape(4)
    before = None
    if prompt.get("again"):
        _, scores, low_res = predictor.predict(**(given | {"multimask_output": True}))
        # Stored as whole numbers, which is little, so that is what both are given.
        before = low_res[int(scores.argmax())].round().astype(np.int8)
        given["mask_input"] = before[None].astype(np.float32)
    masks, scores, _ = predictor.predict(**given)
    return masks, scores, before


if __name__ == "__main__":
    main()
