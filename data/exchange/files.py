"""Writing a file so that it is either whole or not there, and what a playlist says of a track."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import EarmarkError


@dataclass(frozen=True)
class Entry:
    """One line of a playlist file."""

    path: str  # absolute; "" for a track that has no file here
    title: str
    artist: str | None = None
    album: str | None = None
    album_artist: str | None = None
    genre: str | None = None
    year: int | None = None
    duration: float | None = None  # seconds
    size: int | None = None  # bytes
    track_id: int | None = None  # Apple's own number, where the track came from there
    persistent_id: str | None = None  # 16 hex digits, likewise; "" for a track of Apple's without one
    location: str | None = None  # as Apple wrote it, where the track came from there


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file to write in the same folder; it takes the name of `path` when the block ends well.

    Raises
    ------
    EarmarkError
        The folder or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".earmark-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise _unwritable(path, error) from error
    draft = Path(name)
    try:
        yield draft
        draft.chmod(_usual_mode())
        os.replace(draft, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text and wait until the disk has it."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises
    ------
    EarmarkError
        The file is not there, cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise EarmarkError(f"{path} cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise EarmarkError(f"{path} is not UTF-8 text. Save it as UTF-8 and try again.") from error


def check_read_back(path: Path, written: object, read: object) -> None:
    """Compare what was read from a new file with what was to be written.

    Raises
    ------
    EarmarkError
        They differ: the file is not used.
    """
    if written != read:
        raise EarmarkError(f"{path} was not written: reading it back gave something else. Is the disk full or faulty?")


def one_line(text: str) -> str:
    r"""Return text without line breaks and without characters that no file format allows.

    >>> one_line("Side A\r\nSide B\x00")
    'Side A Side B'
    """
    return "".join(map(_plain, text.replace("\r\n", "\n"))).strip()


def _plain(character: str) -> str:
    if character in "\t\n\r\v\f" or unicodedata.category(character) in ("Zl", "Zp"):
        return " "
    forbidden = unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE
    return "" if forbidden else character


def _usual_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _unwritable(path: Path, error: OSError) -> EarmarkError:
    return EarmarkError(f"{path} cannot be written ({error.strerror or error}). Choose another place.")
