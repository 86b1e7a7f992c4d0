"""Apple Music and iTunes: the library they export, and the playlist files they export and import."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import quote

from core.errors import EarmarkError
from core.records import Tags
from data.exchange.files import Entry, check_read_back, one_line, replacing, write_text
from data.exchange.locations import is_windows, path_of
from data.exchange.plist import Item, read_plist, wrong

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
VIDEOS = frozenset({".m4v", ".mp4", ".mov", ".qt", ".avi", ".mkv", ".mpg", ".mpeg", ".wmv", ".webm", ".3gp"})
AUDIOBOOKS = frozenset({".aa", ".aax", ".m4b"})
# Only what can be nothing else: "Spoken Word" is also a kind of music.
AUDIOBOOK_GENRES = frozenset(
    {
        "audiobook", "audiobooks", "audio book", "audio books", "horbuch", "horbucher", "livre audio", "livres audio",
        "audiolibro", "audiolibri", "audiolibros", "luisterboek", "luisterboeken",
    }
)  # fmt: skip
_STREAM = re.compile("(?!file:)[a-z][a-z0-9+.-]+://", re.IGNORECASE)
LARGEST = 2**63 - 1  # the database keeps no larger numbers

EntryKind = Literal["music", "podcast", "video", "audiobook", "stream"]
PlaylistKind = Literal["list", "smart", "folder"]


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """What a library says of one of its entries."""

    number: int  # Apple's Track ID: it holds for this file only
    persistent_id: str | None  # 16 hexadecimal digits: it holds for the library's whole life
    kind: EntryKind
    tags: Tags
    disc_number: int | None = None
    location: str | None = None  # as it is written
    path: str | None = None  # on the computer the library came from
    size: int | None = None  # bytes
    play_count: int | None = None
    skip_count: int | None = None
    date_added: str | None = None  # UTC, ISO 8601
    stars: int | None = None  # 1 to 5, given by the person
    loved: bool = False
    disliked: bool = False
    protected: bool = False  # its file plays in Apple's programs only
    cloud: bool = False  # it has no file


@dataclass(frozen=True, slots=True)
class LibraryPlaylist:
    """A playlist of a library, or a folder of them."""

    name: str
    persistent_id: str | None
    parent_id: str | None  # the folder it stands in
    kind: PlaylistKind
    built_in: bool  # made by the program, not by the person
    numbers: tuple[int, ...] = ()  # Track IDs, in order


@dataclass(frozen=True, slots=True)
class AppleLibrary:
    """A library, or the part of one that an exported playlist is."""

    path: Path
    application_version: str | None
    music_folder: str | None
    persistent_id: str | None
    whole: bool  # False: an exported playlist
    entries: tuple[LibraryEntry, ...]
    playlists: tuple[LibraryPlaylist, ...]
    skipped: tuple[tuple[int, str], ...] = ()  # what could not be understood: (line, or 0; what is wrong)


def read_library(path: Path, *, progress: Callable[[float], None] | None = None) -> AppleLibrary:
    """Return what a Library.xml or an exported playlist holds, whichever version of iTunes or Music wrote it.

    Parameters
    ----------
    path : Path
        The XML file.
    progress : callable, optional
        Called with the share of the file read so far, 0 to 1.

    Raises
    ------
    EarmarkError
        The file cannot be read or is not such a library; the message names the line.
    """
    parts = _read(path, _library_entry, _library_playlist, progress)
    entries = tuple(_each_number_once(parts))
    return AppleLibrary(
        path=path,
        application_version=_text(parts.head, "Application Version"),
        music_folder=_path(_text(parts.head, "Music Folder")),
        persistent_id=_identity(parts.head, "Library Persistent ID"),
        whole=any(is_master for is_master, _ in parts.playlists.values()),
        entries=entries,
        playlists=tuple(playlist for _, playlist in parts.playlists.values()),
        skipped=tuple(parts.skipped),
    )


def read(path: Path) -> tuple[str, list[Entry]]:
    """Return the name and the entries of the first playlist in a file; entries without a file have an empty path.

    Raises
    ------
    EarmarkError
        The file cannot be read, or is not a playlist exported by Apple Music or iTunes.
    """
    parts = _read(path, _entry, lambda item: item.value)
    if not parts.playlists:
        raise EarmarkError(f"{path} holds no playlist. Export one with File > Library > Export Playlist.")
    playlist = next(iter(parts.playlists.values()))
    found = [parts.tracks.get(str(number)) for number in _numbers(playlist)]
    return _text(playlist, "Name") or "", [entry for entry in found if entry is not None]


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
        In order; ids and locations that Apple gave are kept, others are made from the path and stay the same.
        One without path and location is written as a track of the cloud.
    date : datetime, optional
        UTC; now by default.
    relative : bool
        Taken because every writer takes it; Apple knows absolute locations only.

    Raises
    ------
    EarmarkError
        The file cannot be written, or reads back as something else.
    """
    library = _library(name, entries, date or datetime.now(UTC))
    text = HEAD + "".join(_lines(library)) + "</plist>\n"
    with replacing(path) as draft:
        write_text(draft, text)
        check_read_back(path, (one_line(name), _to_read(library, entries)), _was_read(draft))


