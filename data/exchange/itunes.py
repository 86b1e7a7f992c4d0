"""Apple Music and iTunes playlist files: the property list that File > Library > Import Playlist takes."""

from __future__ import annotations

import hashlib
import os
import plistlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote
from xml.parsers.expat import ExpatError

from core.errors import EarmarkError
from data.exchange.files import Entry, check_read_back, one_line, replacing, write_text

EXTENSION = ".xml"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN"'
    ' "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
    '<plist version="1.0">\n'
)
APPLICATION_VERSION = "1.2.5.7"  # of the Music app whose files these are modelled on
LOCATION_SAFE = "/!$&'()*+,:=@"  # what Apple leaves as it is in a Location; the rest of ASCII is percent-encoded
FIRST_ID = 1001  # Apple's own numbers start somewhere low, too; they only have to be unique in the file
KINDS = {
    ".mp3": "MPEG audio file",
    ".m4a": "AAC audio file",
    ".aac": "AAC audio file",
    ".wav": "WAV audio file",
    ".aif": "AIFF audio file",
    ".aiff": "AIFF audio file",
}


def write(
    path: Path, name: str, entries: Sequence[Entry], *, date: datetime | None = None, relative: bool = False
) -> None:
    """Write a playlist as Apple's Music app exports one, and read it back before it takes its name.

    Parameters
    ----------
    path : Path
        The file to write.
    name : str
        What the playlist is called after importing it.
    entries : sequence of Entry
        In order; ids that Apple gave are kept, others are made from the path and stay the same.
    date : datetime, optional
        UTC; now by default.
    relative : bool
        Taken because every writer takes it; Apple knows absolute locations only.

    Raises
    ------
    EarmarkError
        The file cannot be written, or reads back as something else.
    """
    text = HEAD + "".join(_lines(_library(name, entries, date or datetime.now(UTC)))) + "</plist>\n"
    with replacing(path) as draft:
        write_text(draft, text)
        title, read_entries = read(draft)
        check_read_back(path, (one_line(name), [e.path for e in entries]), (title, [e.path for e in read_entries]))


def read(path: Path) -> tuple[str, list[Entry]]:
    """Return the name and the entries of the first playlist in a file; entries without a file have an empty path.

    Raises
    ------
    EarmarkError
        The file cannot be read, or is not a playlist exported by Apple Music or iTunes.
    """
    library = _load(path)
    playlists = library.get("Playlists") or []
    if not playlists:
        raise EarmarkError(f"{path} holds no playlist. Export one with File > Library > Export Playlist.")
    tracks = library.get("Tracks") or {}
    items = playlists[0].get("Playlist Items", [])
    found = [tracks.get(str(item.get("Track ID"))) for item in items]
    return str(playlists[0].get("Name", "")), [_entry(track) for track in found if track]


def location(path: str) -> str:
    """Return the address of a file the way Apple writes it.

    >>> location("/Music/R&B/Don't (Go) #1.mp3")
    "file:///Music/R&B/Don't%20(Go)%20%231.mp3"
    """
    if re.match(r"[A-Za-z]:[\\/]", path):
        return "file://localhost/" + quote(path.replace("\\", "/"), safe=LOCATION_SAFE)
    return "file://" + quote(os.fsencode(path), safe=LOCATION_SAFE)


def path_of(address: str) -> str:
    """Return the file an address means, in Apple's new form and its old ones.

    >>> path_of("file://localhost/C:/Music/a%20b.mp3")
    'C:/Music/a b.mp3'
    """
    path = unquote(re.sub(r"^file://(localhost)?", "", address), errors="surrogateescape")
    return path[1:] if re.match(r"/[A-Za-z]:/", path) else path


