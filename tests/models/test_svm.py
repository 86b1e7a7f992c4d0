"""Support vector machines, and settings chosen by validation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models import tuning
from models.evaluation import ece, grouped_folds, log_loss, out_of_fold
from models.logistic import STRENGTHS, LogisticClassifier
from models.majority import MajorityClassifier
from models.svm import CHOICES, SVMClassifier

CLASSES = ["disliked", "liked", "semi"]


def measured(build: Any, library: Any) -> np.ndarray:
    """Return out-of-fold probabilities."""
    folds = grouped_folds(library.y, library.groups)
    return out_of_fold(build, library.X, library.y, library.groups, folds, classes=CLASSES)


def test_a_machine_is_better_than_guessing_and_not_too_sure(library: Any) -> None:
    machine, guess = measured(SVMClassifier, library), measured(MajorityClassifier, library)
    assert log_loss(library.y, machine, CLASSES) < log_loss(library.y, guess, CLASSES)
    assert ece(library.y, machine, CLASSES) < 0.2


@pytest.mark.parametrize("n", [2, 3, 5])
def test_it_learns_from_few_answers_of_several_classes(n: int) -> None:
    X, y = np.repeat(5 * np.eye(n), 2, axis=0), np.repeat([f"class {i}" for i in range(n)], 2)
    model = SVMClassifier().fit(X, y)
    assert model.predict(X).tolist() == y.tolist()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


@pytest.mark.parametrize("build", [SVMClassifier, LogisticClassifier])
def test_settings_are_chosen_and_kept(build: Any, library: Any) -> None:
    model = build(tune=True).fit(library.X, library.y, library.groups)
    again = build(**model.settings_).fit(library.X, library.y, library.groups)
    np.testing.assert_allclose(model.predict_proba(library.X), again.predict_proba(library.X))


def test_more_noise_chooses_a_stronger_hand(library: Any) -> None:
    rng = np.random.default_rng(0)
    y = np.array(["no", "yes"])[(library.X[:, 0] > 0).astype(int)]
    clear = LogisticClassifier(tune=True).fit(library.X[:, :3], y, library.groups).settings_["C"]
    noise = LogisticClassifier(tune=True).fit(rng.normal(size=library.X.shape), y, library.groups).settings_["C"]
    assert noise < clear and clear in STRENGTHS


def test_too_few_answers_choose_nothing(library: Any) -> None:
    few = slice(0, tuning.ENOUGH - 1)
    model = SVMClassifier(tune=True).fit(library.X[few], library.y[few], library.groups[few])
    assert model.settings_ == CHOICES[0]


@pytest.mark.parametrize("build", [SVMClassifier, LogisticClassifier])
@pytest.mark.parametrize("balance", ["weights", "up", "down"])
def test_a_class_with_few_answers_is_found_more_often_when_balanced(build: Any, balance: str) -> None:
    rng = np.random.default_rng(0)
    y = np.array(["many"] * 90 + ["few"] * 10)
    X = rng.normal(size=(100, 4)) + 0.8 * (y == "few")[:, None]
    plain, helped = (build(balance=how).fit(X, y).predict_proba(X)[:, 0].mean() for how in ("none", balance))
    assert helped > 1.5 * plain
