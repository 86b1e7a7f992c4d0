"""A folder of music: which files in it are audio, in the order a person would list them."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from mimetypes import MimeTypes
from pathlib import Path

from core.records import FoundFile

# Python's own list, without the machine's, so that every computer ignores the same files.
_MIME_TYPES = MimeTypes(filenames=()).types_map[True]
# Companions of music that Python's list does not know. Playlists are here because opening one follows its links.
_NOT_AUDIO = frozenset(
    {
        ".cue", ".log", ".nfo", ".m3u", ".m3u8", ".pls", ".xspf", ".lrc", ".sfv", ".md5", ".ffp", ".accurip",
        ".url", ".lnk", ".ini", ".db", ".plist", ".part", ".tmp", ".asd",
    }
)  # fmt: skip


@dataclass
class Skipped:
    """What a walk left out, and why."""

    ignored: Counter[str] = field(default_factory=Counter)  # extension, lower case, "" for none -> files
    problems: list[tuple[str, str]] = field(default_factory=list)  # (folder or file, reason in plain words)


def walk(
    root: Path, *, extensions: Collection[str], has_audio: Callable[[str], bool], skipped: Skipped | None = None
) -> Iterator[FoundFile]:
    """Yield the audio files below a folder, without their tags.

    Hidden files and folders are left out; links to folders are followed, each folder once.

    Parameters
    ----------
    root : Path
        The folder; paths are yielded below it as it is written.
    extensions : collection of str
        What audio files end in, lower case with the dot.
    has_audio : callable
        Judges by content the files whose extension says nothing.
    skipped : Skipped, optional
        Filled with what was left out.
    """
    skipped = Skipped() if skipped is None else skipped
    seen: set[tuple[int, int]] = set()
    waiting = [os.path.abspath(root)]
    while waiting:
        folder = waiting.pop()
        below = []
        for entry in _entries(folder, seen, skipped):
            if _is_folder(entry):
                below.append(entry.path)
            elif (found := _audio_file(entry.path, extensions, has_audio, skipped)) is not None:
                yield found
        waiting.extend(reversed(below))


def single(
    path: Path, *, extensions: Collection[str], has_audio: Callable[[str], bool], skipped: Skipped | None = None
) -> Iterator[FoundFile]:
    """Yield one file as a walk would, nothing when it is not audio."""
    found = _audio_file(os.path.abspath(path), extensions, has_audio, Skipped() if skipped is None else skipped)
    if found is not None:
        yield found


def natural_key(name: str) -> tuple[tuple[int, str] | tuple[int, int], ...]:
    """Return a key that sorts "2 B" before "10 A", whatever the case.

    >>> sorted(["10 A", "2 B"], key=natural_key)
    ['2 B', '10 A']
    """
    parts = re.split(r"([0-9]+)", unicodedata.normalize("NFC", name).casefold())
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part)


def _entries(folder: str, seen: set[tuple[int, int]], skipped: Skipped) -> list[os.DirEntry[str]]:
    """Return what is visible in a folder not yet seen, in natural order."""
    try:
        info = os.stat(folder)
        if (info.st_dev, info.st_ino) in seen:
            return []
        seen.add((info.st_dev, info.st_ino))
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not _is_hidden(entry, skipped)]
    except OSError as error:
        skipped.problems.append((folder, f"the folder cannot be opened ({error.strerror or error})"))
        return []
    return sorted(visible, key=lambda entry: natural_key(entry.name))


def _is_hidden(entry: os.DirEntry[str], skipped: Skipped) -> bool:
    if not entry.name.startswith("."):
        return False
    if not _is_folder(entry):
        skipped.ignored[_extension(entry.name)] += 1
    return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _audio_file(
    path: str, extensions: Collection[str], has_audio: Callable[[str], bool], skipped: Skipped
) -> FoundFile | None:
    extension = _extension(path)
    try:
        info = os.stat(path)
    except OSError:  # a link to nothing, or gone since the folder was listed
        info = None
    regular = info is not None and stat.S_ISREG(info.st_mode)  # opening a FIFO would wait for ever
    if info is None or not regular or not _sounds(path, extension, extensions, has_audio):
        skipped.ignored[extension] += 1
        return None
    if not _is_text(path):
        skipped.problems.append((_shown(path), "its name is not valid text; rename it and import again"))
        return None
    return FoundFile(path, info.st_size, info.st_mtime)


def _sounds(path: str, extension: str, extensions: Collection[str], has_audio: Callable[[str], bool]) -> bool:
    if extension in extensions:
        return True
    kind = _MIME_TYPES.get(extension, "")
    known = extension in _NOT_AUDIO or (kind != "" and not kind.startswith("audio/"))
    return not known and has_audio(path)


def _extension(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[1].lower().encode("utf-8", "replace").decode()


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:  # bytes of another encoding, kept by Python as lone surrogates
        return False
    return True


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode()
