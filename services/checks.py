"""Questions that are not about learning: surprise checks, doubtful answers, stars, repeats, and what was put aside.

`labeling.schedule` says when each kind is due; here is which track, and how it is put.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from core.records import ANALYSED_STATES, Label, Question, Track
from labeling import audit, schedule
from labeling.reasons import HIDDEN, Facts, day, why
from services import asking, figures, scope
from services.workspace import Workspace

AGAIN = figures.AGAIN  # codes of questions about tracks that have an answer
STAY = (*AGAIN, "audit", "aside", "version")  # chosen once; a newer ranking does not replace them


@dataclass(frozen=True)
class Situation:
    """What is known when the next question of a target is chosen."""

    workspace: Workspace
    target: str
    ranked: asking.Ranked
    taken: Collection[int]  # in the line, or on another screen
    labels: Mapping[int, Label]  # that speak now
    seed: int

    def can_be_asked(self, track_id: int) -> bool:
        """Say whether a track may be shown now."""
        track = self.workspace.tracks.many([track_id]).get(track_id)
        return track is not None and track.state in ANALYSED_STATES and track.path is not None

    def free(self, track_ids: Collection[int]) -> list[int]:
        """Return those that are not in any line, not left out and not away."""
        closed = scope.not_asked(self.workspace, self.target)
        return [i for i in track_ids if i not in self.taken and i not in closed and self.can_be_asked(i)]


def special(
    workspace: Workspace, target: str, ranked: asking.Ranked, taken: Collection[int], *, waiting: Collection[Question]
) -> Question | None:
    """Return the special question whose turn it is; None when it is an ordinary one's.

    Parameters
    ----------
    ranked : Ranked
        The newest ranking, for its guesses and doubts.
    taken : collection of int
        Tracks that are in a line already.
    waiting : collection of Question
        Those of this target.
    """
    asked = workspace.labels.count_asked(target)
    answered, seed = sum(asked.values()), figures.seed(workspace)
    checked = asked.get("audit", 0) + sum(question.asked == "audit" for question in waiting)
    kind = schedule.next_kind(answered, len(waiting), checked, target=target, seed=seed)
    if kind is None:
        return None
    now = Situation(workspace, target, ranked, taken, workspace.labels.current(target), seed)
    return CHOICES[kind](now) if kind in CHOICES else None


def ordinary(question: Question, *, seed: int) -> Question:
    """Return an ordinary question as it is put: some hide the guess, so that a hidden guess gives nothing away."""
    if not question.proba or not schedule.decoy(question.track_id, target=question.target, seed=seed):
        return question
    return replace(question, reason=HIDDEN, guess_hidden=True)


# -- which track of each kind -----------------------------------------------------------------------------------


def _check(now: Situation) -> Question | None:
    """Return the next track drawn by lot, with the guess it is measured by."""
    if now.ranked.quick is None:
        return None
    passed = asking.put_aside(now.workspace, now.target) | set(now.taken) | scope.not_asked(now.workspace, now.target)
    track_id = _next_check(now, passed)
    while track_id is not None and not now.can_be_asked(track_id):  # its file went away since it was heard
        passed.add(track_id)
        track_id = _next_check(now, passed)
    if track_id is None:
        return None
    guess = guess_of(now.workspace, now.target, now.ranked, track_id)
    return _question(now, track_id, "audit", Facts(now.target), guess=guess, hidden=True) if guess else None


def _next_check(now: Situation, passed: Collection[int]) -> int | None:
    ids = now.ranked.quick.ids if now.ranked.quick is not None else ()
    return audit.next_check(ids, now.workspace.labels.labelled(now.target), passed, target=now.target, seed=now.seed)


def guess_of(workspace: Workspace, target: str, ranked: asking.Ranked, track_id: int) -> dict[str, float]:
    """Return what playlists would say of a track now: the current model's guess, else the quick one's."""
    current = workspace.predictions.of_track(track_id, target)
    if current is not None:
        return current.proba
    return {} if ranked.quick is None else ranked.quick.of(track_id)


def _doubt(now: Situation) -> Question | None:
    return _first_doubt(now, "doubt", lambda doubt: doubt.source != "itunes")


def _stars(now: Situation) -> Question | None:
    """Return the most doubtful rating of a library; before any is doubtful one drawn by lot."""
    if (question := _first_doubt(now, "stars", lambda doubt: doubt.source == "itunes")) is not None:
        return question
    given = [i for i, label in now.labels.items() if label.source == "itunes" and i not in now.taken]
    line = audit.order(given, target=f"stars {now.target}", seed=now.seed)
    track_id = next((int(i) for i in line if now.free([int(i)])), None)
    if track_id is None:
        return None
    label = now.labels[track_id]
    return _question(now, track_id, "stars", Facts(now.target, said=label.said, value=label.value))


def _first_doubt(now: Situation, code: str, fits: Callable[[figures.Doubt], bool]) -> Question | None:
    for doubt in now.ranked.doubts:
        label = now.labels.get(doubt.track_id)
        if fits(doubt) and label is not None and label.value == doubt.given and now.free([doubt.track_id]):
            facts = Facts(now.target, said=doubt.said, value=doubt.given, guess=doubt.guess)
            return _question(now, doubt.track_id, code, facts)
    return None


def _repeat(now: Situation) -> Question | None:
    """Return an answer of long ago, drawn by lot, that was not asked again yet."""
    answers = [label for label in now.workspace.labels.asked(now.target) if label.track_id in now.labels]
    again = {label.track_id for label in answers if label.asked in AGAIN}
    since = {label.track_id: len(answers) - place for place, label in enumerate(answers, 1)}
    old = [i for i, ago in since.items() if schedule.may_repeat(ago) and i not in again]
    line = audit.order(old, target=f"repeat {now.target}", seed=now.seed)
    track_id = next((int(i) for i in line if now.free([int(i)])), None)
    return None if track_id is None else _question(now, track_id, "repeat", Facts(now.target), hidden=True)


def _aside(now: Situation) -> Question | None:
    """Return the track that was put aside longest ago and may come back."""
    waiting = asking.put_aside(now.workspace, now.target)
    skipped = now.workspace.labels.skipped(now.target)
    for track_id, event in skipped.items():
        if track_id not in waiting and track_id not in now.labels and now.free([track_id]):
            when = day(datetime.fromisoformat(event.created_at).astimezone(), datetime.now().astimezone())
            return _question(now, track_id, "aside", Facts(now.target, day=when))
    return None


def _version(now: Situation) -> Question | None:
    """Return another version of an answered track: the answers should agree."""
    for track_id, twin in now.ranked.versions.items():
        if track_id not in now.labels and twin.track_id in now.labels and now.free([track_id]):
            facts = Facts(now.target, value=now.labels[twin.track_id].value, twin=twin.what)
            return _question(now, track_id, "version", facts)
    return None


CHOICES: dict[str, Callable[[Situation], Question | None]] = {
    "audit": _check,
    "doubt": _doubt,
    "stars": _stars,
    "repeat": _repeat,
    "aside": _aside,
    "version": _version,
}


def _question(
    now: Situation,
    track_id: int,
    code: str,
    facts: Facts,
    *,
    guess: dict[str, float] | None = None,
    hidden: bool = False,
) -> Question:
    proba = guess if guess is not None else {} if now.ranked.quick is None else now.ranked.quick.of(track_id)
    return Question(track_id, now.target, why(code, facts), proba, "by schedule", asked=code, guess_hidden=hidden)


def clash(one: Track, other: Track | None) -> bool:
    """Say whether two tracks are of one artist or one album, so that one should not follow the other."""
    if other is None:
        return False
    if one.artist and _same(one.artist, other.artist):
        return True
    return bool(one.album) and _same(one.album, other.album) and _same(one.album_artist, other.album_artist)


def _same(a: str | None, b: str | None) -> bool:
    return (a or "").casefold() == (b or "").casefold()
