"""Comparing two homes: what is the same is said to be, and every kind of difference is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.common import answer, fill
from benchmarks.interrupted import compare, facts_of
from core.records import Outline
from services.workspace import Workspace


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Workspace, Workspace]:
    """Give two homes with the same tracks, answers, features and outlines."""
    one = Workspace(tmp_path / "one")
    made = fill(one, 6)
    answer(one, made, "rating", 4)
    course = np.arange(3, dtype=np.float32)
    one.outlines.put(made.ids[0], Outline(-12.0, 0.5, 3.0, course, np.zeros(400, np.uint8), course[None]), 1)
    shutil.copytree(one.home, tmp_path / "other")
    return one, Workspace(tmp_path / "other")


def test_homes_that_hold_the_same_are_the_same(homes: tuple[Workspace, Workspace]) -> None:
    assert compare(*homes) == ([], 0.0)
    assert len([name for name in facts_of(homes[0]) if name.startswith("answer")]) == 4


@pytest.mark.parametrize(
    ("what", "named"),
    [("state", "track 2"), ("feature", "musicnn of track 1"), ("answer", "answer rating"), ("outline", "outline of")],
)
def test_what_differs_is_named(homes: tuple[Workspace, Workspace], what: str, named: str) -> None:
    one, other = homes
    if what == "state":
        other.tracks.mark(2, "unreadable", "the file is empty")
    elif what == "feature":
        vector = one.features.of_track(1)["musicnn"]
        other.features.put(1, {"musicnn": vector * 1.001}, {"musicnn": 1})
    elif what == "answer":
        other.labels.undo_last("taken back")
    else:
        outline = one.outlines.get(1)
        assert outline is not None
        other.outlines.put(1, Outline(**{**vars(outline), "telling": 4.0}), 1)
    differs, _ = compare(one, other)
    assert len(differs) == 1 and differs[0].startswith(named)


def test_a_difference_smaller_than_the_tolerance_is_none_and_is_told(homes: tuple[Workspace, Workspace]) -> None:
    one, other = homes
    other.features.put(1, {"musicnn": one.features.of_track(1)["musicnn"] + 1e-5}, {"musicnn": 1})
    differs, largest = compare(one, other)
    assert differs == [] and 0 < largest < 1.1e-5
