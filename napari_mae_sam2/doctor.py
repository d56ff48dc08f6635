"""What the program finds on this machine, and what to do about what is wrong.

Findings are data; `cli` prints them. Nothing here opens a window or downloads.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from typing import TYPE_CHECKING

from napari_mae_sam2 import __version__, findings
from napari_mae_sam2.doctor_window import find_display, find_opengl, find_qt
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

_LOW_DISK = 2 * 2**30  # bytes; embeddings of some hundred frames


def examine() -> list[Finding]:
    """Look at everything that the program depends on.

    Returns
    -------
    list of Finding
        In the order in which they are best read.
    """
    return [
        Finding("napari-mae-sam2", __version__),
        _python(),
        _package("napari", extra="app", needed=True),
        find_qt(),
        find_display(),
        find_opengl(),
        *_torch(),
        _package(
            "openvino", extra="app", why="the image is encoded about twice as fast"
        ),
        _package("lightning-fabric", extra="train", why="rounds can be trained here"),
        find_encoder(),
        find_weights_in_use(),
        *_folders(),
    ]


def app_can_run(found: list[Finding]) -> bool:
    """Tell whether the window would open."""
    return all(finding.ok for finding in found if finding.needed)


def _python() -> Finding:
    value = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    new_enough = sys.version_info >= (3, 11)
    return Finding(
        "Python",
        value,
        new_enough,
        "" if new_enough else "Install Python 3.11 or later and set up again.",
        needed=True,
    )


def _package(
    package: str, *, extra: str, needed: bool = False, why: str = ""
) -> Finding:
    version = findings.installed_version(package)
    if version is not None:
        return Finding(package, version, needed=needed)
    advice = findings.INSTALL.format(extra) + (f" — {why} with it." if why else "")
    return Finding(package, "not installed", False, advice, needed)


def _torch() -> list[Finding]:
    from napari_mae_sam2.model.engine_choice import cpu_has_bf16

    try:
        import torch
    except (ImportError, OSError) as error:
        advice = "Install it again: pip install --force-reinstall torch"
        reason = str(error).partition("\n")[0]
        return [Finding("torch", f"cannot be loaded ({reason})", False, advice, True)]
    version = Finding("torch", torch.__version__, needed=True)
    threads = f"{torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        device = f"cuda, {torch.cuda.get_device_name()}, {_bf16(bf16)}"
    elif torch.backends.mps.is_available():
        device = f"mps, {threads}"
    else:
        device = f"cpu, {threads}, {_bf16(cpu_has_bf16())}"
    return [version, Finding("Device", device)]


def _bf16(native: bool) -> str:
    return "bf16 native" if native else "bf16 not native"


def find_encoder() -> Finding:
    """Say what encodes the frames, and why; nothing is converted for it."""
    from napari_mae_sam2.model.engine_choice import (
        NAMES,
        choose_engine,
        look_at_machine,
        read_wish,
    )

    try:
        import torch

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        chosen = choose_engine(look_at_machine(device), read_wish())
    except (ImportError, OSError):
        return Finding("Encoder", "not known, since torch cannot be loaded")
    advice = f"Choose one of {', '.join(NAMES)}: napari-mae-sam2 doctor --encoder NAME"
    value = f"{chosen.engine} ({chosen.why})"
    return Finding("Encoder", value, not chosen.refused, advice * chosen.refused)


def find_weights_in_use() -> Finding:
    """Read the model card of the weights that would be used; nothing is downloaded."""
    from napari_mae_sam2.model.download import OFFICIAL
    from napari_mae_sam2.model.folders import cache_folder
    from napari_mae_sam2.model.weight_file import read_weights
    from napari_mae_sam2.model.weights import FALLBACK, last_choice, packaged_weights

    chosen = last_choice()
    advice = ""
    if chosen is not None and not chosen.is_file():
        advice = f"The weights chosen last are gone ({chosen}): choose others."
        chosen = None
    fetched = cache_folder() / "weights" / OFFICIAL[FALLBACK].file_name
    try:
        path, source = chosen or packaged_weights(), "chosen" if chosen else "packaged"
    except PlainError:
        path, source = fetched, "downloaded"
    if not path.is_file():
        return Finding(
            "Weights",
            "none; Meta's SAM 2 tiny is downloaded on the first start",
            False,
            advice or "Open the program once while this machine is online.",
        )
    size = f"{path.stat().st_size / 2**20:.0f} MB"
    try:
        card = read_weights(path)[1]
    except PlainError as error:
        return Finding("Weights", f"{path} ({source}, {size})", False, str(error))
    if card is None:
        about = "no model card"
    else:
        metrics = ", ".join(f"{k} {v:.3g}" for k, v in card.metrics.items())
        facts = (card.title, f"{card.built_as}", card.licence, metrics, card.created)
        about = ", ".join(fact for fact in facts if fact)
    return Finding("Weights", f"{path} ({source}, {size}): {about}", not advice, advice)


def _folders() -> list[Finding]:
    from napari_mae_sam2.model.folders import cache_folder

    folder = cache_folder()
    size = _size(folder)
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    found = [Finding("Cache", f"{folder} ({size / 2**20:.0f} MB)")]
    if not os.access(there, os.W_OK):
        advice = "Set NAPARI_MAE_SAM2_HOME to a folder that you may write to."
        found = [Finding("Cache", f"{folder} is read-only", False, advice)]
    free = shutil.disk_usage(there).free
    enough = free >= _LOW_DISK
    advice = f"Free some space on the drive of {there}: frames are cached there."
    found.append(
        Finding("Free disk", f"{free / 2**30:.1f} GB", enough, "" if enough else advice)
    )
    return found


def _size(folder: Path) -> int:
    """Bytes of all files in a folder, of which others may remove some meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total
