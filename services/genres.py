"""Genres: tags brought to one spelling, renamed, merged and accepted as labels, and which of them are trained."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import EarmarkError
from core.genre_names import DEFAULT_NAMES, genre_of, key, parts, usual_spellings
from core.records import Label, LabelSource, Track
from core.vocabulary import GENRE_TAGS
from labeling.targets import check_value
from services.workspace import Workspace

ACT = "genres"  # the kind of every act here
EDITS = "genre_names"  # setting: key of a tag or genre -> its name, "" for one that is to say nothing
TRAINED = "trained_genres"  # setting: the genres chosen, empty for all
ABOVE_TAGS: tuple[LabelSource, ...] = ("person", "csv")  # labels that a tag never covers
LISTED = 12  # names in a message
MIN_TRAINED = 2


@dataclass(frozen=True)
class Reading:
    """How tags are read: the person's edits first, then the table; spelt as the person's own labels are."""

    edits: Mapping[str, str]
    spellings: Mapping[str, str] = field(default_factory=dict)  # key -> as labels or the first guesses have it
    usual: Mapping[str, str] = field(default_factory=dict)  # key -> as the tags mostly have it
    _read: dict[str, str | None] = field(default_factory=dict)

    def of(self, tag: str | None) -> str | None:
        """Return the genre a tag says, None where it says none."""
        tag = tag or ""
        if tag not in self._read:
            self._read[tag] = self._of(tag)
        return self._read[tag]

    def _of(self, tag: str) -> str | None:
        name = genre_of(tag, self.edits, usual=self.usual)
        if name is None:
            return None
        if key(name) in self.edits:  # the table says Hip-Hop, which the person calls Rap
            return self.edits[key(name)] or None
        return self.spellings.get(key(name), name)

    def key_of(self, genre: str) -> str:
        """Return what a genre or label is compared by: equal for two that the table takes for one."""
        name = self.edits.get(key(genre)) or DEFAULT_NAMES.get(key(genre)) or genre
        return key(self.edits.get(key(name)) or name)


# -- names ------------------------------------------------------------------------------------------


def names(workspace: Workspace) -> dict[str, str]:
    """Return the person's edits to the table of names: key -> name, "" for a tag that is to say nothing."""
    return dict(workspace.settings.get(EDITS) or {})


def reading(workspace: Workspace, tags: Iterable[str] = ()) -> Reading:
    """Return how tags are read now.

    Parameters
    ----------
    tags : iterable of str, optional
        Those of the library: of a genre that no table knows they show the usual spelling.
    """
    said = workspace.labels.counts().get("genre", {})  # the most used first
    spellings: dict[str, str] = {}
    for name in [*said, *genre_table(workspace)]:
        spellings.setdefault(key(name), name)
    return Reading(names(workspace), spellings, usual_spellings(tags))


def genre_of_track(workspace: Workspace, track: Track) -> str | None:
    """Return the genre that a track's tag says: evidence, not a label."""
    return reading(workspace).of(track.genre)


def one_spelling(
    values: Iterable[str], edits: Mapping[str, str] | None = None, *, guessed: Iterable[str] = ()
) -> dict[str, str]:
    """Return value -> the spelling mostly used, so that "Hip Hop" and "hip-hop" are one class.

    Parameters
    ----------
    values : iterable of str
        As labels have them, each as often as it is used.
    edits : mapping of key to name, optional
        From `names`; they count first.
    guessed : iterable of str
        Predicted values, which follow the labels.

    >>> one_spelling(["Hip Hop", "hip-hop", "hip-hop", "Jazz"])
    {'hip-hop': 'hip-hop', 'Hip Hop': 'hip-hop', 'Jazz': 'Jazz'}
    """
    spellings = {known: name for known, name in (edits or {}).items() if name}
    counted = [value for value, _ in [*Counter(values).most_common(), *Counter(guessed).most_common()]]
    for value in counted:
        spellings.setdefault(key(value), value)
    return {value: spellings[key(value)] for value in counted}


def rename(workspace: Workspace, tag_or_genre: str, name: str) -> dict[str, Any]:
    """Give a tag or genre another name, as one act; labels of it are written anew under that name.

    Parameters
    ----------
    name : str
        "" lets the tag say nothing; labels then stay.

    Returns
    -------
    dict
        {"name", "labels"}: the name, and how many labels follow it.

    Raises
    ------
    EarmarkError
        No track is tagged or labelled so.
    """
    old = tag_or_genre.strip()
    title = f"Renamed the genre {old} to {name.strip()}" if name.strip() else f"The tag {old} says nothing now"
    return _give_name(workspace, [old], name, title)


