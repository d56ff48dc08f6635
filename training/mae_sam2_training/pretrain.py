"""Masked pre-training of a SAM 2 trunk, from recipe to checkpoint.

`pretrain` is what `mae-sam2-train pretrain` calls. The checkpoint is a whole SAM 2
image model with its trunk replaced, which fine-tuning takes as `init`; the masked
autoencoder's own decoder stays behind in the run folder.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from mae_sam2_training.checkpoints import pre_trained, write_checkpoint
from mae_sam2_training.config import ConfigError, load_config
from mae_sam2_training.engine.atomic import replacing
from mae_sam2_training.engine.loop import fit
from mae_sam2_training.engine.memory import check_memory
from mae_sam2_training.engine.run import open_run
from mae_sam2_training.hiera_mae import HieraMAE
from mae_sam2_training.masking import UNIT
from mae_sam2_training.places import place_of_checkpoint
from mae_sam2_training.pretrain_config import PretrainConfig, SourceConfig
from mae_sam2_training.pretrain_task import PretrainTask
from mae_sam2_training.stream import Stream
from mae_sam2_training.stream_sources import DrawnFrames, FilesOnDisk, check_apart
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.weights import find_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mae_sam2_training.engine.loop import Fitted
    from mae_sam2_training.engine.run import Run
    from napari_mae_sam2.model.checkpoint import LoadedModel

_HELD_OUT_SEED = 20_402  # of the held-out crops, the same in every run
# Measured in float32 with all units visible: a backward pass keeps about this many
# bytes for each input pixel, block and channel of the first stage.
_BYTES_KEPT = 2.8


def pretrain(
    data: Sequence[str],
    out: Path,
    *,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    weights: Path | None = None,
    run_folder: Path | None = None,
    json_progress: bool = False,
) -> Fitted:
    """Pre-train a trunk and write the model; the same call resumes a killed run.

    Parameters
    ----------
    data : sequence of str
        Sources beside those of the recipe: folders of frames, study folders or
        manifests in CSV, each with `@WEIGHT` at its end where 1 is not wanted.
    out : Path
        The new checkpoint, `*.safetensors`.
    config_file : Path, optional
        Recipe in YAML, see `PretrainConfig`.
    overrides : sequence of str
        `section.key=value`.
    weights : Path, optional
        The parent; the recipe's, or the weights in use, otherwise.
    run_folder : Path, optional
        Log, state and pictures; beside `out` otherwise.
    json_progress : bool
        Tell progress as JSON lines.

    Returns
    -------
    Fitted
        Held-out metrics of what was saved.

    Raises
    ------
    PlainError
        If recipe, data or weights cannot be used, or the run cannot go on.
    Stopped
        If a signal ended the run; its state is saved.
    """
    settings = _settings(config_file, data, weights, overrides)
    folder = place_of_checkpoint(out, run_folder)
    loaded = load_model(find_weights(settings.weights).path)
    task, identity = _prepare(loaded, settings)
    with open_run(
        folder, settings.run, batch=settings.loop.batch, json_progress=json_progress
    ) as run:
        share = settings.loop.batch // run.fabric.world_size
        need = _bytes_needed(task.module.mae, share, settings)
        check_memory(
            need,
            run.device,
            "lower loop.batch or data.crop.side",
            settings.run.devices,
        )
        resume = run.identify(identity, settings)
        run.reporter.report(
            "start",
            run=str(folder),
            total=settings.loop.steps,
            device=str(run.device),
            resumed=resume,
            message=_told(settings, loaded, resume),
        )
        fitted = fit(task, settings.loop, settings.run, run, resume=resume)
        if run.is_first:
            _finish(out, task, loaded, settings, fitted, identity, run)
        run.fabric.barrier()
    return fitted


def _settings(
    config_file: Path | None,
    data: Sequence[str],
    weights: Path | None,
    overrides: Sequence[str],
) -> PretrainConfig:
    settings = load_config(PretrainConfig, config_file, overrides)
    sources = (*settings.data.sources, *(_source(text) for text in data))
    changed = settings.data.model_copy(update={"sources": sources})
    return settings.model_copy(
        update={"data": changed, "weights": weights or settings.weights}
    )


def _source(text: str) -> SourceConfig:
    """Read PATH or PATH@WEIGHT; a path may hold an @ of its own."""
    path, at, end = text.rpartition("@")
    try:
        weight = float(end)
    except ValueError:
        at = ""
    if not at:
        return SourceConfig(path=Path(text))
    if not 0 < weight < math.inf:
        raise ConfigError(
            f"'{text}' ends in the weight {end}: write a number above 0 after the @."
        )
    return SourceConfig(path=Path(path), weight=weight)


def _prepare(
    loaded: LoadedModel, settings: PretrainConfig
) -> tuple[PretrainTask, dict[str, str]]:
    """Make the task, and name what decides its result."""
    data, mae = settings.data, settings.mae
    torch.manual_seed(settings.run.seed)  # the decoder's first weights
    model = HieraMAE(loaded.model.image_encoder.trunk, mae.width, mae.depth, mae.heads)
    step = UNIT * model.window
    if data.crop.side % step:
        raise ConfigError(
            f"data.crop.side is {data.crop.side}, but crops for {loaded.card.built_as} "
            f"must be a multiple of {step} pixels."
        )
    learnt = [FilesOnDisk(source.path) for source in data.sources]
    measured = [FilesOnDisk(source.path, "val") for source in data.held_out]
    check_apart(learnt, measured)
    weights = [source.weight for source in data.sources]
    processes = settings.run.devices * settings.run.nodes
    if measured and data.held_out_crops < processes:
        raise ConfigError(
            f"data.held_out_crops is {data.held_out_crops}, but each of {processes} "
            f"processes needs one to look at: make it at least {processes}."
        )
    drawn = [DrawnFrames(data.drawn_side)] if data.drawn else []
    weights += [data.drawn] * len(drawn)
    stream = Stream([*learnt, *drawn], weights, data.crop, settings.run.seed)
    held_out = (
        Stream(measured, [s.weight for s in data.held_out], data.crop, _HELD_OUT_SEED)
        if measured
        else None
    )
    identity = {"parent": loaded.fingerprint, "data": stream.fingerprint()}
    if held_out is not None:
        identity["held_out"] = held_out.fingerprint()
    return PretrainTask(model, stream, held_out, settings), identity


def _bytes_needed(mae: HieraMAE, share: int, settings: PretrainConfig) -> int:
    """Estimate: weights, gradients and moments, and what a backward pass keeps."""
    weights = sum(p.numel() * p.element_size() for p in mae.parameters())
    scale = len(mae.trunk.blocks) * mae.trunk.channel_list[-1]  # type: ignore
    pixels = share * settings.data.crop.side**2 * (1 - settings.mae.ratio)
    return 4 * weights + int(pixels * scale * _BYTES_KEPT)


def _told(settings: PretrainConfig, loaded: LoadedModel, resume: bool) -> str:
    begun = "Continuing" if resume else "Starting"
    loop, crop = settings.loop, settings.data.crop
    return (
        f"{begun} the masked pre-training of {loaded.card.title}: {loop.steps} steps "
        f"of {loop.batch} crops of {crop.side} pixels."
    )


def _finish(
    out: Path,
    task: PretrainTask,
    loaded: LoadedModel,
    settings: PretrainConfig,
    fitted: Fitted,
    identity: dict[str, str],
    run: Run,
) -> None:
    """Write the checkpoint with its card, and the pictures."""
    from PIL import Image

    picture = task.picture(min(6, settings.loop.batch)).numpy()
    with replacing(run.folder / "reconstruction.png") as temporary:
        Image.fromarray(picture).save(temporary)
    metrics = {"masked_loss": fitted.metrics["loss"]} if fitted.metrics else {}
    notes = (
        f"Trunk pre-trained as a masked autoencoder: {fitted.best_step} steps of "
        f"{settings.loop.batch} crops of {settings.data.crop.side} pixels, mask ratio "
        f"{settings.mae.ratio:g}, seed {settings.run.seed}. "
        "The mask decoder has not followed yet: fine-tune before use."
    )
    card = pre_trained(loaded, metrics, identity["data"], notes)
    write_checkpoint(out, loaded.model, card, fitted, run)
