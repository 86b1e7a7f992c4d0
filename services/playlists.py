"""Playlists: which track goes where, and files other players open."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import EarmarkError
from core.records import ANALYSED_STATES, Prediction, Track
from data.exchange import files as exchange
from data.exchange import itunes, m3u, playlist_csv
from data.exchange.locations import apply_maps, path_of, same_text
from data.external_ids import APPLE_ID, APPLE_LOCATION, APPLE_NUMBER
from data.playlists import Playlist
from labeling.targets import UNCHANGED
from services import genres, scope, targets
from services.library import confidence, predictions
from services.workspace import Workspace

# What a playlist of each rating is called; the names are part of the terminal's contract.
RATING_NAMES: dict[str, str] = {
    "liked": "liked_songs_playlist",
    "semi": "semi-liked_songs_playlist",
    "disliked": "disliked_songs_playlist",
}
PLAYLIST = "playlist"  # in the place of a target: a list that came from Apple Music
NAME_BYTES = 120  # of a file name: file systems allow 255, and a number and an extension follow
_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')  # by macOS, Windows or FAT; & and ' are allowed everywhere
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")  # Windows


@dataclass(frozen=True)
class Writer:
    """A playlist format: what its files end in and the function that writes them."""

    extension: str
    write: Callable[..., None]


WRITERS: dict[str, Writer] = {
    "apple": Writer(itunes.EXTENSION, itunes.write),
    "m3u8": Writer(m3u.EXTENSION, m3u.write),
    "csv": Writer(playlist_csv.EXTENSION, playlist_csv.write),
}


@dataclass(frozen=True)
class Entry:
    """A track in a playlist, and how it came there."""

    track: Track
    value: str  # the class: liked, rock, ...
    rated: bool  # the person said so; False: a model did
    confidence: float  # 1.0 where the person said so, else the model's probability


# -- what is in them --------------------------------------------------------------------------------


def contents(
    workspace: Workspace, target: str = "rating", *, rated_only: bool = False, threshold: float = 0.0
) -> dict[str, list[Entry]]:
    """Sort the library: each track into the class the person gave it, else the one a model predicts.

    What is left out is in none. Genres that differ only in spelling are one, and renamed ones go by their new name.

    Parameters
    ----------
    target : str
        rating, genre, or another one.
    rated_only : bool
        True leaves out what is only predicted.
    threshold : float
        Least confidence of a predicted track, 0 to 1.

    Returns
    -------
    dict of str -> list of Entry
        Liked, semi and disliked always, genres as there are; rated tracks first, then the surest predictions.
    """
    left = scope.left_out(workspace)
    labels = {i: label.value for i, label in workspace.labels.current(target).items() if i not in left}
    guesses = {} if rated_only else predictions(workspace, target)
    guessed = {i: guess.value for i, guess in guesses.items() if i not in left and i not in labels}
    spelt = _spelling(workspace, target, labels.values(), guessed.values())
    classes: dict[str, list[Entry]] = {name: [] for name in RATING_NAMES} if target == "rating" else {}
    for track in workspace.tracks.all():
        if track.id in labels:
            entry: Entry | None = Entry(track, spelt[labels[track.id]], True, 1.0)
        elif track.id in guessed:
            entry = _predicted(track, guesses[track.id], spelt[guessed[track.id]])
        else:
            entry = None
        if entry is not None and entry.confidence >= threshold:
            classes.setdefault(entry.value, []).append(entry)
    for entries in classes.values():
        entries.sort(key=_place)
    return classes if target == "rating" else dict(sorted(classes.items(), key=lambda item: item[0].casefold()))


def expected_mistakes(entries: Iterable[Entry]) -> float:
    """Return how many of the predicted tracks are probably in the wrong playlist."""
    return sum(1 - entry.confidence for entry in entries if not entry.rated)


def _spelling(workspace: Workspace, target: str, said: Iterable[str], guessed: Iterable[str]) -> dict[str, str]:
    """Return the name of the playlist for each value; what the person wrote decides."""
    if target == "genre":
        return genres.one_spelling(said, genres.names(workspace), guessed=guessed)
    return {value: value for value in [*said, *guessed]}


def _predicted(track: Track, guess: Prediction, value: str) -> Entry | None:
    if track.state not in ANALYSED_STATES:
        return None
    return Entry(track, value, False, confidence(guess) or 0.0)


def _place(entry: Entry) -> tuple[bool, float, str, str, int]:
    track = entry.track
    return not entry.rated, -entry.confidence, track.artist or "", track.album or "", track.id


# -- files ------------------------------------------------------------------------------------------


def export_all(
    workspace: Workspace,
    out: str | os.PathLike[str],
    *,
    format: str = "apple",
    rated_only: bool = False,
    threshold: float = 0.0,
    relative: bool = False,
) -> dict[str, Any]:
    """Write liked, semi-liked and disliked, empty ones too, and one playlist for each genre.

    Parameters
    ----------
    out : path
        The folder to write to; made when it is not there.
    format : str
        One of `WRITERS`.
    rated_only : bool
        True leaves out what is only predicted.
    threshold : float
        Least confidence of a predicted track; with 0 each analysed track is in exactly one of the three.
    relative : bool
        True writes paths relative to the files, where the format knows them.

    Returns
    -------
    dict
        {"files": [{"path", "tracks", "not_found"}], "note": what the person should know, or None}.
    """
    writer = _writer(format)
    folder = Path(out).expanduser().absolute()
    ratings = contents(workspace, "rating", rated_only=rated_only, threshold=threshold)
    genres = contents(workspace, "genre", rated_only=rated_only, threshold=threshold)
    lists = [(RATING_NAMES[value], entries) for value, entries in ratings.items()] + list(genres.items())
    names = file_names([name for name, _ in lists])
    files = [
        _write(workspace, writer, folder / (file_name + writer.extension), name, entries, relative=relative)
        for file_name, (name, entries) in zip(names, lists, strict=True)
    ]
    notes = [None if rated_only else _note(workspace, ratings)]
    if writer.write is itunes.write:
        every = {entry.track.id: entry for _, entries in lists for entry in entries}
        notes.append(apple_sentence(workspace, every.values()))
    return {"files": files, "note": " ".join(note for note in notes if note) or None}


def export_one(
    workspace: Workspace,
    name: str,
    *,
    format: str = "apple",
    out: str | os.PathLike[str] | None = None,
    rated_only: bool = False,
    threshold: float = 0.0,
    relative: bool = False,
) -> dict[str, Any]:
    """Write one playlist.

    Parameters
    ----------
    name : str
        liked, semi, disliked, the name of its file, a genre, an answer to another target ("mood:calm"), or a playlist
        that came from Apple Music; "playlist:NAME" means the last of these even where a genre has that name.
    format : str
        One of `WRITERS`.
    out : path, optional
        A file, or a folder that exists; by default a file in the home's exports folder.
    threshold : float
        Least confidence of a predicted track.
    relative : bool
        True writes paths relative to the file, where the format knows them.

    Returns
    -------
    dict
        As `export_all`.

    Raises
    ------
    EarmarkError
        There is no such playlist; the message names those there are.
    """
    writer = _writer(format)
    target, value = _find(workspace, name)
    notes: list[str | None] = []
    if target == PLAYLIST:
        title, entries = _imported(workspace, int(value))
    else:
        classes = contents(workspace, target, rated_only=rated_only, threshold=threshold)
        title, entries = _title(target, value), classes.get(value, [])
        notes.append(_note(workspace, classes) if target == "rating" and not rated_only else None)
    path = _out_path(workspace, out, file_names([title])[0] + writer.extension)
    file = _write(workspace, writer, path, title, entries, relative=relative)
    if writer.write is itunes.write:
        notes.append(apple_sentence(workspace, entries))
    return {"files": [file], "note": " ".join(note for note in notes if note) or None}


def apple_sentence(workspace: Workspace, entries: Iterable[Entry]) -> str | None:
    """Say, before or after writing, which tracks Apple Music will know; None when no Apple library was imported.

    "37 of 40 came from your Apple library; 3 may not appear."
    """
    known = workspace.external_ids.newest(APPLE_NUMBER)
    if not known:
        return None
    ids = [entry.track.id for entry in entries if entry.track.id in known or _file_here(workspace, entry.track)]
    strangers = sum(track_id not in known for track_id in ids)
    sentence = f"{len(ids) - strangers:,} of {len(ids):,} came from your Apple library"
    return f"{sentence}; {strangers:,} may not appear." if strangers else f"{sentence}."


def file_names(names: Sequence[str]) -> list[str]:
    """Return a file name for each playlist that every file system accepts, no two alike.

    >>> file_names(["R&B/Soul", "r&b:soul", "AUX"])
    ['R&B-Soul', 'r&b-soul (2)', 'AUX_']
    """
    taken: set[str] = set()
    return [_free_name(_safe_name(name), taken) for name in names]


def _writer(format: str) -> Writer:
    if format not in WRITERS:
        raise EarmarkError(f"Playlists cannot be written as {format!r}. Choose one of: {', '.join(WRITERS)}.")
    return WRITERS[format]


def _find(workspace: Workspace, name: str) -> tuple[str, str]:
    """Return the target and the class of a playlist's name; a rating's name wins over a genre, that over an import."""
    ratings = {alias.casefold(): value for value, file in RATING_NAMES.items() for alias in (value, file)}
    if (value := ratings.get(name.casefold())) is not None:
        return "rating", value
    genres = contents(workspace, "genre")
    for genre in genres:
        if genre.casefold() == name.casefold():
            return "genre", genre
    others = {
        f"{target}:{value}": (target, value) for target in _others(workspace) for value in _values(workspace, target)
    }
    if (found := next((others[one] for one in others if one.casefold() == name.casefold()), None)) is not None:
        return found
    imported = {playlist.name.casefold(): playlist for playlist in workspace.playlists.all()}
    if (playlist := imported.get(name.removeprefix(f"{PLAYLIST}:").casefold())) is not None:
        return PLAYLIST, str(playlist.id)
    names = [*RATING_NAMES, *genres, *others, *(playlist.name for playlist in imported.values())]
    raise EarmarkError(f"There is no playlist {name!r}. There are: {', '.join(names)}.")


def _others(workspace: Workspace) -> list[str]:
    """Return the targets beside rating and genre that have answers or are the person's own."""
    return [name for name in targets.in_use(workspace) if name not in UNCHANGED]


