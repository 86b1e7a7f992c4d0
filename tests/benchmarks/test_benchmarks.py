"""The benchmarks run, small, and print one JSON object with the keys that runs are compared by.

rating_latency.py is left to `make bench`: tests/ui drives the same desk in a browser already.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import library_import
from benchmarks.common import answer, fill, percentiles, plain
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]


def run(name: str, *arguments: str) -> dict[str, Any]:
    """Run a benchmark in a process of its own, as `make bench` does, and return what it printed."""
    command = [sys.executable, str(ROOT / "benchmarks" / name), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.fixture
def workspace(home: Path) -> Workspace:
    """Open a home of its own."""
    return Workspace(home)


def test_a_made_up_library_is_analysed_and_its_answers_are_kept(workspace: Workspace) -> None:
    library = fill(workspace, 40)
    left = answer(workspace, library, "genre", 10)
    assert workspace.tracks.count() == {"tracks": 40, "analysed": 40}
    assert workspace.features.sets() == {"musicnn": 40, "tags": 40}
    assert len(workspace.labels.current("genre")) == 10
    assert len(left) == 30


def test_a_made_up_library_is_the_same_each_time(workspace: Workspace, tmp_path: Path) -> None:
    other = Workspace(tmp_path / "other")
    assert fill(workspace, 30).values == fill(other, 30).values


def test_percentiles_of_nothing_are_none() -> None:
    assert percentiles([]) == {"p50": None, "p95": None, "p99": None}


def test_what_json_does_not_know_becomes_null() -> None:
    assert plain({"a": [float("nan"), 1.0], "b": float("inf")}) == {"a": [None, 1.0], "b": None}


def test_refit_times_each_target() -> None:
    result = run("refit.py", "--tracks", "60", "--labels", "20", "--answers", "3")
    assert [(row["tracks"], row["target"]) for row in result["rows"]] == [(60, "rating"), (60, "genre")]
    assert all(row["ms"]["p95"] >= row["ms"]["p50"] > 0 for row in result["rows"])


def test_retrain_times_what_the_button_measures() -> None:
    result = run("retrain.py", "--labels", "40", "--tracks", "120", "--target", "rating")
    row = result["rows"][0]
    assert (row["labels"], row["tracks"], row["families"]) == (40, 120, ["ordered", "knn", "ensemble"])
    assert row["seconds"] > row["first_word"] >= 0


def test_rescan_times_the_first_look_and_the_second() -> None:
    result = run("rescan.py", "30")
    assert result["files"] == 30 and result["first_seconds"] > result["rescan_seconds"] > 0 < result["peak_mb"]


def test_models_prints_what_evaluate_prints(workspace: Workspace) -> None:
    answer(workspace, fill(workspace, 120), "genre", 60)
    result = run("models.py", "--home", str(workspace.home), "--target", "genre", "--models", "knn")
    assert {"grouped_by", "baseline", "models", "seconds"} <= result.keys()
    assert [model["name"] for model in result["models"]] == ["knn"]


def test_novelty_leaves_each_class_out_in_turn(workspace: Workspace) -> None:
    answer(workspace, fill(workspace, 160), "genre", 120)
    result = run("novelty.py", "--home", str(workspace.home))
    assert {row["left_out"] for row in result["rows"]} == {"electronic", "folk", "jazz", "rock"}
    assert all(0 <= row["auc"] <= 1 and 0 <= row["alarms"] <= 1 for row in result["rows"])


def test_the_prior_is_weighed_from_the_model_alone_on(workspace: Workspace) -> None:
    answer(workspace, fill(workspace, 160), "genre", 120)
    result = run("prior.py", "--home", str(workspace.home), "--seeds", "1")
    assert {row["weight"] for row in result["rows"]} == {0, 2, 4, 8, 16, 32}
    assert str(result["best"]) in result["log_loss_of_weights"]


def test_gtzan_keeps_artists_apart_and_says_what_flatters(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    artist = np.arange(120) // 4
    genre = np.array(["blues", "disco", "metal"])[artist % 3]
    X = rng.normal(size=(120, 5)) + 2 * rng.normal(size=(30, 5))[artist] + (artist % 3)[:, None]
    table = pd.DataFrame(X).assign(filename=[f"{i}.wav" for i in range(120)], label=genre, artist=artist.astype(str))
    table.to_csv(tmp_path / "table.csv", index=False)
    result = run("gtzan.py", str(tmp_path / "table.csv"), "--models", "knn", "--seeds", "1")
    (row,) = result["models"]
    assert result["artists"] == 30 and row["random_split"]["accuracy"] > row["accuracy"]
    assert "skipped" in run("gtzan.py", str(tmp_path / "none.csv"))


def test_library_import_times_looking_importing_and_taking_back() -> None:
    result = run("library_import.py", "300")
    assert set(result) == {
        "tracks", "xml_mb", "seconds", "peak_mb", "reimport_seconds", "undo_seconds", "look_seconds",
        "plistlib_seconds",
    }  # fmt: skip
    assert result["tracks"] == 300 and result["xml_mb"] > 0.1 and result["peak_mb"] > 10


def test_the_library_to_import_is_the_same_each_time(tmp_path: Path) -> None:
    one, two = (library_import.write(tmp_path / name, 50).read_bytes() for name in ("one.xml", "two.xml"))
    assert one == two
