"""What is left out, what is asked about, and which tracks wait for a drive."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from core.errors import EarmarkError
from core.records import ANALYSED_STATES, Label, Track
from data.exclusions import KINDS, Exclusion, ExclusionKind
from services import drives, genres, targets
from services.workspace import Workspace

SCOPE = "asking_scope"  # setting: {"kind", "value"}
VISIT = "visit"  # setting: {"last": the moment of the last visit}
TAKEN_BACK = "taken back"  # the strategy of a question that an undo asked again
NEW_DAYS = 7  # what is new before any visit is remembered
LISTED = 10  # names in a message
EVERYTHING = "everything"
YEARS = re.compile(r"(\d{4})(?:\s*[-–]\s*(\d{4})|s)?")


class Scope(NamedTuple):
    """What is asked about."""

    kind: str = EVERYTHING
    value: str = ""


@dataclass(frozen=True)
class Facts:
    """What the tags of the library say that decides about tracks."""

    ids: frozenset[int]
    genres: dict[int, str]  # track -> its genre by tag, as genres are compared
    years: dict[int, int]


# -- which tracks something means -------------------------------------------------------------------


def _in_folders(workspace: Workspace, folders: Collection[str]) -> set[int]:
    """Return the tracks all of whose files lie below these folders; a file that is gone counts when all are."""
    starts = tuple(_nfc(folder.rstrip(os.sep) + os.sep) for folder in folders)
    missing = workspace.tracks.missing_files()
    below: dict[bool, set[int]] = {True: set(), False: set()}
    gone: dict[bool, set[int]] = {True: set(), False: set()}
    for path, (track_id, _, _) in workspace.tracks.known_files().items():
        (gone if path in missing else below)[_nfc(path).startswith(starts)].add(track_id)
    here = below[True] | below[False]
    return (below[True] - below[False]) | (gone[True] - gone[False] - here)


def _of_genres(workspace: Workspace, names: Collection[str]) -> set[int]:
    """Return the tracks whose tag or label says one of these genres."""
    read = genres.Reading(genres.names(workspace))
    wanted = {read.key_of(name) for name in names}
    tagged = {track_id for track_id, known in _facts(workspace).genres.items() if known in wanted}
    said = workspace.labels.current("genre")
    of_value = {value: read.key_of(value) in wanted for value in {label.value for label in said.values()}}
    return tagged | {track_id for track_id, label in said.items() if of_value[label.value]}


def _in_playlists(workspace: Workspace, playlists: Collection[str]) -> set[int]:
    numbers = workspace.playlists.numbers()
    known = [numbers[key] for key in playlists if key in numbers]
    return {track_id for number in known for track_id in workspace.playlists.tracks(number)}


def _tracks(workspace: Workspace, track_ids: Collection[str]) -> set[int]:
    return set(workspace.tracks.many(int(track_id) for track_id in track_ids))


def _of_years(workspace: Workspace, spans: Collection[str]) -> set[int]:
    ranges = [_span(span) for span in spans]
    years = _facts(workspace).years
    return {track_id for track_id, year in years.items() if any(first <= year <= last for first, last in ranges)}


def _new(workspace: Workspace, _: Collection[str]) -> set[int]:
    return workspace.tracks.added_after(_last_visit(workspace))


# Kind -> the tracks that several values of it mean together.
MEANINGS: dict[str, Callable[[Workspace, Collection[str]], set[int]]] = {
    "folder": _in_folders,
    "genre": _of_genres,
    "playlist": _in_playlists,
    "track": _tracks,
    "year": _of_years,
    "new": _new,
}


def _facts(workspace: Workspace, *, patient: bool = True) -> Facts:
    def read() -> Facts:
        tracks = workspace.tracks.all()
        names = genres.Reading(edits)
        tagged = {track.id: names.key_of(name) for track in tracks if (name := names.of(track.genre))}
        return Facts(frozenset(t.id for t in tracks), tagged, {t.id: t.year for t in tracks if t.year is not None})

    edits = genres.names(workspace)
    choices = tuple(edits.items())
    return workspace.memo.get("facts", read, choices=choices, library=_library(workspace), patient=patient)


def _library(workspace: Workspace) -> tuple[Any, ...]:
    """Return a stamp of tracks, tags and files: what is imported changes the counts or is an act."""
    return *sorted(workspace.tracks.count().items()), *(act.id for act in workspace.acts.all(limit=1))


def _members(workspace: Workspace, kind: str, values: Collection[str]) -> Any:
    """Return a stamp of what beside tags and files decides which tracks a kind means."""
    if kind == "genre":
        return workspace.labels.newest_id("genre")
    if kind == "playlist":
        return hash(frozenset(_in_playlists(workspace, values)))
    return hash(frozenset(workspace.tracks.missing_files())) if kind == "folder" else None


def _nfc(path: str) -> str:
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def _span(value: str) -> tuple[int, int]:
    match = YEARS.fullmatch(value.strip())
    if match is None:
        raise EarmarkError(f"{value!r} is no year. Write 1994, 1990s or 1990-1999.")
    first = int(match[1])
    last = int(match[2]) if match[2] else first // 10 * 10 + 9 if value.strip().endswith("s") else first
    return min(first, last), max(first, last)


def _last_visit(workspace: Workspace) -> str:
    last = (workspace.settings.get(VISIT) or {}).get("last")
    if last:
        return str(last)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # the same all day: for the memo
    return (today - timedelta(days=NEW_DAYS)).isoformat(timespec="microseconds")


# -- what is left out -------------------------------------------------------------------------------


def left_out(workspace: Workspace, *, patient: bool = False) -> frozenset[int]:
    """Return the tracks that are not asked about, not learned from and in no playlist.

    A choice counts at once. Tags, files and playlists that an import changed count as soon as the number of tracks, a
    state or the list of acts shows it.

    Parameters
    ----------
    patient : bool
        True, for what asks every second: where working it out takes long (100,000 tracks), tracks just imported may
        count some seconds later.
    """
    stamped, never = workspace.exclusions.stamp(), _never(workspace)
    if stamped[0] == 0:
        return never
    values = workspace.memo.get("exclusions", lambda: _by_kind(workspace.exclusions.all()), choices=stamped)
    if "genre" in values:
        _facts(workspace, patient=patient)

    def work() -> frozenset[int]:
        return frozenset(i for kind, these in values.items() for i in MEANINGS[kind](workspace, these))

    choices = (*stamped, *genres.names(workspace).items())
    library = (_library(workspace), *(_members(workspace, kind, these) for kind, these in values.items()))
    return never | workspace.memo.get("left out", work, choices=choices, library=library, patient=patient)


def _never(workspace: Workspace) -> frozenset[int]:
    """Return the tracks that the person put aside for ever: they are not music."""
    stamp = workspace.labels.newest_skip()
    return workspace.memo.get("never", lambda: frozenset(workspace.labels.never()), choices=stamp)


def _by_kind(exclusions: Iterable[Exclusion]) -> dict[ExclusionKind, list[str]]:
    values: dict[ExclusionKind, list[str]] = {}
    for one in exclusions:
        values.setdefault(one.kind, []).append(one.value)
    return values


def learnable(workspace: Workspace, target: str, labels: dict[int, Label]) -> dict[int, Label]:
    """Return the labels that are learned from: not of what is left out, and of the genres to be trained."""
    left = left_out(workspace, patient=True)
    kept = {track_id: label for track_id, label in labels.items() if track_id not in left} if left else labels
    return genres.only_trained(workspace, kept) if target == "genre" else kept


def count_learnable(workspace: Workspace, target: str) -> int:
    """Return how many labels a training would learn from, were all their tracks analysed."""
    if target == "genre" and genres.trained(workspace) is not None:
        return len(learnable(workspace, target, workspace.labels.current(target)))
    return len(workspace.labels.labelled(target) - left_out(workspace, patient=True))


def leave_out(workspace: Workspace, kind: str, value: str | int) -> dict[str, Any]:
    """Leave a folder, genre, playlist or track out of asking, training and exports, as one act; labels stay.

    Parameters
    ----------
    kind : str
        folder, genre, playlist or track.
    value : str or int
        A path, a genre, the number or name of a playlist, the number or path of a track.

    Returns
    -------
    dict
        {"kind", "value", "tracks"}: what was left out, and how many tracks it means.

    Raises
    ------
    EarmarkError
        There is no such thing in this library.
    """
    value = _checked(workspace, kind, str(value))
    tracks = len(MEANINGS[kind](workspace, [value]))
    with workspace.acts.act("leave out", f"Left out {_name(workspace, kind, value)}{_counted(kind, tracks)}"):
        workspace.exclusions.add(_kind(kind), value)
    return {"kind": kind, "value": value, "tracks": tracks}


def take_in(workspace: Workspace, kind: str, value: str | int) -> dict[str, Any]:
    """Take in again what was left out, as one act; as `leave_out`.

    Raises
    ------
    EarmarkError
        It is not left out; the message says what is.
    """
    value = _found(workspace, kind, str(value))
    tracks = len(MEANINGS[kind](workspace, [value]))
    with workspace.acts.act("take in", f"Took in again {_name(workspace, kind, value)}{_counted(kind, tracks)}"):
        workspace.exclusions.remove(_kind(kind), value)
    return {"kind": kind, "value": value, "tracks": tracks}


def leave_out_tracks(workspace: Workspace, track_ids: Iterable[int]) -> dict[str, Any]:
    """Leave several tracks out as one act.

    Returns
    -------
    dict
        {"kind": "track", "value": their numbers, "tracks": how many}.

    Raises
    ------
    UnknownTrackError
        One of them is not there; then nothing was changed.
    """
    ids = [workspace.tracks.get(track_id).id for track_id in dict.fromkeys(track_ids)]
    with workspace.acts.act("leave out", f"Left out {_these(workspace, ids)}"):
        for track_id in ids:
            workspace.exclusions.add("track", str(track_id))
    return {"kind": "track", "value": ids, "tracks": len(ids)}


def take_in_tracks(workspace: Workspace, track_ids: Iterable[int]) -> dict[str, Any]:
    """Take several tracks in again as one act; as `leave_out_tracks`. Those left out otherwise stay so."""
    ids = list(dict.fromkeys(track_ids))
    with workspace.acts.act("take in", f"Took in again {_these(workspace, ids)}"):
        taken = [track_id for track_id in ids if workspace.exclusions.remove("track", str(track_id))]
    return {"kind": "track", "value": taken, "tracks": len(taken)}


def described(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what is left out, oldest first: kind, value, name in words, tracks."""
    exclusions = workspace.exclusions.all()
    tracks = workspace.tracks.many(int(one.value) for one in exclusions if one.kind == "track")
    return [_described(workspace, one, tracks) for one in exclusions]


