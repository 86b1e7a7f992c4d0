"""Numbers and words as a person reads them."""

from __future__ import annotations

from typing import Any

import pytest

from core.records import Job
from services.jobs import RUNNERS
from ui.components.job_line import VERBS, duration_text, sentence
from ui.components.words import counted, percent


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (1.0, "100 %"), (0.005, "0 %"), (float("nan"), ""), (None, "")]
)
def test_shares(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (12041, "12,041 entries")]
)
def test_counts(number: int, text: str) -> None:
    assert counted(number, "entry", "entries") == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 s"), (89, "89 s"), (90, "2 min"), (5399, "1 h 30 min"), (7200, "2 h 0 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("state", "progress", "text"),
    [
        ("queued", {}, "Listening: starting"),
        ("running", {"done": 0, "total": 0}, "Listening: starting"),
        ("running", {"done": 1, "total": 4}, "Listening: 1 of 4"),
        ("running", {"done": 1, "total": 4, "realtime_factor": 182.4}, "Listening: 1 of 4 · 182 x real time"),
        ("running", {"done": 4, "total": 4, "seconds_left": 0.0}, "Listening: 4 of 4 · 1 s left"),
        (
            "running",
            {"sentence": "Learning from all 50 answers", "done": 1, "total": 2},
            "Learning from all 50 answers",
        ),
        ("paused", {"done": 1000, "total": 4000}, "Listening: paused at 1,000 of 4,000"),
        ("paused", {}, "Listening: paused at 0 of 0"),
    ],
)
def test_a_job_is_one_sentence(state: str, progress: dict[str, Any], text: str) -> None:
    assert sentence(Job(1, "analyze", "analysis", state, progress=progress)) == text


def test_every_kind_of_job_has_a_verb() -> None:
    assert set(VERBS) == set(RUNNERS)
