"""Visits: what came since the last one, and the line that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services import drives, visits
from services.workspace import Workspace


def train(workspace: Workspace, labels: int) -> None:
    """Let a model of so many ratings speak."""
    run = workspace.model_runs.add(
        target="rating", family="ordered", features="musicnn", labels=labels, classes=["liked"], scores={}
    )
    workspace.model_runs.make_current(run)


def test_the_first_visit_has_no_welcome_and_nothing_new(workspace: Workspace, fill: Any) -> None:
    assert visits.welcome(workspace) is None and visits.new_tracks(workspace) == set()
    visits.arrive(workspace)
    fill(3)
    assert visits.welcome(workspace) is None and visits.new_tracks(workspace) == set()


def test_new_is_what_came_after_the_person_left(workspace: Workspace, fill: Any) -> None:
    visits.arrive(workspace)
    fill(2)
    visits.stay(workspace)
    later = fill(3)
    visits.arrive(workspace)
    assert visits.new_tracks(workspace) == set(later)
    now = fill(1)
    visits.stay(workspace)
    assert visits.new_tracks(workspace) == {*later, *now}  # and stays new until they leave
    visits.arrive(workspace)
    assert visits.new_tracks(workspace) == set()


def test_the_welcome_counts_ratings_new_tracks_and_how_far_the_model_is_behind(
    workspace: Workspace, fill: Any, rate: Any
) -> None:
    visits.arrive(workspace)
    ids = fill(20)
    rate(dict.fromkeys(ids[:14], "liked"))
    rate(dict.fromkeys(ids[:3], "jazz"), "genre")
    train(workspace, labels=2)
    visits.stay(workspace)
    fill(5)
    visits.arrive(workspace)
    assert visits.welcome(workspace) == "Welcome back: 14 rated, 5 new tracks, model 12 ratings behind."


def test_what_is_nothing_is_not_said(workspace: Workspace, fill: Any, rate: Any) -> None:
    for _ in range(2):
        visits.arrive(workspace)
    assert visits.welcome(workspace) == "Welcome back."
    [track] = fill(1)
    assert visits.welcome(workspace) == "Welcome back: 1 new track."
    rate({track: "liked"})
    visits.stay(workspace)
    visits.arrive(workspace)
    assert visits.welcome(workspace) == "Welcome back: 1 rated."  # without a model none is behind
    train(workspace, labels=0)
    assert visits.welcome(workspace) == "Welcome back: 1 rated, model 1 rating behind."
    train(workspace, labels=7)  # of which the person took some back
    assert visits.welcome(workspace) == "Welcome back: 1 rated."


def test_a_drive_that_is_not_connected_is_said_too(
    workspace: Workspace, fill: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    visits.arrive(workspace)
    fill(2)  # below /music, which is not there
    visits.stay(workspace)
    visits.arrive(workspace)
    workspace.roots.add("/music")
    drives.look(workspace)
    assert visits.welcome(workspace) == (
        "Welcome back. The folder /music is not there. Nothing is lost; 2 tracks wait for it."
        " If it moved, add it at its new place."
    )