def _described(workspace: Workspace, one: Exclusion, tracks: dict[int, Track]) -> dict[str, Any]:
    if one.kind == "track":
        track = tracks.get(int(one.value))
        name, number = ("a track that is no longer there" if track is None else _title(track)), int(track is not None)
    else:
        name = _name(workspace, one.kind, one.value)
        number = len(MEANINGS[one.kind](workspace, [one.value]))
    return {"kind": one.kind, "value": one.value, "name": name, "tracks": number}


def _kind(kind: str) -> ExclusionKind:
    found = next((known for known in KINDS if known == kind), None)
    if found is None:
        raise EarmarkError(f"{kind!r} cannot be left out. Choose one of: {', '.join(KINDS)}.")
    return found


def _checked(workspace: Workspace, kind: str, value: str) -> str:
    """Return a value as it is kept, when the library has such a thing."""
    return CHECKS[_kind(kind)](workspace, value)


def _check_folder(workspace: Workspace, value: str) -> str:
    folder = _nfc(os.path.abspath(os.path.expanduser(value)))
    roots = [_nfc(root) for root in workspace.roots.all()]
    known = (_nfc(path) for path in workspace.tracks.known_files())
    if not drives.is_below(folder, roots) and not any(drives.is_below(path, [folder]) for path in known):
        where = f"It came from: {', '.join(roots[:LISTED])}." if roots else "No folder was added yet."
        raise EarmarkError(f"No music of this library lies in {folder}. {where}")
    return folder


