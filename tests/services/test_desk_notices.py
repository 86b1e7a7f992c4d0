"""The sentence on an empty desk: why nothing is asked, and what to do about it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import pytest

from core.records import LibraryRow, Tags
from services import labeling, training
from services.asking import Learner, Ranked
from services.desk import Desk
from services.figures import Doubt
from services.workspace import Workspace


@pytest.fixture
def desk(workspace: Workspace, learner: Learner) -> Desk:
    return Desk(workspace, learner)


def notice(desk: Desk) -> str | None:
    return desk.sync({"tab": "one", "events": []})["notice"]


def doubting(learner: Learner, doubts: list[Doubt], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the learner have come across these doubts."""
    ranked = Ranked((), None, 0, 1, doubts=tuple(doubts))
    monkeypatch.setattr(learner, "ranked", lambda _: replace(ranked))


def test_without_tracks_there_is_no_music(desk: Desk) -> None:
    assert notice(desk) == "There is no music here yet."


def test_before_the_first_track_is_heard_it_is_said_how_far_that_is(
    desk: Desk, fill: Any, workspace: Workspace
) -> None:
    fill(12, state="new")
    workspace.jobs.add("analyze", "analysis")
    assert notice(desk) == "Listening to your first tracks: 0 of 12. The first question comes in a few seconds."


def test_a_library_in_the_cloud_alone_sends_to_the_page_that_says_why(desk: Desk, workspace: Workspace) -> None:
    workspace.tracks.take_library([(None, LibraryRow(Tags(title="Above"), "cloud-only"))])
    assert "The Library page says why." in (notice(desk) or "")


def test_when_all_is_answered_it_says_so(desk: Desk, fill: Any, rate: Any) -> None:
    rate(dict.fromkeys(fill(3), "liked"))
    assert notice(desk) == "You have answered everything. Add more music, or look at your playlists."


def test_when_all_is_answered_doubtful_answers_are_worth_a_look(
    desk: Desk, learner: Learner, fill: Any, rate: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(3)
    rate(dict.fromkeys(ids, "liked"))
    doubting(learner, [Doubt(i, "liked", "disliked", 0.5, "person") for i in ids[:2]], monkeypatch)
    assert notice(desk) == "You have answered everything. Add more music, or look at 2 doubtful answers."
    labeling.answer(workspace, ids[0], "rating", "semi")
    assert notice(desk) == "You have answered everything. Add more music, or look at 1 doubtful answer."
    labeling.answer(workspace, ids[1], "rating", "liked", asked="doubt")
    assert notice(desk) == "You have answered everything. Add more music, or look at your playlists."


def test_a_drive_that_is_not_connected_loses_nothing(desk: Desk, fill: Any, workspace: Workspace) -> None:
    fill(4)
    workspace.roots.set_away(workspace.roots.add("/music"), True)
    assert "Nothing is lost; 4 tracks wait for it." in (notice(desk) or "")


def test_a_model_whose_file_is_gone_does_not_stop_the_asking(
    desk: Desk, fill: Any, rate: Any, workspace: Workspace
) -> None:
    ids = fill(30)
    rate({track_id: ["liked", "semi", "disliked"][n % 3] for n, track_id in enumerate(ids[:24])})
    training.retrain(workspace, "rating", ["ordered"])
    shutil.rmtree(workspace.models_folder)
    reply = desk.sync({"tab": "one", "events": []})
    assert reply["notice"] is None and {card["id"] for card in reply["queue"]} <= set(ids[24:])
    assert reply["model"]["name"] == "ordered"
