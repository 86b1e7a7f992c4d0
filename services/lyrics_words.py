"""Which words tell one part of the library from another, and how its lines feel: by answer, by genre, by artist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.errors import EarmarkError
from services import genres, targets
from services.lyrics import SET
from services.workspace import Workspace

if TYPE_CHECKING:
    from lyrics.words import Corpus

ARTIST = "artist"
REST = "everything else"
OPPOSITES = {"liked": "disliked", "disliked": "liked"}
LIMIT = 40  # words listed
FEW = 3  # songs from which words can be told from chance
PAIR = 2  # songs a word must stand in, so that one song's refrain is not a theme
NOTHING = "No lyrics yet. `lyrics fetch` looks for them in your files and, where you turn a source on, on the internet."


def corpus(workspace: Workspace) -> Corpus:
    """Return the content words of every song; worked out once and kept until words change."""
    from lyrics.words import corpus as count

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
) -> dict[str, Any]:
    """Return the words that tell one part of the library from another.

    Parameters
    ----------
    by : str
        As for `groups`.
    value : str
        The part: "liked", "rock", an artist.
    against : str, optional
        What it is compared with; liked with disliked by default, else with everything else.

    Returns
    -------
    dict
        by, value, against, songs, songs_against, terms [{word, z, count, rest, songs}] (log-odds with a prior from the
        whole library, Monroe et al. 2008; z in standard deviations).

    Raises
    ------
    EarmarkError
        No words are there, or none of such a part.
    """
    from lyrics.words import telling_of

    parts = groups(workspace, by)
    inside = _part(parts, by, value)
    against = against or (OPPOSITES.get(value) if OPPOSITES.get(value) in parts else None)
    rest = {i for name, ids in parts.items() if name != value for i in ids} if against in (None, REST) else set()
    outside = sorted(rest) if against in (None, REST) else _part(parts, by, str(against))
    known = corpus(workspace)
    (here, songs), (there, _) = known.group(inside), known.group(outside)
    terms = telling_of(here, there, songs, least=PAIR if len(inside) >= FEW else 1, limit=limit)
    return {
        "by": by,
        "value": value,
        "against": against or REST,
        "songs": len(inside),
        "songs_against": len(outside),
        "terms": [
            {
                "word": t.word,
                "z": round(float(t.z), 2),
                "count": int(t.count),
                "rest": int(t.rest),
                "songs": int(t.songs),
            }
            for t in terms
        ],
    }


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


def cloud(weights: Mapping[str, float], colour: str) -> bytes | None:
    """Return a word cloud as a PNG, None where no word of it can be drawn.

    Parameters
    ----------
    weights : mapping of word to float
        Larger is drawn larger.
    colour : str
        "#RRGGBB".
    """
    from lyrics.cloud import drawable, picture

    return picture(weights, colour=colour) if any(map(drawable, weights)) else None