def location(path: str) -> str:
    """Return the address of a file the way Apple writes it.

    >>> location("/Music/R&B/Don't (Go) #1.mp3")
    "file:///Music/R&B/Don't%20(Go)%20%231.mp3"
    """
    if is_windows(path):
        address = path.replace("\\", "/")
        return "file://localhost/" + quote(address.removeprefix("/"), safe=LOCATION_SAFE, errors="surrogateescape")
    return "file://" + quote(os.fsencode(re.sub("^/+", "/", path)), safe=LOCATION_SAFE)


def persistent_id(text: str) -> str:
    """Return 16 hexadecimal digits that are the same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16].upper()


@dataclass
class _Parts:
    """What a file holds, each track and playlist already in the form its reader wants."""

    head: dict[str, Any]
    tracks: dict[str, Any]  # by the key it stands under
    playlists: dict[str, Any]  # by its place
    skipped: list[tuple[int, str]]


def _read(
    path: Path,
    track: Callable[[Item], Any],
    playlist: Callable[[Item], Any],
    progress: Callable[[float], None] | None = None,
) -> _Parts:
    """Read a file part by part; a track or playlist that cannot be understood is skipped."""
    parts = _Parts({}, {}, {}, [])
    places = {"Tracks": (parts.tracks, track), "Playlists": (parts.playlists, playlist)}
    for item in _items(path, progress):
        if not item.section:
            parts.head[item.key] = item.value
            if item.key in places:  # of two parts of one name the last counts
                places[item.key][0].clear()
            continue
        place, form = places[item.section]
        formed = form(item) if isinstance(item.value, dict) else None
        if formed is None:
            parts.skipped.append((item.line, f"“{item.key}” in {item.section} cannot be understood"))
        else:
            place[item.key] = formed
    return parts


def _items(path: Path, progress: Callable[[float], None] | None) -> Iterator[Item]:
    """Yield the parts of a library, making sure that it is one."""
    shapes = {"Tracks": dict, "Playlists": list}
    line, missing = 1, {"Tracks"}
    for item in read_plist(path, split=shapes, progress=progress):
        line = item.line
        if not item.section and not isinstance(item.value, shapes.get(item.key, object)):
            raise wrong(path, line, f"“{item.key}” is not {'a dictionary' if item.key == 'Tracks' else 'an array'}")
        missing.discard("" if item.section else item.key)
        yield item
    if missing:
        raise wrong(path, line, "it has no “Tracks”, so it is not a library or playlist of Apple Music or iTunes")


def _library_entry(item: Item) -> LibraryEntry | None:
    track: Mapping[str, Any] = item.value
    number = _first_number(track.get("Track ID"), item.key)
    if number is None:
        return None
    written = _text(track, "Location")
    path = _path(written)
    kind = _kind(track, _extension(path))
    remote = track.get("Track Type") == "Remote"
    return LibraryEntry(
        number=number,
        persistent_id=_identity(track, "Persistent ID"),
        kind=kind,
        tags=_tags(track, _text(track, "Name") or _stem(path)),
        disc_number=_count(track, "Disc Number") or None,
        location=written,
        path=path,
        size=_count(track, "Size") or None,
        play_count=_count(track, "Play Count"),
        skip_count=_count(track, "Skip Count"),
        date_added=_date(track.get("Date Added")),
        stars=_stars(track),
        loved=_flag(track, "Loved") or _flag(track, "Favorited"),
        disliked=_flag(track, "Disliked"),
        protected=_flag(track, "Protected") or _extension(path) == ".m4p",
        cloud=path is None and (remote or (written is None and kind == "music")),
    )


def _each_number_once(parts: _Parts) -> Iterator[LibraryEntry]:
    """Yield the entries; one whose Track ID another has takes the number it stands under."""
    taken: set[int] = set()
    for key, entry in parts.tracks.items():
        own = entry.number if entry.number not in taken else _first_number(key)
        if own is None or own in taken:
            parts.skipped.append((0, f"“{key}” in Tracks has the Track ID of another"))
            continue
        taken.add(own)
        yield entry if own == entry.number else replace(entry, number=own)


def _library_playlist(item: Item) -> tuple[bool, LibraryPlaylist]:
    """Return a playlist, and whether it is the one that holds everything."""
    playlist: Mapping[str, Any] = item.value
    master = _flag(playlist, "Master")
    smart = "Smart Info" in playlist or "Smart Criteria" in playlist
    return master, LibraryPlaylist(
        name=_text(playlist, "Name") or "Untitled",
        persistent_id=_identity(playlist, "Playlist Persistent ID"),
        parent_id=_identity(playlist, "Parent Persistent ID"),
        kind="folder" if _flag(playlist, "Folder") else "smart" if smart else "list",
        built_in=master or bool(playlist.get("Distinguished Kind")),
        numbers=_numbers(playlist),
    )


def _numbers(playlist: Mapping[str, Any]) -> tuple[int, ...]:
    items = playlist.get("Playlist Items")
    rows = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    found = [_first_number(row.get("Track ID")) for row in rows]
    return tuple(number for number in found if number is not None)


def _entry(item: Item) -> Entry:
    track: Mapping[str, Any] = item.value
    written = _text(track, "Location")
    tags = _tags(track, _text(track, "Name") or "")
    return Entry(
        path=_path(written) or "",
        title=tags.title or "",
        artist=tags.artist,
        album=tags.album,
        album_artist=tags.album_artist,
        genre=tags.genre,
        year=tags.year,
        duration=tags.duration,
        size=_count(track, "Size"),
        track_id=_first_number(track.get("Track ID"), item.key),
        persistent_id=_text(track, "Persistent ID"),
        location=written,
    )


def _tags(track: Mapping[str, Any], title: str) -> Tags:
    return Tags(
        title=title,
        artist=_text(track, "Artist"),
        album=_text(track, "Album"),
        album_artist=_text(track, "Album Artist"),
        genre=_text(track, "Genre"),
        year=_count(track, "Year") or None,
        track_number=_count(track, "Track Number") or None,
        duration=(_count(track, "Total Time") or 0) / 1000 or None,
    )


def _kind(track: Mapping[str, Any], extension: str) -> EntryKind:
    if _flag(track, "Podcast"):
        return "podcast"
    if _is_video(track, extension):
        return "video"
    genre = _plain_letters(_text(track, "Genre") or "")
    if _flag(track, "Audiobook") or extension in AUDIOBOOKS or genre in AUDIOBOOK_GENRES:
        return "audiobook"
    # Songs in the cloud have the Kind "Internet audio stream" but never this Track Type.
    if track.get("Track Type") == "URL" or _STREAM.match(_text(track, "Location") or ""):
        return "stream"
    return "music"


def _is_video(track: Mapping[str, Any], extension: str) -> bool:
    if any(_flag(track, key) for key in ("Has Video", "Movie", "TV Show", "Music Video")):
        return True
    kind = _plain_letters(_text(track, "Kind") or "")
    return "video" in kind or (extension in VIDEOS and "audio" not in kind)


@lru_cache(1024)
def _plain_letters(text: str) -> str:
    """Return text in small letters without accents: Kind and Genre are in the language of the program."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).strip()


