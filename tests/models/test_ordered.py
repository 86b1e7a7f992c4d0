"""The classifier for disliked, semi, liked."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from core.errors import NotEnoughLabelsError
from models.evaluation import auc
from models.ordered import RATINGS, OrderedClassifier, _left_out


def test_probabilities_follow_the_order_of_ratings(library: Any) -> None:
    model = OrderedClassifier().fit(library.X, library.y, library.groups)
    proba = model.predict_proba(library.X)
    assert model.classes_.tolist() == list(RATINGS)
    assert proba.shape == (len(library.y), 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    assert (proba > 0).all()


def test_a_higher_score_is_never_less_liked(library: Any) -> None:
    model = OrderedClassifier().fit(library.X, library.y)
    order = np.argsort(model.decision_function(library.X))
    proba = model.predict_proba(library.X)[order]
    assert (np.diff(proba[:, 2]) >= -1e-12).all()
    assert (np.diff(proba[:, 0]) <= 1e-12).all()


@pytest.mark.parametrize("pair", list(combinations(RATINGS, 2)))
def test_any_two_ratings_are_enough(library: Any, pair: tuple[str, str]) -> None:
    rows = np.isin(library.y, pair)
    model = OrderedClassifier().fit(library.X[rows], library.y[rows])
    assert model.classes_.tolist() == list(pair)
    assert model.predict_proba(library.X).shape == (len(library.X), 2)


def test_two_answers_are_a_beginning() -> None:
    X = np.array([[-1.0, 0.0], [1.0, 0.0]])
    model = OrderedClassifier().fit(X, np.array(["disliked", "liked"]))
    liked = model.predict_proba(np.array([[-3.0, 0.0], [0.0, 0.0], [3.0, 0.0]]))[:, 1]
    assert liked[0] < liked[1] < liked[2]
    assert np.isfinite(liked).all()


def test_equal_answers_are_not() -> None:
    with pytest.raises(NotEnoughLabelsError, match="differs"):
        OrderedClassifier().fit(np.eye(3), np.array(["liked"] * 3))


def test_a_label_outside_the_order_is_refused() -> None:
    with pytest.raises(ValueError, match="rock"):
        OrderedClassifier().fit(np.eye(2), np.array(["liked", "rock"]))


def test_mean_probabilities_are_near_the_class_shares(library: Any) -> None:
    model = OrderedClassifier().fit(library.X, library.y)
    shares = [(library.y == name).mean() for name in RATINGS]
    np.testing.assert_allclose(model.predict_proba(library.X).mean(axis=0), shares, atol=0.06)


def test_noise_gives_careful_probabilities() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 50)), rng.choice(RATINGS, 60)
    model = OrderedClassifier().fit(X, y)
    assert model.predict_proba(rng.normal(size=(100, 50))).max() < 0.75


def test_it_learns_with_far_more_features_than_labels(library: Any) -> None:
    rng = np.random.default_rng(1)
    X = np.hstack([library.X, 0.3 * rng.normal(size=(len(library.X), 180))])
    model = OrderedClassifier().fit(X[:60], library.y[:60], library.groups[:60])
    assert auc(library.y[60:] == "liked", model.predict_proba(X[60:])[:, 2]) > 0.6


def test_left_out_scores_are_those_of_refitting() -> None:
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(30, 6))
    Z -= Z.mean(axis=0)
    target, group = rng.normal(size=30), np.repeat(np.arange(10), 3)
    target -= target.mean()
    U, s, _ = np.linalg.svd(Z, full_matrices=False)
    quick = _left_out(U, s**2 / (s**2 + 4.0), target, group)
    for number in range(10):
        held_out = group == number
        slow = Ridge(alpha=4.0).fit(Z[~held_out], target[~held_out]).predict(Z[held_out])
        np.testing.assert_allclose(quick[held_out], slow, rtol=1e-8)


def test_it_can_be_cloned() -> None:
    model = OrderedClassifier(order=("low", "high"))
    assert clone(model).order == ("low", "high")