def merge(workspace: Workspace, genres: Sequence[str], into: str) -> dict[str, Any]:
    """Make several genres one, as one act; as `rename`.

    Raises
    ------
    EarmarkError
        Nothing to merge, a genre that no track has, or no name for the result.
    """
    into = check_value("genre", into)
    others = list(dict.fromkeys(genre.strip() for genre in genres if genre.strip() != into))
    if not others:
        raise EarmarkError("Nothing to merge: name the genres that are to become one.")
    return _give_name(workspace, others, into, f"Merged {_and(others)} into {into}")


def reset(workspace: Workspace) -> bool:
    """Forget the person's edits to the table of names, as one act; labels stay. False when there were none."""
    if not names(workspace):
        return False
    with workspace.acts.act(ACT, "Reset the names of genres"):
        workspace.settings.set(EDITS, {})
    return True


def _give_name(workspace: Workspace, old: Sequence[str], name: str, title: str) -> dict[str, Any]:
    name = check_value("genre", name) if name.strip() else ""
    _check_known(old, _known_names(workspace))
    before = names(workspace)
    keys = {key(one) for one in old}
    edits = {known: name if key(value) in keys else value for known, value in before.items()}
    edits |= dict.fromkeys(keys, name)
    if name:
        edits[key(name)] = name
    follow = keys | {key(name)} | {known for known, value in before.items() if key(value) in keys}
    labels = [
        _under(label, track_id, name)
        for track_id, label in workspace.labels.current("genre").items()
        if name and key(label.value) in follow and label.value != name
    ]
    with workspace.acts.act(ACT, title):
        workspace.settings.set(EDITS, edits)
        workspace.labels.add(labels)
    return {"name": name, "labels": len(labels)}


def _under(label: Label, track_id: int, name: str) -> Label:
    """Return a label again under another name: of the same source and moment, for the same reason."""
    return Label(
        str(uuid.uuid4()), track_id, "genre", name, label.source, label.created_at,
        reason=label.reason, shown=label.shown, model_run=label.model_run,
    )  # fmt: skip


def _known_names(workspace: Workspace) -> list[str]:
    """Return every name a genre goes by here: tags, what they are read as, labels, first guesses."""
    tags = _tags(workspace)
    read = reading(workspace, tags)
    said = workspace.labels.counts().get("genre", {})
    by_tag = [name for tag in tags if (name := read.of(tag))]
    return list(
        dict.fromkeys([*said, *by_tag, *genre_table(workspace), *tags, *(p for tag in tags for p in parts(tag))])
    )


def _tags(workspace: Workspace) -> Counter[str]:
    return Counter(track.genre for track in workspace.tracks.all() if track.genre)


def _check_known(wanted: Iterable[str], known: Collection[str]) -> None:
    keys = {key(name) for name in known}
    unknown = [name for name in wanted if key(name) not in keys or not key(name)]
    if unknown:
        listed = ", ".join(list(known)[:LISTED]) + (", ..." if len(known) > LISTED else "")
        raise EarmarkError(f"No track has the genre {unknown[0]!r}. There are: {listed or 'none yet'}.")


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


# -- tags as evidence -------------------------------------------------------------------------------


def tag_table(workspace: Workspace) -> list[dict[str, Any]]:
    """Return one row for each genre that tags or labels name, the commonest first.

    Returns
    -------
    list of dict
        genre ("" for tags that say nothing), tags {as the files have it: tracks}, tracks (tagged so), labelled (how
        many of the library's tracks carry it as their label), to_accept (labels that accepting would write),
        left_out, trained.
    """
    tracks = workspace.tracks.all()
    read = reading(workspace, [track.genre for track in tracks if track.genre])
    said = Counter(label.value for label in workspace.labels.current("genre").values())
    spelt = {read.key_of(name): name for name in reversed(said)}
    by_key: dict[str, dict[str, Any]] = {}
    for track in tracks:
        if track.genre:
            row = _row(by_key, read, read.of(track.genre) or "")
            row["tags"][track.genre] = row["tags"].get(track.genre, 0) + 1
            row["tracks"] += 1
    for known, name in spelt.items():
        _row(by_key, read, name)["labelled"] = sum(n for value, n in said.items() if read.key_of(value) == known)
    for label in _to_accept(workspace, tracks, read):
        _row(by_key, read, label.value)["to_accept"] += 1
    excluded, chosen = _left_out_keys(workspace, read), trained(workspace)
    for known, row in by_key.items():
        row["left_out"] = known in excluded
        row["trained"] = bool(known) and (chosen is None or known in {read.key_of(name) for name in chosen})
        row["tags"] = dict(Counter(row["tags"]).most_common())
    return sorted(by_key.values(), key=lambda row: (not row["genre"], -row["tracks"], -row["labelled"], row["genre"]))


def _row(by_key: dict[str, dict[str, Any]], read: Reading, genre: str) -> dict[str, Any]:
    known = read.key_of(genre) if genre else ""
    return by_key.setdefault(known, {"genre": genre, "tags": {}, "tracks": 0, "labelled": 0, "to_accept": 0})


