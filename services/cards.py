"""What a tab of the rating desk sees: cards, last answers, counts, and a sentence where nothing is asked."""

from __future__ import annotations

import base64
import time
from collections.abc import Container
from pathlib import Path
from typing import Any

from core.records import ANALYSED_STATES, Label, Outline, Question, Track
from labeling.reasons import outcome, why
from labeling.schedule import AGAIN
from labeling.targets import Target
from services import figures, genres, labeling, scope, targets
from services.asking import Learner
from services.learning import Quick
from services.sound import Signer
from services.tabs import Tab
from services.workspace import Workspace

STRIP = 5  # last answers shown
SHOWN = 3  # classes of a guess
LISTEN_FROM = 1 / 3  # of the track, until the telling moment is known
REFERENCE = -18.0  # LUFS: what ReplayGain 2.0 plays everything at
MATCH = "match_loudness"  # setting; on until the person says otherwise
TYPICAL_LIFE = 60.0  # seconds for which the middle loudness of a library is not looked up again
MIME = {
    ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".mp4": "audio/mp4", ".aac": "audio/aac", ".flac": "audio/flac",
    ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg; codecs=opus", ".wav": "audio/wav",
    ".aif": "audio/aiff", ".aiff": "audio/aiff", ".wma": "audio/x-ms-wma",
}  # fmt: skip


