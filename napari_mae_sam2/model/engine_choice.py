"""Which engine encodes frames on this machine, and why: one small pure function.

What the machine has is looked up apart from the choice. Opening the engine is
`napari_mae_sam2.model.loading`'s.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.model.settings import read_settings

if TYPE_CHECKING:
    import torch

    from napari_mae_sam2.model.encoder import Precision

ENGINE_VARIABLE: Final = "NAPARI_MAE_SAM2_ENCODER"
AUTOMATIC: Final = "auto"


class Engine(Enum):
    """What can run the encoder; the value is what a setting calls it."""

    TORCH = "torch"
    TORCH_BF16 = "torch-bf16"
    OPENVINO = "openvino"
    OPENVINO_BF16 = "openvino-bf16"

    @property
    def precision(self) -> Precision:
        """What it computes in."""
        return "bf16" if self.value.endswith("-bf16") else "float32"

    @property
    def is_openvino(self) -> bool:
        """Whether it is OpenVINO, which has to be converted to first."""
        return self in (Engine.OPENVINO, Engine.OPENVINO_BF16)

    def __str__(self) -> str:
        """Name it as the window does."""
        return f"{'OpenVINO' if self.is_openvino else 'PyTorch'} {self.precision}"


NAMES: Final = (AUTOMATIC, *(engine.value for engine in Engine))
"""What a setting may say."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the choice depends on.

    Attributes
    ----------
    device : str
        Type of PyTorch's device: "cpu", "cuda" or "mps".
    bf16 : bool
        Whether that device computes in bf16 natively.
    openvino : bool
        Whether OpenVINO is installed.
    """

    device: str
    bf16: bool
    openvino: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """Which engine was asked for, and where.

    Attributes
    ----------
    name : str
        One of `NAMES`, or what somebody took for one.
    source : str
        Where it was read, for people.
    """

    name: str = AUTOMATIC
    source: str = "the settings"


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine, why it was chosen, and whether a wish had to be passed over."""

    engine: Engine
    why: str
    refused: bool = False


def choose_engine(machine: Machine, wish: Wish | None = None) -> Choice:
    """Choose the engine: the one wished for, or the fastest one that is exact.

    Parameters
    ----------
    machine : Machine
    wish : Wish, optional
        Automatic by default.
    """
    wish = wish or Wish()
    engine, why = _fastest_exact(machine)
    if wish.name == AUTOMATIC:
        return Choice(engine, f"automatic: {why}")
    if wish.name not in NAMES:
        names = ", ".join(NAMES)
        trouble = f"{wish.name!r}, asked for by {wish.source}, is none of {names}"
        return Choice(engine, f"automatic, since {trouble}", refused=True)
    wanted = Engine(wish.name)
    if wanted.is_openvino and not machine.openvino:
        trouble = f"openvino, asked for by {wish.source}, is not installed"
        return Choice(engine, f"automatic, since {trouble}", refused=True)
    return Choice(wanted, f"asked for by {wish.source}")


def _fastest_exact(machine: Machine) -> tuple[Engine, str]:
    """Choose the fastest whose masks are those of float32.

    OpenVINO's bf16, which leaves in float32 what masks hang on, agrees with float32 at
    a mean IoU above 0.99 on lesions that are clicked on; PyTorch's, which is slower, is
    never chosen unasked (docs/performance.md).
    """
    if machine.device != "cpu":
        return Engine.TORCH, f"{machine.device} is there"
    if not machine.openvino:
        return Engine.TORCH, "openvino is not installed"
    if machine.bf16:
        return Engine.OPENVINO_BF16, "openvino is installed, and bf16 is native here"
    return Engine.OPENVINO, "openvino is installed"


def read_wish() -> Wish:
    """Read which engine was asked for: the environment first, then the settings."""
    asked = os.environ.get(ENGINE_VARIABLE, "").strip().lower()
    if asked:
        return Wish(asked, f"{ENGINE_VARIABLE} in the environment")
    return Wish(read_settings().encoder.strip().lower() or AUTOMATIC)


def look_at_machine(device: torch.device) -> Machine:
    """Find out what can be chosen from for a device."""
    import torch

    if device.type == "cuda":
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        bf16 = device.type == "cpu" and cpu_has_bf16()
    found = importlib.util.find_spec("openvino") is not None
    return Machine(device.type, bf16, found)


def cpu_has_bf16() -> bool:
    """Ask the processor itself; other systems than Linux do not tell."""
    try:
        flags = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags or " bf16" in flags
