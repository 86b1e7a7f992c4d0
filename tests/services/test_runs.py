"""Trainings of the past, what changes when another speaks, and what is kept from one to the next."""

from __future__ import annotations

import dataclasses
import shutil
from typing import Any

import numpy as np
import pytest

from core.errors import EarmarkError
from core.vocabulary import MSD_TAGS, TAG_NAMES
from services import datasets, evaluating, predicting, runs, training
from services.report import PAGE
from services.workspace import Workspace

KINDS = ("liked", "semi", "disliked")


@pytest.fixture
def rated(workspace: Workspace, fill: Any, rate: Any) -> list[int]:
    """Give 72 tracks whose sound decides the rating; 48 are rated, and all have genres."""
    ids = fill(72, sets=("musicnn", "tags", "descriptors"))
    rate({track_id: KINDS[n % 3] for n, track_id in enumerate(ids[:48])})
    rate({track_id: ("folk", "metal", "techno")[n % 3] for n, track_id in enumerate(ids[:48])}, "genre")
    return ids


def test_an_earlier_run_speaks_again(workspace: Workspace, rated: list[int]) -> None:
    first = training.retrain(workspace, "rating", ["ordered"])["run"]
    before = workspace.predictions.all("rating")
    second = training.retrain(workspace, "rating", ["knn"])["run"]
    assert [run["run"] for run in runs.every(workspace, "rating")] == [second, first]
    result = runs.use(workspace, first)
    assert result["predicted"] == 72 and workspace.predictions.all("rating") == before
    assert [run["run"] for run in runs.every(workspace) if run["current"]] == [first]


def test_two_runs_are_compared_on_what_both_were_measured_on(workspace: Workspace, rated: list[int]) -> None:
    first, second = (training.retrain(workspace, "rating", [name])["run"] for name in ("ordered", "knn"))
    compared = runs.compare(workspace, first, second)
    parts = ("both_right", "only_first", "only_second", "both_wrong")
    assert compared["tracks"] == 48 == sum(compared[part] for part in parts)
    for row in compared["scores"].values():
        assert row["difference"] == pytest.approx(row["second"] - row["first"], abs=1e-3)
    genre = training.retrain(workspace, "genre", ["knn"])["run"]
    with pytest.raises(EarmarkError, match="is about rating and run"):
        runs.compare(workspace, first, genre)


def test_a_deleted_run_is_gone_but_what_it_was_stays(workspace: Workspace, rated: list[int]) -> None:
    first, second = (training.retrain(workspace, "rating", [name])["run"] for name in ("ordered", "ordered"))
    with pytest.raises(EarmarkError, match=f"Run {second} speaks for rating now"):
        runs.delete(workspace, second)
    folder = workspace.home / str(workspace.model_runs.get(first).path)
    assert folder.is_dir() and runs.delete(workspace, first) == {"deleted": first}
    assert not folder.exists() and workspace.model_runs.get(first).family == "ordered"
    assert [run["run"] for run in runs.every(workspace)] == [second]
    for verb in (lambda: runs.use(workspace, first), lambda: runs.delete(workspace, first)):
        with pytest.raises(EarmarkError, match=f"Run {first} was deleted"):
            verb()
    with pytest.raises(EarmarkError, match="No model run has the number 99"):
        runs.delete(workspace, 99)


def test_a_run_of_features_measured_in_another_way_cannot_speak(workspace: Workspace, rated: list[int]) -> None:
    first = training.retrain(workspace, "rating", ["ordered"])["run"]
    training.retrain(workspace, "rating", ["knn"])
    workspace.features.drop({"musicnn": [1]})
    with pytest.raises(EarmarkError, match="as it was measured before"):
        runs.use(workspace, first)


def test_a_tampered_run_does_not_speak(workspace: Workspace, rated: list[int]) -> None:
    first = training.retrain(workspace, "rating", ["ordered"])["run"]
    training.retrain(workspace, "rating", ["knn"])
    path = workspace.home / str(workspace.model_runs.get(first).path) / "model.skops"
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(EarmarkError, match="damaged"):
        runs.use(workspace, first)
    assert workspace.model_runs.current("rating").id != first  # type: ignore[union-attr]


# -- the same again ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "families"), [("rating", ["ordered", "knn", "ensemble"]), ("genre", None)])
def test_the_same_answers_and_seed_give_the_same_predictions(
    workspace: Workspace, rated: list[int], target: str, families: list[str] | None
) -> None:
    first = training.retrain(workspace, target, families)
    before = workspace.predictions.all(target)
    second = training.retrain(workspace, target, families)
    after = workspace.predictions.all(target)
    assert {i: (p.value, p.proba, p.novelty) for i, p in before.items()} == {
        i: (p.value, p.proba, p.novelty) for i, p in after.items()
    }
    assert first["changed"] >= 0 and second["changed"] == 0 and second["tracks"] == []


