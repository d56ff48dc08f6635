"""Average weights that were trained from the same start, matrix by matrix.

    python scripts/average_weights.py runs/fold?.safetensors --out runs/mean.safetensors
    python scripts/average_weights.py tuned.safetensors base.safetensors
        --shares 0.5 0.5 --encoder-only --out runs/between.safetensors

The mean of models that differ little is about as good as their votes together, at the
cost of one model. With `--encoder-only` decoder and prompt encoder stay those of the
first file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.architectures import is_encoder_key, is_image_key
from napari_mae_sam2.model.checkpoint import load_model, save_checkpoint


def main() -> None:
    """Write the average."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="+", help="equal by default")
    parser.add_argument("--encoder-only", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    shares = chosen.shares or [1.0] * len(chosen.weights)
    if len(shares) != len(chosen.weights) or sum(shares) <= 0:
        raise SystemExit("Give one share for each file, and at least one above 0.")
    try:
        average(chosen.weights, shares, chosen.out, encoder_only=chosen.encoder_only)
    except PlainError as error:
        raise SystemExit(str(error)) from error


def average(
    paths: list[Path], shares: list[float], out: Path, *, encoder_only: bool = False
) -> None:
    """Average weights by shares; the card is that of the first file.

    Raises
    ------
    PlainError
        If a file is no checkpoint, or they differ in architecture.
    """
    first = load_model(paths[0])
    total = first.model.state_dict()
    mixed = [
        key
        for key in total
        if is_image_key(key) and (is_encoder_key(key) or not encoder_only)
    ]
    whole = sum(shares)
    sums = {key: total[key].double() * (shares[0] / whole) for key in mixed}
    for path, share in zip(paths[1:], shares[1:], strict=True):
        other = load_model(path, expected=first.card.built_as).model.state_dict()
        for key in mixed:
            sums[key] += other[key].double() * (share / whole)
    first.model.load_state_dict(total | {k: v.float() for k, v in sums.items()})
    card = first.card.model_copy(update={"parent": first.fingerprint, "metrics": {}})
    print(f"{out}: {save_checkpoint(out, first.model, card)}")


if __name__ == "__main__":
    main()
