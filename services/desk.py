"""The rating desk: which track each browser tab shows, and every key press kept exactly once.

The player in each tab sends a message every second, and at once after a key. A message carries the events
not yet acknowledged and the track on screen; the reply acknowledges what is on disk and says what comes next. Events
carry ids made by the tab, so a message may be sent again any number of times.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

from core.errors import EarmarkError, StorageError
from core.records import ANALYSED_STATES, Question, Track
from labeling.reasons import FIRST, why
from labeling.schedule import AGAIN
from services import checks, figures, labeling, scope
from services.asking import Learner, Ranked, put_aside
from services.cards import Cards
from services.tabs import HANDLERS, TURNING, Tab
from services.workspace import Workspace

TAB_LIFE = 4.0  # seconds without a message after which a tab's tracks may be shown elsewhere
AHEAD = 5  # the track on screen, the one already loaded, some in reserve for when the server is slow or gone
LEFTOVERS = 200  # tracks looked at while there is no ranking yet
FORGET = 3600.0  # seconds after which a tab that never said goodbye is forgotten
GROWTH = 0.1  # of the library: after so much more was analysed the questions are ranked anew
PATIENCE = 10.0  # seconds after which they are ranked anew for any growth


class Desk:
    """All open tabs of one home; safe to call from any thread."""

    def __init__(self, workspace: Workspace, learner: Learner) -> None:
        self._workspace = workspace
        self._learner = learner
        self._lock = threading.RLock()
        self._tabs: dict[str, Tab] = {}
        self._analysed = 0
        self._noticed = 0.0
        self._choices: object = None
        self._cards = Cards(workspace, learner)

    def sync(self, message: dict[str, Any]) -> dict[str, Any]:
        """Keep a tab's events and say what it shows next.

        Parameters
        ----------
        message : dict
            tab: its id. events: [{id, type: a key of HANDLERS, track, target, value, kind, shown, ...}].
            showing: the track on screen, None when the tab is new.

        Returns
        -------
        dict
            acked: ids of events that are on disk. refused: {id: why}. target, asks: what is asked in one go.
            mode: {blind, only}. matched: whether loud tracks are turned down. targets: what can be asked.
            queue: cards, last: answers, counts, genres, model, scope: what is asked about when that is not everything,
            notice: a sentence when there is nothing to show.
        """
        tab_id = str(message.get("tab") or "")
        with self._lock:
            tab = self._tabs.setdefault(tab_id, Tab(0.0))
            tab.seen = time.monotonic()
            self._forget_old_tabs()
            events = message.get("events") or []
            acked, refused = self._take(tab, events)
            self._notice_new_tracks()
            self._notice_choices()
            target = labeling.active_target(self._workspace)
            turned = any(event.get("type") in TURNING for event in events)
            self._hand_out(tab, target, None if turned else message.get("showing"))
            return {"acked": acked, "refused": refused, **self._cards.view(tab, target, self._choices)}

    def leave(self, tab_id: str) -> None:
        """Forget a tab that was closed; its tracks wait for the next one."""
        with self._lock:
            self._tabs.pop(tab_id, None)

    def forget(self) -> None:
        """Let go of every track: after a restore the same numbers may mean others."""
        with self._lock:
            for tab in self._tabs.values():
                tab.tracks, tab.shown, tab.chosen, tab.open, tab.asked = [], set(), None, None, None
            self._cards.forget()

    def _forget_old_tabs(self) -> None:
        oldest = time.monotonic() - FORGET
        self._tabs = {name: tab for name, tab in self._tabs.items() if tab.seen > oldest}

    # -- events ------------------------------------------------------------------------------------

    def _take(self, tab: Tab, events: Iterable[dict[str, Any]]) -> tuple[list[str], dict[str, str]]:
        acked, refused = [], {}
        for event in events:
            event_id = str(event.get("id") or "")
            try:
                HANDLERS[event["type"]](self._workspace, tab, event)
                acked.append(event_id)
            except StorageError:
                raise  # not kept and not refused: the tab sends it again
            except (EarmarkError, KeyError, TypeError, ValueError, OverflowError) as error:  # never to be sent again
                refused[event_id] = str(error) if isinstance(error, EarmarkError) else "This answer could not be read."
        if acked:
            self._learner.wake(labeling.active_target(self._workspace))
        return acked, refused

    def _notice_new_tracks(self) -> None:
        """Learn from newly analysed tracks, but not after each one: a large library grows every second for hours."""
        counts = self._workspace.tracks.count()
        analysed = sum(counts.get(state, 0) for state in ANALYSED_STATES)
        grown = abs(analysed - self._analysed) > GROWTH * self._analysed
        rested = time.monotonic() - self._noticed > PATIENCE
        if analysed != self._analysed and (grown or rested):
            self._analysed, self._noticed = analysed, time.monotonic()
            self._learner.wake(labeling.active_target(self._workspace))

    def _notice_choices(self) -> None:
        """Rank anew when something was left out, taken in or chosen, wherever that happened."""
        choices = scope.stamp(self._workspace)
        if choices != self._choices:
            self._choices = choices
            self._learner.wake(labeling.active_target(self._workspace))

    # -- handing out tracks --------------------------------------------------------------------------

    def _hand_out(self, tab: Tab, target: str, showing: int | None) -> None:
        """Give a tab the tracks it shows: what is on its screen stays while it may, no track is in two tabs."""
        unwanted = scope.not_asked(self._workspace, target)
        self._close_unwanted(target, unwanted)
        waiting = self._waiting(target)
        taken = self._taken_by_others(tab)
        on_screen = [showing] if isinstance(showing, int) else []
        tab.shown.update(on_screen)
        kept = [
            t for t in dict.fromkeys([*on_screen, *tab.tracks]) if t == tab.open or (t in waiting and t not in taken)
        ]
        ranked = self._learner.ranked(target)
        if ranked is not None and ranked.generation != tab.generation:
            tab.generation = ranked.generation
            stale = [t for t in kept[2:] if t not in tab.shown and t != tab.open and not _stays(waiting[t])]
            self._workspace.questions.close(stale, target)
            kept = [t for t in kept if t not in stale]
            for track_id in stale:
                waiting.pop(track_id, None)
            self._guess_again([waiting[t] for t in kept if t in waiting and t not in tab.shown], ranked)
        free = [t for t in waiting if t not in taken and t not in kept]
        tab.tracks = list(dict.fromkeys([*kept, *free]))[:AHEAD]
        missing = AHEAD - len(tab.tracks)
        if missing > 0:
            fresh = self._choose(target, missing, unwanted | taken | set(tab.tracks), tab.tracks)
            self._workspace.questions.ask(fresh)
            tab.tracks += [question.track_id for question in fresh]

    def _waiting(self, target: str) -> dict[int, Question]:
        """Return the questions that wait; those answered meanwhile by an import are closed."""
        answered = self._workspace.labels.labelled(target)
        waiting = self._workspace.questions.waiting(target)
        settled = [q.track_id for q in waiting if q.track_id in answered and not _is_again(q)]
        if settled:
            self._workspace.questions.close(settled, target)
        return {q.track_id: q for q in waiting if q.track_id not in settled}

    def _guess_again(self, questions: Iterable[Question], ranked: Ranked) -> None:
        """Keep the newest guess with the surprise checks that nobody has seen yet: that one is measured."""
        for question in questions:
            if question.asked == "audit":
                guess = checks.guess_of(self._workspace, question.target, ranked, question.track_id)
                if guess and guess != question.proba:
                    self._workspace.questions.guess(question.track_id, question.target, guess)

    def _close_unwanted(self, target: str, unwanted: frozenset[int]) -> None:
        """Close the questions about tracks left out since, out of scope or on a drive that went away."""
        if unwanted:
            waiting = [question.track_id for question in self._workspace.questions.waiting(target)]
            if closed := [track_id for track_id in waiting if track_id in unwanted]:
                self._workspace.questions.close(closed, target)

    def _taken_by_others(self, tab: Tab) -> set[int]:
        alive = time.monotonic() - TAB_LIFE
        return {t for other in self._tabs.values() if other is not tab and other.seen > alive for t in other.tracks}

    def _choose(self, target: str, n: int, taken: frozenset[int], line: list[int]) -> list[Question]:
        """Choose the next questions: those whose turn it is by schedule, the others from the newest ranking.

        No artist and no album twice in a row where there is a choice.
        """
        candidates = self._ordinary(target, taken | self._workspace.labels.labelled(target), line)
        ranked, waiting = self._learner.ranked(target), self._workspace.questions.waiting(target)
        tracks = self._workspace.tracks.many([q.track_id for q in candidates] + line)
        candidates = [q for q in candidates if checks.can_be_asked(tracks.get(q.track_id))]
        before = tracks.get(line[-1]) if line else None
        chosen: list[Question] = []
        while len(chosen) < n:
            fitting = [q for q in candidates if not checks.clash(tracks[q.track_id], before)]
            question = self._special(target, ranked, taken, [*waiting, *chosen], before if fitting else None)
            if question is None:
                if not candidates:
                    break
                question = (fitting or candidates)[0]
            candidates = [q for q in candidates if q.track_id != question.track_id]
            chosen.append(question)
            if question.asked == "audit":
                self._workspace.questions.ask(self._checked_too(question.track_id))
            before = tracks.get(question.track_id) or self._workspace.tracks.get(question.track_id)
        return chosen

    def _special(
        self, target: str, ranked: Ranked | None, taken: frozenset[int], waiting: list[Question], before: Track | None
    ) -> Question | None:
        """Return the question whose turn it is by schedule, unless it would follow a track of its own artist."""
        if ranked is None:
            return None
        taken |= {question.track_id for question in waiting}
        question = checks.special(self._workspace, target, ranked, taken, waiting=waiting)
        if question is None or checks.clash(self._workspace.tracks.get(question.track_id), before):
            return None
        return question

    def _checked_too(self, track_id: int) -> list[Question]:
        """Return the checks of the other targets asked in one go: what was drawn by lot for one is so for all."""
        others = []
        for name in labeling.asks(self._workspace)[1:]:
            ranked = self._learner.ranked(name)
            guess = {} if ranked is None else checks.guess_of(self._workspace, name, ranked, track_id)
            if guess and track_id not in self._workspace.labels.labelled(name):
                others.append(
                    Question(track_id, name, why("audit"), guess, "by schedule", asked="audit", guess_hidden=True)
                )
        return others

    def _ordinary(self, target: str, taken: frozenset[int], line: list[int]) -> list[Question]:
        """Return the ordinary questions that could come next, the best first."""
        candidates = self._candidates(target, taken | put_aside(self._workspace, target))
        if not candidates and not line:  # nothing else is left: what was put aside a moment ago may come back
            candidates = self._leftovers(target, taken | put_aside(self._workspace, target, recent=False))
        return candidates

    def _candidates(self, target: str, taken: frozenset[int]) -> list[Question]:
        ranked, seed = self._learner.ranked(target), figures.seed(self._workspace)
        listed = [] if ranked is None else [q for q in ranked.questions if q.track_id not in taken]
        questions = [checks.ordinary(question, seed=seed) for question in listed]
        if len(questions) >= 2 * AHEAD:
            return questions
        return questions + self._leftovers(target, taken | {q.track_id for q in questions})

    def _leftovers(self, target: str, taken: frozenset[int]) -> list[Question]:
        """Return analysed tracks the ranking does not name: before its first result, and what was put aside last."""
        tracks = self._workspace.tracks.unanswered(target, limit=LEFTOVERS, without=taken)
        return [Question(t.id, target, FIRST, {}, "in turn", asked="line") for t in tracks]

    @property
    def heard_from(self) -> float:
        """The moment, of time.monotonic, at which a tab last spoke; 0 when none is open."""
        return max((tab.seen for tab in list(self._tabs.values())), default=0.0)


def _stays(question: Question) -> bool:
    """Say whether a question is not replaced by a newer ranking: it was taken back, or it is one by schedule."""
    return question.strategy == labeling.TAKEN_BACK or question.asked in checks.STAY


def _is_again(question: Question) -> bool:
    """Say whether a question is about a track that has an answer: asked again, or the newest one taken back."""
    return question.strategy == labeling.TAKEN_BACK or question.asked in AGAIN