def test_settings_are_kept_while_few_answers_come(workspace: Workspace, rated: list[int], rate: Any) -> None:
    first = training.retrain(workspace, "genre", ["logistic"])
    assert "settings" not in first["models"][0]
    rate({track_id: ("folk", "metal", "techno")[n % 3] for n, track_id in enumerate(rated[48:54])}, "genre")
    second = training.retrain(workspace, "genre", ["logistic"])
    kept = workspace.model_runs.get(second["run"]).settings["logistic"]
    assert second["models"][0]["settings"]["kept"] == kept["settings"] and kept["labels"] == 48
    rate({track_id: ("folk", "metal", "techno")[n % 3] for n, track_id in enumerate(rated[54:])}, "genre")
    third = training.retrain(workspace, "genre", ["logistic"])
    assert "settings" not in third["models"][0], "half as many answers again: chosen anew"


def test_progress_comes_at_once_and_says_how_long_it_takes(workspace: Workspace, rated: list[int]) -> None:
    told: list[dict[str, Any]] = []
    training.run(workspace, {"target": "genre"}, told.append)
    assert told[0]["sentence"] == "Reading your answers"
    done = [step["done"] for step in told[1:]]
    assert done == sorted(done) and done[-1] <= told[-1]["total"]
    assert any("Measuring ensemble on artists it has not heard" in step["sentence"] for step in told)


def test_asking_twice_starts_one_training(workspace: Workspace, rated: list[int]) -> None:
    from services.jobs import submit

    params = training.params_of(workspace, "rating")
    assert submit(workspace, "retrain", params) == submit(workspace, "retrain", dict(params))
    assert len(workspace.jobs.open(kind="retrain")) == 1


# -- what it is worth, and what it says -------------------------------------------------------------------


def test_a_training_says_what_changed_side(workspace: Workspace, rated: list[int], rate: Any) -> None:
    training.retrain(workspace, "rating", ["ordered"])
    turned = {"liked": "disliked", "disliked": "liked", "semi": "semi"}
    rate({track_id: turned[KINDS[n % 3]] for n, track_id in enumerate(rated[:48])})
    result = training.retrain(workspace, "rating", ["ordered"])
    assert result["changed"] >= 10, "the 24 tracks without an answer follow the new taste"
    assert {row["id"] for row in result["tracks"]} <= set(rated[48:])
    assert all(row["old"] != row["new"] for row in result["tracks"])


def test_the_result_holds_every_figure_beside_what_flatters(workspace: Workspace, rated: list[int]) -> None:
    result = training.retrain(workspace, "genre")
    assert {row["name"] for row in result["models"]} == {"prior", "logistic", "knn", "svm", "ensemble"}
    for row in result["models"]:
        assert row["log_loss"] <= row["uncalibrated"]["log_loss"] + 1e-9
    assert result["library"]["flattering"] and 0 <= result["nested"]["accuracy"] <= 1
    assert {row["name"] for row in result["paired"]} == {row["name"] for row in result["models"]} - {result["model"]}


def test_tracks_unlike_anything_are_listed_and_told(workspace: Workspace, rated: list[int]) -> None:
    odd = rated[-1]
    workspace.features.put(odd, {"musicnn": np.full(12, 40.0)}, {"musicnn": 1})
    training.retrain(workspace, "rating", ["ordered"])
    listed = predicting.unlike(workspace, "rating")
    assert listed[0]["id"] == odd and listed[0]["novelty"] > 1
    (row,) = predicting.predict(workspace, "rating", odd)
    assert row["unlike"] is True


def test_a_class_that_swallows_the_library_is_seen(workspace: Workspace, rated: list[int], rate: Any) -> None:
    training.retrain(workspace, "genre", ["logistic"])
    shares = {row["class"]: row for row in predicting.class_shares(workspace, "genre")}
    assert sum(row["labelled"] for row in shares.values()) == pytest.approx(1, abs=0.01)
    assert not any(row["sink"] for row in shares.values())
    guesses = workspace.predictions.all("genre").values()
    workspace.predictions.replace(
        "genre", [type(p)(p.track_id, p.target, "folk", p.proba, p.model_run) for p in guesses]
    )
    shares = {row["class"]: row for row in predicting.class_shares(workspace, "genre")}
    assert shares["folk"]["sink"] and shares["folk"]["predicted"] == 1.0


