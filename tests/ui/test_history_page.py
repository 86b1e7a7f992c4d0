"""The History page: found again, played, changed together, taken back, asked again, and each of these undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Label, LibraryRow, Tags
from services import history, labeling, targets
from services.engine import Engine

ROOT = Path(__file__).resolve().parents[2]

Visit = Callable[[], AppTest]
Fill = Callable[..., list[int]]


@pytest.fixture
def visit(opened: Engine) -> Visit:
    """Give a function that opens the History page and sees that nothing went wrong."""

    def go() -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=30).run()
        at.switch_page("views/history.py").run()
        assert not at.exception, at.exception[0].message
        assert at.title[0].value == "History"
        return at

    return go


@pytest.fixture
def answered(opened: Engine, fill: Fill) -> list[int]:
    """Give six tracks: three rated (one over a star of Apple's), one with a genre, two put aside."""
    ids = fill(6)
    labels = opened.workspace.labels
    labels.add(
        [
            Label("star", ids[2], "rating", "liked", "itunes", said="5 stars"),
            Label("one", ids[0], "rating", "liked", reason="Listen first.", asked="audit"),
            Label("two", ids[1], "rating", "liked", reason="Far.", asked="far"),
            Label("three", ids[2], "rating", "disliked"),
            Label("jazz", ids[0], "genre", "jazz"),
        ]
    )
    labels.skip("later", ids[3], "rating", "not now")
    labels.skip("noise", ids[4], "rating", "never")
    return ids


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    return "\n".join(element.value for kind in ("markdown", "caption", "error") for element in at.get(kind))


def titles(at: AppTest) -> list[str]:
    """Return what each line says: title and answer."""
    table = at.dataframe[0].value
    return [f"{title}: {answer}" for title, answer in zip(table["Title"], table["Answer"], strict=True)]


def pick(at: AppTest, *rows: int) -> AppTest:
    """Choose lines of the table."""
    at.session_state[at.dataframe[0].key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return run(at)


def run(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return run(at)


def keys(at: AppTest) -> list[str]:
    return [button.key for button in at.button]


def change(at: AppTest, value: str) -> AppTest:
    """Choose another answer for the chosen lines."""
    [field] = [field for field in at.get("button_group") if field.key.startswith("history-change-")]
    field.set_value(value)
    return run(at)


def ratings(opened: Engine) -> dict[int, str]:
    return {track_id: label.value for track_id, label in opened.workspace.labels.current("rating").items()}


# -- looking --------------------------------------------------------------------------------------------


def test_before_the_first_answer_it_says_what_will_be_here(visit: Visit, fill: Fill) -> None:
    fill(2)
    at = visit()
    assert "Nothing answered yet." in said(at) and len(at.dataframe) == 0


def test_every_answer_and_skip_is_listed_newest_first(visit: Visit, answered: list[int]) -> None:
    at = visit()
    assert titles(at) == [
        "Song 4: Never ask", "Song 3: Not now", "Song 0: jazz", "Song 2: Disliked", "Song 1: Liked", "Song 0: Liked",
        "Song 2: Liked",
    ]  # fmt: skip
    table = at.dataframe[0].value
    assert table["State"].tolist() == ["put aside"] * 2 + ["counts now"] * 4 + ["replaced"]
    assert table["From"].tolist()[-2:] == ["you", "Apple Music"]
    assert table["Asked as"].tolist()[3:] == ["not asked", "far from the others", "surprise check", "5 stars"]
    assert "7 lines" in said(at)


@pytest.mark.parametrize(
    ("field", "option", "expected"),
    [
        ("about", "Genre", ["Song 0: jazz"]),
        ("value", "disliked", ["Song 2: Disliked"]),
        ("value", "Skipped: not now", ["Song 3: Not now"]),
        ("source", "Apple Music", ["Song 2: Liked"]),
        ("asked", "Surprise check", ["Song 0: Liked"]),
        ("state", "Replaced", ["Song 2: Liked"]),
    ],
)
def test_lines_are_filtered(visit: Visit, answered: list[int], field: str, option: str, expected: list[str]) -> None:
    at = visit()
    at.selectbox(key=f"history-{'target' if field == 'about' else field}").set_value(option)
    assert titles(run(at)) == expected


def test_a_title_is_found_and_what_is_not_there_is_said(visit: Visit, answered: list[int]) -> None:
    at = visit()
    at.text_input(key="history-text").set_value("song 1")
    assert titles(run(at)) == ["Song 1: Liked"]
    at.text_input(key="history-text").set_value("no such song")
    assert "Nothing fits." in said(run(at)) and len(at.dataframe) == 0


def test_pages_are_turned_and_another_filter_begins_with_the_newest(
    visit: Visit, answered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 3)
    at = visit()
    assert len(titles(at)) == 3 and "1 to 3 of 7" in said(at) and at.button(key="history-newer").disabled
    at = click(click(at, "history-older"), "history-older")
    assert titles(at) == ["Song 2: Liked"] and "7 to 7 of 7" in said(at) and at.button(key="history-older").disabled
    at.selectbox(key="history-source").set_value("You")
    assert "1 to 3 of 6" in said(run(at))


# -- doing ------------------------------------------------------------------------------------------------


def test_many_answers_are_changed_at_once_and_back(visit: Visit, opened: Engine, answered: list[int]) -> None:
    at = change(pick(visit(), 4, 5), "disliked")
    assert set(ratings(opened).values()) == {"disliked"}
    assert "Changed the rating of 2 tracks to disliked." in said(at)
    at = click(at, "history-undo")
    assert ratings(opened) == {answered[0]: "liked", answered[1]: "liked", answered[2]: "disliked"}
    assert at.toast[0].value.startswith("Taken back: Changed the rating of 2 tracks")
    assert "history-undo" not in keys(at)


def test_a_genre_is_changed_to_one_of_the_list(visit: Visit, opened: Engine, answered: list[int]) -> None:
    at = pick(visit(), 2)
    [field] = [box for box in at.selectbox if box.key.startswith("history-change-")]
    field.set_value("folk")
    assert "Changed the genre of Song 0 to folk." in said(run(at))


def test_answers_to_an_own_target_are_changed(visit: Visit, opened: Engine, answered: list[int]) -> None:
    targets.add(opened.workspace, "workout", ["no", "yes"])
    labeling.answer(opened.workspace, answered[0], "workout", "no")
    change(pick(visit(), 0), "yes")
    assert opened.workspace.labels.current("workout")[answered[0]].value == "yes"


def test_answers_about_two_things_cannot_be_changed_together(visit: Visit, answered: list[int]) -> None:
    at = pick(visit(), 2, 3)
    assert "choose those about one thing" in said(at) and "history-take-back" in keys(at)
    assert not [field for field in at.get("button_group") if field.key.startswith("history-change-")]


def test_answers_are_taken_back_and_given_again(visit: Visit, opened: Engine, answered: list[int]) -> None:
    at = pick(visit(), 3, 4)
    assert at.button(key="history-take-back").label == "Take back 2 answers"
    at = click(at, "history-take-back")
    assert ratings(opened) == {answered[0]: "liked", answered[2]: "liked"}, "Apple's star speaks again"
    assert at.dataframe[0].value["State"].tolist()[3:5] == ["taken back"] * 2
    click(at, "history-undo")
    assert ratings(opened)[answered[2]] == "disliked"


def test_what_was_put_aside_is_asked_again(visit: Visit, opened: Engine, answered: list[int]) -> None:
    at = click(pick(visit(), 0, 1), "history-ask-again")
    assert "Asked again: 2 tracks." in said(at)
    assert [question.track_id for question in opened.workspace.questions.waiting("rating")] == answered[3:5]


def test_the_way_back_is_gone_when_something_else_was_done(visit: Visit, opened: Engine, answered: list[int]) -> None:
    at = click(pick(visit(), 0), "history-ask-again")
    assert "history-undo" in keys(at)
    targets.add(opened.workspace, "workout", ["no", "yes"])
    assert "history-undo" not in keys(run(at)), "Settings lists it still"


def test_a_line_is_played_where_its_track_has_a_file(visit: Visit, opened: Engine, answered: list[int]) -> None:
    opened.workspace.tracks.take_library([(None, LibraryRow(Tags(title="Above"), "cloud-only"))])
    [above] = [track.id for track in opened.workspace.tracks.all() if track.title == "Above"]
    opened.workspace.labels.add([Label("high", above, "rating", "liked", "itunes")])
    at = visit()
    assert at.dataframe[0].value["Play"].isna().tolist() == [True] + [False] * 7
    assert pick(at, 0).button(key="history-play").disabled
    at = click(pick(visit(), 1), "history-play")
    first = dict(at.session_state["play"])
    assert first["track"] == answered[4]
    assert click(at, "history-play").session_state["play"]["nonce"] != first["nonce"], "the same track once more"
