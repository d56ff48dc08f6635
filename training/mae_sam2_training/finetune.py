"""Fine-tuning: a round on a grader's labels, or a long training on many frames."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.checkpoints import fine_tuned, write_checkpoint
from mae_sam2_training.config import load_config
from mae_sam2_training.data.discs import DiscSource
from mae_sam2_training.data.drawn import DrawnSource
from mae_sam2_training.data.frames import (
    JoinedSource,
    RecordSource,
    check_source,
)
from mae_sam2_training.data.splits import k_folds, label_fraction, split_records
from mae_sam2_training.data.study_folder import read_source, study_of
from mae_sam2_training.embeddings import EmbeddingStore
from mae_sam2_training.engine.loop import fit
from mae_sam2_training.engine.memory import GIB, GIB_PER_IMAGE, check_memory
from mae_sam2_training.engine.records import read_metrics
from mae_sam2_training.engine.run import open_run
from mae_sam2_training.finetune_config import FinetuneConfig
from mae_sam2_training.finetune_task import FinetuneTask
from mae_sam2_training.lora import merge_adapters
from mae_sam2_training.places import place_of_checkpoint
from mae_sam2_training.session import Session
from mae_sam2_training.trained_weights import choose_weights
from mae_sam2_training.views import EmbeddedGallery, LiveGallery, embed_source
from napari_mae_sam2.fa.reading import list_frames
from napari_mae_sam2.model.checkpoint import LoadedModel, load_model
from napari_mae_sam2.model.study_weights import weights_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mae_sam2_training.data.frames import FrameSource
    from mae_sam2_training.data.manifest import Record
    from mae_sam2_training.engine.loop import Fitted
    from mae_sam2_training.engine.progress import Reporter
    from mae_sam2_training.engine.run import Run
    from mae_sam2_training.views import Gallery


def finetune(
    source: Path,
    out: Path,
    *,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    weights: Path | None = None,
    run_folder: Path | None = None,
    json_progress: bool = False,
    part_of: Reporter | None = None,
    number: int | None = None,
) -> Fitted:
    """Fine-tune a model and write the new checkpoint.

    The same call with the same data, recipe and parent continues a run that was
    ended; anything else begins anew. `out` is written last and atomically: it is
    untouched unless the whole run succeeds.

    Parameters
    ----------
    source : Path
        A study folder or a manifest.
    out : Path
        The new checkpoint, `*.safetensors`.
    config_file : Path, optional
        Recipe in YAML.
    overrides : sequence of str
        `section.key=value`.
    weights : Path, optional
        The parent; the model that the study uses, or the weights in use, otherwise.
    run_folder : Path, optional
        Log, state and embeddings; beside `out` otherwise.
    json_progress : bool
        Tell progress as JSON lines.
    part_of : Reporter, optional
        Of a longer command; see `open_run`.
    number : int, optional
        Of the round, for the card; one more than the parent's otherwise.

    Returns
    -------
    Fitted
        Held-out metrics of what was saved.

    Raises
    ------
    PlainError
        If data, recipe, parent or machine do not allow it.
    Stopped
        If a signal ended it.
    """
    config = load_config(FinetuneConfig, config_file, overrides)
    folder = place_of_checkpoint(out, run_folder)
    train, held_out = divide(read_source(source), config)
    if config.data.beside:
        train += read_source(Path(config.data.beside))
    training = RecordSource(train, config.data.foreground)
    looking = RecordSource(held_out, config.data.foreground)
    if not (config.data.drawn or config.data.late or config.data.drawn_beside):
        check_source(training, np.random.default_rng(0))
    for index in range(len(looking)):
        looking.frame(index, np.random.default_rng(0))
    side = config.train.side or None
    chosen = weights_for(weights, study_of(source))
    parent = load_model(chosen.path, image_size=side)
    views = config.loop.batch // config.prompts.per_view
    with open_run(
        folder,
        config.run,
        batch=views,
        json_progress=json_progress,
        part_of=part_of,
    ) as run:
        data = data_hash(training, looking)
        sources: list[FrameSource] = [training, *_drawn(config)]
        identity = {"data": data, "parent": parent.fingerprint}
        identity["drawn"] = "".join(other.fingerprint() for other in sources[1:])
        resume = run.identify(identity, config)
        run.reporter.report(
            "start",
            run=str(folder),
            total=config.loop.steps,
            frames=len(train),
            held_out=len(held_out),
            device=str(run.device),
            resumed=resume,
            message=_opening(len(train), len(held_out), run, resume),
        )
        if part_of is None:
            run.reporter.report("note", message=chosen.tell(parent))
        check_memory(
            memory_needed(config, parent.model.image_size),
            run.device,
            "lower loop.batch, or train the decoder alone with train.what=decoder",
            config.run.devices,
        )
        task = _task(parent, sources, looking, config, run)
        fitted = fit(task, config.loop, config.run, run, resume=resume)
        if run.is_first:
            _save(out, parent, task, fitted, data, run, number)
        run.fabric.barrier()
    return fitted


def divide(
    records: Sequence[Record], config: FinetuneConfig
) -> tuple[list[Record], list[Record]]:
    """Divide records into training and held out, as the recipe says."""
    data, seed = config.data, config.run.seed
    if data.folds:
        train, held_out = k_folds(records, data.folds, seed)[data.fold]
    else:
        train, held_out = split_records(records, data.validation, seed)
    return label_fraction(train, data.label_fraction, seed), held_out


def data_hash(training: FrameSource, looking: FrameSource) -> str:
    """Hash all labels, and on which side they are."""
    text = f"train {training.fingerprint()}\nheld out {looking.fingerprint()}"
    return hashlib.sha256(text.encode()).hexdigest()


def memory_needed(config: FinetuneConfig, image_size: int) -> int:
    """Estimate the memory of one process, in bytes.

    Meant as an upper bound. For tiny at 1024 pixels in float32, a round with a batch
    of 4 and up to 3 answers each took 2.4 GiB in all, hence 0.15 GiB per answer; the
    5 GiB per image whose gradient goes through the encoder are reckoned from the
    trunk's activations, not measured.
    """
    pixels = (image_size / 1024) ** 2
    share = config.loop.batch / (config.run.devices * config.run.nodes)
    answers = share * (1 + config.prompts.corrections)
    need = 1.0 + 0.15 * answers * pixels
    if config.train.what != "decoder":
        need += GIB_PER_IMAGE * share / config.prompts.per_view * pixels
    return int(need * GIB)


def _drawn(config: FinetuneConfig) -> list[FrameSource]:
    """Give what draws leakage into frames, as far as the recipe asks for it."""
    data = config.data
    kinds = (
        (data.backgrounds, data.drawn, True, False),
        (data.backgrounds, data.late, True, True),
        (data.leaking, data.drawn_beside, False, False),
    )
    return [
        DrawnSource(list_frames(Path(folder)), count, complete=complete, late=late)
        for folder, count, complete, late in kinds
        if count
    ] + ([DiscSource(data.discs)] if data.discs else [])


def _opening(frames: int, held_out: int, run: Run, resume: bool) -> str:
    doing = "Continuing" if resume else "Training"
    looked = f"{held_out} are held out" if held_out else "none is held out"
    return f"{doing} on {frames} frames ({looked}) on {run.device}."


def _task(
    parent: LoadedModel,
    sources: list[FrameSource],
    looking: FrameSource,
    config: FinetuneConfig,
    run: Run,
) -> FinetuneTask:
    model = parent.model.to(run.device)
    training: Gallery
    held_out: Gallery
    if config.train.what == "decoder":
        shared = config.train.embeddings
        embeddings = Path(shared) if shared else run.folder / "embeddings"
        store = EmbeddingStore(embeddings, model, parent.encoder_fingerprint)
        training, held_out = EmbeddedGallery(store), EmbeddedGallery(store)
        for source in sources:
            embed_source(source, training, config, run)
        embed_source(looking, held_out, config, run, plain=True)
        run.fabric.barrier()  # nobody writes there any more
        if run.is_first and not shared:
            store.keep_only(training.keys | held_out.keys)
    else:
        size = model.image_size
        training = LiveGallery(JoinedSource(sources), config, size)
        held_out = LiveGallery(looking, config, size, plain=True)
    choose_weights(model, config.train)
    return FinetuneTask(Session(model, config.loss), training, held_out, config, run)


def _save(
    out: Path,
    parent: LoadedModel,
    task: FinetuneTask,
    fitted: Fitted,
    data: str,
    run: Run,
    number: int | None,
) -> None:
    """Write the checkpoint with its card, and the metrics beside the log."""
    model = task.module.model
    merge_adapters(model)
    before = {
        f"parent_{name.removeprefix('val/')}": value
        for step, name, value in read_metrics(run.folder / "metrics.csv")
        if step == 0 and name.startswith(("val/dice", "val/lesions"))
    }
    metrics = {k: v for k, v in fitted.metrics.items() if k != "score"} | before
    card = fine_tuned(parent, metrics, data, number)
    write_checkpoint(out, model, card, fitted, run)
