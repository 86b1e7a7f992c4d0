"""What a browser tab holds, and what each of its events does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.errors import EarmarkError
from core.records import Question
from services import labeling, scope, targets
from services.workspace import Workspace


@dataclass
class Tab:
    """One browser tab and the tracks it holds, the one on screen first."""

    seen: float
    tracks: list[int] = field(default_factory=list)
    shown: set[int] = field(default_factory=set)  # were on its screen: an undo may go back past them
    chosen: int | None = None  # a track the person put on the screen; the line waits behind it
    open: int | None = None  # a track of which one answer is given and another one still asked
    asked: Question | None = None  # how the track on the screen was asked: its answer closes the question
    generation: int = 0  # of the ranking it was given its tracks from

    def asked_about(self, track_id: int) -> Question | None:
        """Return how a track was asked of which an answer is still open."""
        return self.asked if self.asked is not None and track_id == self.open == self.asked.track_id else None


def _take_label(workspace: Workspace, tab: Tab, event: dict[str, Any]) -> None:
    target, track_id = str(event["target"]), int(event["track"])
    shown = {str(name): float(p) for name, p in dict(event.get("shown") or {}).items()}
    tab.asked = workspace.questions.get(track_id, target) or tab.asked
    unasked = "" if tab.chosen == track_id else None  # put on the screen by the person, in full sight of the guess
    value, event_id = str(event["value"]), str(event["id"])
    labeling.answer(workspace, track_id, target, value, event_id=event_id, shown=shown, asked=unasked)
    asked = labeling.asks(workspace)
    if target not in asked:
        return
    standing = workspace.labels.of_track(track_id)
    if all(name in standing and workspace.questions.get(track_id, name) is None for name in asked):
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
        if undone["target"] not in targets.every(workspace):
            continue  # it is not asked any more
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