def accept_tags(workspace: Workspace, genres: Collection[str] | None = None) -> dict[str, Any]:
    """Take tags for labels, as one act; what the person or a CSV said stays, labels that are there are not repeated.

    Parameters
    ----------
    genres : collection of str, optional
        As `tag_table` names them; by default all that are not left out.

    Returns
    -------
    dict
        {"accepted": labels written, "genres": {name: labels}}, the commonest first.

    Raises
    ------
    EarmarkError
        No tag says one of these genres.
    """
    tracks = workspace.tracks.all()
    read = reading(workspace, [track.genre for track in tracks if track.genre])
    labels = _to_accept(workspace, tracks, read, genres)
    counts = Counter(label.value for label in labels)
    if labels:
        listed = ", ".join([name for name, _ in counts.most_common(3)] + ["..."] * (len(counts) > 3))
        noun = "genre tag" if len(labels) == 1 else "genre tags"
        with workspace.acts.act(ACT, f"Accepted {len(labels):,} {noun}: {listed}"):
            workspace.labels.replace_source("dataset", labels)
    return {"accepted": len(labels), "genres": dict(counts.most_common())}


def _to_accept(
    workspace: Workspace, tracks: Iterable[Track], read: Reading, genres: Collection[str] | None = None
) -> list[Label]:
    """Return the labels that tags of these genres would make."""
    said = workspace.labels.current("genre")
    tagged = {track.id: name for track in tracks if (name := read.of(track.genre))}
    keys = {name: read.key_of(name) for name in set(tagged.values())}
    if genres is not None:
        _check_known(genres, sorted(keys))
        wanted = {read.key_of(name) for name in genres}
    else:
        wanted = set(keys.values()) - _left_out_keys(workspace, read)
    return [
        Label(str(uuid.uuid4()), track_id, "genre", name, "dataset")
        for track_id, name in tagged.items()
        if keys[name] in wanted and not _stands(said.get(track_id), name)
    ]


def _stands(label: Label | None, name: str) -> bool:
    return label is not None and (label.source in ABOVE_TAGS or label.value == name)


def _left_out_keys(workspace: Workspace, read: Reading) -> set[str]:
    return {read.key_of(one.value) for one in workspace.exclusions.all() if one.kind == "genre"}


# -- which are trained --------------------------------------------------------------------------------


def genre_table(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """Return the person's table of genres and MusiCNN's words that speak for them, whole, as Settings edits it."""
    kept = workspace.settings.get("genre_tags")
    return {name: tuple(tags) for name, tags in kept.items()} if kept else dict(GENRE_TAGS)


def trained(workspace: Workspace) -> frozenset[str] | None:
    """Return the genres the person chose to train, None for all."""
    return frozenset(workspace.settings.get(TRAINED) or ()) or None


def choose_trained(workspace: Workspace, genres: Iterable[str] | None) -> frozenset[str] | None:
    """Train only some genres, or all again (None), as one act; labels of the others stay.

    Raises
    ------
    EarmarkError
        Fewer than two, or a genre that no track has.
    """
    chosen = [] if genres is None else _checked_choice(workspace, genres)
    title = f"Train on {len(chosen)} genres: {', '.join(chosen[:LISTED])}" if chosen else "Train on all genres"
    with workspace.acts.act(ACT, title):
        workspace.settings.set(TRAINED, chosen)
    return trained(workspace)


def _checked_choice(workspace: Workspace, genres: Iterable[str]) -> list[str]:
    chosen = sorted({check_value("genre", genre) for genre in genres})
    _check_known(chosen, _known_names(workspace))
    read = Reading(names(workspace))
    if len({read.key_of(genre) for genre in chosen}) < MIN_TRAINED:
        these = f"{_and(chosen)} alone cannot be trained" if chosen else "No genre is chosen"
        raise EarmarkError(f"{these}: a model learns to tell genres apart. Choose at least {MIN_TRAINED}.")
    return chosen


def only_trained(workspace: Workspace, labels: Mapping[int, Label]) -> dict[int, Label]:
    """Return the genre labels that are learned from."""
    chosen = trained(workspace)
    if chosen is None:
        return dict(labels)
    read = Reading(names(workspace))
    keys = {read.key_of(name) for name in chosen}
    wanted = {value: read.key_of(value) in keys for value in {label.value for label in labels.values()}}
    return {track_id: label for track_id, label in labels.items() if wanted[label.value]}


def first_guesses(workspace: Workspace, used: Collection[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return the table of genres that are guessed from MusiCNN's words: of the trained ones, spelt as `used` are."""
    table, chosen = genre_table(workspace), trained(workspace)
    if chosen is not None:
        read = Reading(names(workspace))
        by_key = {read.key_of(name): words for name, words in table.items()}
        table = {name: by_key.get(read.key_of(name), (name,)) for name in sorted(chosen)}
    spelt = {key(name): name for name in used}
    return {spelt.get(key(name), name): words for name, words in table.items()}
