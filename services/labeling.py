"""Answering: what is asked, what the person says, taking it back; the same verbs for both front doors."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from core.errors import EarmarkError
from core.records import Label, Question
from data.labels import Event
from labeling.reasons import why
from labeling.schedule import AGAIN
from labeling.targets import check_value
from services import genres, targets
from services.scope import TAKEN_BACK
from services.workspace import Workspace

DEFAULT_TARGET = "rating"
SKIPS = ("not now", "don't know", "never")
DESK = "desk"  # setting: {"asks", "blind", "only"}
MODES = ("blind", "only")  # hide what it is and what is guessed; show one target only


def active_target(workspace: Workspace) -> str:
    """Return the target that decides what the desk asks."""
    return asks(workspace)[0]


def asks(workspace: Workspace) -> list[str]:
    """Return the targets the desk asks in one go."""
    wanted = _desk(workspace).get("asks") or [workspace.settings.get("target", DEFAULT_TARGET)]
    known = targets.every(workspace)
    return [name for name in wanted if name in known] or [DEFAULT_TARGET]  # an own target may be gone


def choose_target(workspace: Workspace, target: str) -> None:
    """Let the desk ask about another target; as `choose_asks` with one."""
    choose_asks(workspace, [target])


def choose_asks(workspace: Workspace, names: Sequence[str]) -> list[str]:
    """Let the desk ask about some targets in one go; the first decides which tracks.

    Raises
    ------
    EarmarkError
        There is no such target, or none is named.
    """
    chosen = list(dict.fromkeys(targets.get(workspace, name).name for name in names))
    if not chosen:
        raise EarmarkError(f"Name what to ask about: {', '.join(targets.every(workspace))}.")
    workspace.settings.set(DESK, {**_desk(workspace), "asks": chosen})
    return chosen


def mode(workspace: Workspace) -> dict[str, bool]:
    """Return whether the desk is blind (hides artist, title and guess), and whether it shows one target only."""
    kept = _desk(workspace)
    return {name: bool(kept.get(name)) for name in MODES}


def choose_mode(workspace: Workspace, **modes: bool) -> dict[str, bool]:
    """Switch modes of the desk on or off; those not named stay."""
    workspace.settings.set(DESK, {**_desk(workspace), **{name: on for name, on in modes.items() if name in MODES}})
    return mode(workspace)


def _desk(workspace: Workspace) -> dict[str, Any]:
    return dict(workspace.settings.get(DESK) or {})


def choices(workspace: Workspace, target: str) -> list[str]:
    """Return the answers of a target, the best first; of genres those that were given, then the first guesses."""
    about = targets.get(workspace, target)
    if about.classes is None:
        given = workspace.labels.counts().get(about.name, {})
        return list(dict.fromkeys([*given, *genres.first_guesses(workspace, given)]))
    return list(reversed(about.classes)) if about.kind == "ordered" else list(about.classes)


def answer(
    workspace: Workspace,
    track_id: int,
    target: str,
    value: str,
    *,
    event_id: str | None = None,
    shown: Mapping[str, float] | None = None,
    asked: str | None = None,
) -> dict[str, Any]:
    """Keep a person's answer, with the question's reason and the prediction shown; a known event id changes nothing.

    Parameters
    ----------
    event_id : str, optional
        Made by the client, so that sending twice writes once.
    shown : mapping of class to probability, optional
        What stood on the screen; where nothing did, and for a surprise check always, the guess kept with the question.
    asked : str, optional
        Why it was asked, as a code of `labeling.reasons`, where a page asked and not the desk: "doubt"; empty where
        nobody did. By default what the question says that waits.

    Returns
    -------
    dict
        The event as history lists it.
    """
    about = targets.get(workspace, target)
    target, value = about.name, check_value(about, value)
    event_id = event_id or str(uuid.uuid4())
    workspace.tracks.get(track_id)
    question = workspace.questions.get(track_id, target) or Question(track_id, target)
    if asked is not None:  # in full sight of title and guess: no surprise check and no blind repeat
        question = replace(question, asked=asked, reason="", guess_hidden=False)
    on_screen = {} if question.guess_hidden else shown
    run = workspace.model_runs.current(target)
    label = Label(
        event_id=event_id,
        track_id=track_id,
        target=target,
        value=value,
        reason=question.reason or None,
        shown=dict(on_screen or question.proba) or None,
        model_run=None if run is None else run.id,
        asked=question.asked or None,
        guess_hidden=not on_screen,
    )
    workspace.labels.add([label])
    workspace.questions.close([track_id], target)
    return event_as_json(workspace, _event(workspace, event_id))


def skip(
    workspace: Workspace,
    track_id: int,
    target: str = DEFAULT_TARGET,
    kind: str = "not now",
    *,
    event_id: str | None = None,
) -> dict[str, Any]:
    """Put a track aside: it comes back later ("not now", "don't know") or not at all ("never").

    Raises
    ------
    EarmarkError
        There is no such target, track or way of putting aside.
    """
    target = targets.get(workspace, target).name
    if kind not in SKIPS:
        raise EarmarkError(f"{kind!r} is no way of putting a track aside. Choose one of: {', '.join(SKIPS)}.")
    event_id = event_id or str(uuid.uuid4())
    workspace.tracks.get(track_id)
    workspace.labels.skip(event_id, track_id, target, kind)
    workspace.questions.close([track_id], target)
    return event_as_json(workspace, _event(workspace, event_id))


def undo(workspace: Workspace, n: int = 1, *, event_id: str | None = None) -> list[dict[str, Any]]:
    """Take back the newest answers; each track waits first in line again.

    Parameters
    ----------
    n : int
        How many.
    event_id : str, optional
        The undo's own id, for one undo that may be sent twice.
    """
    undone = []
    for _ in range(n):
        event = workspace.labels.undo_last(event_id or str(uuid.uuid4()))
        if event is None:
            break
        workspace.questions.ask([_asked_before(workspace, event)], first=True)
        undone.append(event_as_json(workspace, event))
    return undone


def _asked_before(workspace: Workspace, event: Event) -> Question:
    """Return the question of an answer that is taken back; one about an answered track stays what it was."""
    label = workspace.labels.by_event([event.event_id]).get(event.event_id)
    asked = label.asked if label is not None and label.asked in AGAIN else TAKEN_BACK
    return Question(
        event.track_id,
        event.target,
        why(TAKEN_BACK),
        strategy=TAKEN_BACK,
        asked=asked,
        guess_hidden=asked == "repeat",
    )


def next_questions(
    workspace: Workspace, target: str | None = None, n: int = 1, strategy: str | None = None
) -> list[dict[str, Any]]:
    """Return the tracks that would teach most now, with the reason and what the quick models think.

    Nothing that is left out, outside the chosen part or on a drive that is away; `services.scope.why_nothing` says so
    when nothing is left.

    Parameters
    ----------
    target : str, optional
        The one the desk asks about by default.
    n : int
    strategy : str, optional
        A name of `labeling.queue.STRATEGIES`; the usual order by default.
    """
    from labeling.queue import DEFAULT, check_strategy
    from services.asking import rank_now
    from services.learning import FeatureCache

    target = targets.get(workspace, target or active_target(workspace)).name
    check_strategy(strategy or DEFAULT)
    ranked = rank_now(workspace, target, FeatureCache(workspace).read(), n=n, strategy=strategy or DEFAULT)
    tracks = workspace.tracks.many([question.track_id for question in ranked.questions])
    return [
        {
            "id": question.track_id,
            "path": tracks[question.track_id].path,
            "title": tracks[question.track_id].title,
            "artist": tracks[question.track_id].artist,
            "score": round(question.score, 4),
            "reason": question.reason,
            "probabilities": question.proba,
        }
        for question in ranked.questions
    ]


def history(workspace: Workspace, limit: int | None = 50) -> list[dict[str, Any]]:
    """Return answers and skips, newest first, those taken back among them."""
    events = workspace.labels.history(limit=limit)
    titles = workspace.tracks.many({event.track_id for event in events})
    return [_as_json(event, titles[event.track_id].title) for event in events]


def acts(workspace: Workspace, limit: int = 50) -> list[dict[str, Any]]:
    """Return the whole acts that can be taken back, newest first."""
    return [asdict(act) for act in workspace.acts.all(limit=limit)]


def undo_act(workspace: Workspace, act_id: int) -> dict[str, Any]:
    """Take back a whole act: an import of labels or a library, a merge, an exclusion, accepted tags.

    Returns
    -------
    dict
        {"act", "restored", "kept"}: rows that are again as they were, and rows changed since, which stay.
    """
    return asdict(workspace.acts.undo(act_id))


def event_as_json(workspace: Workspace, event: Event) -> dict[str, Any]:
    """Return an event with its track's title."""
    return _as_json(event, workspace.tracks.get(event.track_id).title)


def _event(workspace: Workspace, event_id: str) -> Event:
    event = workspace.labels.event(event_id)
    if event is None:
        raise EarmarkError(f"The answer {event_id} was not kept. Please answer again.")
    return event


def _as_json(event: Event, title: str) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "kind": event.kind,
        "track": event.track_id,
        "title": title,
        "target": event.target,
        "value": event.value,
        "source": event.source,
        "created_at": event.created_at,
        "undone_at": event.undone_at,
    }
