"""Answering, putting aside and taking back: every answer is kept once, with what led to it."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import EarmarkError, UnknownTrackError
from core.records import Question
from services import labeling
from services.workspace import Workspace


@pytest.fixture
def tracks(fill: Any) -> list[int]:
    return fill(6)


def waiting(workspace: Workspace, target: str = "rating") -> list[int]:
    return [question.track_id for question in workspace.questions.waiting(target)]


# -- answering --------------------------------------------------------------------------------------


def test_an_answer_keeps_why_it_was_asked_and_what_was_shown(workspace: Workspace, tracks: list[int]) -> None:
    run = workspace.model_runs.add(
        target="rating", family="ordered", features="musicnn", labels=9, classes=[], scores={}
    )
    workspace.model_runs.make_current(run)
    workspace.questions.ask([Question(tracks[0], "rating", "Far from all.", {"liked": 0.7, "disliked": 0.3})])
    labeling.answer(workspace, tracks[0], "rating", "liked")
    label = workspace.labels.current("rating")[tracks[0]]
    assert (label.value, label.source, label.reason, label.shown, label.model_run) == (
        "liked", "person", "Far from all.", {"liked": 0.7, "disliked": 0.3}, run,
    )  # fmt: skip


def test_an_answer_nobody_asked_for_is_kept_without_a_reason(workspace: Workspace, tracks: list[int]) -> None:
    event = labeling.answer(workspace, tracks[0], "genre", "  Trip  Hop ")
    assert (event["value"], event["title"], event["kind"]) == ("Trip Hop", "Song 0", "label")
    label = workspace.labels.current("genre")[tracks[0]]
    assert label.reason is None and label.shown is None and label.model_run is None


def test_an_answered_track_no_longer_waits(workspace: Workspace, tracks: list[int]) -> None:
    workspace.questions.ask([Question(i, "rating") for i in tracks[:3]])
    labeling.answer(workspace, tracks[1], "rating", "semi")
    assert waiting(workspace) == [tracks[0], tracks[2]]


def test_a_known_event_id_is_written_once(workspace: Workspace, tracks: list[int]) -> None:
    first = labeling.answer(workspace, tracks[0], "rating", "liked", event_id="e1")
    again = labeling.answer(workspace, tracks[0], "rating", "disliked", event_id="e1")
    assert first == again
    assert [event["value"] for event in labeling.history(workspace)] == ["liked"]


def test_a_new_answer_speaks_and_the_earlier_one_stays_in_the_history(workspace: Workspace, tracks: list[int]) -> None:
    labeling.answer(workspace, tracks[0], "rating", "liked")
    labeling.answer(workspace, tracks[0], "rating", "disliked")
    assert workspace.labels.current("rating")[tracks[0]].value == "disliked"
    assert [event["value"] for event in labeling.history(workspace)] == ["disliked", "liked"]


@pytest.mark.parametrize(
    ("target", "value", "sentence"),
    [
        ("rating", "great", "'great' is not a rating. Choose one of: disliked, semi, liked."),
        ("genre", "   ", "A genre cannot be empty. Write its name, for example: rock."),
        ("taste", "liked", "There is no target 'taste'. Choose one of: rating, genre, mood."),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_sentence(
    workspace: Workspace, tracks: list[int], target: str, value: str, sentence: str
) -> None:
    with pytest.raises(EarmarkError) as error:
        labeling.answer(workspace, tracks[0], target, value)
    assert str(error.value) == sentence
    assert labeling.history(workspace) == []


def test_a_track_that_is_not_there_cannot_be_answered_or_put_aside(workspace: Workspace) -> None:
    with pytest.raises(UnknownTrackError, match="No track has the number 99"):
        labeling.answer(workspace, 99, "rating", "liked")
    with pytest.raises(UnknownTrackError, match="No track has the number 99"):
        labeling.skip(workspace, 99)


# -- putting aside ----------------------------------------------------------------------------------


def test_a_track_put_aside_has_no_label_and_does_not_wait(workspace: Workspace, tracks: list[int]) -> None:
    workspace.questions.ask([Question(i, "rating") for i in tracks[:2]])
    event = labeling.skip(workspace, tracks[0], event_id="s1")
    labeling.skip(workspace, tracks[0], event_id="s1")
    assert (event["kind"], event["value"], event["target"]) == ("skip", "not now", "rating")
    assert waiting(workspace) == [tracks[1]]
    assert workspace.labels.current("rating") == {}
    assert len(labeling.history(workspace)) == 1


@pytest.mark.parametrize(("target", "kind"), [("taste", "not now"), ("rating", "later")])
def test_a_strange_way_of_putting_aside_is_refused_by_name(
    workspace: Workspace, tracks: list[int], target: str, kind: str
) -> None:
    with pytest.raises(EarmarkError, match=r"no target 'taste'|'later' is no way"):
        labeling.skip(workspace, tracks[0], target, kind)
    assert labeling.history(workspace) == []


# -- taking back ------------------------------------------------------------------------------------


def test_undo_brings_the_tracks_back_in_order(workspace: Workspace, tracks: list[int]) -> None:
    a, b, c, d = tracks[:4]
    workspace.questions.ask([Question(d, "rating")])
    labeling.answer(workspace, a, "rating", "liked")
    labeling.answer(workspace, b, "rating", "disliked")
    labeling.skip(workspace, c)
    assert [event["track"] for event in labeling.undo(workspace, 2)] == [c, b]
    assert waiting(workspace) == [b, c, d]
    assert [event["track"] for event in labeling.undo(workspace)] == [a]
    assert waiting(workspace) == [a, b, c, d]
    assert workspace.labels.current("rating") == {}
    assert labeling.undo(workspace) == []


def test_undo_lets_the_earlier_answer_speak_again(workspace: Workspace, tracks: list[int]) -> None:
    labeling.answer(workspace, tracks[0], "rating", "liked")
    labeling.answer(workspace, tracks[0], "rating", "disliked")
    labeling.undo(workspace)
    assert workspace.labels.current("rating")[tracks[0]].value == "liked"


def test_an_undo_sent_twice_undoes_once(workspace: Workspace, tracks: list[int]) -> None:
    for track_id in tracks[:3]:
        labeling.answer(workspace, track_id, "rating", "liked")
    first = labeling.undo(workspace, event_id="u1")
    assert labeling.undo(workspace, event_id="u1") == first
    assert sorted(workspace.labels.current("rating")) == tracks[:2]
    assert waiting(workspace) == [tracks[2]]


def test_the_history_shows_what_was_taken_back(workspace: Workspace, tracks: list[int]) -> None:
    labeling.answer(workspace, tracks[0], "rating", "liked")
    labeling.answer(workspace, tracks[1], "genre", "jazz")
    labeling.undo(workspace)
    newest, oldest = labeling.history(workspace)
    assert (newest["value"], newest["title"], newest["undone_at"] is not None) == ("jazz", "Song 1", True)
    assert (oldest["value"], oldest["undone_at"]) == ("liked", None)
    assert labeling.history(workspace, limit=1) == [newest]


# -- what is asked ----------------------------------------------------------------------------------


def test_ratings_are_asked_for_until_another_target_is_chosen(workspace: Workspace) -> None:
    assert labeling.active_target(workspace) == "rating"
    labeling.choose_target(workspace, "genre")
    assert labeling.active_target(Workspace(workspace.home)) == "genre"
    with pytest.raises(EarmarkError, match="no target 'taste'"):
        labeling.choose_target(workspace, "taste")
    assert labeling.active_target(workspace) == "genre"


def test_the_next_questions_say_why_and_leave_out_what_is_answered(workspace: Workspace, tracks: list[int]) -> None:
    labeling.answer(workspace, tracks[0], "rating", "liked")
    labeling.answer(workspace, tracks[1], "rating", "disliked")
    questions = labeling.next_questions(workspace, n=10)
    assert sorted(question["id"] for question in questions) == tracks[2:]
    assert all(question["reason"] for question in questions)
    assert sum(questions[0]["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert labeling.next_questions(workspace, "genre", n=1, strategy="random")[0]["reason"] == "Drawn by lot."


def test_an_empty_library_has_no_question(workspace: Workspace) -> None:
    assert labeling.next_questions(workspace) == []
