"""The mirror: every label that speaks, in a plain table beside the database, readable without Earmark."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from core.errors import EarmarkError
from core.records import Label, Track
from data.exchange import labels_csv
from data.exchange.files import one_line
from services import targets
from services.library import label_paths
from services.workspace import Workspace

log = logging.getLogger(__name__)

FILE_NAME = "labels.csv"
EXTRA = ("title", "artist", "source", "created_at")  # behind path, target and value: for people
MIRRORED = "mirrored"  # setting: the state of the labels and targets that the file shows
RESTORED = "restored"  # setting: another one after each restore


def mirror(workspace: Workspace) -> Path | None:
    """Write the labels that speak now to labels.csv in the home, if one changed since it was last written.

    A track without a file stands there as "apple:<Persistent ID>", else as "track:<number>".

    Returns
    -------
    Path or None
        The file, up to date; None when there is nothing to show yet, or it could not be written, which is logged: what
        was to be done goes on without it.
    """
    path = workspace.home / FILE_NAME
    try:
        state = _state(workspace)
        if path.exists() and workspace.settings.get(MIRRORED) == state:
            return path
        rows = _rows(workspace)
        if not rows and not path.exists():
            return None
        labels_csv.write(path, rows, extra=EXTRA, definitions=targets.definitions(workspace))
        workspace.settings.set(MIRRORED, state)
    except (EarmarkError, OSError) as error:
        log.warning("%s could not be written: %s", path, error)
        return None
    return path


def _state(workspace: Workspace) -> list[Any]:
    """Return what changes with every label, undo, target and restore; a list, as JSON gives it back."""
    return [*workspace.labels.newest_id(), workspace.targets.stamp(), workspace.settings.get(RESTORED)]


def _rows(workspace: Workspace) -> list[tuple[str, ...]]:
    tracks = {track.id: track for track in workspace.tracks.all()}
    names = label_paths(workspace)
    rows = [
        _row(names[track_id], tracks[track_id], label)
        for target in workspace.labels.counts()
        for track_id, label in workspace.labels.current(target).items()
    ]
    return sorted(rows)


def _row(path: str, track: Track, label: Label) -> tuple[str, ...]:
    about = (one_line(track.title), one_line(track.artist or ""), label.source, label.created_at)
    return path, label.target, label.value, *about