def _stars(track: Mapping[str, Any]) -> int | None:
    rating = _count(track, "Rating")
    if rating is None or rating > 100 or _flag(track, "Rating Computed"):  # computed: from the album's, not given
        return None
    return (rating + 10) // 20 or None


def _path(written: str | None) -> str | None:
    """Return the path a Location means, None when it is not that of a file."""
    if written is None or not (written[:5].lower() == "file:" or written.startswith("/") or is_windows(written)):
        return None
    path = path_of(written)
    return path if path and "\0" not in path else None


def _extension(path: str | None) -> str:
    return os.path.splitext(path or "")[1].lower()


def _stem(path: str | None) -> str:
    stem = PurePosixPath((path or "").replace("\\", "/")).stem.strip()
    return stem.encode("utf-8", "replace").decode() or "Untitled"  # not every file name is text


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) <= LARGEST else None
    return value if isinstance(value, str) and value.strip() else None


def _count(values: Mapping[str, Any], key: str) -> int | None:
    return _first_number(values.get(key))


def _first_number(*values: object) -> int | None:
    """Return the first value that is, or is written like, a whole number from 0 to the largest the database keeps."""
    for value in values:
        if isinstance(value, str):
            value = int(value) if re.fullmatch(r"\s*[0-9]{1,19}\s*", value, re.ASCII) else None
        elif isinstance(value, float):
            value = int(value) if value.is_integer() else None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return value
    return None