class Cards:
    """What the desk shows, read anew for every message; what is dear to count is kept until a label changes."""

    def __init__(self, workspace: Workspace, learner: Learner) -> None:
        self._workspace = workspace
        self._learner = learner
        self._signer = Signer(workspace)
        self._counted: tuple[object, dict[str, dict[str, int]]] | None = None

    def forget(self) -> None:
        """Count anew: the database is another one now."""
        self._counted = None

    def view(self, tab: Tab, target: str, choices: object) -> dict[str, Any]:
        """Return what a tab sees: the reply of `Desk.sync` but for what happened to its events.

        Parameters
        ----------
        choices : object
            The stamp of what is left out and chosen now.
        """
        counts = self._label_counts()
        answered = {name: sum(values.values()) for name, values in counts.items()}
        known, mode = targets.every(self._workspace), labeling.mode(self._workspace)
        matched = matches_loudness(self._workspace)
        shown = ([] if tab.chosen is None else [tab.chosen]) + [t for t in tab.tracks if t != tab.chosen]
        return {
            "target": target,
            "asks": labeling.asks(self._workspace),
            "mode": mode,
            "matched": matched,
            "targets": [_target(about, answered.get(name, 0)) for name, about in known.items()],
            "queue": self._cards(tab, shown, target, blind=mode["blind"], matched=matched),
            "last": self._last_answers(),
            "counts": answered,
            "genres": self._genres(counts.get("genre", {})),
            "model": self._model(target, choices),
            "scope": self._scope(target),
            "notice": None if shown else self._notice(target),
        }

    def _label_counts(self) -> dict[str, dict[str, int]]:
        """Return target -> value -> labels, counted again only when a label changed."""
        stamp = self._workspace.labels.newest_id()
        if self._counted is None or self._counted[0] != stamp:
            self._counted = (stamp, self._workspace.labels.counts())
        return self._counted[1]

    def _scope(self, target: str) -> str | None:
        asks_all = scope.chosen(self._workspace).kind == scope.EVERYTHING
        return None if asks_all else scope.scope_text(self._workspace, target)

    def _model(self, target: str, choices: object) -> dict[str, Any]:
        """Return the current model's name, and how many answers are newer; before the first, all of them are."""
        run = self._workspace.model_runs.current(target)
        labels = self._workspace.memo.get(
            f"learnable {target}",
            lambda: scope.count_learnable(self._workspace, target),
            choices=(self._workspace.labels.newest_id(), choices),
        )
        return {
            "name": None if run is None else run.family,
            "newer": max(0, labels - (0 if run is None else run.labels)),
        }

    def _cards(
        self, tab: Tab, track_ids: list[int], target: str, *, blind: bool, matched: bool
    ) -> list[dict[str, Any]]:
        tracks = self._workspace.tracks.many(track_ids)
        questions = {q.track_id: q for q in self._workspace.questions.waiting(target)}
        earlier = self._workspace.labels.withdrawn(track_ids, target)
        outlines = self._workspace.outlines.many(track_ids)
        cards = []
        for track_id in track_ids:
            if track_id in tracks:
                question = None if track_id == tab.chosen else questions.get(track_id) or tab.asked_about(track_id)
                again = question is not None and question.asked in AGAIN and track_id in questions
                card = self._card(tracks[track_id], question) | _course(tracks[track_id], outlines.get(track_id))
                card["gain"] = self._gain(outlines.get(track_id)) if matched else 1.0
                card["guesses"] = {} if blind else self._guesses(track_id, self._hidden(track_id, question))
                standing = {name: label.value for name, label in self._workspace.labels.of_track(track_id).items()}
                before = {target: standing.pop(target)} if again and target in standing else {}
                if track_id in earlier:
                    before = {target: earlier[track_id]}
                card["labels"] = standing
                card["earlier"] = {} if question is not None and question.asked == "repeat" else before
                card["chosen"] = track_id == tab.chosen
                cards.append(card)
        return cards

    def _hidden(self, track_id: int, question: Question | None) -> Container[str]:
        """Return the targets whose guess is not shown: hidden, or told in the sentence, or checked in one go."""
        if question is None:
            return ()
        others = (self._workspace.questions.get(track_id, name) for name in labeling.asks(self._workspace)[1:])
        hidden = {other.target for other in others if other is not None and other.guess_hidden}
        return hidden | {question.target} if question.guess_hidden or question.asked in AGAIN else hidden

    def _card(self, track: Track, question: Question | None) -> dict[str, Any]:
        token = self._signer.token(track.id)
        suffix = Path(track.path or "").suffix.lower()
        keeps = question is not None and question.guess_hidden
        return {
            "id": track.id,
            "title": track.title,
            "artist": track.artist or "Unknown artist",
            "album": track.album,
            "year": track.year,
            "duration": track.duration,
            "src": f"/earmark/audio/{token}",
            "mime": MIME.get(suffix, ""),
            "cover": f"/earmark/cover/{token}",
            "reason": question.reason if question else why("chosen"),
            "asked": "listen" if keeps else question.asked if question else "chosen",
            "hidden": keeps,
        }

    def _gain(self, outline: Outline | None) -> float:
        """Return the volume that matches a track to the others; one not measured yet is taken for a typical one."""
        if outline is not None and outline.loudness is not None:
            return gain(outline.loudness, outline.peak)
        typical = self._workspace.memo.get(
            "typical loudness",
            self._workspace.outlines.median_loudness,
            choices=None,
            library=int(time.monotonic() / TYPICAL_LIFE),
        )
        return 1.0 if typical is None else gain(typical)

    def _guesses(self, track_id: int, hidden: Container[str]) -> dict[str, Any]:
        guesses = {}
        for name in targets.every(self._workspace):
            if name in hidden:
                continue
            ranked = self._learner.ranked(name)
            quick: Quick | None = None if ranked is None else ranked.quick
            proba = {} if quick is None else quick.of(track_id)
            if quick is not None and proba:
                guesses[name] = {
                    "model": quick.name,
                    "proba": dict(list(proba.items())[:SHOWN]),
                    "neighbours": next(iter(quick.neighbours_of(track_id).items()), None),
                }
        return guesses

    def _last_answers(self) -> list[dict[str, Any]]:
        events = self._workspace.labels.history(limit=STRIP, undone=False, source="person")
        tracks = self._workspace.tracks.many({event.track_id for event in events})
        labels = self._workspace.labels.by_event(event.event_id for event in events)
        return [
            {
                "event": event.event_id,
                "track": event.track_id,
                "title": tracks[event.track_id].title,
                "target": event.target,
                "value": event.value,
                "kind": event.kind,
                "check": _outcome(labels.get(event.event_id)),
            }
            for event in events
        ]

    def _genres(self, used: dict[str, int]) -> list[str]:
        return list(dict.fromkeys([*used, *genres.first_guesses(self._workspace, used)]))

    def _notice(self, target: str) -> str:
        if (sentence := scope.why_nothing(self._workspace, target)) is not None:
            return sentence
        counts = self._workspace.tracks.count()
        waiting, total = counts.get("new", 0), counts["tracks"]
        heard = sum(counts.get(state, 0) for state in ANALYSED_STATES)
        if total == 0:
            return "There is no music here yet."
        if waiting and (idle := self._idle(waiting)) is not None:
            return idle
        if waiting and (heard == 0 or not self._workspace.labels.labelled(target)):
            return f"Listening to your first tracks: {heard:,} of {total:,}. The first question comes in a few seconds."
        if waiting:
            return f"You are faster than the analysis: {heard:,} of {total:,} tracks are ready, and all are answered."
        if heard == 0:
            return f"None of your {total:,} files could be read. The Library page says why."
        return f"You have answered everything. Add more music, or look at {self._next(target)}."

    def _next(self, target: str) -> str:
        """Say what is worth a look when nothing is asked any more."""
        ranked = self._learner.ranked(target)
        found = () if ranked is None else ranked.doubts
        doubtful = self._workspace.memo.get(
            f"doubtful {target}",
            lambda: len(figures.doubts(self._workspace, target, found)) if found else 0,
            choices=(self._workspace.labels.newest_id(target), found),
        )
        return f"{doubtful:,} doubtful answer{'s' if doubtful > 1 else ''}" if doubtful else "your playlists"

    def _idle(self, waiting: int) -> str | None:
        """Say that nobody listens to the tracks that wait; None while music comes in or is listened to."""
        jobs = [job for job in self._workspace.jobs.open() if job.kind != "retrain"]
        if any(job.state != "paused" for job in jobs):
            return None
        wait = "1 track waits" if waiting == 1 else f"{waiting:,} tracks wait"
        if jobs:
            return f"{wait} to be listened to. That is paused: press Go on."
        return f"{wait} to be listened to. Start that on the Library page."


