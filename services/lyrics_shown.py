"""What is known of the words of the person's songs, as pages and the terminal show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.matching import names_title
from core.records import Lyrics, Track
from data.lyrics import BY_HAND
from services import lyrics_sources
from services.workspace import Workspace


def show(workspace: Workspace, track_id: int) -> dict[str, Any]:
    """Return everything known of a track's words.

    Returns
    -------
    dict
        id, title, artist, outcome (None: never looked for), sentence, text, synced (bool), source, match, language,
        url, looked_at, lines [{text, seconds, sentiment}] (seconds where they are known, sentiment in English only),
        mood {mean, positive, negative, arc} or None, figures {words, lines, distinct_ratio, repetition,
        words_per_second}, offers [{id, source, title, artist, match, text}].
    """
    track, lyrics = workspace.tracks.get(track_id), workspace.lyrics.of_track(track_id)
    found: dict[str, Any] = {
        "id": track.id,
        "title": track.title,
        "artist": track.artist,
        "outcome": None if lyrics is None else lyrics.outcome,
        "sentence": sentence(track, lyrics),
        "offers": offers(workspace, track_id),
    }
    names = ("text", "source", "match", "language", "url", "looked_at")
    found |= {name: None if lyrics is None else getattr(lyrics, name) for name in names}
    found["synced"] = lyrics is not None and bool(lyrics.synced)
    if lyrics is None or lyrics.outcome != "found":
        return found | {"lines": [], "mood": None, "figures": None}
    return found | {"lines": _lines(lyrics), "mood": _mood(lyrics), "figures": _figures(lyrics, track.duration)}


def offers(workspace: Workspace, track_id: int | None = None) -> list[dict[str, Any]]:
    """Return what waits for a decision, the best first: [{id, track, track_title, source, title, artist, match, text}].

    Parameters
    ----------
    track_id : int, optional
        Only what is offered for this track.
    """
    waiting = workspace.lyrics.waiting(track_id=track_id)
    tracks = workspace.tracks.many([one.track_id for one in waiting])
    return [
        {
            "id": one.id,
            "track": one.track_id,
            "track_title": tracks[one.track_id].title,
            "source": one.offer.source,
            "title": one.offer.title,
            "artist": one.offer.artist,
            "match": one.offer.match,
            "text": one.offer.text,
        }
        for one in waiting
    ]


def sentence(track: Track, lyrics: Lyrics | None) -> str:
    """Say what is known of a track's words.

    >>> sentence(Track(1, "Help"), Lyrics(1, "not there", asked=("LRCLIB",), looked_at="2026-11-28T10:00:00"))
    'Looked for on 2026-11-28 and not there (LRCLIB).'
    """
    if lyrics is None:
        return "Not looked for yet."
    day = lyrics.looked_at[:10]
    if lyrics.outcome == "found":
        fit = f", fits {100 * lyrics.match:.0f} %" if lyrics.match is not None else ""
        return "Written by you." if lyrics.source == BY_HAND else f"From {lyrics.source}{fit}."
    if lyrics.outcome == "instrumental":
        said = "you say" if lyrics.source == BY_HAND else f"says {lyrics.source}"
        return f"Nothing is sung here, {said}."
    if lyrics.outcome == "not there" and not names_title(track.title):
        unnamed = f"a track called {track.title!r} can be asked about nowhere"
        return f"Looked for in its files on {day} and not there; {unnamed}."
    if lyrics.outcome == "not there":
        return f"Looked for on {day} and not there ({', '.join(lyrics.asked)})."
    return f"Could not be looked for on {day}: {lyrics.reason or 'the source failed.'} It is tried again soon."


def _lines(lyrics: Lyrics) -> list[dict[str, Any]]:
    """Return the lines with the time each is sung at, where that is known, and its sentiment, in English."""
    from lyrics.synced import parse

    timed = parse(lyrics.synced) if lyrics.synced else []
    texts = [line.text for line in timed] if timed else (lyrics.text or "").split("\n")
    moods = _sentiments(texts, lyrics.language)
    seconds: list[float | None] = [line.seconds for line in timed] if timed else [None] * len(texts)
    return [
        {"text": text, "seconds": second, "sentiment": mood}
        for text, second, mood in zip(texts, seconds, moods, strict=True)
    ]


def _sentiments(texts: Sequence[str], language: str | None) -> list[float | None]:
    if language != "en":
        return [None] * len(texts)
    from lyrics.sentiment import of_lines

    return [None if value != value else round(float(value), 3) for value in of_lines(texts)]


def _mood(lyrics: Lyrics) -> dict[str, Any] | None:
    if lyrics.language != "en" or not lyrics.text:
        return None
    from lyrics.sentiment import of_song

    mood = of_song(lyrics.text)
    return {
        "mean": round(mood.mean, 3),
        "positive": round(mood.positive, 3),
        "negative": round(mood.negative, 3),
        "arc": [round(float(value), 3) for value in mood.arc],
    }


def _figures(lyrics: Lyrics, duration: float | None) -> dict[str, Any]:
    from lyrics.words import distinct_ratio, repetition, tokens

    words = tokens(lyrics.text or "")
    return {
        "words": len(words),
        "lines": sum(1 for line in (lyrics.text or "").split("\n") if line.strip()),
        "distinct_ratio": round(distinct_ratio(words), 3),
        "repetition": round(repetition(lyrics.text or ""), 3),
        "words_per_second": round(len(words) / duration, 2) if duration else None,
    }


def coverage(workspace: Workspace) -> dict[str, Any]:
    """Return how far the search has come.

    Returns
    -------
    dict
        tracks, found, instrumental, not_there, failed, not_looked_for, to_decide, due (would be looked for now),
        by_source {name: tracks}, by_language {code: tracks}, asking [sources].
    """
    outcomes = workspace.lyrics.counts("outcome")
    tracks = workspace.tracks.count()["tracks"]
    asking = lyrics_sources.asking(workspace)
    return {
        "tracks": tracks,
        **{name.replace(" ", "_"): outcomes.get(name, 0) for name in ("found", "instrumental", "not there", "failed")},
        "not_looked_for": tracks - sum(outcomes.values()),
        "to_decide": workspace.lyrics.count_waiting(),
        "due": len(workspace.lyrics.due(asking)),
        "by_source": workspace.lyrics.counts("source"),
        "by_language": workspace.lyrics.counts("language"),
        "asking": list(asking),
    }
