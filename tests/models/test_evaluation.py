"""Folds, metrics and comparisons."""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
import pytest
from sklearn import metrics
from sklearn.neighbors import KNeighborsClassifier

from core.errors import Cancelled, NotEnoughLabelsError
from models import evaluation as ev
from models.knn import KNNClassifier
from models.logistic import LogisticClassifier
from models.majority import MajorityClassifier
from models.ordered import OrderedClassifier

CLASSES = ["disliked", "semi", "liked"]


def guesses(n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels, better than random probabilities and groups."""
    rng = np.random.default_rng(seed)
    columns = rng.integers(3, size=n)
    proba = rng.dirichlet(np.ones(3), size=n) + 0.4 * np.eye(3)[columns]
    return np.array(CLASSES)[columns], proba / proba.sum(axis=1, keepdims=True), rng.integers(25, size=n).astype(str)


# --- folds ---


def test_no_artist_is_on_both_sides_and_every_track_is_tested_once(library: Any) -> None:
    folds = ev.grouped_folds(library.y, library.groups)
    assert len(folds) == 5
    for train, test in folds:
        assert not set(library.groups[train]) & set(library.groups[test])
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(library.y)))


def test_few_artists_give_fewer_folds() -> None:
    y, groups = np.array(list("aabbab")), np.array(list("xxyyzz"))
    folds = ev.grouped_folds(y, groups)
    assert 2 <= len(folds) <= 3


def test_one_track_of_each_class_can_still_be_split() -> None:
    folds = ev.grouped_folds(np.array(["a", "b", "c"]), np.array(["x", "y", "z"]))
    assert sorted(np.concatenate([test for _, test in folds])) == [0, 1, 2]


@pytest.mark.parametrize(
    ("y", "groups", "message"),
    [(["a", "a"], ["x", "y"], "differs"), (["a", "b"], ["x", "x"], "one artist")],
)
def test_an_impossible_split_says_why(y: list[str], groups: list[str], message: str) -> None:
    with pytest.raises(NotEnoughLabelsError, match=message):
        ev.grouped_folds(np.array(y), np.array(groups))


def test_the_row_number_does_not_raise_the_grouped_score() -> None:
    """Tracks of an artist stand next to each other, so their row number leaks through folds that are not grouped."""
    artist = np.repeat(np.arange(40), 6)
    X = np.arange(240.0)[:, None]

    def score(groups: np.ndarray, seed: int) -> float:
        y = np.array(["liked", "disliked"])[np.random.default_rng(seed).integers(2, size=40)][artist]
        folds = ev.grouped_folds(y, groups)
        proba = ev.out_of_fold(KNNClassifier, X, y, groups, folds, classes=CLASSES)
        return ev.auc_liked(y, proba, CLASSES)

    assert np.mean([score(np.arange(240), seed) for seed in range(10)]) > 0.9
    assert np.mean([score(artist, seed) for seed in range(10)]) < 0.6


# --- predicting out of fold ---


def test_the_test_rows_labels_do_not_reach_their_predictions(library: Any) -> None:
    folds = ev.grouped_folds(library.y, library.groups)
    _, test = folds[0]
    changed = library.y.copy()
    changed[test] = np.random.default_rng(0).permutation(changed[test])
    args = (library.groups, folds)
    one = ev.out_of_fold(OrderedClassifier, library.X, library.y, *args, classes=CLASSES)
    other = ev.out_of_fold(OrderedClassifier, library.X, changed, *args, classes=CLASSES)
    np.testing.assert_array_equal(one[test], other[test])


def test_columns_follow_the_given_classes(library: Any) -> None:
    folds = ev.grouped_folds(library.y, library.groups)
    proba = ev.out_of_fold(LogisticClassifier, library.X, library.y, library.groups, folds, classes=["never", *CLASSES])
    assert (proba[:, 0] == 0).all()
    assert ev.auc_liked(library.y, proba, ["never", *CLASSES]) > 0.7


def test_a_fold_that_trains_on_one_class_falls_back_on_it() -> None:
    y, groups = np.array(["a", "a", "b", "b"]), np.array(["x", "x", "y", "y"])
    folds = ev.grouped_folds(y, groups)
    proba = ev.out_of_fold(LogisticClassifier, np.eye(4), y, groups, folds, classes=["a", "b"])
    assert proba.tolist() == [[0, 1], [0, 1], [1, 0], [1, 0]]


def test_progress_is_told_and_stopping_is_heard(library: Any) -> None:
    folds = ev.grouped_folds(library.y, library.groups)
    told: list[tuple[int, int]] = []
    args = (LogisticClassifier, library.X, library.y, library.groups, folds)
    ev.out_of_fold(*args, classes=CLASSES, progress=lambda done, total: told.append((done, total)))
    assert told == [(i, 5) for i in range(1, 6)]
    with pytest.raises(Cancelled):
        ev.out_of_fold(*args, classes=CLASSES, should_stop=lambda: True)


# --- metrics ---


def test_metrics_agree_with_scikit_learn() -> None:
    y, proba, _ = guesses()
    columns, guess = np.array([CLASSES.index(label) for label in y]), proba.argmax(axis=1)
    assert ev.accuracy(y, proba, CLASSES) == pytest.approx(metrics.accuracy_score(columns, guess))
    assert ev.balanced_accuracy(y, proba, CLASSES) == pytest.approx(metrics.balanced_accuracy_score(columns, guess))
    assert ev.macro_f1(y, proba, CLASSES) == pytest.approx(metrics.f1_score(columns, guess, average="macro"))
    assert ev.log_loss(y, proba, CLASSES) == pytest.approx(metrics.log_loss(columns, proba), rel=1e-4)
    ovr = metrics.roc_auc_score(columns, proba, multi_class="ovr")
    assert ev.roc_auc(y, proba, CLASSES) == pytest.approx(ovr)
    assert ev.auc_liked(y, proba, CLASSES) == pytest.approx(metrics.roc_auc_score(columns == 2, proba[:, 2]))
    kappa = metrics.cohen_kappa_score(columns, guess, weights="quadratic")
    assert ev.quadratic_kappa(y, proba, CLASSES) == pytest.approx(kappa)
    assert ev.confusion(y, proba, CLASSES).tolist() == metrics.confusion_matrix(columns, guess).tolist()


def test_perfect_guesses_are_perfect() -> None:
    y, _, groups = guesses()
    proba = np.eye(3)[[CLASSES.index(label) for label in y]]
    scores = ev.evaluate(y, proba, CLASSES, groups, ordered=True)
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "auc_liked", "quadratic_kappa"):
        assert scores[name] == 1.0
    for name in ("log_loss", "brier", "ece", "rps"):
        assert scores[name] == pytest.approx(0.0, abs=1e-3)
    assert scores["accuracy_interval"] == [1.0, 1.0]


def test_being_off_by_two_costs_more_than_by_one() -> None:
    near, far = np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
    y = np.array(["liked"])
    assert ev.rps(y, near, CLASSES) == pytest.approx(0.5, abs=1e-4)
    assert ev.rps(y, far, CLASSES) == pytest.approx(1.0, abs=1e-4)


def test_honest_probabilities_have_a_small_calibration_error() -> None:
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), size=4000)
    y = np.array(CLASSES)[(proba.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)]
    assert ev.ece(y, proba, CLASSES) < 0.03
    boastful = np.where(proba == proba.max(axis=1, keepdims=True), 0.98, 0.01)
    assert ev.ece(y, boastful, CLASSES) > 0.2


def test_the_interval_counts_artists_not_tracks() -> None:
    y, proba, _ = guesses(300)
    low, high = ev.accuracy_interval(y, proba, CLASSES, np.arange(300))
    assert low < ev.accuracy(y, proba, CLASSES) < high
    hits = proba.argmax(axis=1) == [CLASSES.index(label) for label in y]
    few = np.where(hits, "right", "wrong").astype(object) + (np.arange(300) % 3).astype(str).astype(object)
    wide_low, wide_high = ev.accuracy_interval(y, proba, CLASSES, few.astype(str))
    assert wide_high - wide_low > 2 * (high - low)


def test_what_cannot_be_measured_is_null_and_the_report_is_json() -> None:
    y, groups = np.array(["liked"] * 3), np.array(list("xyz"))
    table = ev.report("knn", "musicnn", y, np.full((3, 3), 1 / 3), CLASSES, groups, ordered=True, seconds=1.23456)
    assert table["roc_auc"] is None
    assert json.loads(json.dumps(table, allow_nan=False)) == table
    wanted = "name features accuracy accuracy_interval balanced_accuracy macro_f1 roc_auc log_loss ece seconds"
    assert set(wanted.split()) <= set(table)


@pytest.mark.parametrize(
    "proba", [np.full((2, 2), 0.5), np.array([[np.nan, 0, 1], [0, 0, 1]]), np.array([[-0.1, 0.6, 0.5], [0, 0, 1]])]
)
def test_wrong_probabilities_are_refused(proba: np.ndarray) -> None:
    with pytest.raises(ValueError, match="proba"):
        ev.accuracy(np.array(["liked", "semi"]), proba, CLASSES)


# --- comparing ---


def test_a_gain_must_exceed_its_standard_error() -> None:
    groups = np.repeat(np.arange(20), 5)
    current = np.random.default_rng(0).random(100)
    assert ev.better(current - 0.1, current, groups)
    assert not ev.better(current + 0.1, current, groups)
    assert not ev.better(current, current, groups)


def test_a_gain_from_one_artist_is_no_gain() -> None:
    groups = np.repeat(np.arange(10), 10)
    current = np.ones(100)
    new = np.where(groups == 0, 0.0, 1.0)
    gain, error = ev.paired_gain(current, new, groups)
    assert gain == pytest.approx(0.1)
    assert error == pytest.approx(0.1)
    assert not ev.better(new - 1e-12, current, np.arange(100) * 0)  # a single artist proves nothing


def test_ties_go_to_the_simpler() -> None:
    groups, base = np.arange(50), np.random.default_rng(0).random(50)
    noise = np.random.default_rng(1).normal(scale=0.3, size=50)
    losses = {"simple": base, "complex": base - 0.01 + noise - noise.mean()}
    assert ev.choose(losses, groups, {"simple": 0, "complex": 3}) == "simple"
    assert ev.choose({**losses, "complex": base - 0.2}, groups, {"simple": 0, "complex": 3}) == "complex"
    assert ev.better(base, losses["complex"], groups, new_is_simpler=True)
    assert not ev.better(losses["complex"], base, groups)


def test_measuring_a_family_beats_the_majority(library: Any) -> None:
    folds = ev.grouped_folds(library.y, library.groups)
    args = (library.X, library.y, library.groups, folds)
    measured = ev.measure("ordered", "musicnn", OrderedClassifier, *args, classes=CLASSES, ordered=True)
    baseline = ev.out_of_fold(MajorityClassifier, library.X, library.y, library.groups, folds, classes=CLASSES)
    assert ev.better(measured.losses, ev.rank_losses(library.y, baseline, CLASSES), library.groups)
    assert measured.report["auc_liked"] > 0.75


# --- what must not look like understanding ---

GENRES = ["folk", "jazz", "rock"]


def leaky_library(n: int = 960) -> Any:
    """Return tracks in the order of their folders: each artist has one genre and one run of row numbers."""
    rng = np.random.default_rng(0)
    artist = np.arange(n) // 8
    genre = rng.integers(3, size=artist.max() + 1)[artist]
    X = rng.normal(size=(n, 6))
    X[:, 0] += 0.8 * (genre == 0)
    y = np.array(["folk", "jazz", "rock"])[genre]
    return X, y, np.array([f"artist {a:02}" for a in artist])


@pytest.mark.parametrize("leak", ["row number", "path"])
def test_a_row_number_or_path_among_the_features_does_not_raise_the_grouped_score(leak: str) -> None:
    X, y, groups = leaky_library()
    number = np.arange(len(y), dtype=float)[:, None]
    paths = [f"/music/{group}/{i}.mp3" for i, group in enumerate(groups)]
    place = np.array([hash_of(path.rsplit("/", 1)[0]) for path in paths])[:, None]
    leaked = np.hstack([X, 500 * (number / len(y) if leak == "row number" else place)])

    def score(features: np.ndarray, folds: Any) -> float:
        proba = ev.out_of_fold(lambda: KNeighborsClassifier(3), features, y, groups, folds, classes=GENRES)
        return ev.accuracy(y, proba, GENRES)

    grouped, by_lot = ev.grouped_folds(y, groups), ev.random_folds(y)
    assert score(leaked, by_lot) > score(X, by_lot) + 0.2, "the leak is one: a random split falls for it"
    assert score(leaked, grouped) < score(X, grouped) + 0.06


def hash_of(text: str) -> float:
    """Return a number in [0, 1) that stands for a text."""
    return zlib.crc32(text.encode()) / 2**32


def test_random_folds_test_every_row_once_and_stand_artists_on_both_sides(library: Any) -> None:
    folds = ev.random_folds(library.y)
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(len(library.y)))
    assert any(set(library.groups[train]) & set(library.groups[test]) for train, test in folds)


def test_a_class_of_one_artist_does_not_take_folds_from_the_others() -> None:
    y = np.array(["pop", "rock"] * 20 + ["jazz"] * 3)
    groups = np.array([f"artist {i // 2}" for i in range(40)] + ["nina"] * 3)
    assert len(ev.grouped_folds(y, groups)) == 5


def test_reliability_counts_every_track_once(library: Any) -> None:
    proba = np.random.default_rng(0).dirichlet(np.ones(3), size=len(library.y))
    bins = ev.reliability(library.y, proba, CLASSES)
    assert sum(b["tracks"] for b in bins) == len(library.y)
    assert [b["confidence"] for b in bins] == sorted(b["confidence"] for b in bins)
    error = sum(abs(b["confidence"] - b["accuracy"]) * b["tracks"] for b in bins) / len(library.y)
    assert abs(error - ev.ece(library.y, proba, CLASSES)) < 1e-3


def test_each_class_has_its_precision_and_recall() -> None:
    y = np.array(["a", "a", "b"])
    proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    a, b = ev.per_class(y, proba, ["a", "b"])
    assert (a["labels"], a["predicted"], a["precision"], a["recall"]) == (2, 1, 1.0, 0.5)
    assert (b["labels"], b["predicted"], b["precision"], b["recall"]) == (1, 2, 0.5, 1.0)
