"""The search for the words of the person's songs: a job of the coordinator, with a source after the other."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.records import Lyrics, Song, Track
from data.db import now
from services import lyrics_sources
from services.jobs import Report, carry_out, submit
from services.lyrics import describe, is_known, of_offer
from services.workspace import Workspace

if TYPE_CHECKING:
    from lyrics.providers import Verdict

KIND = "lyrics"  # the job
BY_ITSELF = {"by_itself": True}  # the search nobody asked for: pages need not speak of it before it finds something
ABSENT_DAYS = 30  # until what was not there is looked for again
FAILED_MINUTES = 15  # until what failed is tried again
GIVE_UP = 3  # songs in a row for which a source was down: the rest of the job does without it
PATIENCE = 60.0  # seconds: a source that asks for more time than that is left alone at once
STEP = 0.2  # seconds between two looks whether the person wants to stop

Progress = Callable[[dict[str, Any]], None]


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
        ids = [i for i in params["tracks"] if not is_known(workspace.lyrics.of_track(i))]
    else:
        ids = due(workspace, before=params.get("again"))
    return _Search(workspace, report).all(ids[: params.get("limit")])


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
        if is_known(self._workspace.lyrics.of_track(track_id)):  # written by hand while this was under way
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
    waits = [] if is_known(lyrics) else [(fingerprint(offer), offer) for offer in verdict.doubtful]
    workspace.lyrics.offer(track.id, waits)
    return lyrics


def _row(track: Track, verdict: Verdict, asked: tuple[str, ...]) -> Lyrics:
    if verdict.outcome == "found" and verdict.offer is not None:
        return of_offer(track, verdict.offer, asked)
    if verdict.outcome == "instrumental":
        offer = verdict.offer
        source, match, url = (None, None, None) if offer is None else (offer.source, offer.match, offer.url)
        return Lyrics(track.id, "instrumental", source=source, match=match, url=url, asked=asked)
    if verdict.outcome == "not there":
        return Lyrics(track.id, "not there", asked=asked, look_again=_later(timedelta(days=ABSENT_DAYS)))
    pause = max(timedelta(minutes=FAILED_MINUTES), timedelta(seconds=verdict.retry_after or 0))
    return Lyrics(track.id, "failed", reason=verdict.reason, asked=asked, look_again=_later(pause))


def _later(pause: timedelta) -> str:
    return (datetime.now(UTC) + pause).isoformat(timespec="microseconds")
