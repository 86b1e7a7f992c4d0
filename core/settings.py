"""Where a home lies and what can be set without opening it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VERSION = "0.1.0"
APP_NAME = "Earmark"


def home_path(home: str | os.PathLike[str] | None = None) -> Path:
    """Return the home folder: the argument, else EARMARK_HOME, else the platform's user data folder."""
    chosen = home or os.environ.get("EARMARK_HOME") or platformdirs.user_data_dir(APP_NAME, appauthor=False)
    return Path(chosen).expanduser().absolute()


def default_cores() -> int:
    """Return the number of children that analyse at once: every core this process may use."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # macOS, Windows
        return max(1, os.cpu_count() or 1)
