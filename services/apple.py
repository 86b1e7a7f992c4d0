"""An Apple Music or iTunes library: looking at what its file holds, and taking it in as one act."""

from __future__ import annotations

import os
import unicodedata
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from audio.metadata import AUDIO_EXTENSIONS
from core.errors import EarmarkError
from core.records import Label, LibraryRow, TrackState
from data.exchange import itunes
from data.exchange.files import replacing
from data.exchange.folder import walk
from data.exchange.itunes import AppleLibrary, LibraryEntry
from data.exchange.locations import Finder, apply_maps, loose_text, parse_map
from data.external_ids import APPLE_ID, APPLE_LOCATION, APPLE_NUMBER
from data.playlists import NAMED, NewPlaylist
from labeling.targets import check_value
from services import drives, identity
from services.imported import Imported
from services.workspace import Workspace

BATCH = 500  # entries in one transaction: an answer given meanwhile never waits long
IGNORE = "ignore"
FOLDER_DEPTH = 3  # parts of a path, the root with them: less than that is a disk or a person's whole home
# What the person said in Apple Music -> the rating it stands for, the first that applies speaks.
ANSWERS: dict[str, str] = {
    "loved": "liked", "disliked": "disliked", "5": "liked", "4": "liked", "3": "semi", "2": "disliked", "1": "disliked",
}  # fmt: skip
REPORT = ["title", "artist", "album", "found", "file", "location"]
NO_STARS: dict[str, str] = {**ANSWERS, **dict.fromkeys("54321", IGNORE)}

How = Literal["here", "by map", "by name and size", "several", "cloud", "protected", "missing"]
HOW_WORDS: dict[How, str] = {
    "here": "where the file says",
    "by map": "by the map you gave",
    "by name and size": "found by name and size",
    "several": "several files could be it",
    "cloud": "in Apple's cloud",
    "protected": "protected by Apple",
    "missing": "not found",
}

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Options:
    """How a library is taken in."""

    answers: Mapping[str, str] = field(default_factory=lambda: dict(ANSWERS))  # line -> rating, or "ignore"
    maps: Sequence[tuple[str, str]] = ()  # (old prefix, new prefix) of locations
    look_in: Sequence[str] = ()  # folders to search for files that are not where the library says

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Options:
        """Read them from a job's parameters.

        Raises
        ------
        EarmarkError
            A line or a rating that does not exist.
        """
        given = params.get("stars") or "keep"
        answers = dict(NO_STARS if given == IGNORE else ANSWERS)
        if isinstance(given, Mapping):
            for line, answer in given.items():
                if line not in ANSWERS:
                    raise EarmarkError(f"There is no line {line!r}. Choose one of: {', '.join(ANSWERS)}.")
                answers[line] = IGNORE if answer == IGNORE else check_value("rating", answer)
        elif given not in ("keep", IGNORE):
            raise EarmarkError(f"Stars can be kept or ignored, not {given!r}.")
        maps = [(str(old), str(new)) for old, new in params.get("maps") or ()]
        return cls(answers, maps, [str(folder) for folder in params.get("look_in") or ()])


def options_of(
    *, stars: str = "keep", answers: Iterable[str] = (), maps: Iterable[str] = (), look_in: Iterable[str] = ()
) -> Options:
    """Return options as the terminal writes them: answers as "3=liked", maps as "OLD=NEW".

    Raises
    ------
    EarmarkError
        One of them cannot be understood.
    """
    given = dict(NO_STARS if stars == IGNORE else ANSWERS)
    for answer in answers:
        line, _, rating = answer.partition("=")
        given[line.strip().lower()] = rating.strip().lower()
    return Options.of({"stars": given, "maps": [parse_map(text) for text in maps], "look_in": list(look_in)})


@dataclass(frozen=True)
class Placed:
    """One music entry of a library, and where its file is on this computer."""

    entry: LibraryEntry
    how: How
    state: TrackState
    path: str | None = None  # where the file is, or would be
    size: int = 0
    mtime: float = 0.0


@dataclass(frozen=True)
class Line:
    """One line of the preview: "2 stars, 159 tracks, become disliked"."""

    key: str
    words: str
    tracks: int
    answer: str