def _check_genre(workspace: Workspace, value: str) -> str:
    rows = {
        genres.Reading({}).key_of(row["genre"]): row["genre"] for row in genres.tag_table(workspace) if row["genre"]
    }
    read = genres.Reading(genres.names(workspace))
    known = {read.key_of(name): name for name in rows.values()}
    if read.key_of(value) not in known:
        listed = ", ".join(list(known.values())[:LISTED]) or "none yet"
        raise EarmarkError(f"No track has the genre {value!r}. There are: {listed}.")
    return known[read.key_of(value)]


def _check_playlist(workspace: Workspace, value: str) -> str:
    playlists = workspace.playlists.all()
    by_number = [one for one in playlists if value.strip() in (str(one.id), one.external_id)]
    found = by_number or [one for one in playlists if one.name.casefold() == value.strip().casefold()]
    if len(found) == 1:
        return found[0].key
    if found:
        numbers = ", ".join(str(one.id) for one in found)
        raise EarmarkError(f"{len(found)} playlists are called {value!r}. Choose one by its number: {numbers}.")
    listed = ", ".join(one.name for one in playlists[:LISTED]) or "none yet"
    raise EarmarkError(f"There is no playlist {value!r}. There are: {listed}.")


def _check_track(workspace: Workspace, value: str) -> str:
    return str(workspace.tracks.resolve(value).id)


