"""The Models page: how far the guesses can be trusted, where they go wrong, what more brings, and what was trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Label, Lyrics, Prediction
from services import evaluating, figures, labeling, model_pages, runs, targets, training
from services.engine import Engine
from services.workspace import Workspace
from ui.components.leaderboard import differences, flattering, nested, table
from ui.components.reliability import sink

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
def trained(opened: Engine, fill: Any) -> list[int]:
    """Give 42 tracks, 30 of them rated, and a model that learned from these."""
    ids = fill(42, ratings=KINDS * 10)
    training.retrain(opened.workspace, "rating", ["ordered", "knn"])
    return ids


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


def headers(at: AppTest) -> list[str]:
    return [header.value for header in at.header]


def shown(at: AppTest, *columns: str) -> Any:
    """Return the table on the page that has these columns."""
    [found] = [frame.value for frame in at.dataframe if set(columns) <= set(frame.value)]
    return found


def choose(at: AppTest, label: str, value: Any) -> AppTest:
    """Choose from the list of that label."""
    [field] = [field for field in at.selectbox if field.label == label]
    field.set_value(value).run()
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
    assert "What more workout answers bring" in headers(at) and "What was measured" not in headers(at)
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


# -- what was measured --------------------------------------------------------------------------------------

REPORT = {"name": "knn", "accuracy": 0.7, "accuracy_interval": [0.5, 0.8], "macro_f1": 0.6, "roc_auc": 0.8,
          "log_loss": 0.9, "seconds": 1.0}  # fmt: skip


@pytest.mark.parametrize(("songs", "is_said"), [(19, False), (20, True)])
def test_words_that_came_since_the_last_training_are_counted_once_they_would_be_heard(
    songs: int, is_said: bool, visit: Visit, opened: Engine, trained: list[int]
) -> None:
    for track_id in trained[:songs]:
        opened.workspace.lyrics.put(Lyrics(track_id, "found", text="The harbour lights go out", source="LRCLIB"))
    sentence = f"The words of {songs} tracks came since the last training. Retrain lets the models hear them."
    assert (sentence in said(visit())) is is_said
    training.retrain(opened.workspace, "rating", ["knn"])
    assert "came since the last training" not in said(visit())


def test_before_the_first_training_each_part_says_what_will_be_there(visit: Visit, rated: list[int]) -> None:
    at = visit()
    text = said(at)
    assert "Nothing was trained yet." in text and "Curves appear here when a network is trained." in text
    assert "Found once a trained model speaks." in text and "None yet. Each training is kept here" in text
    assert charts(at) == 0 and "What changed last" not in headers(at)


def test_every_model_stands_beside_the_usual_answer_with_its_interval(visit: Visit, trained: list[int]) -> None:
    at = visit()
    rows = shown(at, "Model", "Balanced")
    assert set(rows.Model) == {"always the usual answer", "ordered", "knn"}
    assert rows.Likely.str.endswith(" %").all() and rows.Balanced.between(0, 100).all()
    assert {"AUC of liked", "Uncalibrated", "Calibration error"} <= set(rows)
    text = said(at)
    assert "Chosen and measured on different artists:" in text and "That is no figure for new artists." in text
    assert "On the same tracks, so closer than the intervals above suggest." in text


def test_a_result_from_before_has_no_new_figures_and_is_still_shown(
    visit: Visit, opened: Engine, rated: list[int]
) -> None:
    jobs = opened.workspace.jobs
    result = {"model": "knn", "why": "It is better.", "models": [REPORT], "scores": REPORT, "labels": 36}
    jobs.finish(jobs.add("retrain", "training", {"target": "rating"}), "done", result=result)
    at = visit()
    assert shown(at, "Model").Model.tolist() == ["knn"] and "It is better." in said(at)
    assert (nested(result), flattering(result), differences(result)) == (None, None, [])


def test_a_clear_difference_is_told_from_one_that_is_not() -> None:
    paired = [
        {"name": "knn", "gain": 0.08, "error": 0.05, "clear": True},
        {"name": "svm", "gain": 0.01, "error": 0.05, "clear": False},
        {"name": "ensemble", "gain": -0.08, "error": 0.05, "clear": False},
        {"name": "mlp", "gain": 0.01, "error": None, "clear": False},
    ]
    assert [line.removeprefix("**ordered** ") for line in differences({"model": "ordered", "paired": paired})] == [
        "is better than knn by 0.080 ± 0.050: clear.",
        "and svm: no clear difference (+0.010 ± 0.050).",
        "is worse than ensemble by 0.080 ± 0.050: clear.",
        "cannot be told apart from mlp: there are too few artists.",
    ]


def test_a_target_without_order_has_the_auc_over_all_its_answers() -> None:
    assert "ROC AUC" in table({"models": [REPORT]}) and "AUC of liked" not in table({"models": [REPORT]})


def test_tracks_that_changed_side_are_listed_with_what_was_and_is(
    visit: Visit, opened: Engine, trained: list[int]
) -> None:
    job = opened.workspace.jobs.latest_done("retrain", "rating")
    assert job is not None and job.result is not None
    rows = [{"id": trained[31], "title": "Song 31", "artist": "Artist 1", "old": "semi", "new": "liked"}]
    moved = {"changed": 61, "tracks": rows, "aside": "jazz has answers about one artist only."}
    opened.workspace.jobs.finish(job.id, "done", result={**job.result, **moved})
    at = visit()
    assert "**61 tracks changed side.**" in said(at) and "The first 1 of 61." in said(at)
    assert "jazz has answers about one artist only." in said(at)
    listed = shown(at, "Was", "Is now")
    assert listed[["Title", "Was", "Is now"]].values.tolist() == [["Song 31", "semi", "liked"]]


def test_two_clicks_start_one_run(visit: Visit, opened: Engine, rated: list[int]) -> None:
    at = click(visit(), "models-retrain")
    assert at.button(key="models-retrain").disabled and "a second click would start nothing more" in said(at)
    opened.submit("retrain", {"target": "rating"})
    assert len(opened.workspace.jobs.open(kind="retrain")) == 1


# -- where it is wrong --------------------------------------------------------------------------------------


def test_a_click_on_a_square_lists_its_tracks_and_the_lists_say_which(
    visit: Visit, opened: Engine, trained: list[int]
) -> None:
    run = model_pages.newest(opened.workspace, "rating")
    assert run is not None
    found = model_pages.measured(opened.workspace, run)
    assert found is not None
    at = visit()
    at.session_state[f"confusion-{run.id}"] = {"selection": {"points": [{"x": "liked", "y": "liked"}]}}
    at.run()
    assert not at.exception
    number = found["counts"][2][2]
    assert f"**{number} track" in said(at) and "answered liked, guessed liked." in said(at)
    assert len(shown(at, "Your answer", "How sure")) == number
    assert [field.value for field in at.selectbox if field.label in ("Answered", "Guessed")] == ["liked", "liked"]


def test_without_a_mouse_the_square_is_chosen_from_two_lists(visit: Visit, opened: Engine, trained: list[int]) -> None:
    at = choose(choose(visit(), "Answered", "disliked"), "Guessed", "disliked")
    assert "answered disliked, guessed disliked." in said(at)
    assert set(shown(at, "Your answer")["Your answer"]) == {"disliked"}


def test_the_surest_mistakes_come_first_and_play(opened: Engine, trained: list[int]) -> None:
    run = model_pages.newest(opened.workspace, "rating")
    assert run is not None
    kept = runs.measured(opened.workspace, run)
    assert kept is not None
    cells = [model_pages.cell(opened.workspace, run, a, b) for a in kept["classes"] for b in kept["classes"]]
    assert sorted(row["id"] for rows in cells for row in rows) == sorted(kept["ids"].tolist())
    assert all([row["sure"] for row in rows] == sorted((row["sure"] for row in rows), reverse=True) for rows in cells)


def test_a_run_that_kept_no_guesses_says_so(visit: Visit, opened: Engine, rated: list[int]) -> None:
    scores = {"accuracy": 0.7, "accuracy_interval": [0.6, 0.8]}
    opened.workspace.model_runs.add(
        target="rating", family="ordered", features="musicnn", labels=36, classes=KINDS, scores=scores
    )
    assert "this one did not keep its guesses" in said(visit())


def test_each_answer_stands_with_precision_and_recall_and_a_sink_is_named(visit: Visit, trained: list[int]) -> None:
    at = visit()
    rows = shown(at, "class", "precision")
    assert rows["class"].tolist() == ["disliked", "semi", "liked"] and rows.labels.tolist() == [10, 10, 10]
    assert "is above 0 by chance alone" in said(at) and charts(at) == 4
    found = [{"class": "rock*", "labelled": 0.2, "predicted": 0.6, "sink": True}]
    assert sink(found).startswith(r"rock\* takes 60 % of what is predicted but 20 % of your answers")


# -- networks -----------------------------------------------------------------------------------------------


def test_networks_are_trained_only_when_asked_for(visit: Visit, opened: Engine, rated: list[int]) -> None:
    at = visit()
    names = training.on_request(opened.workspace, "rating")
    if not names:
        assert "Networks need TensorFlow" in said(at)
        return
    assert at.button(key="models-train-networks").disabled
    at.multiselect(key="models-networks-rating").set_value(["mlp"]).run()
    at = click(at, "models-train-networks")
    assert [job.params for job in opened.workspace.jobs.open(kind="retrain")] == [
        {"target": "rating", "families": ["mlp"]}
    ]
    assert at.button(key="models-train-networks").disabled, "one at a time"


def test_the_curves_grow_while_a_network_learns(visit: Visit, opened: Engine, rated: list[int]) -> None:
    epoch = {"family": "mlp", "fold": 1, "epoch": 1, "loss": 1.1, "accuracy": 0.4, "val_loss": 1.2}
    jobs = opened.workspace.jobs
    number = jobs.add("retrain", "training", {"target": "rating", "families": ["mlp"]})
    jobs.report(number, {"done": 1, "total": 10, "sentence": "Training mlp", "curves": [epoch]})
    at = visit()
    assert "It is learning now" in said(at) and "**mlp**, 1 epochs so far" in said(at) and charts(at) == 1
    at.segmented_control(key="models-target").set_value("genre").run()
    assert not at.exception and charts(at) == 0, "it is not about genre"


def test_what_must_hear_the_library_first_says_what_that_takes(
    visit: Visit, opened: Engine, trained: list[int]
) -> None:
    workspace = opened.workspace
    [run] = workspace.model_runs.all("rating")
    waiting = workspace.model_runs.add(
        target="rating", family="cnn", features="mel", labels=30, classes=KINDS, scores=run.scores
    )
    job = workspace.jobs.latest_done("retrain", "rating")
    assert job is not None and job.result is not None
    waits = {"run": waiting, "sentence": "12,041 tracks: about 9 h and 4 GB.", "tracks": 12041}
    workspace.jobs.finish(job.id, "done", result={**job.result, "waits": waits})
    at = visit()
    assert "12,041 tracks: about 9 h and 4 GB." in said(at)
    at = click(at, "models-let-it-speak")
    assert [job.params for job in workspace.jobs.open(kind="use_run")] == [{"run": waiting}]
    assert at.button(key="models-let-it-speak").disabled and "Predicting your library: starting" in said(at)


# -- what else there is to hear -------------------------------------------------------------------------------


def test_what_each_input_adds_is_worked_out_on_request(
    visit: Visit, opened: Engine, rated: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"features": "lyrics", "tracks": 30, "gain": 0.02, "error": 0.01, "clear": True, "accuracy": 0.7}]
    apart = [{"class": "liked", "sentence": "Liked tracks are louder (level).", "descriptors": []}]

    def added(workspace: Workspace, target: str, progress: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
        progress({"done": 1.5, "total": 5, "sentence": "Measuring"})
        return rows

    monkeypatch.setattr(evaluating, "added", added)
    monkeypatch.setattr(model_pages, "descriptors_that_matter", lambda workspace, target: apart)
    at = visit()
    assert "Its words" not in said(at)
    at = click(at, "models-inputs")
    assert "Its words: helps, clearly." in said(at) and "Liked tracks are louder (level)." in said(at)
    assert at.button(key="models-inputs").disabled


def test_without_descriptors_it_is_said_what_is_missing(visit: Visit, rated: list[int]) -> None:
    at = click(visit(), "models-inputs")
    assert [error.value for error in at.error if "descriptors" in error.value]


# -- unlike anything, and the past --------------------------------------------------------------------------


def test_what_is_unlike_anything_is_counted_and_listed(visit: Visit, opened: Engine, trained: list[int]) -> None:
    workspace = opened.workspace
    run = workspace.model_runs.current("rating")
    assert run is not None
    found = [
        Prediction(i, "rating", "liked", {"liked": 0.9}, run.id, novelty)
        for i, novelty in [(trained[0], 3.0), (trained[35], 1.4), (trained[36], 2.2), (trained[37], 0.4)]
    ]
    workspace.predictions.replace("rating", found)
    at = visit()
    assert "**2 tracks.** They lie farther from your answers" in said(at), "what is answered is not among them"
    assert shown(at, "How far")[["Title", "How far"]].values.tolist() == [["Song 36", "2.2"], ["Song 35", "1.4"]]
    workspace.predictions.replace("rating", found[-1:])
    assert "None: every track without an answer is like something you answered." in said(visit())


def test_past_trainings_are_compared_chosen_and_deleted(visit: Visit, opened: Engine, trained: list[int]) -> None:
    workspace = opened.workspace
    [first] = workspace.model_runs.all("rating")
    training.retrain(workspace, "rating", ["ordered", "knn"])
    second = workspace.model_runs.all("rating")[0]
    at = visit()
    listed = shown(at, "Run", "Speaks")
    assert listed.Run.tolist() == [second.id, first.id] and listed.Speaks.tolist() == ["speaks", ""]
    assert f"Run {second.id} speaks now." in said(at) and f"models-delete-{second.id}-sure" not in keys(at)
    at = choose(choose(at, "Run", first.id), "Compare with", second.id)
    assert shown(at, f"Run {first.id}", "Difference").Figure.tolist()[0] == "Accuracy"
    assert "On the 30 tracks both were measured on: no clear difference" in said(at)
    at = click(at, f"models-use-{first.id}")
    assert [job.params for job in workspace.jobs.open(kind="use_run")] == [{"run": first.id}]
    at = click(at, f"models-delete-{first.id}-sure")
    assert at.toast[0].value == f"Run {first.id} is deleted."
    assert shown(at, "Run", "Speaks").Run.tolist() == [second.id]


def test_a_run_that_is_gone_meanwhile_is_one_sentence(visit: Visit, opened: Engine, trained: list[int]) -> None:
    [first] = opened.workspace.model_runs.all("rating")
    training.retrain(opened.workspace, "rating", ["ordered", "knn"])
    at = choose(visit(), "Run", first.id)
    runs.delete(opened.workspace, first.id)
    at.button(key=f"models-delete-{first.id}-sure").click().run()
    assert not at.exception and [error.value for error in at.error] == [
        f"Run {first.id} was deleted. Choose one of those that are there."
    ]


def test_what_another_run_changed_when_it_was_let_to_speak_is_said(
    visit: Visit, opened: Engine, trained: list[int]
) -> None:
    [first] = opened.workspace.model_runs.all("rating")
    training.retrain(opened.workspace, "rating", ["ordered", "knn"])
    runs.use(opened.workspace, first.id)
    assert f"You let run {first.id} ({first.family}) speak." in said(visit())


# -- one track in the library -------------------------------------------------------------------------------


def test_a_track_says_what_its_guess_comes_from_and_that_it_is_unlike_all(opened: Engine, fill: Any) -> None:
    workspace, ids = opened.workspace, fill(42, ratings=KINDS * 10)
    training.retrain(workspace, "rating", ["ensemble"])
    run = workspace.model_runs.current("rating")
    assert run is not None and run.family == "ensemble"
    far = [Prediction(i, "rating", "liked", {"liked": 0.9}, run.id, 1.5) for i in (ids[0], ids[40])]
    workspace.predictions.replace("rating", far)
    said_of = {}
    for track in (ids[0], ids[40]):
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60).run()
        at.switch_page("views/library.py").run()
        rows = at.dataframe[0]
        place = rows.value.index[rows.value.title == workspace.tracks.many([track])[track].title][0]
        at.session_state[rows.key] = {"selection": {"rows": [int(place)], "columns": [], "cells": []}}
        at.run()
        assert not at.exception, at.exception[0].message
        said_of[track] = next(element.value for element in at.markdown if "the guess comes from" in element.value)
    assert said_of[ids[40]].startswith("Rating: the guess comes from ") and "the sound" in said_of[ids[40]]
    assert said_of[ids[40]].endswith("Unlike anything you rated.")
    assert "Unlike" not in said_of[ids[0]], "it was answered"
