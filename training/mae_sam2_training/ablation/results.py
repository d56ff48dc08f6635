"""The result of a cell: measured once, found again, never taken for another's."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from mae_sam2_training.engine.progress import BarReporter
from mae_sam2_training.engine.run import BEST, STATES
from mae_sam2_training.evaluation.figures import METRICS
from mae_sam2_training.evaluation.side_by_side import Measured, measure
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.predictor import Sam2Predictor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from mae_sam2_training.ablation.config import AblateConfig
    from mae_sam2_training.data.manifest import Record
    from mae_sam2_training.evaluation.cases import Case
    from mae_sam2_training.finetune_config import FinetuneConfig


def identify(
    recipe: FinetuneConfig,
    config: AblateConfig,
    parent: str,
    data: str,
    cases: Sequence[Case],
) -> str:
    """Hash what decides a cell's result: any change makes it be done again."""
    described = {
        "recipe": recipe.model_dump(mode="json"),
        "evaluate": config.evaluate.model_dump(mode="json"),
        "parent": parent,
        "data": data,
        "measured": [case.name for case in cases],
    }
    text = json.dumps(described, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def data_hash(records: Sequence[Record]) -> str:
    """Hash every image and mask, and who may be held out together."""
    digest = hashlib.sha256()
    for record in records:
        for path in (record.image, record.mask):
            content = b"" if path is None else path.read_bytes()
            digest.update(hashlib.sha256(content).digest())
        digest.update(f"{record.split}\n{record.group}\n".encode())
    return digest.hexdigest()


def finished(folder: Path, identity: str) -> dict[str, Any] | None:
    """Read the result of a cell that was done with the same identity, if it was."""
    try:
        found = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if found.get("identity") == identity else None


def hand_on_embeddings(previous: Path | None, folder: Path) -> None:
    """Move the embeddings of the last run to the next, which keeps what it can use."""
    if previous is None:
        return
    made, wanted = previous / "run" / "embeddings", folder / "run" / "embeddings"
    if made.is_dir() and not wanted.exists():
        wanted.parent.mkdir(parents=True, exist_ok=True)
        made.rename(wanted)


def measure_cell(
    checkpoint: Path, cases: Sequence[Case], config: AblateConfig
) -> dict[str, Any]:
    """Measure a cell; keep every frame's values, so that rows can be compared."""
    loaded = load_model(checkpoint)
    measured = Measured(loaded.card.title, checkpoint.name, loaded.fingerprint)
    reporter = BarReporter()
    measure(
        cases,
        {"A": Sam2Predictor(loaded)},
        {"A": measured},
        config.evaluate,
        reporter,
    )
    reporter.close()
    return {
        "fingerprint": loaded.fingerprint,
        "frames": [
            {
                "name": frame.name,
                "group": frame.group,
                "values": {
                    metric.key: [_known(value) for value in metric.values(frame)]
                    for metric in METRICS
                },
            }
            for frame in measured.frames
        ],
    }


def _known(value: float) -> float | None:
    return None if value != value else value


def drop_states(folder: Path) -> None:
    """Delete what only an unfinished run needs; its log and checkpoint stay."""
    for name in (*STATES, BEST):
        (folder / "run" / name).unlink(missing_ok=True)