CHECKS: dict[str, Callable[[Workspace, str], str]] = {
    "folder": _check_folder,
    "genre": _check_genre,
    "playlist": _check_playlist,
    "track": _check_track,
}


def _found(workspace: Workspace, kind: str, value: str) -> str:
    """Return the value under which something is left out."""
    kept = [one.value for one in workspace.exclusions.all() if one.kind == _kind(kind)]
    if value in kept:
        return value
    if kind == "genre":
        read = genres.Reading(genres.names(workspace))
        wanted: str | None = next((one for one in kept if read.key_of(one) == read.key_of(value)), None)
    else:
        wanted = _checked(workspace, kind, value)
    if wanted in kept:
        return str(wanted)
    if kind == "track" and int(wanted or 0) in left_out(workspace):
        raise EarmarkError(f"{_name(workspace, kind, str(wanted))} is left out with its folder, genre or playlist.")
    listed = ", ".join(_name(workspace, kind, one) for one in kept[:LISTED]) or "none"
    raise EarmarkError(f"The {kind} {value} is not left out. Left out of this kind: {listed}.")


def _name(workspace: Workspace, kind: str, value: str) -> str:
    """Say what is meant, in words."""
    if kind == "playlist":
        name = next((one.name for one in workspace.playlists.all() if one.key == value), None)
        return "a playlist that is no longer there" if name is None else f"the playlist {name}"
    if kind == "track":
        track = workspace.tracks.many([int(value)]).get(int(value))
        return "a track that is no longer there" if track is None else _title(track)
    return f"the {kind} {value}"


def _title(track: Track) -> str:
    return f"{track.title} by {track.artist}" if track.artist else track.title


def _these(workspace: Workspace, ids: Sequence[int]) -> str:
    return _name(workspace, "track", str(ids[0])) if len(ids) == 1 else f"{len(ids):,} tracks"


def _counted(kind: str, tracks: int) -> str:
    return "" if kind == "track" else f": {tracks:,} track{'' if tracks == 1 else 's'}"


# -- what is asked about ------------------------------------------------------------------------------


def chosen(workspace: Workspace) -> Scope:
    """Return what is asked about."""
    kept = workspace.settings.get(SCOPE) or {}
    scope = Scope(kept.get("kind", EVERYTHING), kept.get("value", ""))
    gone = scope.kind == "playlist" and scope.value not in workspace.playlists.numbers()
    return Scope() if gone else scope


def choose(workspace: Workspace, kind: str = EVERYTHING, value: str | int | None = None) -> dict[str, Any]:
    """Ask about one part of the library only, or about everything again; training and exports stay as they are.

    Parameters
    ----------
    kind : str
        everything, playlist, genre, year or new (since the last visit).
    value : str or int, optional
        The number or name of a playlist, a genre, "1994", "1990s" or "1990-1999".

    Returns
    -------
    dict
        {"kind", "value", "name", "tracks", "text"}.

    Raises
    ------
    EarmarkError
        There is no such part.
    """
    scope = Scope(kind, _checked_scope(workspace, kind, "" if value is None else str(value)))
    workspace.settings.set(SCOPE, {"kind": scope.kind, "value": scope.value})
    _close_questions(workspace)
    only = asked_only(workspace)
    tracks = len(_facts(workspace).ids if only is None else only)
    about = {"kind": scope.kind, "value": scope.value, "name": scope_name(workspace), "tracks": tracks}
    return {**about, "text": scope_text(workspace)}


