"""The Models page: how far the guesses can be trusted, what more ratings bring, and doubtful answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Label
from services import figures, labeling, targets
from services.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
KINDS = ["liked", "semi", "disliked"]

Visit = Callable[[], AppTest]


@pytest.fixture
def visit(opened: Engine) -> Visit:
    """Give a function that opens the Models page and sees that nothing went wrong."""

    def go() -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60).run()
        at.switch_page("views/models.py").run()
        assert not at.exception, at.exception[0].message
        return at

    return go


@pytest.fixture
def rated(fill: Any) -> list[int]:
    """Give 36 rated tracks."""
    return fill(36, ratings=KINDS * 12)


@pytest.fixture
def odd(fill: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """Give the one of 12 tracks whose genre, looked at again, all the others contradict."""
    track_id = int(fill(12, genres=["rock", *(["jazz", "rock", "folk"] * 4)[1:]])[0])
    found = (figures.Doubt(track_id, "rock", "jazz", 0.6, "person"),)
    monkeypatch.setattr(figures, "found_doubts", lambda workspace, target: found if target == "genre" else ())
    return track_id


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    return "\n".join(element.value for kind in ("markdown", "caption", "error") for element in at.get(kind))


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception, at.exception[0].message
    return at


def keys(at: AppTest) -> list[str]:
    return [button.key for button in at.button]


def charts(at: AppTest) -> int:
    return len(at.get("plotly_chart"))


# -- the first sentence -----------------------------------------------------------------------------------


def test_surprise_checks_come_first_and_the_other_figure_is_named(
    visit: Visit, opened: Engine, rated: list[int]
) -> None:
    text = said(visit())
    assert "No surprise checks yet. One question in 10 will be one." in text
    assert "artists it has never heard" not in text, "nothing was trained yet"
    runs = opened.workspace.model_runs
    scores = {"accuracy": 0.712, "accuracy_interval": [0.65, 0.77]}
    runs.make_current(
        runs.add(target="rating", family="ordered", features="musicnn", labels=36, classes=KINDS, scores=scores)
    )
    text = said(visit())
    assert "For artists it has never heard: 71 % ± 6." in text.partition("\n")[0].replace("\N{NO-BREAK SPACE}", " ")
    assert "drawn by lot from what has no answer" in text, "why the two differ"


def test_checks_and_repeats_are_counted(visit: Visit, opened: Engine, fill: Any) -> None:
    ids = fill(8)
    shown = {"liked": 0.9, "semi": 0.1}
    answers = dict.fromkeys(ids[:3], "liked") | {ids[3]: "semi"}
    checks = [Label(f"c{i}", i, "rating", value, asked="audit", shown=shown) for i, value in answers.items()]
    again = [Label(f"r{i}", i, "rating", "liked", asked="repeat") for i in ids[2:4]]
    opened.workspace.labels.add([*checks, *again])
    text = said(visit())
    assert "Right on 3 of 4 surprise checks. A percentage comes after 15." in text
    assert "You gave the same answer on 1 of 2 blind repeats." in text


def test_every_target_in_use_can_be_looked_at(visit: Visit, opened: Engine, rated: list[int]) -> None:
    targets.add(opened.workspace, "workout", ["no", "yes"])
    for number, track_id in enumerate(rated[:9]):
        labeling.answer(opened.workspace, track_id, "workout", ["no", "yes"][number % 2])
    at = visit()
    field = at.segmented_control(key="models-target")
    assert list(field.options) == ["Rating", "Genre", "Workout"], "nobody gave a mood"
    field.set_value("workout").run()
    assert not at.exception and "9 answers so far" in said(at)
    assert [header.value for header in at.header] == ["What more workout answers bring", "Doubtful answers"]
    click(at, "models-retrain")
    [job] = opened.workspace.jobs.open(kind="retrain")
    assert job.params == {"target": "workout"}


# -- what more ratings bring --------------------------------------------------------------------------------


def test_the_curve_is_worked_out_on_request_and_kept(visit: Visit, opened: Engine, rated: list[int]) -> None:
    at = visit()
    assert charts(at) == 0
    at = click(at, "models-curve")
    assert charts(at) == 1 and "more ratings" in said(at).casefold() and "in random order" in said(at)
    assert at.button(key="models-curve").disabled, "nothing is new"
    labeling.answer(opened.workspace, rated[5], "rating", "semi")
    at.run()
    assert charts(at) == 1 and "You have answered since; this is from before." in said(at)
    assert not at.button(key="models-curve").disabled


def test_with_few_answers_the_curve_says_how_many_are_missing(visit: Visit, fill: Any) -> None:
    fill(12, ratings=KINDS * 4)
    at = click(visit(), "models-curve")
    assert "Too early to say: 20 more ratings." in said(at) and charts(at) == 0


def test_without_enough_to_train_neither_curve_nor_doubts_are_offered(visit: Visit, fill: Any) -> None:
    fill(4, ratings=["semi", "semi"])
    at = visit()
    assert not {"models-curve", "doubtful-look"} & set(keys(at)) and "6 more ratings" in said(at)


# -- doubtful answers ---------------------------------------------------------------------------------------


def look(at: AppTest) -> AppTest:
    """Look for doubtful genres."""
    at.segmented_control(key="models-target").set_value("genre").run()
    return click(at, "doubtful-look")


def test_a_doubtful_answer_is_found_played_and_kept(visit: Visit, opened: Engine, odd: int) -> None:
    at = look(visit())
    assert "**Song 0** · Artist 0  \nYou said rock. I would guess jazz." in said(at)
    at = click(at, f"doubtful-genre-{odd}-play")
    assert at.session_state["play"]["track"] == odd
    at = click(at, f"doubtful-genre-{odd}-keep")
    assert opened.workspace.labels.current("genre")[odd].asked == "doubt"
    assert at.toast[0].value == "Kept rock: Song 0." and "Song 0" not in said(at)
    assert not figures.doubts(opened.workspace, "genre"), "it is not doubted again"


def test_a_doubtful_answer_is_changed_with_one_click(visit: Visit, opened: Engine, odd: int) -> None:
    at = click(look(visit()), f"doubtful-genre-{odd}-change")
    assert opened.workspace.labels.current("genre")[odd].value == "jazz"
    assert at.toast[0].value == "Changed to jazz: Song 0." and "None: no answer stands out" in said(at)


def test_what_the_learner_came_across_needs_no_look(
    visit: Visit, opened: Engine, rated: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.asking import Ranked

    doubt = figures.Doubt(rated[3], "liked", "semi", 0.6, "person")
    monkeypatch.setattr(opened.learner, "ranked", lambda _: Ranked((), None, 36, 1, doubts=(doubt,)))
    assert "You said liked. I would guess semi." in said(visit())
    labeling.answer(opened.workspace, rated[3], "rating", "semi")
    assert "I would guess" not in said(visit()), "it was answered since"