def _values(workspace: Workspace, target: str) -> tuple[str, ...]:
    return targets.get(workspace, target).classes or ()


def _title(target: str, value: str) -> str:
    """Return what a playlist is called: "liked_songs_playlist", "jazz", "mood calm"."""
    if target == "rating":
        return RATING_NAMES[value]
    return value if target == "genre" else f"{target} {value}"


def _imported(workspace: Workspace, playlist_id: int) -> tuple[str, list[Entry]]:
    """Return the name and the tracks of a playlist that came from Apple Music, without what is left out."""
    name = next(playlist.name for playlist in workspace.playlists.all() if playlist.id == playlist_id)
    ids, out = workspace.playlists.tracks(playlist_id), scope.left_out(workspace)
    tracks = workspace.tracks.many(ids)
    return name, [Entry(tracks[i], name, False, 1.0) for i in ids if i not in out]


def _out_path(workspace: Workspace, out: str | os.PathLike[str] | None, file_name: str) -> Path:
    if out is None:
        return workspace.exports_folder / file_name
    path = Path(out).expanduser().absolute()
    return path / file_name if path.is_dir() else path


def _write(
    workspace: Workspace, writer: Writer, path: Path, name: str, entries: Sequence[Entry], *, relative: bool = False
) -> dict[str, Any]:
    """Write the tracks a player can find and count the others; Apple Music also knows tracks that have no file here."""
    apple = writer.write is itunes.write
    ids = workspace.external_ids.of(entry.track.id for entry in entries)
    maps = _maps(workspace)
    lines = [_line(workspace, entry.track, ids.get(entry.track.id, {}), maps) for entry in entries]
    found = [line for line in lines if line is not None and (line.path or apple)]
    if writer.write is m3u.write:
        found = [line for line in found if not m3u.breaks_a_line(line.path)]
    writer.write(path, name, found, relative=relative)
    file = {"path": str(path), "tracks": len(found), "not_found": len(lines) - len(found)}
    return file | {"from_apple": sum(APPLE_NUMBER in ids.get(e.track.id, {}) for e in entries)} if apple else file


