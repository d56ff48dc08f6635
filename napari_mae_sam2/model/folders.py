"""Where settings and caches lie, outside of every study.

The environment variable NAPARI_MAE_SAM2_HOME puts them all below one folder of one's
choice: for tests, and for clinics whose profiles are small or wiped.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

HOME_VARIABLE: Final = "NAPARI_MAE_SAM2_HOME"

_APP: Final = "napari-mae-sam2"


def config_folder() -> Path:
    """Return the folder of settings; it need not exist yet."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home) / "config"
    return Path(platformdirs.user_config_dir(_APP, appauthor=False))


def cache_folder() -> Path:
    """Return the folder of what can be made or fetched again; it need not exist."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home) / "cache"
    return Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def index_folder() -> Path:
    """Return the folder of the indexes of studies; it need not exist yet."""
    return cache_folder() / "studies"


def state_folder() -> Path:
    """Return the folder of what brings work back after a crash; it need not exist."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home) / "state"
    return Path(platformdirs.user_state_dir(_APP, appauthor=False))


def data_folder() -> Path:
    """Return the folder of labels that belong to no folder of frames.

    It is a folder that people find: their labels lie there.
    """
    home = os.environ.get(HOME_VARIABLE)
    return Path(home) / "data" if home else Path.home() / _APP
