"""Questions that are not about learning: surprise checks, doubtful answers, stars, repeats, and what was put aside.

`labeling.schedule` says when each kind is due; here is which track, and how it is put.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from core.records import ANALYSED_STATES, Label, Question, Track
from labeling import audit, schedule
from labeling.reasons import HIDDEN, Facts, day, why
from services import asking, figures, scope
from services.workspace import Workspace

STAY = (*schedule.AGAIN, "audit", "aside", "version")  # chosen once; a newer ranking does not replace them
TRIED = 50  # tracks whose files are looked at before a kind of question is given up for this time


@dataclass(frozen=True)
class Situation:
    """What is known when the next question of a target is chosen."""

    workspace: Workspace
    target: str
    ranked: asking.Ranked
    closed: Collection[int]  # in the line, on another screen, left out, out of scope, away
    aside: Collection[int]  # put aside not long ago
    labels: Mapping[int, Label]  # that speak now
    seed: int

    def first_free(self, track_ids: Iterable[int]) -> int | None:
        """Return the first of these tracks that may be shown now."""
        heard = set(self.ranked.heard.tolist())
        fit = (i for i in track_ids if i in heard and i not in self.closed and i not in self.aside)
        some = list(islice(fit, TRIED))
        tracks = self.workspace.tracks.many(some)
        return next((i for i in some if can_be_asked(tracks.get(i))), None)


def can_be_asked(track: Track | None) -> bool:
    """Say whether a track was heard and has a file."""
    return track is not None and track.state in ANALYSED_STATES and track.path is not None


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
    asked, seed = workspace.labels.count_asked(target), figures.seed(workspace)
    codes = [question.asked for question in waiting]
    kinds = schedule.due(
        sum(asked.values()),
        workspace.labels.asked_last(target, schedule.LOOK_BACK),
        codes,
        asked.get("audit", 0) + codes.count("audit"),
        target=target,
        seed=seed,
    )
    if not kinds:
        return None
    aside = asking.put_aside(workspace, target)
    closed = {*taken, *scope.not_asked(workspace, target)}
    now = Situation(workspace, target, ranked, closed, aside, workspace.labels.current(target), seed)
    return next((question for kind in kinds if (question := CHOICES[kind](now)) is not None), None)


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
    answered = now.workspace.labels.labelled(now.target)
    line = audit.order(now.ranked.quick.ids, target=now.target, seed=now.seed)
    track_id = now.first_free(int(i) for i in line if int(i) not in answered)
    if track_id is None:
        return None
    guess = guess_of(now.workspace, now.target, now.ranked, track_id)
    return _question(now, track_id, "audit", Facts(now.target), guess=guess, hidden=True) if guess else None


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
    given = [i for i, label in now.labels.items() if label.source == "itunes"]
    track_id = now.first_free(_by_lot(given, "stars", now))
    if track_id is None:
        return None
    label = now.labels[track_id]
    return _question(now, track_id, "stars", Facts(now.target, said=label.said, value=label.value))


def _by_lot(track_ids: Sequence[int], word: str, now: Situation) -> list[int]:
    return audit.order(track_ids, target=f"{word} {now.target}", seed=now.seed).tolist()


def _first_doubt(now: Situation, code: str, fits: Callable[[figures.Doubt], bool]) -> Question | None:
    found = {doubt.track_id: doubt for doubt in now.ranked.doubts if fits(doubt)}
    standing = (i for i, doubt in found.items() if i in now.labels and now.labels[i].value == doubt.given)
    if (track_id := now.first_free(standing)) is None:
        return None
    doubt = found[track_id]
    facts = Facts(now.target, said=doubt.said, value=doubt.given, guess=doubt.guess, source=doubt.source)
    return _question(now, track_id, code, facts)


def _repeat(now: Situation) -> Question | None:
    """Return an answer of long ago, drawn by lot, that was not asked again yet."""
    answers = [label for label in now.workspace.labels.asked(now.target) if label.track_id in now.labels]
    again = {label.track_id for label in answers if label.asked in schedule.AGAIN}
    since = {label.track_id: len(answers) - place for place, label in enumerate(answers, 1)}
    old = [i for i, ago in since.items() if schedule.may_repeat(ago) and i not in again]
    track_id = now.first_free(_by_lot(old, "repeat", now))
    return None if track_id is None else _question(now, track_id, "repeat", Facts(now.target), hidden=True)


def _aside(now: Situation) -> Question | None:
    """Return the track that was put aside longest ago and may come back."""
    skipped = now.workspace.labels.skipped(now.target)
    track_id = now.first_free(i for i in skipped if i not in now.labels)
    if track_id is None:
        return None
    when = day(datetime.fromisoformat(skipped[track_id].created_at).astimezone(), datetime.now().astimezone())
    return _question(now, track_id, "aside", Facts(now.target, day=when))


def _version(now: Situation) -> Question | None:
    """Return another version of an answered track: the answers should agree."""
    twins = {i: twin for i, twin in now.ranked.versions.items() if i not in now.labels and twin.track_id in now.labels}
    if (track_id := now.first_free(twins)) is None:
        return None
    facts = Facts(now.target, value=now.labels[twins[track_id].track_id].value, twin=twins[track_id].what)
    return _question(now, track_id, "version", facts)


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
