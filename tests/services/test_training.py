"""Training: measured on artists not heard, kept only when better, and never against what the person said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.errors import EarmarkError, NotEnoughLabelsError
from core.records import Label
from models import persistence
from services import datasets, evaluating, labeling, predicting, training
from services.workspace import Workspace

KINDS = ("liked", "semi", "disliked")
QUICK = ["knn", "ordered"]
# What scripts rely on: design.md, section 6.
CONTRACT = {
    "name", "features", "accuracy", "accuracy_interval", "balanced_accuracy", "macro_f1", "roc_auc", "log_loss",
    "ece", "seconds",
}  # fmt: skip


@pytest.fixture
def separable(workspace: Workspace, fill: Any, rate: Any) -> list[int]:
    """Give 60 tracks whose sound decides the rating; the first 48 are rated."""
    ids = fill(60)
    rate({track_id: KINDS[n % 3] for n, track_id in enumerate(ids[:48])})
    return ids


@pytest.fixture
def arbitrary(workspace: Workspace, fill: Any, rate: Any) -> list[int]:
    """Give 60 tracks; 48 have ratings drawn by lot."""
    ids = fill(60)
    lots = np.random.default_rng(4).permutation(48) % 3
    rate({track_id: KINDS[lot] for track_id, lot in zip(ids, lots, strict=False)})
    return ids


# -- what is learned from ---------------------------------------------------------------------------


def test_too_few_labels_are_counted(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(12)
    rate({ids[0]: "semi", ids[1]: "semi"})
    with pytest.raises(NotEnoughLabelsError) as error:
        datasets.dataset(workspace, "rating")
    assert str(error.value) == (
        "Still needed to train on rating: 6 more ratings, at least 2 liked and 2 disliked, from at least 1 more artist."
    )
    assert datasets.missing(workspace, "rating") == str(error.value)
    with pytest.raises(NotEnoughLabelsError):
        training.retrain(workspace)
    assert workspace.jobs.open() == [] and workspace.jobs.latest("retrain") is None


def test_labels_of_tracks_not_heard_are_mentioned(workspace: Workspace, fill: Any, rate: Any) -> None:
    heard, unheard = fill(3), fill(9, state="new")
    rate(dict.fromkeys([*heard, *unheard], "liked"))
    assert "9 labelled tracks are not analysed yet." in (datasets.missing(workspace, "rating") or "")


def test_before_any_analysis_it_says_so(workspace: Workspace) -> None:
    assert datasets.missing(workspace, "rating") == "No track is analysed yet, so there is nothing to learn from."


def test_a_dataset_holds_the_labelled_tracks_with_their_artists(workspace: Workspace, separable: list[int]) -> None:
    assert datasets.missing(workspace, "rating") is None
    data = datasets.dataset(workspace, "rating")
    assert data.ids.tolist() == separable[:48] and data.X.shape == (48, 12)
    assert data.y.tolist() == [KINDS[n % 3] for n in range(48)]
    assert len(set(data.groups)) == 8 and data.ordered
    assert data.classes == ("disliked", "semi", "liked")


def test_feature_sets_can_be_joined(workspace: Workspace, separable: list[int]) -> None:
    assert datasets.dataset(workspace, "rating", "musicnn+tags").X.shape == (48, 62), "of the tags the 50 of MSD"
    with pytest.raises(EarmarkError, match=r"no features called 'lyrics'\. There are: musicnn, tags"):
        datasets.dataset(workspace, "rating", "lyrics")


# -- measuring --------------------------------------------------------------------------------------


def test_evaluate_gives_what_scripts_rely_on(workspace: Workspace, separable: list[int], tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    result = evaluating.evaluate(workspace, "rating", QUICK, report=tmp_path / "report", progress=told.append)
    assert result["grouped_by"] == "artist" and result["labels"] == 48
    assert result["baseline"] == pytest.approx(1 / 3, abs=0.1)
    assert [row["name"] for row in result["models"]] == QUICK
    for row in result["models"]:
        assert set(row) >= CONTRACT | {"auc_liked"}
        low, high = row["accuracy_interval"]
        assert 0 <= low <= row["accuracy"] <= high <= 1
        assert row["accuracy"] > 0.9 and row["features"] == "musicnn"
    assert told[-1]["done"] == told[-1]["total"] and "knn" in told[0]["sentence"]
    assert len(pd.read_csv(tmp_path / "report" / "scores.csv")) == 3
    assert set(pd.read_csv(tmp_path / "report" / "confusion.csv").model) == {"baseline", *QUICK}
    assert workspace.model_runs.all() == []


def test_each_feature_set_is_measured_by_itself(workspace: Workspace, separable: list[int]) -> None:
    result = evaluating.evaluate(workspace, "rating", ["ordered"], ["musicnn", "tags", "musicnn+tags"])
    scores = {row["features"]: row["accuracy"] for row in result["models"]}
    assert list(scores) == ["musicnn", "tags", "musicnn+tags"]
    assert scores["tags"] < scores["musicnn"]  # the made-up tags are noise


def test_random_answers_cannot_be_learned(workspace: Workspace, arbitrary: list[int]) -> None:
    [row] = evaluating.evaluate(workspace, "rating", ["ordered"])["models"]
    assert row["accuracy"] < 0.6


def test_genres_are_measured_too(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(36)
    rate({track_id: ("jazz", "rock", "folk")[n % 3] for n, track_id in enumerate(ids)}, "genre")
    result = evaluating.evaluate(workspace, "genre")
    assert [row["name"] for row in result["models"]] == ["logistic", "knn"]
    assert all("auc_liked" not in row for row in result["models"])


def test_a_family_that_cannot_learn_the_target_is_refused(workspace: Workspace, separable: list[int]) -> None:
    with pytest.raises(EarmarkError, match="'logistic' cannot learn rating"):
        evaluating.evaluate(workspace, "rating", ["logistic"])
    with pytest.raises(EarmarkError, match="no model family 'forest'"):
        evaluating.evaluate(workspace, "rating", ["forest"])


# -- retraining -------------------------------------------------------------------------------------


def test_a_model_better_than_the_usual_answer_becomes_current_and_predicts_every_track(
    workspace: Workspace, separable: list[int]
) -> None:
    result = training.retrain(workspace, "rating", QUICK)
    assert result["became_current"] is True and result["labels"] == 48
    assert result["why"] == "It is measurably better than always giving the usual answer."
    assert {row["name"] for row in result["models"]} == set(QUICK) and result["scores"] in result["models"]
    current = workspace.model_runs.current("rating")
    assert current is not None and (current.id, current.family) == (result["run"], result["model"])
    predictions = workspace.predictions.all("rating")
    assert sorted(predictions) == separable
    right = [predictions[i].value == KINDS[n % 3] for n, i in enumerate(separable)]
    assert sum(right[48:]) >= 11
    assert all(sum(p.proba.values()) == pytest.approx(1, abs=1e-3) for p in predictions.values())


def test_a_model_no_better_than_the_usual_answer_is_kept_but_does_not_speak(
    workspace: Workspace, arbitrary: list[int]
) -> None:
    result = training.retrain(workspace, "rating", QUICK)
    assert result["became_current"] is False and "not yet measurably better" in result["why"]
    assert workspace.model_runs.current("rating") is None
    assert [run.became_current for run in workspace.model_runs.all("rating")] == [False]
    assert workspace.predictions.all("rating") == {}


def test_the_next_training_measures_the_model_that_speaks_beside_the_new_ones(
    workspace: Workspace, separable: list[int]
) -> None:
    first = training.retrain(workspace, "rating", ["ordered"])
    second = training.retrain(workspace, "rating", ["knn"])
    assert {row["name"] for row in second["models"]} == {"knn", "ordered"}
    assert second["run"] != first["run"] and second["became_current"]
    current = workspace.model_runs.current("rating")
    assert current is not None and current.id == second["run"]
    assert {p.model_run for p in workspace.predictions.all("rating").values()} == {second["run"]}


def test_a_saved_model_predicts_the_same_when_it_is_read_again(workspace: Workspace, separable: list[int]) -> None:
    run = training.retrain(workspace, "rating", ["ordered"])["run"]
    before = workspace.predictions.all("rating")
    model, about = persistence.load(workspace.home / str(workspace.model_runs.get(run).path))
    assert about["target"] == "rating" and about["features"] == "musicnn" and about["temperature"] > 0
    assert [str(name) for name in model.classes_] == list(workspace.model_runs.get(run).classes)
    reopened = Workspace(workspace.home)
    assert predicting.predict_all(reopened, "rating")["predicted"] == 60
    assert reopened.predictions.all("rating") == before
    assert not list(workspace.models_folder.rglob("*.pkl"))


def test_tracks_heard_since_are_predicted(workspace: Workspace, separable: list[int], fill: Any) -> None:
    training.retrain(workspace, "rating", ["ordered"])
    more = fill(6)
    predicting.predict_new(workspace)
    assert sorted(workspace.predictions.all("rating")) == separable + more


# -- predicting -------------------------------------------------------------------------------------


def test_the_persons_answer_overrides_any_prediction(workspace: Workspace, separable: list[int]) -> None:
    training.retrain(workspace, "rating", ["ordered"])
    contrary = separable[48]
    assert workspace.predictions.all("rating")[contrary].value == "liked"
    labeling.answer(workspace, contrary, "rating", "disliked")
    [said] = predicting.predict(workspace, "rating", contrary)
    assert (said["value"], said["by"], said["predicted"]) == ("disliked", "person", "liked")
    [other] = predicting.predict(workspace, "rating", separable[49])
    assert other["by"].startswith("run ") and other["by"].endswith("(ordered)")
    assert len(predicting.predict(workspace, "rating")) == 60
    workspace.labels.add([Label("of a table", separable[49], "rating", "semi", "csv")])
    [other] = predicting.predict(workspace, "rating", separable[49])
    assert (other["value"], other["by"]) == ("semi", "csv")


def test_before_any_training_the_quick_model_predicts(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(6)
    assert predicting.predict(workspace, "rating") == []
    rate({ids[0]: "liked", ids[1]: "disliked"})
    assert {row["by"] for row in predicting.predict(workspace, "rating")} == {"quick", "person"}
    assert predicting.predict_all(workspace, "rating")["predicted"] == 0


def test_a_file_is_classified_by_ear(heard: Any, heard_copy: Workspace, tmp_path: Path) -> None:
    tracks = {track.title: track for track in heard_copy.tracks.all(states=["analysed"])}
    for title, value in (("0", "liked"), ("1", "liked"), ("8", "disliked"), ("9", "disliked")):
        labeling.answer(heard_copy, tracks[title].id, "rating", value)
    stranger = tmp_path / "stranger.mp3"
    stranger.write_bytes(Path(tracks["9"].path or "").read_bytes())
    result = predicting.classify(heard_copy, [str(stranger), str(tracks["0"].path), str(next(iter(heard.broken)))])
    assert [row["path"] for row in result["files"]] == [str(stranger), tracks["0"].path]
    one, known = result["files"]
    assert one["title"] == "9" and one["your_labels"] == {} and known["your_labels"] == {"rating": "liked"}
    assert one["targets"]["rating"]["model"] == "ordered" and one["targets"]["rating"]["label"] == "disliked"
    for opinion in one["targets"].values():
        assert sum(opinion["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert opinion["label"] == max(opinion["probabilities"], key=opinion["probabilities"].__getitem__)
    assert [row["path"] for row in result["unreadable"]] == [next(iter(heard.broken))]


def test_a_file_is_not_shown_to_a_model_that_learned_from_other_measurements(heard_copy: Workspace) -> None:
    """The current run knows an older version of the descriptors: the quick model speaks, as if there were no run."""
    tracks = heard_copy.tracks.all(states=["analysed"])
    for track, value in zip(tracks, ("liked", "liked", "disliked", "disliked"), strict=False):
        labeling.answer(heard_copy, track.id, "rating", value)
    number = heard_copy.model_runs.add(
        target="rating", family="ordered", features="descriptors", labels=4, classes=["disliked", "liked"], scores={},
        versions={"descriptors": 1},
    )  # fmt: skip
    heard_copy.model_runs.make_current(number)
    [found] = predicting.classify(heard_copy, [str(tracks[0].path)])["files"]
    assert found["targets"]["rating"]["model"] == "ordered"
    with heard_copy.database.write() as connection:  # a library whose own figures are measured no more
        connection.execute("UPDATE features SET version = 99 WHERE feature_set = 'musicnn'")
    [found] = predicting.classify(heard_copy, [str(tracks[0].path)])["files"]
    assert "rating" not in found["targets"] and found["targets"]["genre"]["model"] == "prior"
