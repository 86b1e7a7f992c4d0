"""M3U8 playlists: one path a line in UTF-8, as VLC, foobar2000, Kodi and most players read them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import EarmarkError
from data.exchange.files import Entry, check_read_back, one_line, read_text, replacing, write_text
from data.exchange.locations import path_of

EXTENSION = ".m3u8"


def write(path: Path, name: str, entries: Sequence[Entry], *, relative: bool = False) -> None:
    """Write a playlist and read it back before it takes its name.

    Parameters
    ----------
    path : Path
        The file to write.
    name : str
        What players call the playlist.
    entries : sequence of Entry
        In order.
    relative : bool
        True writes paths relative to the file, for playlists that travel with the music.

    Raises
    ------
    EarmarkError
        A path cannot stand in a playlist, the file cannot be written, or reads back as something else.
    """
    folder = _real_folder(path)
    paths = [_written_path(entry.path, folder, relative=relative) for entry in entries]
    lines = ["#EXTM3U", f"#PLAYLIST:{one_line(name)}"]
    for entry, written in zip(entries, paths, strict=True):
        lines += [_information(entry), written]
    with replacing(path) as draft:
        write_text(draft, "\n".join(lines) + "\n")
        read_paths = [entry.path for entry in read(draft)[1]]
        check_read_back(path, [os.path.normpath(entry.path) for entry in entries], read_paths)


def read(path: Path) -> tuple[str, list[Entry]]:
    """Return the name and the entries of a playlist; relative paths are taken from the file's folder.

    Raises
    ------
    EarmarkError
        The file cannot be read or is not UTF-8.
    """
    name, entries, information = path.stem, [], ""
    for line in read_text(path).split("\n"):
        line = line.rstrip("\r")
        if line.startswith("#PLAYLIST:"):
            name = line.removeprefix("#PLAYLIST:").strip()
        elif line.startswith("#EXTINF:"):
            information = line.removeprefix("#EXTINF:")
        elif line.strip() and not line.startswith("#"):
            entries.append(_entry(line, information, _real_folder(path)))
            information = ""
    return name, entries


def _real_folder(path: Path) -> Path:
    return Path(os.path.realpath(path.parent))  # "../" in a playlist means the real folder above, not that of a link


def _written_path(path: str, folder: Path, *, relative: bool) -> str:
    if breaks_a_line(path):
        raise EarmarkError(f"{path!r} has a line break in its name; an M3U playlist cannot hold it. Rename the file.")
    if relative:
        path = _relative(path, folder)
    return "./" + path if path.startswith("#") or path != path.lstrip() else path


def breaks_a_line(path: str) -> bool:
    """Tell whether a path cannot stand on one line."""
    return "\n" in path or "\r" in path


def _relative(path: str, folder: Path) -> str:
    try:
        return os.path.relpath(path, folder)
    except ValueError:  # Windows: on another drive
        return path


def _information(entry: Entry) -> str:
    seconds = -1 if entry.duration is None else round(entry.duration)
    title = " - ".join(one_line(text) for text in (entry.artist, entry.title) if text)
    return f"#EXTINF:{seconds},{title}"


def _entry(line: str, information: str, folder: Path) -> Entry:
    path = path_of(line) if line.startswith("file://") else line
    seconds, _, heading = information.partition(",")
    artist, dash, title = heading.partition(" - ")
    length = next(_numbers(seconds), -1.0)
    return Entry(
        path=os.path.normpath(folder / path),
        title=title if dash else heading or Path(path).stem,
        artist=artist if dash else None,
        duration=length if length >= 0 else None,
    )


def _numbers(text: str) -> Iterator[float]:
    for word in text.split():
        try:
            yield float(word)
        except ValueError:  # attributes some players write after the length
            continue
