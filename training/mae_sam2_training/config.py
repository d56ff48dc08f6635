"""Recipes: what every kind of run shares, read from YAML and checked on start.

The settings of one kind of run live beside it (`finetune_config`); here are the
parts they share and the one way in which a recipe is read, overridden and written.
"""

from __future__ import annotations

import difflib
import os
import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Fraction = Annotated[float, Field(ge=0, le=1)]


class ConfigError(PlainError):
    """A recipe that cannot be used, in one sentence that names the key."""


class Section(BaseModel):
    """A part of a recipe: immutable, and strict about keys it does not know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


class RunConfig(Section):
    """Where and how a run computes; none of it changes what is learnt."""

    seed: int = Field(0, ge=0)
    """Seed of everything random: the same seed gives the same run."""
    accelerator: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Kind of device; auto takes a CUDA GPU where there is one, else the CPU."""
    devices: int = Field(1, ge=1)
    """Processes per node, one for each device."""
    nodes: int = Field(1, ge=1)
    """Machines that train together; the same command is started on each."""
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    """Arithmetic; auto is bf16-mixed on a GPU that has it and 32-true elsewhere."""
    workers: int = Field(0, ge=0)
    """Processes that prepare batches ahead; 0 prepares them in the training loop."""
    threads: int = Field(0, ge=0)
    """CPU threads per process; 0 leaves torch's choice."""


class LoopConfig(Section):
    """The training loop: how long, how fast, and how often to look."""

    steps: int = Field(400, ge=1)
    """Optimiser steps at most; early stopping may end before."""
    batch: int = Field(4, ge=1)
    """Samples per step over all devices together."""
    learning_rate: float = Field(5e-4, gt=0)
    """Peak learning rate of AdamW."""
    final_learning_rate: Fraction = 0.05
    """Learning rate at the last step as a share of the peak (cosine)."""
    warmup: Fraction = 0.05
    """Share of the steps over which the learning rate rises from zero."""
    weight_decay: float = Field(0.01, ge=0)
    """Decoupled weight decay of matrices; biases, norms and tokens have none."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Decay rates of AdamW's moments."""
    clip: float = Field(1.0, ge=0)
    """Largest gradient norm; 0 does not clip."""
    validate_every: int = Field(50, ge=1)
    """Steps between two looks at the held-out data."""
    save_every: int = Field(50, ge=1)
    """Steps between two saved states: the most that a kill can cost."""
    patience: int = Field(0, ge=0)
    """Looks without a better score before the run ends; 0 never ends early."""

    @model_validator(mode="after")
    def _check(self) -> LoopConfig:
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError("betas must lie in [0, 1)")
        return self


Config = TypeVar("Config", bound=Section)


def load_config(
    kind: type[Config],
    path: Path | None = None,
    overrides: Sequence[str] = (),
) -> Config:
    """Read a recipe and apply overrides.

    Parameters
    ----------
    kind : type of Section
        The kind of run.
    path : Path, optional
        YAML file; the defaults are used where it says nothing, or is not given.
    overrides : sequence of str
        Each `section.key=value`, the value in YAML; later ones win.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a key or value is not a valid one.
    """
    values = _read_yaml(path) if path is not None else {}
    where = f"The recipe {path}" if path is not None else "The settings"
    for override in overrides:
        _override(values, override)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{where}: {_sentence(kind, error)}") from error


def dump_config(config: Section) -> str:
    """Write a recipe as YAML that `load_config` reads back to the same recipe."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The recipe {path} cannot be read ({os.strerror(error.errno or 0)}): "
            "check the path given with --config."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"The recipe {path} is no valid YAML{line}.") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(
            f"The recipe {path} must hold keys and values, "
            f"not a {type(values).__name__}."
        )
    return values


def _override(values: dict[str, Any], override: str) -> None:
    """Set one `section.key=value` inside `values`."""
    dotted, equals, text = override.partition("=")
    if not equals or not dotted:
        raise ConfigError(
            f"'{override}' is no setting: write --set section.key=value, "
            "for example --set loop.steps=200."
        )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"The value of --set {override} is no valid YAML.") from error
    if isinstance(value, str):  # YAML reads 1e-4 as a string, people mean a number
        value = _number(value)
    *sections, key = dotted.split(".")
    inner = values
    for section in sections:
        child = inner.setdefault(section, {})
        if not isinstance(child, dict):
            raise ConfigError(f"--set {override}: '{section}' holds no settings.")
        inner = child
    inner[key] = value


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _sentence(kind: type[Section], error: ValidationError) -> str:
    """Say the first thing that is wrong, naming the key and, if unknown, a near one."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    dotted = ".".join(location)
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(dotted, _keys(kind), n=1, cutoff=0.3)
        if not near:  # the right name, in the wrong section
            ends = {key.rpartition(".")[2]: key for key in _keys(kind)}
            near = [
                ends[name]
                for name in difflib.get_close_matches(location[-1], ends, n=1)
            ]
        hint = f"; did you mean '{near[0]}'?" if near else "."
        return f"there is no key '{dotted}'{hint}"
    message = first["msg"].removeprefix("Value error, ")
    at = f"'{dotted}' is wrong: " if dotted else ""
    return f"{at}{message[0].lower()}{message[1:]}."


def _keys(kind: type[BaseModel], prefix: str = "") -> list[str]:
    """All dotted keys of a recipe."""
    keys: list[str] = []
    for name, field in kind.model_fields.items():
        keys.append(prefix + name)
        for section in _sections(field.annotation):
            keys += _keys(section, f"{prefix}{name}.")
    return keys


def _sections(annotation: object) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
    elif get_origin(annotation) is not None:
        for argument in get_args(annotation):
            yield from _sections(argument)