def asked_only(workspace: Workspace) -> frozenset[int] | None:
    """Return the tracks that the chosen part holds, None for everything."""
    scope = chosen(workspace)
    if scope.kind == EVERYTHING:
        return None

    def work() -> frozenset[int]:
        return frozenset(MEANINGS[scope.kind](workspace, [scope.value]))

    choices = (scope, _last_visit(workspace), *genres.names(workspace).items())
    library = (_library(workspace), _members(workspace, scope.kind, [scope.value]))
    return workspace.memo.get("asked only", work, choices=choices, library=library, patient=True)


def not_asked(workspace: Workspace, target: str | None = None) -> frozenset[int]:
    """Return the tracks that are not asked about now: left out, outside the chosen part, on a drive that is away.

    Parameters
    ----------
    target : str, optional
        A track whose answer to it was just taken back may be asked again, in the chosen part or not.
    """
    blocked = left_out(workspace, patient=True) | away(workspace)
    only = asked_only(workspace)
    if only is None:
        return blocked
    waiting = workspace.questions.waiting(target) if target is not None else []
    return blocked | (_facts(workspace).ids - only - {q.track_id for q in waiting if q.strategy == TAKEN_BACK})


def away(workspace: Workspace) -> frozenset[int]:
    """Return the tracks that have no file but on drives and in folders that are not connected."""
    paths = tuple(workspace.roots.away())
    if not paths:
        return frozenset()

    def work() -> frozenset[int]:
        return frozenset(drives.away_tracks(workspace))

    return workspace.memo.get("away", work, choices=paths, library=_library(workspace), patient=True)


def stamp(workspace: Workspace) -> tuple[Any, ...]:
    """Return a value that changes with every choice of what is left out, asked and trained: for what is ranked."""
    return (
        workspace.exclusions.stamp(),
        _never(workspace),
        workspace.targets.stamp(),
        chosen(workspace),
        tuple(genres.names(workspace).items()),
        genres.trained(workspace),
        tuple(workspace.roots.away()),
    )


def _checked_scope(workspace: Workspace, kind: str, value: str) -> str:
    if kind in (EVERYTHING, "new"):
        return ""
    if kind in ("playlist", "genre"):
        return _checked(workspace, kind, value)
    if kind != "year":
        raise EarmarkError(
            f"{kind!r} cannot be asked about alone. Choose one of: everything, playlist, genre, year, new."
        )
    first, last = _span(value)
    years = _facts(workspace).years.values()
    if not any(first <= year <= last for year in years):
        there = f"It has {min(years)} to {max(years)}." if years else "No track says its year."
        raise EarmarkError(f"No track of the library is from {_span_name(first, last)}. {there}")
    return str(first) if first == last else f"{first}-{last}"


def _close_questions(workspace: Workspace) -> None:
    """Take what is not asked any more out of the lines, answers taken back among it."""
    closed = not_asked(workspace)
    for target in targets.every(workspace):
        waiting = [question.track_id for question in workspace.questions.waiting(target)]
        workspace.questions.close([track_id for track_id in waiting if track_id in closed], target)


# -- in words ---------------------------------------------------------------------------------------


def scope_name(workspace: Workspace, scope: Scope | None = None) -> str:
    """Return the chosen part, or another, as it is called: "1990s", "the playlist Party", "everything"."""
    kind, value = scope or chosen(workspace)
    if kind == "year":
        return _span_name(*_span(value))
    if kind == "new":
        return "new tracks"
    return EVERYTHING if kind == EVERYTHING else _name(workspace, kind, value)


def _span_name(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first}s" if first % 10 == 0 and last == first + 9 else f"{first} to {last}"


def scope_text(workspace: Workspace, target: str = "rating") -> str:
    """Say what is asked about and how far it is: "Only 1990s: 214 tracks, 31 rated"."""
    target = targets.get(workspace, target).name
    only = asked_only(workspace)
    part = (_facts(workspace).ids if only is None else only) - left_out(workspace, patient=True)
    answered = len(part & workspace.labels.labelled(target))
    start = "Everything" if only is None else f"Only {scope_name(workspace)}"
    done = "rated" if target == "rating" else f"with a {target}"
    return f"{start}: {len(part):,} track{'' if len(part) == 1 else 's'}, {answered:,} {done}"