@dataclass(frozen=True)
class Preview:
    """What a library's file holds and what would become of it; nothing is changed yet."""

    path: Path
    version: str
    placed: tuple[Placed, ...]
    lines: tuple[Line, ...]
    podcasts: int
    other: int
    playlists: int
    known: int  # music entries that are in the library already

    @cached_property
    def counts(self) -> dict[str, int]:
        """Return the music entries by what can be done with them."""
        states = Counter(placed.state for placed in self.placed)
        return {
            "tracks": len(self.placed),
            "files": states["new"],
            "cloud_only": states["cloud-only"],
            "protected": states["protected"],
            "missing": states["missing"],
            "podcasts": self.podcasts,
            "other": self.other,
            "playlists": self.playlists,
            "known": self.known,
        }

    def as_json(self) -> dict[str, Any]:
        """Return the preview for the terminal."""
        lines = [{"line": line.key, "words": line.words, "tracks": line.tracks, "becomes": line.answer}
                 for line in self.lines]  # fmt: skip
        found = Counter(placed.how for placed in self.placed)
        return {"path": str(self.path), "version": self.version, **self.counts, "found": dict(found), "labels": lines}


# -- looking ------------------------------------------------------------------------------------------


def look(workspace: Workspace, path: str | os.PathLike[str], options: Options | None = None) -> Preview:
    """Say what a Library.xml or an exported playlist holds, without importing anything.

    Raises
    ------
    EarmarkError
        The file is no such library; the message names the line.
    """
    options = options or Options()
    library = read(path)
    placed = tuple(_Disk(workspace, options).place(library))
    ids, files = workspace.external_ids.tracks(APPLE_ID), workspace.tracks.known_files()
    return Preview(
        path=library.path,
        version=library.application_version or "",
        placed=placed,
        lines=tuple(_lines(placed, options.answers)),
        podcasts=sum(entry.kind == "podcast" for entry in library.entries),
        other=sum(entry.kind in ("video", "audiobook", "stream") for entry in library.entries),
        playlists=sum(playlist.kind != "folder" for playlist in _own_playlists(library)),
        known=sum(p.entry.persistent_id in ids or p.path in files for p in placed),
    )


def _lines(placed: Iterable[Placed], answers: Mapping[str, str]) -> Iterator[Line]:
    """Yield each line with the tracks it decides, an ignored one with those it would decide."""
    counts: Counter[str] = Counter()
    for p in placed:
        for line in _said(p.entry):
            counts[line] += 1
            if answers[line] != IGNORE:
                break
    for key in ANSWERS:
        if counts[key]:
            yield Line(key, line_words(key), counts[key], answers[key])


def line_words(key: str) -> str:
    """Return what a line says, in words.

    >>> line_words("2"), line_words("1"), line_words("loved")
    ('2 stars', '1 star', 'Loved or favourite')
    """
    if key.isdecimal():
        return f"{key} star{'' if key == '1' else 's'}"
    return {"loved": "Loved or favourite", "disliked": "Disliked"}[key]


def _said(entry: LibraryEntry) -> Iterator[str]:
    """Yield the lines that speak of an entry, the strongest first: Loved and Disliked beat stars."""
    if entry.loved:
        yield "loved"
    if entry.disliked:
        yield "disliked"
    if entry.stars:
        yield str(entry.stars)


