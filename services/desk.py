"""The rating desk: which track each browser tab shows, and every key press kept exactly once.

The player in each tab sends a message every second, and at once after a key. A message carries the events
not yet acknowledged and the track on screen; the reply acknowledges what is on disk and says what comes next. Events
carry ids made by the tab, so a message may be sent again any number of times.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import EarmarkError, StorageError
from core.records import ANALYSED_STATES, Label, Question, Track
from labeling.reasons import FIRST, outcome, why
from labeling.targets import Target
from services import checks, figures, genres, labeling, scope, targets
from services.asking import Learner, Ranked, put_aside
from services.learning import Quick
from services.sound import Signer
from services.workspace import Workspace

TAB_LIFE = 4.0  # seconds without a message after which a tab's tracks may be shown elsewhere
AHEAD = 5  # the track on screen, the one already loaded, some in reserve for when the server is slow or gone
LEFTOVERS = 200  # tracks looked at while there is no ranking yet
FORGET = 3600.0  # seconds after which a tab that never said goodbye is forgotten
GROWTH = 0.1  # of the library: after so much more was analysed the questions are ranked anew
PATIENCE = 10.0  # seconds after which they are ranked anew for any growth
STRIP = 5  # last answers shown
SHOWN = 3  # classes of a guess
LISTEN_FROM = 1 / 3  # of the track, until the telling moment is known
MIME = {
    ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".mp4": "audio/mp4", ".aac": "audio/aac", ".flac": "audio/flac",
    ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg; codecs=opus", ".wav": "audio/wav",
    ".aif": "audio/aiff", ".aiff": "audio/aiff", ".wma": "audio/x-ms-wma",
}  # fmt: skip


@dataclass
class Tab:
    """One browser tab and the tracks it holds, the one on screen first."""

    seen: float
    tracks: list[int] = field(default_factory=list)
    shown: set[int] = field(default_factory=set)  # were on its screen: an undo may go back past them
    chosen: int | None = None  # a track the person put on the screen; the line waits behind it
    open: int | None = None  # a track of which one answer is given and another one still asked
    asked: Question | None = None  # how the track on the screen was asked: its answer closes the question

    def asked_about(self, track_id: int) -> Question | None:
        """Return how a track was asked of which an answer is still open."""
        return self.asked if self.asked is not None and track_id == self.open == self.asked.track_id else None

    generation: int = 0


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
        self._counted: tuple[object, dict[str, dict[str, int]]] | None = None
        self._signer = Signer(workspace)

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
            mode: {blind, only}. targets: what can be asked. queue: cards, last: answers, counts, genres, model, scope:
            what is asked about when that is not everything, notice: a sentence when there is nothing to show.
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
            return {"acked": acked, "refused": refused, **self._view(tab, target)}

    def leave(self, tab_id: str) -> None:
        """Forget a tab that was closed; its tracks wait for the next one."""
        with self._lock:
            self._tabs.pop(tab_id, None)

    def forget(self) -> None:
        """Let go of every track: after a restore the same numbers may mean others."""
        with self._lock:
            for tab in self._tabs.values():
                tab.tracks, tab.shown, tab.chosen, tab.open = [], set(), None, None
            self._counted = None

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
        """Return the questions that wait, without those answered meanwhile by an import."""
        answered = self._workspace.labels.labelled(target)
        waiting = self._workspace.questions.waiting(target)
        return {q.track_id: q for q in waiting if q.track_id not in answered or q.asked in checks.AGAIN}

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
        candidates = [q for q in candidates if _can_be_asked(tracks.get(q.track_id))]
        before = tracks.get(line[-1]) if line else None
        chosen: list[Question] = []
        while len(chosen) < n:
            question = self._special(target, ranked, taken, [*waiting, *chosen], before)
            if question is None:
                if not candidates:
                    break
                question = next((q for q in candidates if not checks.clash(tracks[q.track_id], before)), candidates[0])
            candidates = [q for q in candidates if q.track_id != question.track_id]
            chosen.append(question)
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

    # -- what a tab sees -----------------------------------------------------------------------------

    def _view(self, tab: Tab, target: str) -> dict[str, Any]:
        counts = self._label_counts()
        answered = {name: sum(values.values()) for name, values in counts.items()}
        known, mode = targets.every(self._workspace), labeling.mode(self._workspace)
        shown = ([] if tab.chosen is None else [tab.chosen]) + [t for t in tab.tracks if t != tab.chosen]
        return {
            "target": target,
            "asks": labeling.asks(self._workspace),
            "mode": mode,
            "targets": [_target(about, answered.get(name, 0)) for name, about in known.items()],
            "queue": self._cards(tab, shown, target, blind=mode["blind"]),
            "last": self._last_answers(),
            "counts": answered,
            "genres": self._genres(counts.get("genre", {})),
            "model": self._model(target),
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

    def _model(self, target: str) -> dict[str, Any]:
        """Return the current model's name, and how many answers are newer; before the first, all of them are."""
        run = self._workspace.model_runs.current(target)
        labels = self._workspace.memo.get(
            f"learnable {target}",
            lambda: scope.count_learnable(self._workspace, target),
            choices=(self._workspace.labels.newest_id(), self._choices),
        )
        return {
            "name": None if run is None else run.family,
            "newer": max(0, labels - (0 if run is None else run.labels)),
        }

    def _cards(self, tab: Tab, track_ids: list[int], target: str, *, blind: bool) -> list[dict[str, Any]]:
        tracks = self._workspace.tracks.many(track_ids)
        questions = {q.track_id: q for q in self._workspace.questions.waiting(target)}
        earlier = self._workspace.labels.withdrawn(track_ids, target)
        cards = []
        for track_id in track_ids:
            if track_id in tracks:
                question = None if track_id == tab.chosen else questions.get(track_id) or tab.asked_about(track_id)
                card = self._card(tracks[track_id], question, hides=blind)
                card["labels"] = self._standing(track_id, questions.get(track_id))
                card["chosen"] = track_id == tab.chosen
                card["earlier"] = {target: earlier[track_id]} if track_id in earlier else {}
                cards.append(card)
        return cards

    def _card(self, track: Track, question: Question | None, *, hides: bool) -> dict[str, Any]:
        token = self._signer.token(track.id)
        suffix = Path(track.path or "").suffix.lower()
        hidden = question is not None and question.guess_hidden
        return {
            "id": track.id,
            "title": track.title,
            "artist": track.artist or "Unknown artist",
            "album": track.album,
            "year": track.year,
            "duration": track.duration,
            "start": round((track.duration or 0) * LISTEN_FROM, 1),
            "src": f"/earmark/audio/{token}",
            "mime": MIME.get(suffix, ""),
            "cover": f"/earmark/cover/{token}",
            "reason": question.reason if question else why("chosen"),
            "asked": "listen" if hidden else question.asked if question else "chosen",
            "hidden": hidden,
            "guesses": {}
            if hides
            else self._guesses(track.id, without=question.target if question and hidden else None),
        }

    def _standing(self, track_id: int, question: Question | None) -> dict[str, str]:
        """Return the answers that stand, but for the one that is asked about blindly again."""
        labels = {name: label.value for name, label in self._workspace.labels.of_track(track_id).items()}
        if question is not None and question.guess_hidden:
            labels.pop(question.target, None)
        return labels

    def _guesses(self, track_id: int, *, without: str | None = None) -> dict[str, Any]:
        guesses = {}
        for name in targets.every(self._workspace):
            if name == without:
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

    @property
    def heard_from(self) -> float:
        """The moment, of time.monotonic, at which a tab last spoke; 0 when none is open."""
        return max((tab.seen for tab in list(self._tabs.values())), default=0.0)


