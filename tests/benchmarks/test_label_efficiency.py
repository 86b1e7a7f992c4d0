"""The benchmark of asking orders runs, small, on a made-up home, and says what is wrong in a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import label_efficiency
from benchmarks.common import answer, fill
from core.errors import EarmarkError
from labeling.queue import STRATEGIES
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
ROW = {
    "mean", "interval", "area64", "area64_minus_random", "area64_minus_random_corrected", "minus_random",
    "labels_to_random64",
}  # fmt: skip


@pytest.fixture
def workspace(home: Path) -> Workspace:
    """Open a home of its own."""
    return Workspace(home)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark in a process of its own."""
    command = [sys.executable, str(ROOT / "benchmarks" / "label_efficiency.py"), "--home", str(home), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_prints_every_strategy_beside_asking_by_lot(workspace: Workspace) -> None:
    answer(workspace, fill(workspace, 72), "rating", 72)
    done = run(workspace.home, "--target", "rating", "--seeds", "2", "--strategies", "earmark,kcentre")
    result: dict[str, Any] = json.loads(done.stdout)
    assert {"metric", "budgets", "dropped_budgets", "seeds", "strategies", "usual_way", "seconds"} <= result.keys()
    assert result["metric"] == "auc_liked"
    assert result["budgets"] == [8, 16, 24, 32, 48]
    assert result["dropped_budgets"] == [64, 100]
    assert list(result["strategies"]) == ["random", "earmark", "kcentre"]
    for row in result["strategies"].values():
        assert row.keys() == ROW | {"quadratic_kappa"}
        assert len(row["mean"]) == len(row["interval"]) == len(row["minus_random"]) == len(result["budgets"])
        assert all(low <= mean <= high for mean, (low, high) in zip(row["mean"], row["interval"], strict=True))
    assert result["strategies"]["random"]["area64_minus_random"] == [0.0, 0.0, 0.0]
    assert result["usual_way"] is None  # a made-up library has no descriptors


def test_too_few_labels_are_said_in_a_sentence(workspace: Workspace) -> None:
    answer(workspace, fill(workspace, 30), "genre", 9)
    done = run(workspace.home, "--target", "genre")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("9 labelled tracks are too few") and "Traceback" not in done.stderr


def test_what_cannot_be_measured_names_what_can(workspace: Workspace) -> None:
    answer(workspace, fill(workspace, 40), "genre", 40)
    case = label_efficiency.read(workspace, "genre")
    with pytest.raises(EarmarkError, match="random, least_confidence"):
        label_efficiency.measure(case, ["oracle"])
    with pytest.raises(EarmarkError, match="2 seeds"):
        label_efficiency.measure(case, seeds=1)


@pytest.mark.parametrize("plain", [False, True])
def test_every_strategy_asks_about_the_library_only_and_never_twice(workspace: Workspace, plain: bool) -> None:
    answer(workspace, fill(workspace, 48), "genre", 48)
    case = label_efficiency.read(workspace, "genre", plain=plain)
    split = next(label_efficiency.splits(case, 1))
    assert not set(case.analysed.groups[split.pool]) & set(case.analysed.groups[split.test])
    for strategy in STRATEGIES:
        asked: list[int] = []
        ask = label_efficiency._ours(strategy)
        for _ in range(6):
            asked += ask(split, asked, 2)
        assert len(set(asked)) == len(asked) >= 6 and set(asked) <= set(split.pool.tolist())


def test_the_quick_model_is_that_of_the_app(workspace: Workspace) -> None:
    from services.learning import FeatureCache, quick_model

    library = fill(workspace, 60)
    answer(workspace, library, "genre", 60)
    case = label_efficiency.read(workspace, "genre")
    everything = np.arange(60)
    split = label_efficiency.Split(case, everything, everything[:0], 0)
    classes, proba, _ = split.think(everything.tolist())
    quick = quick_model(workspace, "genre", FeatureCache(workspace).read(), workspace.labels.current("genre"))
    assert quick is not None and proba is not None
    assert classes == list(quick.classes)
    order = [quick.row_of[int(i)] for i in case.analysed.ids]
    np.testing.assert_allclose(proba, quick.proba[order], atol=1e-9)


def test_labels_to_a_value_lie_between_budgets() -> None:
    assert label_efficiency.labels_to(0.5, [0.5, 0.7], [8, 16]) == 8
    assert label_efficiency.labels_to(0.9, [0.5, 0.7], [8, 16]) is None


def test_an_area_is_a_mean_height_up_to_64() -> None:
    curve = np.array([[0.4, 0.6, 1.0]])
    assert label_efficiency.area(curve, [8, 64, 100]) == pytest.approx([0.5])
    assert label_efficiency.area(np.full((2, 3), 0.7), [8, 16, 24]) == pytest.approx([0.7, 0.7])


def test_the_corrected_interval_is_wider() -> None:
    gains = np.random.default_rng(0).normal(0.02, 0.05, size=80)
    mean, low, high = label_efficiency.corrected(gains, 20)
    _, seeds_low, seeds_high = label_efficiency._with_interval(gains.reshape(20, 4).mean(axis=1))
    assert low < seeds_low < mean < seeds_high < high