def _maps(workspace: Workspace) -> list[tuple[str, str]]:
    """Return the maps a person gave for the library of another computer."""
    return [(old, new) for old, new in workspace.settings.get("apple_import", {}).get("maps", [])]


def _line(
    workspace: Workspace, track: Track, ids: Mapping[str, str], maps: Sequence[tuple[str, str]]
) -> exchange.Entry | None:
    """Return what a playlist file says of a track, None when it has no file here and Apple does not know it."""
    path = _file_here(workspace, track)
    if path is None and APPLE_NUMBER not in ids:
        return None
    return exchange.Entry(
        path=path or "",
        title=track.title,
        artist=track.artist,
        album=track.album,
        album_artist=track.album_artist,
        genre=track.genre,
        year=track.year,
        duration=track.duration if track.duration is None or math.isfinite(track.duration) else None,
        size=None if path is None else os.path.getsize(path),
        track_id=int(ids[APPLE_NUMBER]) if APPLE_NUMBER in ids else None,
        persistent_id=_persistent_id(track, ids, path),
        location=_location(ids.get(APPLE_LOCATION), path, maps),
    )


def _persistent_id(track: Track, ids: Mapping[str, str], path: str | None) -> str:
    """Return Apple's id of a track; "" where Apple knows it without one, else one that stays the same."""
    if APPLE_NUMBER in ids:
        return ids.get(APPLE_ID, "")
    return itunes.persistent_id(track.content_id or path or str(track.id))