def matches_loudness(workspace: Workspace) -> bool:
    """Say whether the desk plays all tracks equally loud."""
    return bool(workspace.settings.get(MATCH, True))


def gain(loudness: float, peak: float = 1.0) -> float:
    """Return the volume, 0 to 1, at which a track sounds as loud as the reference.

    The page's sound can be turned down but not up: what is quieter than the reference plays as it is.

    Parameters
    ----------
    loudness : float
        LUFS, integrated over the track (ITU-R BS.1770-4).
    peak : float
        Largest magnitude of a sample; above full scale, as lossy encodings reach it, it would be clipped.

    >>> gain(-12.0), gain(-18.0), gain(-30.0), gain(-18.0, peak=1.25)
    (0.501, 1.0, 1.0, 0.8)
    """
    return round(min(1.0, 10 ** ((REFERENCE - loudness) / 20), 1 / max(peak, 1.0)), 3)


def _course(track: Track, outline: Outline | None) -> dict[str, Any]:
    """Return where a track is listened to first, and what the player draws of its course."""
    if outline is None:
        return {"start": round((track.duration or 0) * LISTEN_FROM, 1), "waveform": None, "segments": []}
    return {
        "start": round(outline.telling, 2),
        "waveform": base64.b64encode(outline.waveform.tobytes()).decode(),  # 536 letters; as a list of numbers 1,500
        "segments": [round(float(begin), 2) for begin in outline.bounds],
    }


def _target(about: Target, answered: int) -> dict[str, Any]:
    return {
        "name": about.name,
        "kind": about.kind,
        "classes": None if about.classes is None else list(about.classes),
        "noun": about.noun,
        "question": about.question,
        "answered": answered,
    }


def _outcome(label: Label | None) -> dict[str, Any] | None:
    """Return how the guess of a surprise check fared, None for any other answer."""
    if label is None or label.asked != "audit" or not label.shown:
        return None
    guess = max(label.shown, key=lambda name: (label.shown or {})[name])
    right = figures.plain(label.target, guess) == figures.plain(label.target, label.value)
    return {"guessed": guess, "right": right, "sentence": outcome(guess, right)}
