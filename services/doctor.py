"""A check-up: whether everything is there that Earmark needs, and whether the home is sound."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.errors import EarmarkError
from core.settings import VERSION, home_path

PYTHON_FROM, PYTHON_BELOW = (3, 11), (3, 14)
# Import name of what the app cannot do without.
PACKAGES = ("av", "click", "filelock", "librosa", "numpy", "pandas", "plotly", "rich", "sklearn", "skops", "soxr",
            "sqlite_utils", "starlette", "streamlit")  # fmt: skip
LEAST_FREE = 1_000_000_000  # bytes: models, backups and sound in other codecs for a library of usual size


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    detail: str


def examine(home: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Look at everything and change nothing but an empty home, which is made.

    Returns
    -------
    dict
        {"ok", "checks": [{"name", "ok", "detail"}]}.
    """
    folder = home_path(home)
    checks = [_python(), _packages(), _tensorflow(), _home(folder), _database(folder), _disk(folder), _work(folder)]
    return {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}


def _python() -> Check:
    ok = PYTHON_FROM <= sys.version_info[:2] < PYTHON_BELOW
    detail = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, Earmark {VERSION}"
    return Check("Python", ok, detail if ok else f"{detail}; Earmark needs Python 3.11, 3.12 or 3.13")


def _packages() -> Check:
    absent = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    detail = f"missing: {', '.join(absent)}; run `make install`" if absent else f"all {len(PACKAGES)} are installed"
    return Check("packages", not absent, detail)


def _tensorflow() -> Check:
    """Without TensorFlow Earmark works on descriptors, so its absence is worth saying but not wrong."""
    if importlib.util.find_spec("tensorflow") is None:
        return Check("TensorFlow", True, "not installed: Earmark learns from descriptors, without the embedding")
    from audio import musicnn

    if musicnn.available():
        return Check("TensorFlow", True, "installed, with the weights of MusiCNN")
    return Check("TensorFlow", False, "installed, but the weights of MusiCNN are not; run `make install`")


def _home(folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return Check("home", False, f"{folder} cannot be written to ({error.strerror or error})")
    return Check("home", True, str(folder))


def _database(folder: Path) -> Check:
    from data.db import FILE_NAME, Database

    path = folder / FILE_NAME
    if not path.exists():
        return Check("database", True, "none yet; the first import makes it")
    try:
        damage = Database(path).damage()
    except EarmarkError as error:
        return Check("database", False, str(error))
    return Check("database", damage is None, "sound" if damage is None else f"damaged: {damage}")


def _disk(folder: Path) -> Check:
    from services.sizes import size_text

    existing = next(place for place in [folder, *folder.parents] if place.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{size_text(free)} free"
    return Check("disk", free >= LEAST_FREE, detail if free >= LEAST_FREE else f"only {detail}; 1 GB should be")


def _work(folder: Path) -> Check:
    """Say whether some process is analysing or training in this home; both answers are fine."""
    lock_file = folder / "coordinator.lock"
    if not lock_file.exists():
        return Check("work", True, "nothing is running")
    try:
        with FileLock(lock_file, timeout=0):
            return Check("work", True, "nothing is running")
    except Timeout:
        return Check("work", True, "an Earmark is working in this home")
    except OSError as error:
        return Check("work", False, f"{lock_file} cannot be used ({error.strerror or error})")