def _file_here(workspace: Workspace, track: Track) -> str | None:
    paths = [track.path] if track.path and os.path.isfile(track.path) else workspace.tracks.paths_of(track.id)
    return next((path for path in paths if os.path.isfile(path)), None)


def _location(given: str | None, path: str | None, maps: Sequence[tuple[str, str]]) -> str | None:
    """Return Apple's own address of a track as it came; None where the file has moved since, on this very computer."""
    if given is None or path is None:
        return given
    then = path_of(given)
    elsewhere = apply_maps(then, maps) is not None  # the library of another computer, which looks there
    return given if elsewhere or same_text(then) == same_text(path) or os.path.isfile(then) else None


def _note(workspace: Workspace, ratings: dict[str, list[Entry]]) -> str | None:
    """Say so when no model has spoken and analysed tracks are therefore in none of the three."""
    entries = [entry for group in ratings.values() for entry in group]
    out = scope.left_out(workspace)
    analysed = sum(track.id not in out for track in workspace.tracks.all(states=ANALYSED_STATES))
    if analysed <= len(entries) or predictions(workspace, "rating"):
        return None
    return "Only rated tracks are in the playlists: no model can predict the others yet."


def _safe_name(name: str) -> str:
    name = exchange.one_line(_FORBIDDEN.sub("-", name)).strip(" .") or "playlist"
    while len(name.encode()) > NAME_BYTES:
        name = name[:-1].rstrip(" .")
    return name + "_" if _RESERVED.match(name) else name


def _free_name(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free.casefold() in taken:  # macOS and Windows do not tell capitals from small letters
        number += 1
        free = f"{name} ({number})"
    taken.add(free.casefold())
    return free


# -- what came from Apple Music -----------------------------------------------------------------------


def imported(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the playlists that came from Apple Music, without what is left out, by folder and name.

    Returns
    -------
    list of dict
        id, name, folder ("" or "Party / 2019"), tracks (how many), here (how many of them have a file that was there
        when last looked).
    """
    every = {playlist.id: playlist for playlist in workspace.playlists.all()}
    out, missing = scope.left_out(workspace), workspace.tracks.missing_files()
    here = {entry[0] for path, entry in workspace.tracks.known_files().items() if path not in missing}
    listed = []
    for playlist in every.values():
        if playlist.kind != "folder":
            ids = [track_id for track_id in workspace.playlists.tracks(playlist.id) if track_id not in out]
            counts = {"tracks": len(ids), "here": sum(track_id in here for track_id in ids)}
            listed.append({"id": playlist.id, "name": playlist.name, "folder": _folder(playlist, every), **counts})
    return sorted(listed, key=lambda one: (one["folder"].casefold(), one["name"].casefold(), one["id"]))


def imported_entries(workspace: Workspace, playlist_id: int) -> list[Entry]:
    """Return the tracks of a playlist that came from Apple Music, in its order, without what is left out."""
    return _imported(workspace, playlist_id)[1]


def export_imported(
    workspace: Workspace, playlist_id: int, *, format: str = "apple", out: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """Write a playlist that came from Apple Music, by its number: two may have the same name; as `export_one`."""
    writer = _writer(format)
    title, entries = _imported(workspace, playlist_id)
    path = _out_path(workspace, out, file_names([title])[0] + writer.extension)
    file = _write(workspace, writer, path, title, entries)
    note = apple_sentence(workspace, entries) if writer.write is itunes.write else None
    return {"files": [file], "note": note}


def _folder(playlist: Playlist, every: Mapping[int, Playlist]) -> str:
    """Return the folders a playlist lies in, the outermost first."""
    names: list[str] = []
    while (above := every.get(playlist.parent_id or 0)) is not None and len(names) < len(every):
        names.insert(0, above.name)
        playlist = above
    return " / ".join(names)
