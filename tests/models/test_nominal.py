"""Logistic regression, nearest neighbours and the majority."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.knn import KNNClassifier
from models.logistic import LogisticClassifier
from models.majority import MajorityClassifier

ALL = [LogisticClassifier, KNNClassifier, MajorityClassifier]


@pytest.mark.parametrize("build", ALL)
def test_probabilities_are_probabilities_in_the_order_of_classes(build: Any, library: Any) -> None:
    model = build().fit(library.X, library.y, library.groups)
    proba = model.predict_proba(library.X[:17])
    assert proba.shape == (17, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-6)
    assert (model.predict(library.X[:17]) == model.classes_[proba.argmax(axis=1)]).all()
    assert model.name_


@pytest.mark.parametrize("build", [LogisticClassifier, KNNClassifier])
def test_it_learns_from_two_answers(build: Any) -> None:
    X = np.array([[-1.0, 0.2], [1.0, 0.1]])
    model = build().fit(X, np.array(["pop", "rock"]))
    assert model.predict(np.array([[-2.0, 0.15], [2.0, 0.15]])).tolist() == ["pop", "rock"]


@pytest.mark.parametrize("build", [LogisticClassifier, KNNClassifier])
def test_the_unit_of_a_feature_does_not_matter(build: Any, library: Any) -> None:
    unit = np.logspace(-2, 2, library.X.shape[1])
    one = build().fit(library.X, library.y).predict_proba(library.X[:20])
    other = build().fit(library.X * unit, library.y).predict_proba(library.X[:20] * unit)
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_neighbours_are_chosen_among_other_artists() -> None:
    rng = np.random.default_rng(0)
    artist = np.repeat(np.arange(20), 5)
    X = rng.normal(size=(20, 6))[artist] + 0.01 * rng.normal(size=(100, 6))
    y = np.array(["a", "b"])[(artist % 2)]  # no artist tells anything about another
    alone = KNNClassifier().fit(X, y)
    grouped = KNNClassifier().fit(X, y, groups=artist)
    assert alone.k_ <= 5  # as many as the artist has tracks
    assert grouped.k_ > 5


def test_neighbours_never_leave_a_class_without_a_chance(library: Any) -> None:
    assert (KNNClassifier().fit(library.X, library.y).predict_proba(library.X) > 0).all()


def test_the_majority_is_the_class_shares() -> None:
    model = MajorityClassifier().fit(np.zeros((4, 1)), np.array(["rock", "pop", "rock", "rock"]))
    assert model.predict_proba(np.zeros((2, 1))).tolist() == [[0.25, 0.75]] * 2
    assert model.predict(np.zeros((2, 1))).tolist() == ["rock", "rock"]
