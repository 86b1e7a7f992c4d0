"""Visits: when the person was here last, what came since, and the line that welcomes them back."""

from __future__ import annotations

from data.db import now
from services import drives
from services.workspace import Workspace

SETTING = "visit"  # {"last": until when they were here before, "now": since when now, "seen": until when now}


def arrive(workspace: Workspace) -> None:
    """Begin a visit: what was the present one becomes the last."""
    before = workspace.settings.get(SETTING) or {}
    moment = now()
    workspace.settings.set(SETTING, {"last": before.get("seen"), "now": moment, "seen": moment})


def stay(workspace: Workspace) -> None:
    """Note that the person is still here: what comes from now on is new to them next time."""
    visit = workspace.settings.get(SETTING) or {}
    workspace.settings.set(SETTING, {**visit, "seen": now()})


def new_tracks(workspace: Workspace) -> set[int]:
    """Return the tracks that came since the last visit; on the first visit none is new."""
    last = (workspace.settings.get(SETTING) or {}).get("last")
    return set() if last is None else workspace.tracks.added_after(last)


def welcome(workspace: Workspace) -> str | None:
    """Say what waits: "Welcome back: 214 rated, 38 new tracks, model 12 ratings behind."; None on the first visit.

    Drives that are not connected have a sentence each after it. None too once `welcomed` was told it was read.
    """
    visit = workspace.settings.get(SETTING) or {}
    if not visit.get("last") or visit.get("welcomed"):
        return None
    rated = sum(workspace.labels.counts().get("rating", {}).values())
    parts = [
        f"{rated:,} rated" if rated else "",
        _counted(len(new_tracks(workspace)), "new track"),
        _behind(workspace, rated),
    ]
    said = ", ".join(part for part in parts if part)
    greeting = f"Welcome back: {said}." if said else "Welcome back."
    return " ".join([greeting, *(away.sentence for away in drives.away(workspace))])


def _behind(workspace: Workspace, rated: int) -> str:
    """Say how many ratings are newer than the current model; without a model nothing is behind."""
    run = workspace.model_runs.current("rating")
    newer = 0 if run is None else max(0, rated - run.labels)
    return f"model {_counted(newer, 'rating')} behind" if newer else ""


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""


def welcomed(workspace: Workspace) -> None:
    """Note that the line of this visit was read: it does not come again before the next."""
    visit = workspace.settings.get(SETTING) or {}
    workspace.settings.set(SETTING, {**visit, "welcomed": True})