def persistent_id(text: str) -> str:
    """Return 16 hexadecimal digits that are the same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16].upper()


def _load(path: Path) -> dict:
    try:
        with open(path, "rb") as file:
            library = plistlib.load(file)
    except OSError as error:
        raise EarmarkError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (plistlib.InvalidFileException, ExpatError, ValueError, KeyError, IndexError, TypeError) as error:
        raise EarmarkError(f"{path} is not a playlist exported by Apple Music ({error}).") from error
    if not isinstance(library, dict):
        raise EarmarkError(f"{path} is not a playlist exported by Apple Music: it holds no library.")
    return library


def _entry(track: dict) -> Entry:
    seconds = track.get("Total Time")
    return Entry(
        path=path_of(track.get("Location", "")),
        title=track.get("Name", ""),
        artist=track.get("Artist"),
        album=track.get("Album"),
        album_artist=track.get("Album Artist"),
        genre=track.get("Genre"),
        year=track.get("Year"),
        duration=None if seconds is None else seconds / 1000,
        size=track.get("Size"),
        track_id=track.get("Track ID"),
        persistent_id=track.get("Persistent ID"),
    )


def _library(name: str, entries: Sequence[Entry], date: datetime) -> dict:
    ids = _track_ids(entries)
    return {
        "Major Version": 1,
        "Minor Version": 1,
        "Date": date,
        "Application Version": APPLICATION_VERSION,
        "Features": 5,
        "Show Content Ratings": True,
        "Library Persistent ID": persistent_id("earmark"),
        "Tracks": {str(number): _track(entry, number) for entry, number in zip(entries, ids, strict=True)},
        "Playlists": [
            {
                "Name": one_line(name),
                "Description": "",
                "Playlist ID": max(ids, default=FIRST_ID) + 1,
                "Playlist Persistent ID": persistent_id(f"playlist {name}"),
                "All Items": True,
                **({"Playlist Items": [{"Track ID": number} for number in ids]} if ids else {}),
            }
        ],
    }


def _track_ids(entries: Sequence[Entry]) -> list[int]:
    """Return a number for each entry; Apple's own stay, the others get free ones, one file has one number."""
    taken = {entry.track_id for entry in entries if entry.track_id is not None}
    numbers: dict[str, int] = {}
    free = FIRST_ID
    for entry in entries:
        if entry.path in numbers:
            continue
        while free in taken:
            free += 1
        numbers[entry.path] = free if entry.track_id is None else entry.track_id
        taken.add(numbers[entry.path])
    return [numbers[entry.path] for entry in entries]


def _track(entry: Entry, number: int) -> dict:
    extension = os.path.splitext(entry.path)[1].lower()
    values = {
        "Track ID": number,
        "Name": entry.title,
        "Artist": entry.artist,
        "Album Artist": entry.album_artist,
        "Album": entry.album,
        "Genre": entry.genre,
        "Kind": KINDS.get(extension, f"{extension[1:].upper()} audio file".strip()),
        "Size": entry.size,
        "Total Time": None if entry.duration is None else round(entry.duration * 1000),
        "Year": entry.year,
        "Persistent ID": entry.persistent_id or persistent_id(entry.path),
        "Track Type": "File",
        "Location": location(entry.path),
    }
    return {key: value for key, value in values.items() if value not in (None, "")}


def _lines(value: object, indent: str = "") -> Iterator[str]:
    """Write a property list in Apple's layout: a value stands on its key's line, containers on their own."""
    if isinstance(value, dict):
        yield f"{indent}<dict>\n"
        for key, inner in value.items():
            container = isinstance(inner, dict | list)
            yield f"{indent}\t<key>{_escape(key)}</key>" + ("\n" if container else "")
            yield from _lines(inner, indent + "\t" if container else "")
        yield f"{indent}</dict>\n"
    elif isinstance(value, list):
        yield f"{indent}<array>\n"
        for inner in value:
            yield from _lines(inner, indent + "\t")
        yield f"{indent}</array>\n"
    else:
        yield f"{indent}{_scalar(value)}\n"


def _scalar(value: object) -> str:
    if value is True or value is False:
        return "<true/>" if value else "<false/>"
    if isinstance(value, datetime):
        return f"<date>{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</date>"
    if isinstance(value, int):
        return f"<integer>{value}</integer>"
    return f"<string>{_escape(one_line(str(value)))}</string>"


def _escape(text: str) -> str:
    return text.replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;")
