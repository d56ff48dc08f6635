"""Images per second of the sparse trunk against the dense one, forward and backward.

Both run on the same images in turn, in one process, so that whatever else the machine
does weighs on both. `python benchmarks/bench_mae.py --help` names the settings.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import TYPE_CHECKING

import torch

from mae_sam2_training.hiera_mae import HieraMAE
from mae_sam2_training.hiera_sparse import encode_visible
from mae_sam2_training.masking import stratified_mask
from napari_mae_sam2.model.architectures import Architecture, build_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from mae_sam2_training.masking import UnitMask

TARGET = 2.5


def measure(
    name: str, batch: int, side: int, ratio: float, bf16: bool, rounds: int
) -> dict[str, object]:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    trunk = build_model(Architecture(name)).image_encoder.trunk.to(device).train()
    mae = HieraMAE(trunk).to(device)
    images = torch.rand(batch, 3, side, side, device=device)

    def mask() -> UnitMask:
        drawn = stratified_mask(batch, (side, side), mae.window, ratio)
        return drawn.to(images.device)

    def dense() -> Tensor:
        return _sum(trunk(images))

    def sparse() -> Tensor:
        return _sum(encode_visible(trunk, images, mask()))

    def whole() -> Tensor:
        return mae(images, mask()).loss

    def seconds(loss: Callable[[], Tensor]) -> float:
        mae.zero_grad()
        start = time.perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            value = loss()
        value.backward()
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    ways = {"dense trunk": dense, "sparse trunk": sparse, "sparse + decoder": whole}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for label, loss in ways.items():
            taken = seconds(loss)
            if turn:  # the first one warms up
                times[label].append(taken)
    rate = {label: batch / statistics.median(taken) for label, taken in times.items()}
    return {
        "architecture": name,
        "device": device,
        "precision": "bf16" if bf16 else "float32",
        "side": side,
        "batch": batch,
        "mask_ratio": ratio,
        "images_per_s": {label: round(value, 2) for label, value in rate.items()},
        "speedup_trunk": round(rate["sparse trunk"] / rate["dense trunk"], 2),
        "speedup_whole": round(rate["sparse + decoder"] / rate["dense trunk"], 2),
        "target": TARGET,
    }


def _sum(outputs: list[Tensor]) -> Tensor:
    return torch.stack([output.float().mean() for output in outputs]).sum()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", default="tiny")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--side", type=int, default=672)
    parser.add_argument("--ratio", type=float, default=0.75)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", choices=("float32", "bf16", "both"))
    parser.set_defaults(precision="both")
    parser.add_argument("--threads", type=int, default=0, help="0: torch's choice")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    settings = parser.parse_args()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    for precision in ("float32", "bf16"):
        if settings.precision not in (precision, "both"):
            continue
        result = measure(
            settings.architecture,
            settings.batch,
            settings.side,
            settings.ratio,
            precision == "bf16",
            settings.rounds,
        )
        if settings.json:
            print(json.dumps(result))
            continue
        print(
            f"{result['architecture']}, {result['side']} px, batch {result['batch']}, "
            f"{result['precision']} on {result['device']}, mask ratio "
            f"{result['mask_ratio']}, forward and backward:"
        )
        for label, rate in result["images_per_s"].items():  # type: ignore[attr-defined]
            print(f"  {label:<18}{rate:8.2f} images/s")
        print(
            f"  sparse / dense    {result['speedup_trunk']:8.2f} x  "
            f"(with decoder {result['speedup_whole']} x; target {TARGET} x)"
        )


if __name__ == "__main__":
    main()
