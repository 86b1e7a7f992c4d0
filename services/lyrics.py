"""The words of the person's songs: looked for, kept, shown, corrected, and made something models can hear."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.errors import EarmarkError
from core.records import Lyrics, Offer, Song, Track
from data.db import now
from data.lyrics import BY_HAND
from services import lyrics_sources
from services.jobs import Report, carry_out, submit
from services.workspace import Workspace

if TYPE_CHECKING:
    from lyrics.providers import Verdict

SET = "lyrics"  # the feature set
KIND = "lyrics"  # the job
ACT = "lyrics"
BY_ITSELF = {"by_itself": True}  # the search nobody asked for: pages need not speak of it before it finds something
ABSENT_DAYS = 30  # until what was not there is looked for again
FAILED_MINUTES = 15  # until what failed is tried again
GIVE_UP = 3  # songs in a row for which a source was down: the rest of the job does without it
IN_TIME = 3.0  # seconds a recording may be longer or shorter than the one the time stamps were made for
PATIENCE = 60.0  # seconds: a source that asks for more time than that is left alone at once
STEP = 0.2  # seconds between two looks whether the person wants to stop

Progress = Callable[[dict[str, Any]], None]


# -- looking ------------------------------------------------------------------------------------------


def fetch(
    workspace: Workspace,
    *,
    track_ids: Sequence[int] | None = None,
    again: bool = False,
    limit: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Look for the words of every track that lacks them, here or in the coordinator that is already running.

    Parameters
    ----------
    track_ids : sequence of int, optional
        Only these, whatever came of looking before; words that are there stay.
    again : bool
        Also what was not there or failed lately.
    limit : int, optional
        Look for no more than so many.

    Returns
    -------
    dict
        looked, found, instrumental, not_there, failed (tracks), to_decide (tracks with an offer below the threshold),
        seconds, resting [{source, reason}] (sources that were given up), left (tracks not asked about because of
        that), tracks [{id, title, outcome, source, match, reason}].
    """
    began = now()
    result = carry_out(workspace, KIND, _params(track_ids, again, limit), progress)
    rows = workspace.lyrics.since(began)
    tracks = workspace.tracks.many([row.track_id for row in rows])
    listed = [
        {
            "id": row.track_id,
            "title": tracks[row.track_id].title,
            "outcome": row.outcome,
            "source": row.source,
            "match": row.match,
            "reason": row.reason,
        }
        for row in rows
        if row.track_id in tracks
    ]
    return result | {"tracks": listed}


def start(workspace: Workspace, *, track_ids: Sequence[int] | None = None, again: bool = False) -> int:
    """Queue the search and return the job's number."""
    return submit(workspace, KIND, _params(track_ids, again, None))


def _params(track_ids: Sequence[int] | None, again: bool, limit: int | None) -> dict[str, Any]:
    params = {"tracks": None if track_ids is None else list(track_ids), "again": now() if again else None}
    return {key: value for key, value in (params | {"limit": limit}).items() if value is not None}


def due(workspace: Workspace, *, before: str | None = None) -> list[int]:
    """Return the tracks whose words are to be looked for now: those with an answer first, then artists in turn."""
    ids = workspace.lyrics.due(lyrics_sources.asking(workspace), before=before)
    return _in_order(workspace, ids)


def _in_order(workspace: Workspace, ids: Sequence[int]) -> list[int]:
    answered = {i for target in ("rating", "genre") for i in workspace.labels.current(target)}
    turns: dict[str | None, int] = defaultdict(int)
    places = {}
    for i, track in workspace.tracks.many(ids).items():
        places[i] = (i not in answered, turns[track.artist], i)
        turns[track.artist] += 1
    return sorted(places, key=places.__getitem__)


