"""Answering: what is asked, what the person says, taking it back; the same verbs for both front doors."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.errors import EarmarkError
from core.records import Label, Question
from data.labels import Event
from labeling.targets import TARGETS, check_value, get
from services.scope import TAKEN_BACK
from services.workspace import Workspace

DEFAULT_TARGET = "rating"
SKIPS = ("not now", "don't know", "never")


def active_target(workspace: Workspace) -> str:
    """Return the target the desk asks about."""
    return str(workspace.settings.get("target", DEFAULT_TARGET))


def choose_target(workspace: Workspace, target: str) -> None:
    """Let the desk ask about another target.

    Raises
    ------
    EarmarkError
        There is no such target.
    """
    if target not in TARGETS:
        raise EarmarkError(f"There is nothing called {target} to answer. Choose one of: {', '.join(TARGETS)}.")
    workspace.settings.set("target", target)


def answer(
    workspace: Workspace,
    track_id: int,
    target: str,
    value: str,
    *,
    event_id: str | None = None,
    shown: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Keep a person's answer, with the question's reason and the prediction shown; a known event id changes nothing.

    Parameters
    ----------
    event_id : str, optional
        Made by the client, so that sending twice writes once.
    shown : mapping of class to probability, optional
        What stood on the screen; by default the guess of the moment the question was chosen.

    Returns
    -------
    dict
        The event as history lists it.
    """
    value = check_value(target, value)
    event_id = event_id or str(uuid.uuid4())
    workspace.tracks.get(track_id)
    question = workspace.questions.get(track_id, target) or Question(track_id, target)
    run = workspace.model_runs.current(target)
    label = Label(
        event_id=event_id,
        track_id=track_id,
        target=target,
        value=value,
        reason=question.reason or None,
        shown=dict(shown or question.proba) or None,
        model_run=None if run is None else run.id,
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
    target = get(target).name
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
        question = Question(event.track_id, event.target, reason="You took your answer back.", strategy=TAKEN_BACK)
        workspace.questions.ask([question], first=True)
        undone.append(event_as_json(workspace, event))
    return undone


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
    from services.learning import FeatureCache, rank_now

    target = get(target or active_target(workspace)).name
    ranked = rank_now(workspace, target, FeatureCache(workspace).read(), n=n, strategy=strategy or "auto")
    tracks = workspace.tracks.many([track_id for track_id, _, _ in ranked.questions])
    return [
        {
            "id": track_id,
            "path": tracks[track_id].path,
            "title": tracks[track_id].title,
            "artist": tracks[track_id].artist,
            "score": round(score, 4),
            "reason": reason,
            "probabilities": {} if ranked.quick is None else ranked.quick.of(track_id),
        }
        for track_id, score, reason in ranked.questions
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
