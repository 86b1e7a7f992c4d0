"""The person's keys to outside services: where they are looked for, and how one is kept that only they can read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import EarmarkError
from services.workspace import Workspace

GENIUS = "GENIUS_ACCESS_TOKEN"  # as the lyricsgenius package calls it
SHORTEST, LONGEST = 20, 200  # characters; Genius's have 64
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Token:
    """A key and where it came from; printing it shows the place only."""

    value: str = field(repr=False)
    place: str  # in words: "the environment", "Settings", or a file's path
    ours: bool = False  # kept by Earmark, so that it can be changed and removed here


def token(workspace: Workspace, name: str = GENIUS) -> Token | None:
    """Return the key to a service: of the environment, .env, .streamlit/secrets.toml, else the one from Settings."""
    for place, value, ours in _places(workspace, name):
        if value and value.strip():
            return Token(value.strip(), place, ours)
    return None


def _places(workspace: Workspace, name: str) -> Iterator[tuple[str, str | None, bool]]:
    yield "the environment", os.environ.get(name), False
    folders = dict.fromkeys((workspace.home, Path.cwd(), PROJECT))
    for folder in folders:
        yield str(folder / ".env"), _dotenv(folder / ".env", name), False
    for folder in dict.fromkeys((*folders, Path.home())):
        path = folder / ".streamlit" / "secrets.toml"
        yield str(path), _toml(path, name), False
    yield "Settings", _read(_kept(workspace, name)), True


def _dotenv(path: Path, name: str) -> str | None:
    if not path.is_file():
        return None
    from dotenv import dotenv_values

    try:
        return dotenv_values(path, interpolate=False).get(name)
    except (OSError, UnicodeDecodeError):
        return None


def _toml(path: Path, name: str) -> str | None:
    try:
        value = tomllib.loads(path.read_text("utf-8")).get(name)
    except (OSError, ValueError):  # not there, not ours to read, or no TOML
        return None
    return value if isinstance(value, str) else None


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return None


def _kept(workspace: Workspace, name: str) -> Path:
    """Return the file of a key: not in the database, of which backups are made."""
    return workspace.home / f"{name.lower()}.secret"


def keep(workspace: Workspace, value: str, name: str = GENIUS) -> None:
    """Keep a key in the home, in a file that only its owner can read.

    Raises
    ------
    EarmarkError
        It cannot be one; the message does not repeat it.
    """
    value = value.strip().removeprefix("Bearer ").strip()
    if not (SHORTEST <= len(value) <= LONGEST and value.isascii() and value.isprintable() and " " not in value):
        raise EarmarkError(
            "This is no access token: it should be one long word. On genius.com/api-clients choose Generate Access"
            " Token and copy what appears."
        )
    path = _kept(workspace, name)
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(value)
    os.replace(draft, path)


def forget(workspace: Workspace, name: str = GENIUS) -> bool:
    """Remove a key kept here; say whether there was one."""
    path = _kept(workspace, name)
    there = path.exists()
    path.unlink(missing_ok=True)
    return there
