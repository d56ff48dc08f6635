"""Put a box around optic discs and see whether a model still answers with the disc.

    python scripts/check_discs.py MODEL BASE FOLDER

Compares a trained model with the one it came from, on drawn eyes, whose disc is known,
and on the real frames of a folder in which a disc is found.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mae_sam2_training.evaluation.discs import disc_box_dice, drawn_discs, found_discs
from napari_mae_sam2.fa.reading import list_frames
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.predictor import Sam2Predictor


def main() -> None:
    """Print the mean Dice of both models on both kinds of frames."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--drawn", type=int, default=12, help="drawn eyes")
    given = parser.parse_args()
    sets = {
        "drawn eyes": list(drawn_discs(given.drawn)),
        "real frames": list(found_discs(list_frames(given.folder))),
    }
    for path in (given.model, given.base):
        predictor = Sam2Predictor(load_model(path))
        for name, frames in sets.items():
            dice = disc_box_dice(predictor, frames).mean()
            print(f"{path.name}: {dice:.3f} on {len(frames)} {name}", flush=True)


if __name__ == "__main__":
    main()