def run(workspace: Workspace, params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Do the job: the runner that the coordinator calls. What was found before a stop stays, and is not asked again."""
    if "tracks" in params:
        ids = [i for i in params["tracks"] if not _is_known(workspace.lyrics.of_track(i))]
    else:
        ids = due(workspace, before=params.get("again"))
    return _Search(workspace, report).all(ids[: params.get("limit")])


def _is_known(lyrics: Lyrics | None) -> bool:
    return lyrics is not None and lyrics.outcome in ("found", "instrumental")


class _Search:
    """A search under way: the sources still asked, and what came of it so far."""

    def __init__(self, workspace: Workspace, report: Report) -> None:
        self._workspace = workspace
        self._tell = report
        self._providers = lyrics_sources.providers(workspace, self._wait)
        self._resting: dict[str, str] = {}  # source -> why it is asked no more in this job
        self._down: Counter[str] = Counter()  # songs in a row for which it was down
        self._counts: Counter[str] = Counter()
        self._began = time.monotonic()
        self._total = 0
        self._done = 0
        self._left = 0

    def all(self, ids: Sequence[int]) -> dict[str, Any]:
        """Look for the words of these tracks, one after the other."""
        self._total = len(ids)
        for track_id in ids:
            self._report()
            self._one(track_id)
            self._done += 1
        counts = {name: self._counts[name] for name in ("found", "instrumental", "not there", "failed")}
        return {
            "looked": self._done - self._left,
            **{name.replace(" ", "_"): count for name, count in counts.items()},
            "to_decide": self._counts["to decide"],
            "seconds": round(time.monotonic() - self._began, 2),
            "resting": [{"source": source, "reason": reason} for source, reason in self._resting.items()],
            "left": self._left,
        }

    def _one(self, track_id: int) -> None:
        from lyrics.providers import look

        track = self._workspace.tracks.many([track_id]).get(track_id)
        if track is None:  # merged or taken back meanwhile
            return
        verdict = look(
            song_of(self._workspace, track), self._providers, refused=self._workspace.lyrics.refused(track_id)
        )
        asked = [provider.name for provider in self._providers]
        self._rest(verdict)
        if self._resting and verdict.outcome in ("not there", "failed"):
            self._left += 1  # the source that may have it was not asked: nothing is known
            return
        if _is_known(self._workspace.lyrics.of_track(track_id)):  # written by hand while this was under way
            return
        keep(self._workspace, track, verdict, asked)
        self._counts[verdict.outcome] += 1
        self._counts["to decide"] += bool(verdict.doubtful and verdict.outcome == "not there")

    def _rest(self, verdict: Verdict) -> None:
        """Stop asking a source that is down, so that a library is not looked for song by song in vain."""
        for provider in list(self._providers):
            self._down[provider.name] = self._down[provider.name] + 1 if provider.name in verdict.down else 0
            told_to_wait = provider.name in verdict.down and (verdict.retry_after or 0) > PATIENCE
            if self._down[provider.name] >= GIVE_UP or told_to_wait:
                self._resting[provider.name] = verdict.reason or f"{provider.name} does not answer."
                self._providers.remove(provider)

    def _wait(self, seconds: float) -> None:
        """Wait for a source, and look meanwhile whether the person wants to stop."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, STEP))
            self._report()

    def _report(self) -> None:
        numbers: dict[str, Any] = {"done": self._done, "total": self._total, "found": self._counts["found"]}
        spent = time.monotonic() - self._began
        if self._done >= 3 and spent > 2:
            numbers["seconds_left"] = round(spent / self._done * (self._total - self._done), 1)
        self._tell(numbers)


def song_of(workspace: Workspace, track: Track) -> Song:
    """Return what to look for: a track's names, its length, and its files."""
    paths = tuple(workspace.tracks.paths_of(track.id))
    return Song(track.title, track.artist or track.album_artist, track.album, track.duration, paths)


def keep(workspace: Workspace, track: Track, verdict: Verdict, asked: Sequence[str]) -> Lyrics:
    """Keep what came of looking for a track's words: the row, its features, and what waits for a decision."""
    from lyrics.providers import fingerprint

    lyrics = _row(track, verdict, tuple(asked))
    workspace.lyrics.put(lyrics)
    describe(workspace, track, lyrics)
    waits = [] if _is_known(lyrics) else [(fingerprint(offer), offer) for offer in verdict.doubtful]
    workspace.lyrics.offer(track.id, waits)
    return lyrics


def _row(track: Track, verdict: Verdict, asked: tuple[str, ...]) -> Lyrics:
    if verdict.outcome == "found" and verdict.offer is not None:
        return _of_offer(track, verdict.offer, asked)
    if verdict.outcome == "instrumental":
        offer = verdict.offer
        source, match, url = (None, None, None) if offer is None else (offer.source, offer.match, offer.url)
        return Lyrics(track.id, "instrumental", source=source, match=match, url=url, asked=asked)
    if verdict.outcome == "not there":
        return Lyrics(track.id, "not there", asked=asked, look_again=_later(timedelta(days=ABSENT_DAYS)))
    pause = max(timedelta(minutes=FAILED_MINUTES), timedelta(seconds=verdict.retry_after or 0))
    return Lyrics(track.id, "failed", reason=verdict.reason, asked=asked, look_again=_later(pause))


def _of_offer(track: Track, offer: Offer, asked: tuple[str, ...]) -> Lyrics:
    """Return the row of words found; time stamps made for a longer or shorter recording are left out."""
    from lyrics.cleaning import clean
    from lyrics.language import detect
    from lyrics.providers import words_of

    raw = words_of(offer)
    text = clean(raw)
    gap = abs(offer.duration - track.duration) if offer.duration and track.duration else 0.0
    return Lyrics(
        track.id,
        "found",
        text=text,
        synced=offer.synced if gap <= IN_TIME else None,
        raw=None if raw == text else raw,
        source=offer.source,
        match=None if offer.match is None else round(offer.match, 3),
        language=detect(text),
        title=offer.title,
        artist=offer.artist,
        url=offer.url,
        asked=asked,
    )


def _later(pause: timedelta) -> str:
    return (datetime.now(UTC) + pause).isoformat(timespec="microseconds")


def describe(workspace: Workspace, track: Track, lyrics: Lyrics) -> None:
    """Make of a track's words what models hear; where there are none any more, nothing is left of it."""
    workspace.features.remove(SET, [track.id])  # first, so that an act notes what was there
    if lyrics.outcome != "found" or not lyrics.text:
        return
    from lyrics import features

    vector = features.vector(lyrics.text, language=lyrics.language, duration=track.duration)
    workspace.features.put(track.id, {SET: vector}, {SET: features.VERSION})


# -- by hand ------------------------------------------------------------------------------------------


def write(workspace: Workspace, track_id: int, text: str) -> Lyrics:
    """Keep words the person wrote or pasted; no search replaces them. It can be taken back as an act.

    Raises
    ------
    EarmarkError
        There is nothing in it, or no such track.
    """
    from lyrics.synced import is_synced, plain

    track = workspace.tracks.get(track_id)
    synced = text if is_synced(text) else None
    offer = Offer(BY_HAND, plain(text) if synced else text, synced)
    lyrics = _of_offer(track, offer, ())
    if not lyrics.text:
        raise EarmarkError(f"There are no words in this for {track.title}; nothing was changed.")
    return _decided(workspace, track, lyrics, f"Wrote the words of {track.title}")


def _decided(workspace: Workspace, track: Track, lyrics: Lyrics, title: str) -> Lyrics:
    """Keep what the person decided about a track's words, as one act under a title; nothing waits for it any more."""
    with workspace.acts.act(ACT, title):
        workspace.lyrics.put(lyrics)
        workspace.lyrics.settle(track.id)
        describe(workspace, track, lyrics)
    return lyrics


def say_instrumental(workspace: Workspace, track_id: int) -> Lyrics:
    """Keep that nothing is sung in a track, because the person said so; an act."""
    track = workspace.tracks.get(track_id)
    lyrics = Lyrics(track_id, "instrumental", source=BY_HAND)
    return _decided(workspace, track, lyrics, f"Said that nothing is sung in {track.title}")


def wrong(workspace: Workspace, track_id: int) -> Track:
    """Take away words that belong to another song, and never take these for this track again; an act.

    Raises
    ------
    EarmarkError
        There are no words that could be wrong.
    """
    track, lyrics = workspace.tracks.get(track_id), workspace.lyrics.of_track(track_id)
    if lyrics is None or not _is_known(lyrics):
        raise EarmarkError(f"There are no lyrics of {track.title} that could be wrong.")
    with workspace.acts.act(ACT, f"Said that the words of {track.title} are wrong"):
        _refuse(workspace, track_id, _offer_of(lyrics))
        workspace.lyrics.remove([track_id])
        workspace.features.remove(SET, [track_id])
    return track


def _refuse(workspace: Workspace, track_id: int, offer: Offer) -> None:
    from lyrics.providers import fingerprint

    if offer.source != BY_HAND:
        workspace.lyrics.refuse(track_id, fingerprint(offer), offer)


def _offer_of(lyrics: Lyrics) -> Offer:
    return Offer(
        lyrics.source or BY_HAND,
        lyrics.raw or lyrics.text,
        lyrics.synced,
        instrumental=lyrics.outcome == "instrumental",
        title=lyrics.title,
        artist=lyrics.artist,
        url=lyrics.url,
        match=lyrics.match,
    )


def take(workspace: Workspace, offer_id: int) -> Lyrics:
    """Take an offer that waited: the person says it is this song. An act."""
    doubtful = _waiting(workspace, offer_id)
    track = workspace.tracks.get(doubtful.track_id)
    if doubtful.offer.instrumental:
        lyrics = Lyrics(track.id, "instrumental", source=doubtful.offer.source, match=doubtful.offer.match)
    else:
        lyrics = _of_offer(track, doubtful.offer, (doubtful.offer.source,))
    return _decided(workspace, track, lyrics, f"Took the words offered for {track.title}")


def refuse(workspace: Workspace, offer_id: int) -> Track:
    """Say that an offer that waited is another song. An act."""
    doubtful = _waiting(workspace, offer_id)
    track = workspace.tracks.get(doubtful.track_id)
    with workspace.acts.act(ACT, f"Said that words offered for {track.title} are another song"):
        _refuse(workspace, track.id, doubtful.offer)
    return track


def _waiting(workspace: Workspace, offer_id: int) -> Any:
    found = next((one for one in workspace.lyrics.waiting() if one.id == offer_id), None)
    if found is None:
        raise EarmarkError(f"No lyrics with the number {offer_id} wait for a decision any more.")
    return found


def clear(workspace: Workspace, track_ids: Sequence[int] | None = None, *, by_hand: bool = False) -> dict[str, int]:
    """Forget words that were found, and what is known of their absence; an act.

    Parameters
    ----------
    track_ids : sequence of int, optional
        Only of these tracks; else of all.
    by_hand : bool
        Also words the person wrote, which cannot be found again.

    Returns
    -------
    dict
        {"cleared", "kept"}: tracks whose words went, and tracks whose words are the person's own and stayed.
    """
    known = workspace.lyrics.many(workspace.lyrics.outcomes() if track_ids is None else track_ids)
    own = {i for i, lyrics in known.items() if lyrics.source == BY_HAND and not by_hand}
    gone = [i for i in known if i not in own]
    with workspace.acts.act(ACT, f"Cleared the lyrics of {len(gone):,} track{'' if len(gone) == 1 else 's'}"):
        workspace.lyrics.remove(gone)
        workspace.features.remove(SET, gone)
        for track_id in gone:
            workspace.lyrics.settle(track_id)
    return {"cleared": len(gone), "kept": len(own)}


# -- showing ------------------------------------------------------------------------------------------


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
