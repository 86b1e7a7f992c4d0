"""The tracks that wait for an answer: in order, and still there after a restart."""

from __future__ import annotations

from core.records import Question
from services.workspace import Workspace


def waiting(workspace: Workspace, target: str = "rating") -> list[int]:
    return [question.track_id for question in workspace.questions.waiting(target)]


def test_questions_wait_in_the_order_they_were_asked(workspace: Workspace, add_tracks) -> None:
    a, b, c = add_tracks("A/1", "B/1", "C/1")
    workspace.questions.ask([Question(b, "rating"), Question(a, "rating")])
    workspace.questions.ask([Question(c, "rating")])
    assert waiting(workspace) == [b, a, c]


def test_a_track_taken_back_waits_before_all_others(workspace: Workspace, add_tracks) -> None:
    a, b, c = add_tracks("A/1", "B/1", "C/1")
    workspace.questions.ask([Question(a, "rating"), Question(b, "rating")])
    workspace.questions.ask([Question(c, "rating")], first=True)
    assert waiting(workspace) == [c, a, b]


def test_targets_have_lines_of_their_own(workspace: Workspace, add_tracks) -> None:
    a, b = add_tracks("A/1", "B/1")
    workspace.questions.ask([Question(a, "rating"), Question(a, "genre"), Question(b, "genre")])
    workspace.questions.close([a], "genre")
    assert waiting(workspace) == [a]
    assert waiting(workspace, "genre") == [b]


def test_a_restart_loses_no_question(workspace: Workspace, add_tracks) -> None:
    [a] = add_tracks("A/1")
    asked = Question(a, "rating", "Could go either way.", {"liked": 0.5, "semi": 0.5}, "margin", 0.25)
    workspace.questions.ask([asked])
    assert Workspace(workspace.home).questions.get(a, "rating") == asked


def test_closing_nothing_changes_nothing(workspace: Workspace, add_tracks) -> None:
    [a] = add_tracks("A/1")
    workspace.questions.ask([Question(a, "rating")])
    workspace.questions.close([], "rating")
    assert waiting(workspace) == [a]
    assert workspace.questions.get(a, "genre") is None