def choices(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """Return what can be asked about alone.

    Returns
    -------
    dict
        playlists, genres, decades, years, new: lists of {"kind", "value", "name", "tracks"}, without the tracks that
        are left out; what holds no track is not in them.
    """
    left = left_out(workspace)
    known = [year for track_id, year in _facts(workspace).years.items() if track_id not in left]
    years, decades = _counts(known), _counts(year // 10 * 10 for year in known)
    playlists = [
        ("playlist", one.key, one.name, len(set(workspace.playlists.tracks(one.id)) - left))
        for one in workspace.playlists.all()
    ]
    by_genre = [
        ("genre", row["genre"], row["genre"], len(_of_genres(workspace, [row["genre"]]) - left))
        for row in genres.tag_table(workspace)
        if row["genre"]
    ]
    listed = {
        "playlists": playlists,
        "genres": by_genre,
        "decades": [("year", f"{first}-{first + 9}", f"{first}s", n) for first, n in decades.items()],
        "years": [("year", str(year), str(year), n) for year, n in years.items()],
        "new": [("new", "", "new tracks", len(_new(workspace, []) - left))],
    }  # fmt: skip
    names = ("kind", "value", "name", "tracks")
    return {part: [dict(zip(names, row, strict=True)) for row in rows if row[-1]] for part, rows in listed.items()}


def _counts(years: Iterable[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for year in years:
        counts[year] = counts.get(year, 0) + 1
    return dict(sorted(counts.items()))


def why_nothing(workspace: Workspace, target: str) -> str | None:
    """Say why nothing is asked when that comes of what is left out, chosen or not connected; None when it does not."""
    blocked = not_asked(workspace, target)
    if not blocked or _some_left(workspace, target, blocked):
        return None
    if asked_only(workspace) is None and _unheard(workspace, blocked):
        return None  # these come next
    left, gone, only = left_out(workspace, patient=True), away(workspace), asked_only(workspace)
    outside = frozenset() if only is None else _facts(workspace).ids - only
    if gone and _waits(workspace, target, gone - left - outside):
        return " ".join(place.sentence for place in drives.away(workspace))
    if only is not None:
        return _scope_is_done(workspace, only - left - gone)
    if left >= _facts(workspace).ids - gone:
        return "Everything is left out, so there is nothing to ask. Take something in again."
    if _waits(workspace, target, left):
        return "You have answered everything that is not left out. Take something in again, or look at your playlists."
    return None


def _some_left(workspace: Workspace, target: str, blocked: Collection[int]) -> bool:
    return bool(workspace.tracks.unanswered(target, limit=1, without=blocked))


def _waits(workspace: Workspace, target: str, these: Collection[int]) -> bool:
    """Say whether one of these tracks would be asked about, now or once it is analysed."""
    others = _facts(workspace).ids - frozenset(these)
    return _some_left(workspace, target, others) or bool(_unheard(workspace, others))


def _unheard(workspace: Workspace, without: Collection[int]) -> int:
    return sum(track.id not in without for track in workspace.tracks.all(states=["new"]))


def _scope_is_done(workspace: Workspace, part: Collection[int]) -> str:
    name = scope_name(workspace)
    again = "Ask about everything again?"
    if not part:
        return f"There is nothing to ask in {name}. {again}"
    states = [track.state for track in workspace.tracks.many(part).values()]
    heard, waiting = sum(state in ANALYSED_STATES for state in states), states.count("new")
    if waiting:
        return f"Of {name} {heard:,} are ready and answered, {waiting:,} are still to be listened to. {again}"
    if not heard:
        return f"No track of {name} has a file here that can be listened to. {again}"
    return f"Everything in {name} is answered. {again}"


def folders(workspace: Workspace) -> list[str]:
    """Return the folders that hold music of this library, and those above them up to the ones the person added."""
    roots = workspace.roots.all()
    found: set[str] = set()
    for path in workspace.tracks.known_files():
        folder = os.path.dirname(path)
        found.add(folder)
        while (
            folder not in roots and drives.is_below(folder, roots) and (folder := os.path.dirname(folder)) not in found
        ):
            found.add(folder)
    return sorted(found)
