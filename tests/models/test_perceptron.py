"""The small network of the committee: an opinion in milliseconds."""

from __future__ import annotations

import numpy as np

from models.perceptron import PerceptronClassifier


def test_it_tells_apart_what_differs_and_is_not_sure_of_what_does_not() -> None:
    rng = np.random.default_rng(0)
    y = np.array(["jazz", "rock", "pop"] * 20)
    X = rng.normal(size=(60, 20)) + 3 * np.stack([y == name for name in ("jazz", "rock", "pop")] * 1).T @ np.eye(3, 20)
    model = PerceptronClassifier().fit(X, y)
    proba = model.predict_proba(X)
    assert proba.shape == (60, 3) and np.allclose(proba.sum(axis=1), 1) and (model.predict(X) == y).mean() > 0.9
    noise = PerceptronClassifier().fit(rng.normal(size=(60, 20)), y).predict_proba(rng.normal(size=(60, 20)))
    assert noise.max(axis=1).mean() < proba.max(axis=1).mean()


def test_the_same_labels_make_the_same_opinion() -> None:
    X, y = np.random.default_rng(1).normal(size=(12, 5)), np.array(["a", "b"] * 6)
    assert np.array_equal(
        PerceptronClassifier().fit(X, y).predict_proba(X), PerceptronClassifier().fit(X, y).predict_proba(X)
    )