def rating_of(entry: LibraryEntry, answers: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the rating an entry stands for and the words it said it in, None where it says nothing or is ignored."""
    return next(((answers[line], line_words(line)) for line in _said(entry) if answers[line] != IGNORE), None)


def report_rows(placed: Iterable[Placed]) -> list[dict[str, Any]]:
    """Return one row for each music entry: what it is, where the library says its file is, and where it was found."""
    return [
        {
            "title": p.entry.tags.title,
            "artist": p.entry.tags.artist,
            "album": p.entry.tags.album,
            "found": HOW_WORDS[p.how],
            "file": p.path if p.state in ("new", "protected") and p.mtime else None,
            "location": p.entry.location,
        }
        for p in placed
    ]


def write_report(path: Path, previews: Iterable[Preview]) -> None:
    """Write where each track's file was found as a table (CSV).

    Raises
    ------
    EarmarkError
        The file cannot be written.
    """
    rows = [row for preview in previews for row in report_rows(preview.placed)]
    with replacing(Path(path).expanduser().absolute()) as draft:
        pd.DataFrame(rows, columns=REPORT).to_csv(draft, index=False)


def files(
    workspace: Workspace, path: str | os.PathLike[str], options: Options, *, start: int = 0, most: int | None = None
) -> tuple[list[str], list[dict[str, str]]]:
    """Return the files of a library's tracks that are here, and {"path", "reason"} of those that are not.

    Parameters
    ----------
    start : int
        The first track, counted from 0.
    most : int, optional
        At most so many tracks.
    """
    placed = look(workspace, path, options).placed[start : None if most is None else start + most]
    here = [p.path for p in placed if p.state == "new" and p.path is not None]
    absent = [
        {"path": p.path or p.entry.tags.title or "", "reason": HOW_WORDS[p.how]} for p in placed if p.state != "new"
    ]
    return here, absent


class _Disk:
    """Where the files of a library are on this computer."""

    def __init__(self, workspace: Workspace, options: Options) -> None:
        self._workspace = workspace
        self._maps = options.maps
        self._look_in = options.look_in
        self._names: dict[str, dict[str, str]] = {}

    def place(self, library: AppleLibrary) -> Iterator[Placed]:
        """Yield every music entry with its file."""
        for entry in library.entries:
            if entry.kind == "music":
                yield self._placed(entry)

    def _placed(self, entry: LibraryEntry) -> Placed:
        if entry.path is None:
            return Placed(entry, "cloud", "cloud-only")
        mapped = apply_maps(entry.path, self._maps)
        wanted = mapped or entry.path
        found, how = self._here(wanted), "by map" if mapped else "here"
        if found is None:
            search = self._finder.find(entry.path, entry.size)
            found, how = search.path, "several" if search.how == "several" else "by name and size"
        there = None if found is None else _stat(found)
        if there is None or not _storable(found):
            kept = wanted if _storable(wanted) else None
            if entry.protected:
                return Placed(entry, "protected", "protected", kept, entry.size or 0)
            return Placed(entry, "several" if how == "several" else "missing", "missing", kept, entry.size or 0)
        state: TrackState = "protected" if entry.protected else "new"
        shown: How = "protected" if entry.protected else how  # type: ignore[assignment]
        return Placed(entry, shown, state, found, there.st_size, there.st_mtime)

    def _here(self, path: str) -> str | None:
        """Return the path as the disk spells it: other normal forms of Unicode and, where it must, other case."""
        if not os.path.isabs(path):
            return None
        if os.path.isfile(path):
            return path
        for form in ("NFC", "NFD"):
            if os.path.isfile(other := unicodedata.normalize(form, path)):
                return other
        return self._spelled(path)

    def _spelled(self, path: str) -> str | None:
        here = os.sep
        for name in Path(path).parts[1:]:
            known = self._entries(here)
            if (spelled := known.get(loose_text(name))) is None:
                return None
            here = os.path.join(here, spelled)
        return here if os.path.isfile(here) else None

    def _entries(self, folder: str) -> dict[str, str]:
        if folder not in self._names:
            try:
                self._names[folder] = {loose_text(name): name for name in os.listdir(folder)}
            except OSError:
                self._names[folder] = {}
        return self._names[folder]

    @cached_property
    def _finder(self) -> Finder:
        """Index the folders the person pointed at, and what the library knows already and is there."""
        known = self._workspace.tracks.known_files()
        # The old place of a moved file would be the nearest of all.
        files = {path: size for path, (_, size, mtime) in known.items() if mtime and os.path.isfile(path)}
        for folder in self._look_in:
            root = Path(folder).expanduser().absolute()
            if not root.is_dir():
                raise EarmarkError(f"{root} is no folder. Choose the folder your music lies in.")
            for file in walk(root, extensions=AUDIO_EXTENSIONS, has_audio=lambda _: False):
                files[file.path] = file.size
        return Finder(files.items())


def _storable(path: str | None) -> bool:
    """Say whether a path is text; on Linux a name may be any bytes, and the database holds text only."""
    try:
        return path is not None and bool(path.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


# -- taking in ----------------------------------------------------------------------------------------


def read(path: str | os.PathLike[str], *, progress: Progress | None = None) -> AppleLibrary:
    """Read a Library.xml or an exported playlist; nothing is changed.

    Raises
    ------
    EarmarkError
        The file is no such library; the message names the line.
    """
    if progress is not None:
        progress({"sentence": f"Reading {Path(path).name}"})
    return itunes.read_library(Path(path).expanduser().absolute())


def take(
    workspace: Workspace,
    source: AppleLibrary | str | os.PathLike[str],
    options: Options | None = None,
    *,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Imported:
    """Take in a Library.xml or an exported playlist: tracks, counts, ids, ratings and playlists, as one act.

    Taking it in again changes only what the file says differently. The person's own answers stay above its ratings.

    Parameters
    ----------
    source : AppleLibrary or path
        What `read` gave, or the file itself.
    progress : callable, optional
        Called after every batch with {"done", "total", "sentence"}.
    should_stop : callable, optional
        Asked before every batch; what was taken in stays and can be taken back.

    Raises
    ------
    EarmarkError
        The file is no such library; then nothing was changed.
    """
    options, tell = options or Options(), progress or (lambda _: None)
    library = source if isinstance(source, AppleLibrary) else read(source, progress=progress)
    about = _source(library) if library.whole else str(library.path)
    act = workspace.acts.begin("import", f"{library.path.name}: import", about=about)
    try:
        taking = _Taking(workspace, library, options, act)
        return taking.run(tell, should_stop or (lambda: False))
    finally:
        workspace.acts.finish(act)


class _Taking:
    """One library being taken in."""

    def __init__(self, workspace: Workspace, library: AppleLibrary, options: Options, act: int) -> None:
        self._workspace = workspace
        self._library = library
        self._options = options
        self._act = act
        self._result = Imported()
        self._track_of: dict[int, int] = {}  # Apple's number -> our track
        self._ratings: dict[int, tuple[str, str]] = {}  # Apple's number -> rating, the words it was said in
        self._here: list[str] = []  # files that are on this computer

    def run(self, tell: Progress, should_stop: Callable[[], bool]) -> Imported:
        library, result = self._library, self._result
        result.podcasts = sum(entry.kind == "podcast" for entry in library.entries)
        result.other = sum(entry.kind in ("video", "audiobook", "stream") for entry in library.entries)
        placed = list(_Disk(self._workspace, self._options).place(library))
        for start in range(0, len(placed), BATCH):
            if should_stop():
                return result
            self._take_batch(placed[start : start + BATCH])
            done = min(start + BATCH, len(placed))
            tell({"done": done, "total": len(placed), "sentence": f"{library.path.name}: {done:,} of {len(placed):,}"})
        self._here = [p.path for p in placed if p.state == "new" and p.path is not None]
        self._take_ratings()
        self._take_playlists()
        if self._result.added or self._result.updated:
            identity.recognise(self._workspace, act=self._act)
        self._remember()
        return result

    def _take_batch(self, batch: Sequence[Placed]) -> None:
        with self._workspace.acts.recording(self._act):  # asked in it: the analysis merges tracks meanwhile
            known = self._tracks_known([p.entry for p in batch])
            rows = [(track_id, _row(p)) for p, track_id in zip(batch, known, strict=True)]
            ids, changes = self._workspace.tracks.take_library(rows)
            self._workspace.external_ids.put(_ids(batch, ids))
        for p, track_id in zip(batch, ids, strict=True):
            self._track_of[p.entry.number] = track_id
            if (rating := rating_of(p.entry, self._options.answers)) is not None:
                self._ratings[p.entry.number] = rating
        self._count(batch, changes)

    def _tracks_known(self, entries: Sequence[LibraryEntry]) -> list[int | None]:
        """Return our track of each entry: by its Persistent ID; where it has none, by its number and title."""
        known = self._workspace.external_ids.find(APPLE_ID, [e.persistent_id for e in entries if e.persistent_id])
        nameless = [str(e.number) for e in entries if e.persistent_id is None and e.path is None]
        numbered = self._workspace.external_ids.find(APPLE_NUMBER, nameless)
        tracks = self._workspace.tracks.many(numbered.values())

        def track_of(entry: LibraryEntry) -> int | None:
            if entry.persistent_id is not None:
                return known.get(entry.persistent_id)
            track = tracks.get(numbered.get(str(entry.number), 0))
            return track.id if track is not None and track.title == entry.tags.title else None

        return [track_of(entry) for entry in entries]

    def _tracks_now(self) -> dict[int, int]:
        """Return Apple's number -> our track as of this transaction, whatever was merged since it was taken in."""
        known, there = self._workspace.external_ids.tracks(APPLE_ID), self._workspace.tracks.ids()
        own = {entry.number: entry.persistent_id for entry in self._library.entries}
        now = {number: known.get(own[number] or "", track_id) for number, track_id in self._track_of.items()}
        return {number: track_id for number, track_id in now.items() if track_id in there}

    def _count(self, batch: Sequence[Placed], changes: Any) -> None:
        result = self._result
        states = Counter(p.state for p in batch)
        result.tracks += len(batch)
        result.added += len(changes.added)
        result.updated += len(changes.updated)
        result.moved += len(changes.moved)
        result.cloud_only += states["cloud-only"]
        result.protected += states["protected"]
        result.missing += states["missing"]

    def _take_ratings(self) -> None:
        """Keep what the library says of its tracks now; what it said before and says no longer is withdrawn.

        Another library, or a playlist's file, that is silent about a track takes nothing back.
        """
        now = self._tracks_now()
        ratings = {now[number]: rating for number, rating in self._ratings.items() if number in now}
        ids = list(dict.fromkeys(now.values()))
        for start in range(0, len(ids), BATCH):
            with self._workspace.acts.recording(self._act):
                part = {*ids[start : start + BATCH]} & self._workspace.tracks.ids()
                said = {track_id: ratings[track_id] for track_id in part if track_id in ratings}
                labels = [_label(track_id, *rating, self._library) for track_id, rating in said.items()]
                self._workspace.labels.replace_source("itunes", labels)
                if self._library.whole:
                    self._result.withdrawn += self._workspace.labels.withdraw(
                        "itunes", "rating", part - said.keys(), reason=_reason(self._library)
                    )
        if ratings:
            self._result.labels["rating"] = len(ratings)

    def _take_playlists(self) -> None:
        library = self._library
        with self._workspace.acts.recording(self._act):
            now = self._tracks_now()
            playlists = [
                NewPlaylist(
                    playlist.name,
                    playlist.kind,
                    playlist.persistent_id or f"{NAMED}{playlist.name}",
                    playlist.parent_id,
                    [now[number] for number in playlist.numbers if number in now],
                )
                for playlist in _own_playlists(library)
            ]
            self._workspace.playlists.replace(_source(library), playlists, complete=library.whole)
        self._result.playlists = sum(playlist.kind != "folder" for playlist in playlists)

    def _remember(self) -> None:
        """Remember the file, so that a newer one is noticed, and say in the list of acts what was done."""
        path, options = self._library.path, self._options
        there = path.stat()
        kept = {"stars": dict(options.answers), "maps": list(options.maps), "look_in": options.look_in}
        stamp = f"{there.st_size}:{there.st_mtime}"
        stamps = {root.path: root.stamp for root in self._workspace.roots.records()}
        with self._workspace.acts.recording(self._act):
            if stamps.get(str(path)) != stamp:  # the time of a scan alone is no act
                self._workspace.roots.add(str(path), kind="library", stamp=stamp)
            self._remember_folder()
            self._workspace.settings.set("apple_import", kept)
        counts = {
            "track": self._result.tracks,
            "rating": self._result.labels.get("rating", 0),
            "playlist": self._result.playlists,
            "withdrawn rating": self._result.withdrawn,
        }
        words = ", ".join(f"{n:,} {noun}{'' if n == 1 else 's'}" for noun, n in counts.items() if n)
        self._workspace.acts.finish(self._act, f"{path.name}: {words}")

    def _remember_folder(self) -> None:
        """Let rescans look where the library's files lie, and no more where none of them is left."""
        known = [path for path, (_, _, mtime) in self._workspace.tracks.known_files().items() if mtime]
        folders = self._workspace.roots.all()
        for folder in folders:
            if not os.path.exists(folder) and not any(drives.is_below(path, [folder]) for path in known):
                self._workspace.roots.remove(folder)
        common = folder_of(self._here) if self._library.whole else None
        if common is not None and not drives.is_below(common, folders):
            self._workspace.roots.add(common)


def folder_of(paths: Sequence[str]) -> str | None:
    """Return the folder all these files lie in, None where that is too much of a disk to be looked through.

    >>> folder_of(["/home/ann/Music/A/1.mp3", "/home/ann/Music/B/2.mp3"])
    '/home/ann/Music'
    >>> folder_of(["/home/ann/Music/1.mp3", "/mnt/2.mp3"])
    """
    try:
        folder = os.path.commonpath([os.path.dirname(path) for path in paths])
    except ValueError:  # none, or on several drives
        return None
    deep = len(Path(folder).parts) > FOLDER_DEPTH
    return folder if deep and folder != str(Path.home()) else None


def _label(track_id: int, rating: str, words: str, library: AppleLibrary) -> Label:
    return Label(str(uuid.uuid4()), track_id, "rating", rating, "itunes", reason=_reason(library), said=words)


def _reason(library: AppleLibrary) -> str:
    """Return where a rating came from, as it is kept with it."""
    return f"Rated in the library {library.persistent_id or ''}".strip() if library.whole else "Rated in a playlist"


def _row(placed: Placed) -> LibraryRow:
    entry = placed.entry
    return LibraryRow(
        tags=entry.tags,
        state=placed.state,
        path=placed.path,
        size=placed.size,
        mtime=placed.mtime,
        disc_number=entry.disc_number,
        play_count=entry.play_count,
        skip_count=entry.skip_count,
        date_added=entry.date_added,
    )


def _ids(batch: Sequence[Placed], ids: Sequence[int]) -> dict[int, dict[str, str]]:
    return {
        track_id: {
            service: value
            for service, value in (
                (APPLE_NUMBER, str(p.entry.number)),
                (APPLE_ID, p.entry.persistent_id),
                (APPLE_LOCATION, p.entry.location),
            )
            if value
        }
        for p, track_id in zip(batch, ids, strict=True)
    }


def _own_playlists(library: AppleLibrary) -> list[itunes.LibraryPlaylist]:
    """Return the person's playlists; in a file of its own every playlist was exported on purpose."""
    return [playlist for playlist in library.playlists if not (library.whole and playlist.built_in)]


def _source(library: AppleLibrary) -> str:
    return f"apple:{library.persistent_id or ''}" if library.whole else "apple playlist"


# -- choosing a file ----------------------------------------------------------------------------------

# Where Music and iTunes keep a library, and where an exported one is usually put.
USUAL_FILES = (
    "Music/iTunes/iTunes Library.xml", "Music/iTunes/iTunes Music Library.xml", "Music/Library.xml",
    "Downloads/Library.xml", "Desktop/Library.xml",
)  # fmt: skip


def suggested_files() -> list[Path]:
    """Return the library files that are where they usually are."""
    return [file for name in USUAL_FILES if (file := Path.home() / name).is_file()]


def trouble(path: str | os.PathLike[str]) -> str | None:
    """Say why a path, as a person typed it, cannot be a library's file; None when it may be one."""
    file = Path(str(path).strip()).expanduser()
    if file.is_dir():
        return f"{file} is a folder. Choose the .xml file you exported."
    if not file.is_file():
        return f"{file} is not there."
    if file.suffix.lower() != ".xml":
        return f"{file.name} is no exported library: its name would end in .xml."
    return None if os.access(file, os.R_OK) else f"{file} cannot be opened: permission denied."


def keep(workspace: Workspace, name: str, content: bytes | memoryview) -> Path:
    """Keep a library's file that came through the browser in the home, under its own name, and return its path."""
    stem = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in Path(name).stem).strip(" .")
    path = workspace.home / "imports" / f"{stem or 'Library'}.xml"
    with replacing(path) as draft:
        draft.write_bytes(content)
    return path


def last_options(workspace: Workspace) -> Options:
    """Return how a library was taken in last; folders that are no longer there are left out."""
    options = Options.of(workspace.settings.get("apple_import") or {})
    return replace(options, look_in=[folder for folder in options.look_in if Path(folder).expanduser().is_dir()])


def taken_act(workspace: Workspace, path: str | os.PathLike[str]) -> int | None:
    """Return the newest import of a library's file that can be taken back, None when there is none."""
    title = f"{Path(path).name}: "
    return next((a.id for a in workspace.acts.all() if a.kind == "import" and a.title.startswith(title)), None)