def _can_be_asked(track: Track | None) -> bool:
    return track is not None and track.state in ANALYSED_STATES and track.path is not None


def _stays(question: Question) -> bool:
    """Say whether a question is not replaced by a newer ranking: it was taken back, or it is one by schedule."""
    return question.strategy == labeling.TAKEN_BACK or question.asked in checks.STAY


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
    return {"guessed": guess, "right": guess == label.value, "sentence": outcome(guess, label.value)}


# -- events -----------------------------------------------------------------------------------------------


def _take_label(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    target, track_id = str(event["target"]), int(event["track"])
    shown = {str(name): float(p) for name, p in dict(event.get("shown") or {}).items()}
    tab.asked = workspace.questions.get(track_id, target) or tab.asked
    labeling.answer(workspace, track_id, target, str(event["value"]), event_id=str(event["id"]), shown=shown)
    asked = labeling.asks(workspace)
    if target not in asked:
        return
    if all(name in workspace.labels.of_track(track_id) for name in asked):
        _let_go(tab, track_id)
    else:
        tab.open = track_id


def _take_skip(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    target, track_id = str(event["target"]), int(event["track"])
    kind = str(event.get("kind") or "not now")
    labeling.skip(workspace, track_id, target, kind, event_id=str(event["id"]))
    _let_go(tab, track_id)


def _take_undo(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    for undone in labeling.undo(workspace, event_id=str(event["id"])):
        if undone["target"] not in labeling.asks(workspace):
            labeling.choose_asks(workspace, [undone["target"]])
            tab.tracks.clear()
        _let_go(tab, undone["track"])
        tab.tracks.insert(0, undone["track"])


def _take_target(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    labeling.choose_asks(workspace, [str(event["value"])])
    tab.tracks.clear()


def _take_asks(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    labeling.choose_asks(workspace, [str(name) for name in event["value"]])
    tab.tracks.clear()


def _take_mode(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    labeling.choose_mode(workspace, **{name: bool(event[name]) for name in labeling.MODES if name in event})


def _take_play(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    track = workspace.tracks.get(int(event["track"]))
    if track.path is None:
        raise EarmarkError(f"{track.title} has no file here that can be played.")
    tab.chosen = track.id


def _take_leave(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    _let_go(tab, int(event["track"]))


def _take_scope(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    scope.choose(workspace, str(event.get("kind") or scope.EVERYTHING), event.get("value"))


def _let_go(tab: Tab, track_id: int) -> None:
    if tab.chosen == track_id:
        tab.chosen = None
    if tab.open == track_id:
        tab.open = None
    if track_id in tab.tracks:
        tab.tracks.remove(track_id)


HANDLERS = {
    "label": _take_label,
    "skip": _take_skip,
    "undo": _take_undo,
    "target": _take_target,
    "asks": _take_asks,
    "mode": _take_mode,
    "play": _take_play,  # put a track on the screen
    "leave": _take_leave,  # let it go again, answered or not
    "scope": _take_scope,
}
TURNING = ("undo", "target", "asks", "scope", "play")  # what is on the screen may be another track afterwards