def _flag(values: Mapping[str, Any], key: str) -> bool:
    value = values.get(key)
    return value is True or value == 1 or (isinstance(value, str) and value.strip().lower() in ("true", "yes", "1"))


def _identity(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return value.upper() if isinstance(value, str) and re.fullmatch("[0-9A-Fa-f]{16}", value) else None


def _date(value: object) -> str | None:
    try:
        date = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(date, datetime):
            return None
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


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
    """Return a number for each entry; Apple's own stay, the others get free ones, one track has one number."""
    own = {entry.track_id for entry in entries if entry.track_id is not None}
    numbers: dict[Hashable, int] = {}
    taken: set[int] = set()
    free = FIRST_ID
    for entry in entries:
        if _which(entry) in numbers:
            continue
        number = entry.track_id
        if number is None or number in taken:  # taken: by a track of another library
            while free in own or free in taken:
                free += 1
            number = free
        numbers[_which(entry)] = number
        taken.add(number)
    return [numbers[_which(entry)] for entry in entries]


def _which(entry: Entry) -> Hashable:
    """Return what tells one track from another."""
    return entry.path or entry.location or entry.persistent_id or entry.track_id or entry


def _track(entry: Entry, number: int) -> dict:
    address = entry.location or (location(entry.path) if entry.path else None)
    values = {
        "Track ID": number,
        "Name": one_line(entry.title),
        **{key: one_line(text) for key, text in _texts(entry).items() if text},
        "Kind": _kind_of_file(entry, address),
        "Size": entry.size,
        "Total Time": None if entry.duration is None else round(entry.duration * 1000),
        "Year": entry.year,
        "Persistent ID": one_line(_persistent_id(entry)),
        "Track Type": _track_type(address),
        "Location": address,
    }
    return {key: value for key, value in values.items() if value not in (None, "")}


def _texts(entry: Entry) -> dict[str, str | None]:
    return {"Artist": entry.artist, "Album Artist": entry.album_artist, "Album": entry.album, "Genre": entry.genre}


def _kind_of_file(entry: Entry, address: str | None) -> str | None:
    if address is None:
        return None
    extension = _extension(entry.path or path_of(address))
    return KINDS.get(extension, one_line(f"{extension[1:].upper()} audio file"))


def _persistent_id(entry: Entry) -> str:
    """Return Apple's own id, "" for a track that has none there, and one that stays the same for all others."""
    return persistent_id(_source_of_id(entry)) if entry.persistent_id is None else entry.persistent_id


def _source_of_id(entry: Entry) -> str:
    """Return the text a Persistent ID is made from; without a file, whatever the track is known by."""
    known = (entry.track_id, entry.title, entry.artist, entry.album, entry.duration)
    return entry.path or entry.location or "\n".join(str(part) for part in known)


def _track_type(address: str | None) -> str:
    if address is None:
        return "Remote"
    return "URL" if _STREAM.match(address) else "File"


def _to_read(library: dict, entries: Sequence[Entry]) -> list[tuple]:
    """Return what reading a playlist back must give: names, paths, locations and ids, in order."""
    items = library["Playlists"][0].get("Playlist Items", [])
    tracks = [library["Tracks"][str(item["Track ID"])] for item in items]
    paths = [_path(entry.location) or "" if entry.location else _as_read(entry.path) for entry in entries]
    return [
        (track.get("Name", ""), path, track.get("Location"), track["Track ID"], track.get("Persistent ID"))
        for track, path in zip(tracks, paths, strict=True)
    ]


def _as_read(path: str) -> str:
    return path.replace("\\", "/") if is_windows(path) else re.sub("^/+", "/", path)


def _was_read(path: Path) -> tuple[str, list[tuple]]:
    name, entries = read(path)
    return name, [(e.title, e.path, e.location, e.track_id, e.persistent_id) for e in entries]


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
    return f"<string>{_escape(str(value))}</string>"


def _escape(text: str) -> str:
    return text.replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;").replace("\r", "&#13;")
