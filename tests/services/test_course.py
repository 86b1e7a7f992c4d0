"""A track's course: in words and numbers that page and terminal can show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audio.descriptors import ROW_NAMES
from core.records import Outline
from services.course import SILENT_DB, course
from services.workspace import Workspace


def outline(parts: int = 12, loudness: float | None = -14.23) -> Outline:
    means = np.zeros((parts, len(ROW_NAMES)), np.float32)
    means[:, ROW_NAMES.index("rms")] = 0.1
    means[0, ROW_NAMES.index("rms")] = 0.0
    means[:, ROW_NAMES.index("spectral_centroid")] = 1500.0
    return Outline(loudness, 0.5, 21.26, np.array([0.0, 20.0, 41.0]), np.zeros(400, np.uint8), means)


def test_a_course_covers_the_track_from_beginning_to_end(workspace: Workspace, fill: Any) -> None:
    [track] = fill(1)
    workspace.outlines.put(track, outline(), 1)
    found = course(workspace, track)
    assert found is not None
    assert (found["loudness"], found["peak"], found["telling"]) == (-14.2, -6.0, 21.3)
    assert found["segments"] == [
        {"start": 0.0, "end": 20.0}, {"start": 20.0, "end": 41.0}, {"start": 41.0, "end": 60.0},
    ]  # fmt: skip
    assert len(found["parts"]) == 12 and found["parts"][0]["start"] == 0.0 and found["parts"][-1]["end"] == 60.0
    assert [part["level"] for part in found["parts"][:2]] == [SILENT_DB, pytest.approx(-20.0, abs=0.1)]
    assert {part["brightness"] for part in found["parts"]} == {1500}


def test_silence_has_a_course_too(workspace: Workspace, fill: Any) -> None:
    [track] = fill(1)
    silent = Outline(None, 0.0, 0.0, np.zeros(1), np.zeros(400, np.uint8), np.zeros((1, len(ROW_NAMES))))
    workspace.outlines.put(track, silent, 1)
    found = course(workspace, track)
    assert found is not None and found["loudness"] is None and found["peak"] == SILENT_DB
    assert found["segments"] == [{"start": 0.0, "end": 60.0}]


def test_a_track_not_heard_whole_has_none(workspace: Workspace, fill: Any) -> None:
    assert course(workspace, fill(1)[0]) is None
