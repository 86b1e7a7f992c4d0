"""The history looked through, and many answers changed, taken back or asked again as one act."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.errors import EarmarkError
from core.records import Label, Question
from services import history, labeling, targets
from services.workspace import Workspace


@pytest.fixture
def said(workspace: Workspace, fill: Any) -> list[int]:
    """Give six tracks: three rated by the person, one by a library, one put aside, one that is no music."""
    ids = fill(6)
    workspace.labels.add(
        [
            Label("one", ids[0], "rating", "liked", reason="Listen first.", asked="audit"),
            Label("two", ids[1], "rating", "semi", reason="Far.", asked="far"),
            Label("star", ids[2], "rating", "liked", "itunes", said="5 stars"),
            Label("three", ids[2], "rating", "disliked", reason="You gave it 5 stars.", asked="stars"),
            Label("jazz", ids[0], "genre", "jazz"),
        ]
    )
    workspace.labels.skip("later", ids[3], "rating", "not now")
    workspace.labels.skip("noise", ids[4], "rating", "never")
    return ids


def events(found: dict[str, Any]) -> list[str]:
    return [row["event_id"] for row in found["rows"]]


def current(workspace: Workspace, target: str = "rating") -> dict[int, str]:
    return {track_id: label.value for track_id, label in workspace.labels.current(target).items()}


# -- looking through ------------------------------------------------------------------------------------


def test_everything_said_is_listed_newest_first(workspace: Workspace, said: list[int]) -> None:
    found = history.page(workspace)
    assert events(found) == ["noise", "later", "jazz", "three", "star", "two", "one"] and found["total"] == 7
    assert found["rows"][-1]["title"] == "Song 0" and found["rows"][-1]["artist"] == "Artist 0"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"target": "genre"}, ["jazz"]),
        ({"value": "liked"}, ["star", "one"]),
        ({"kind": "skip"}, ["noise", "later"]),
        ({"kind": "skip", "value": "never"}, ["noise"]),
        ({"source": "itunes"}, ["star"]),
        ({"asked": "audit"}, ["one"]),
        ({"asked": "nobody"}, ["jazz", "star"]),
        ({"state": "replaced"}, ["star"]),
        ({"text": "SONG artist 1"}, ["two"]),
        ({"text": "no such song"}, []),
        ({"target": "rating", "source": "person", "value": "disliked"}, ["three"]),
    ],
)
def test_lines_are_found_by_what_they_say(
    workspace: Workspace, said: list[int], wanted: dict[str, str], expected: list[str]
) -> None:
    found = history.page(workspace, **wanted)
    assert events(found) == expected and found["total"] == len(expected)


def test_letters_with_marks_are_found_in_either_case(workspace: Workspace, said: list[int]) -> None:
    with workspace.database.write() as connection:
        connection.execute("UPDATE tracks SET title = 'Été', artist = NULL WHERE id = ?", [said[0]])
    assert events(history.page(workspace, text="éTÉ", target="rating")) == ["one"]


def test_a_line_knows_what_became_of_it(workspace: Workspace, said: list[int]) -> None:
    labeling.answer(workspace, said[3], "rating", "liked")
    workspace.labels.take_back(["two"])
    states = {row["event_id"]: row["state"] for row in history.page(workspace)["rows"]}
    assert (states["one"], states["two"], states["star"]) == ("stands", "taken back", "replaced")
    assert (states["later"], states["noise"]) == ("replaced", "stands"), "a skip is over once there is an answer"


def test_pages_follow_each_other_without_a_gap(workspace: Workspace, said: list[int]) -> None:
    parts = [history.page(workspace, offset=offset, limit=3) for offset in (0, 3, 6)]
    assert [event for part in parts for event in events(part)] == events(history.page(workspace, limit=None))
    assert {part["total"] for part in parts} == {7}


def test_a_page_of_many_answers_is_quick(workspace: Workspace, fill: Any) -> None:
    ids = fill(40)
    with workspace.database.write() as connection:
        connection.executemany(
            """INSERT INTO labels (event_id, track_id, target, value, source, created_at)
               VALUES (?, ?, 'rating', 'liked', 'person', '2026-01-01')""",
            [[f"e{number}", ids[number % 40]] for number in range(20_000)],
        )
    started = time.process_time()
    found = history.page(workspace, text="song", state="replaced", offset=10_000)
    assert found["total"] == 19_960 and len(found["rows"]) == history.PAGE
    assert time.process_time() - started < 2, "0.2 s here; a slow computer has ten times that"


def test_a_target_that_is_not_there_is_refused(workspace: Workspace, said: list[int]) -> None:
    with pytest.raises(EarmarkError, match="no target 'colour'"):
        history.page(workspace, target="colour")


# -- changing -----------------------------------------------------------------------------------------


def test_many_answers_are_changed_as_one_act_and_back(workspace: Workspace, said: list[int]) -> None:
    result = history.change(workspace, ["one", "two", "three"], "Semi")
    assert result["title"] == "Changed the rating of 2 tracks to semi" and result["tracks"] == 2
    assert set(current(workspace).values()) == {"semi"}
    assert history.page(workspace)["total"] == 9, "answers are added, none is overwritten"
    labeling.undo_act(workspace, result["act"])
    assert current(workspace) == {said[0]: "liked", said[1]: "semi", said[2]: "disliked"}


def test_a_change_is_the_persons_word_and_no_answer_to_a_question(workspace: Workspace, said: list[int]) -> None:
    workspace.questions.ask([Question(said[2], "rating", "Listen first.", asked="repeat")])
    history.change(workspace, ["star"], "semi")
    label = workspace.labels.current("rating")[said[2]]
    assert (label.value, label.source, label.asked) == ("semi", "person", None)
    assert workspace.questions.waiting("rating") == []


def test_one_track_is_named(workspace: Workspace, said: list[int]) -> None:
    assert history.change(workspace, ["jazz"], "folk")["title"] == "Changed the genre of Song 0 to folk"


@pytest.mark.parametrize(
    ("chosen", "value", "sentence"),
    [
        (["one", "jazz"], "liked", "answers of one kind"),
        (["one", "later"], "liked", "answers of one kind"),
        (["one"], "purple", "'purple' is not a rating"),
        (["one"], "liked", "this is liked already"),
        (["one", "gone"], "semi", "not in the history"),
    ],
)
def test_what_cannot_be_changed_is_said_and_nothing_is_done(
    workspace: Workspace, said: list[int], chosen: list[str], value: str, sentence: str
) -> None:
    before = history.page(workspace)
    with pytest.raises(EarmarkError, match=sentence):
        history.change(workspace, chosen, value)
    assert history.page(workspace) == before and workspace.acts.all() == []


def test_answers_of_an_own_target_are_changed(workspace: Workspace, said: list[int]) -> None:
    targets.add(workspace, "workout", ["no", "yes"])
    event = labeling.answer(workspace, said[0], "workout", "no")
    history.change(workspace, [event["event_id"]], "yes")
    assert current(workspace, "workout") == {said[0]: "yes"}


# -- taking back --------------------------------------------------------------------------------------


def test_answers_of_any_source_are_taken_back_as_one_act_and_given_again(workspace: Workspace, said: list[int]) -> None:
    result = history.take_back(workspace, ["one", "three", "star"])
    assert current(workspace) == {said[1]: "semi"} and result["title"] == "Took back 3 answers"
    labeling.undo_act(workspace, result["act"])
    assert current(workspace) == {said[0]: "liked", said[1]: "semi", said[2]: "disliked"}


def test_what_was_said_before_speaks_again(workspace: Workspace, said: list[int]) -> None:
    history.take_back(workspace, ["three"])
    assert current(workspace)[said[2]] == "liked"


def test_nothing_is_taken_back_twice(workspace: Workspace, said: list[int]) -> None:
    history.take_back(workspace, ["one"])
    with pytest.raises(EarmarkError, match="Nothing to take back"):
        history.take_back(workspace, ["one"])
    assert len(workspace.acts.all()) == 1


def test_the_mark_for_caches_changes_when_an_older_act_is_taken_back(workspace: Workspace, said: list[int]) -> None:
    first = history.take_back(workspace, ["one", "later"])
    history.take_back(workspace, ["two", "noise"])
    before = workspace.labels.newest_id(), workspace.labels.newest_skip()
    labeling.undo_act(workspace, first["act"])
    assert workspace.labels.newest_id() != before[0] and workspace.labels.newest_skip() != before[1]


# -- asking again -------------------------------------------------------------------------------------


def test_what_was_put_aside_is_asked_again_first(workspace: Workspace, said: list[int]) -> None:
    workspace.questions.ask([Question(said[5], "rating")])
    result = history.ask_again(workspace, ["later", "noise"])
    assert result["title"] == "Asked again: 2 tracks" and workspace.labels.never() == set()
    waiting = workspace.questions.waiting("rating")
    assert [question.track_id for question in waiting] == [said[3], said[4], said[5]]
    assert waiting[0].reason == "You put this aside today."
    labeling.undo_act(workspace, result["act"])
    assert workspace.labels.never() == {said[4]}


def test_answers_cannot_be_asked_again(workspace: Workspace, said: list[int]) -> None:
    with pytest.raises(EarmarkError, match="none of these is put aside"):
        history.ask_again(workspace, ["one"])


# -- why an answer was given ----------------------------------------------------------------------------


def test_a_correction_in_full_sight_is_no_blind_repeat(workspace: Workspace, said: list[int]) -> None:
    question = Question(said[0], "rating", "Listen first.", {"liked": 0.7}, asked="repeat", guess_hidden=True)
    workspace.questions.ask([question])
    labeling.answer(workspace, said[0], "rating", "semi", asked="")
    label = workspace.labels.current("rating")[said[0]]
    assert (label.asked, label.reason, label.shown) == (None, None, {"liked": 0.7})
    assert workspace.labels.repeats("rating") == []


def test_the_answers_of_a_target_are_offered_with_the_best_first(workspace: Workspace, said: list[int]) -> None:
    targets.add(workspace, "workout", ["no", "warm-up", "yes"], ordered=True)
    assert labeling.choices(workspace, "rating") == ["liked", "semi", "disliked"]
    assert labeling.choices(workspace, "workout") == ["yes", "warm-up", "no"]
    assert labeling.choices(workspace, "mood") == ["energetic", "happy", "calm", "sad"]
    assert labeling.choices(workspace, "genre")[0] == "jazz"
