"""Where a file stands: Apple's addresses, folders that moved, and the file that a path of another computer means."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal
from urllib.parse import unquote

from core.errors import EarmarkError

_ADDRESS = re.compile(r"file:(?://([^/]*))?(.*)", re.IGNORECASE | re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:(?=[\\/]|$)")


def path_of(address: str) -> str:
    """Return the file an address means, in Apple's new form and its old ones; other addresses come back as they are.

    >>> path_of("file://localhost/C:/Music/a%20b.mp3")
    'C:/Music/a b.mp3'
    >>> path_of("file:////Music/a+b.mp3")
    '/Music/a+b.mp3'
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return address
    host, path = found[1] or "", unquote(found[2], errors="surrogateescape")
    if _DRIVE.fullmatch(host):  # file://C:/..., which is wrong and common
        return host + path
    if host.lower() not in ("", "localhost"):
        return f"//{host}{path}"
    if not host or _DRIVE.match(path.lstrip("/")):  # only "localhost" keeps two slashes: a server on Windows
        path = re.sub("^/+", "/", path)
    return path[1:] if _DRIVE.match(path[1:]) else path


def is_windows(path: str) -> bool:
    r"""Tell whether a path can only be one of Windows, where a backslash parts folders.

    >>> is_windows("C:/Music"), is_windows(r"\\server\music"), is_windows("/Music")
    (True, True, False)
    """
    return bool(_DRIVE.match(path)) or path.startswith("\\\\")


def same_text(path: str) -> str:
    r"""Return a path in the form in which two spellings of it are equal: composed letters, forward slashes.

    >>> same_text("C:\\Music") == same_text("C:/Music")
    True
    """
    return unicodedata.normalize("NFC", path).replace("\\", "/")


def loose_text(text: str) -> str:
    """Return a name as disks that do not tell capitals from small letters compare it.

    >>> loose_text("JO\u0301GA.MP3") == loose_text("j\u00f3ga.mp3")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def parse_map(text: str) -> tuple[str, str]:
    """Return the old and the new folder of OLD=NEW.

    Raises
    ------
    EarmarkError
        There is no "=", or nothing on one side of it.
    """
    old, equals, new = text.partition("=")
    if not (equals and old.strip() and new.strip()):
        raise EarmarkError(
            f"“{text}” does not name two folders. Write OLD=NEW: the folder as the library names it,"
            " then where it is now, for example C:/Users/me/Music=~/Music"
        )
    return old, new


def apply_maps(path: str, maps: Sequence[tuple[str, str]]) -> str | None:
    """Return a path with its first fitting beginning replaced, None when none fits.

    Parameters
    ----------
    path : str
        As on the computer it came from.
    maps : sequence of (str, str)
        Old folder and new one. The old one may be an address or have backslashes, and fits whole folder names only,
        however their accents are encoded; capitals are the same as small letters when it begins with a drive.
    """
    parts = _split(path)
    for old, new in maps:
        length = _length_of_fit(parts, path_of(old))
        if length:
            return _join(os.path.expanduser(path_of(new)), parts[length:])
    return None


def _split(path: str) -> list[str]:
    return (path.replace("\\", "/") if is_windows(path) else path).split("/")


def _length_of_fit(parts: list[str], old: str) -> int:
    """Return how many parts of a path the old folder covers, 0 when it does not fit."""
    if not old:
        return 0
    form = loose_text if _DRIVE.match(old) else same_text
    wanted = [form(part) for part in same_text(old).rstrip("/").split("/")]
    return len(wanted) if [form(part) for part in parts[: len(wanted)]] == wanted else 0


def _join(folder: str, parts: list[str]) -> str:
    return "/".join([folder.rstrip("/" + os.sep), *parts]) or "/"


How = Literal["tail and size", "tail", "several", "none"]


@dataclass(frozen=True)
class Found:
    """The file that a path of another computer means, and what speaks for it."""

    path: str | None  # None for "several" and "none"
    how: How


class Finder:
    """The files that are here, ready to be found by the paths they had elsewhere.

    Parameters
    ----------
    files : iterable of (str, int or None)
        Path and size in bytes.
    """

    def __init__(self, files: Iterable[tuple[str, int | None]]) -> None:
        self._by_size: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._by_folder: dict[tuple[str, ...], dict[str, int | None]] = defaultdict(dict)
        for path, size in files:
            tail = _tail(path)
            if not tail:
                continue
            if size is not None:
                self._by_size[tail[0], size].add(path)
            self._by_folder[tuple(tail[:2])][path] = size

    def find(self, path: str, size: int | None = None) -> Found:
        """Return the one file of this name and size, or of this name and folder where a size is not known.

        Parameters
        ----------
        path : str
            As it was written elsewhere.
        size : int, optional
            In bytes. Files of another size are never found.
        """
        tail = _tail(path)
        if not tail:
            return Found(None, "none")
        same_size = self._by_size.get((tail[0], size)) if size is not None else None
        if same_size:
            return _nearest(tail, same_size, "tail and size")
        if len(tail) < 2:  # a name alone says too little
            return Found(None, "none")
        near = self._by_folder.get(tuple(tail[:2]), {})
        return _nearest(tail, [file for file, known in near.items() if size is None or known is None], "tail")


def _tail(path: str) -> list[str]:
    """Return the names of a path from its last to its first, in the form for comparing."""
    return [loose_text(part) for part in reversed(_split(path)) if part]


def _nearest(tail: list[str], paths: Iterable[str], how: How) -> Found:
    """Return the path that shares the longest tail, unless several do."""
    lengths = {path: _shared(tail, _tail(path)) for path in paths}
    most = max(lengths.values(), default=0)
    longest = [path for path, length in lengths.items() if length == most]
    if len(longest) == 1:
        return Found(longest[0], how)
    return Found(None, "several" if longest else "none")


def _shared(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