def test_a_synthetic_set_of_lyrics_joins_and_its_share_is_shown(workspace: Workspace, rated: list[int]) -> None:
    rng = np.random.default_rng(0)
    for n, track_id in enumerate(rated[:60]):  # twelve have no lyrics
        vector = 3.0 * np.eye(3)[n % 3] + 0.3 * rng.normal(size=3)
        workspace.features.put(track_id, {"lyrics": vector.astype(np.float32)}, {"lyrics": 1})
        workspace.features.put(track_id, {"musicnn": rng.normal(size=12)}, {"musicnn": 1})
    result = training.retrain(workspace, "rating", ["ensemble"])
    assert result["scores"]["features"].endswith("+lyrics") and result["scores"]["accuracy"] > 0.8
    heard = predicting.explain(workspace, "rating", rated[0])
    silent = predicting.explain(workspace, "rating", rated[-1])
    assert heard is not None and silent is not None
    assert heard["lyrics"] > 0.5 and silent["lyrics"] == 0.0
    added = {row["features"]: row for row in evaluating.added(workspace, "rating")}
    assert added["lyrics"]["clear"] and added["lyrics"]["tracks"] == 48
    assert added["lyrics"]["gain"] > added["descriptors"]["gain"]


def test_artists_count_in_the_library_and_never_in_the_figure_for_new_ones(
    workspace: Workspace, fill: Any, rate: Any
) -> None:
    ids = fill(64, sets=("musicnn",))
    for track_id in ids:  # a sound that says nothing
        workspace.features.put(track_id, {"musicnn": np.random.default_rng(track_id).normal(size=12)}, {"musicnn": 1})
    rate({track_id: "liked" if n % 8 < 4 else "disliked" for n, track_id in enumerate(ids[:48])})
    workspace.model_runs.make_current(training.retrain(workspace, "rating", ["ordered"])["run"])
    run = workspace.model_runs.current("rating")
    assert run is not None and run.scores["accuracy"] < 0.7, "on artists not heard there is nothing to know"
    assert training.retrain(workspace, "rating", ["ordered"])["library"]["with_artists"]["accuracy"] > 0.9
    predicting.predict_all(workspace, "rating")
    guesses = workspace.predictions.values("rating")
    truth = {track_id: "liked" if n % 8 < 4 else "disliked" for n, track_id in enumerate(ids)}
    assert np.mean([guesses[i] == truth[i] for i in ids[48:]]) > 0.9


# -- the report -------------------------------------------------------------------------------------------


def test_the_report_is_one_page_that_fetches_nothing(workspace: Workspace, rated: list[int], tmp_path: Any) -> None:
    result = evaluating.evaluate(workspace, "genre", ["knn", "logistic"], report=tmp_path / "out")
    text = (tmp_path / "out" / PAGE).read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "http" not in text.replace("http://www.w3.org", "")
    for words in ("knn", "logistic", "always the usual answer", "random split", "Reliability plot", result["best"]):
        assert words in text
    assert (tmp_path / "out" / "scores.csv").exists() and (tmp_path / "out" / "confusion.csv").exists()


def test_names_with_angle_brackets_do_no_harm_in_the_report(
    workspace: Workspace, rated: list[int], tmp_path: Any
) -> None:
    labels = {i: "<b>folk</b>" if n % 3 else "pop" for n, i in enumerate(rated[:48])}
    from core.records import Label

    workspace.labels.add([Label(f"odd {i}", i, "genre", value) for i, value in labels.items()])
    evaluating.evaluate(workspace, "genre", ["knn"], report=tmp_path)
    assert "<b>folk" not in (tmp_path / PAGE).read_text(encoding="utf-8")


def test_comparing_sets_names_each_and_uses_the_tracks_they_share(workspace: Workspace, rated: list[int]) -> None:
    result = evaluating.evaluate(workspace, "rating", ["knn"], ["musicnn", "descriptors", "musicnn+descriptors"])
    assert [row["features"] for row in result["models"]] == ["musicnn", "descriptors", "musicnn+descriptors"]
    assert len(result["paired"]) == 2 and result["best"].startswith("knn on ")


def test_a_home_without_the_files_of_its_run_says_so(workspace: Workspace, rated: list[int]) -> None:
    run = training.retrain(workspace, "rating", ["ordered"])["run"]
    shutil.rmtree(workspace.home / str(workspace.model_runs.get(run).path))
    with pytest.raises(EarmarkError, match="There is no model in"):
        predicting.predict_all(workspace, "rating")
    assert datasets.missing(workspace, "rating") is None


def test_the_prior_reads_the_tags_as_the_person_has_them(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(48)
    column = MSD_TAGS.index("metal")
    for n, track_id in enumerate(ids):  # what the person calls heavy is tagged metal
        tags = np.full(len(TAG_NAMES), 0.05)
        tags[column] = 0.9 if n % 2 else 0.01
        workspace.features.put(track_id, {"tags": tags}, {"tags": 1})
    rate({track_id: "heavy" if n % 2 else "jazz" for n, track_id in enumerate(ids)}, "genre")
    shipped = evaluating.evaluate(workspace, "genre", ["prior"])["models"][0]["accuracy"]
    data = datasets.dataset(workspace, "genre", "tags")
    own = dataclasses.replace(data, table={**data.table, "heavy": ("metal",)}).build("prior")
    guesses = own.fit(data.X, data.y).predict(data.X)
    assert (guesses == data.y).mean() > 0.9 > shipped
