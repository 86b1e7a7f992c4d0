"""Which words tell one part of the library from another, and how its lines feel: by answer, by genre, by artist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from core.errors import EarmarkError
from services import genres, targets
from services.lyrics import SET
from services.workspace import Workspace

if TYPE_CHECKING:
    from lyrics.telling import Corpus, Told

ARTIST = "artist"
REST = "everything else"
OPPOSITES = {"liked": "disliked", "disliked": "liked"}
LIMIT = 40  # words listed
SIGNS = 8  # words of one track that are named
NOTHING = "No lyrics yet. `lyrics fetch` looks for them in your files and, where you turn a source on, on the internet."


def corpus(workspace: Workspace) -> Corpus:
    """Return the content words of every song; worked out once and kept until words change."""
    from lyrics.telling import corpus as count

    stamp = workspace.lyrics.stamp()
    return workspace.memo.get(
        "lyrics corpus",
        lambda: count(workspace.lyrics.texts()),
        choices=str(workspace.home),
        library=stamp,
        patient=True,
    )


def kinds(workspace: Workspace) -> list[str]:
    """Return what the library can be parted by: what is asked, and the artist."""
    return [*targets.in_use(workspace), ARTIST]


def groups(workspace: Workspace, by: str) -> dict[str, list[int]]:
    """Return the parts of the library whose words are there: name -> tracks, the largest first.

    Parameters
    ----------
    by : str
        A target: your answers, for genre the file's tag where there is none. Or "artist".

    Raises
    ------
    EarmarkError
        It is neither.
    """
    if by not in (*targets.every(workspace), ARTIST):
        raise EarmarkError(f"Words can be told apart by {', '.join(kinds(workspace))}, not by {by!r}.")
    with_words = [track_id for track_id, outcome in workspace.lyrics.outcomes().items() if outcome == "found"]
    answers = {} if by == ARTIST else workspace.labels.current(by)
    found: dict[str, list[int]] = defaultdict(list)
    for track_id, track in workspace.tracks.many(with_words).items():
        name = answers[track_id].value if track_id in answers else None
        if name is None and by == "genre":
            name = genres.genre_of_track(workspace, track)
        if by == ARTIST:
            name = track.artist or track.album_artist
        if name:
            found[name].append(track_id)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))


def compare(
    workspace: Workspace, by: str, value: str, against: str | None = None, *, limit: int = LIMIT
) -> list[dict[str, Any]]:
    """Return the words that tell one part of the library from another, and those that tell the other from it.

    Parameters
    ----------
    by : str
        As for `groups`.
    value : str
        The part: "liked", "rock", an artist.
    against : str, optional
        What it is compared with; liked with disliked by default, else with everything else.
    limit : int
        Words listed on each side.

    Returns
    -------
    list of dict
        Two sides: by, value, against, songs, songs_against, chance (the z that the clearest word reaches in one of
        twenty cases when songs and artists are dealt out anew; None where it cannot be told), terms [{word, z, clear
        (z above chance), songs, rest}] (`lyrics.telling`; songs on either side that use the word).

    Raises
    ------
    EarmarkError
        No words are there, or none of such a part.
    """
    from lyrics.telling import telling

    parts = groups(workspace, by)
    against = against or (OPPOSITES.get(value) if OPPOSITES.get(value) in parts else None) or REST
    inside = _part(parts, by, value)
    outside = [i for name, ids in parts.items() if name != value for i in ids]
    if against != REST:
        outside = _part(parts, by, against)
    together = None if by == ARTIST else _artists(workspace, [*inside, *outside])
    here, there = telling(corpus(workspace), inside, outside, together=together)
    return [
        _side(by, (value, against), (len(inside), len(outside)), here, limit),
        _side(by, (against, value), (len(outside), len(inside)), there, limit),
    ]


def _side(by: str, names: tuple[str, str], songs: tuple[int, int], told: Told, limit: int) -> dict[str, Any]:
    return {
        "by": by,
        "value": names[0],
        "against": names[1],
        "songs": songs[0],
        "songs_against": songs[1],
        "chance": round(told.chance, 2) if told.chance < float("inf") else None,
        "terms": [
            {"word": t.word, "z": round(t.z, 2), "clear": t.z > told.chance, "songs": t.songs, "rest": t.rest}
            for t in told.terms[:limit]
        ],
    }


def _artists(workspace: Workspace, track_ids: Iterable[int]) -> dict[int, str]:
    """Return whose each song is; a song of nobody belongs to itself."""
    tracks = workspace.tracks.many(track_ids)
    return {i: name for i, track in tracks.items() if (name := track.artist or track.album_artist)}


def signs(workspace: Workspace, track_id: int, *, limit: int = SIGNS) -> dict[str, list[str]]:
    """Return which words of a track are those of songs the person likes, and of songs the person dislikes.

    Only words that are clearer than chance among the other songs, the clearest first; {} while there are too few.
    """
    from lyrics.telling import FEW, telling

    parts = groups(workspace, "rating")
    sides = [[i for i in parts.get(name, []) if i != track_id] for name in OPPOSITES]
    if min(map(len, sides)) < FEW:
        return {}
    known = corpus(workspace)
    own = known.words_of(track_id)
    told = telling(known, *sides, together=_artists(workspace, chain(*sides)))
    return {
        name: [term.word for term in side.terms if term.z > side.chance and term.word in own][:limit]
        for name, side in zip(OPPOSITES, told, strict=True)
    }


def sentence(words: dict[str, list[str]]) -> str:
    """Say what `signs` found, nothing where it found none.

    >>> sentence({"liked": ["harbour", "sail"], "disliked": []})
    'Words of songs you like: harbour, sail.'
    """
    names = {"liked": "Words of songs you like", "disliked": "Words of songs you dislike"}
    return " ".join(f"{name}: {', '.join(words[kind])}." for kind, name in names.items() if words.get(kind))


def _part(parts: dict[str, list[int]], by: str, value: str) -> list[int]:
    if not parts:
        raise EarmarkError(NOTHING if by == ARTIST else f"No track with lyrics has a {by} yet. {NOTHING}")
    if value not in parts:
        some = ", ".join(list(parts)[:10])
        raise EarmarkError(f"No track with lyrics has {value!r} as its {by}. There are: {some}.")
    return parts[value]


def sentiments(workspace: Workspace, by: str) -> list[dict[str, Any]]:
    """Return how each English song feels on average: [{id, value, sentiment}], -1 to 1, by the parts of `groups`."""
    from lyrics import features

    ids, X, _ = workspace.features.matrix(SET, version=features.VERSION)
    if not len(ids):
        return []
    english, mean = (features.NAMES.index(name) for name in ("english", "sentiment_mean"))
    felt = {int(i): float(row[mean]) for i, row in zip(ids, X, strict=True) if row[english] > 0}
    return [
        {"id": i, "value": value, "sentiment": round(felt[i], 3)}
        for value, members in groups(workspace, by).items()
        for i in members
        if i in felt
    ]


def cloud(weights: Mapping[str, float], colour: str, *, faint: Collection[str], faint_colour: str) -> bytes | None:
    """Return a word cloud as a PNG, None where no word of it can be drawn.

    Parameters
    ----------
    weights : mapping of word to float
        Larger is drawn larger.
    colour, faint_colour : str
        "#RRGGBB".
    faint : collection of str
        Words that have the second colour.
    """
    from lyrics.cloud import drawable, picture

    if not any(map(drawable, weights)):
        return None
    return picture(weights, colour=colour, faint=faint, faint_colour=faint_colour)
