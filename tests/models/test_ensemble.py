"""Several models asked together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.ensemble import EnsembleClassifier, pool_weights
from models.evaluation import grouped_folds, log_loss, out_of_fold
from models.logistic import LogisticClassifier
from models.registry import build_for, ensemble_parts

CLASSES = ["disliked", "liked", "semi"]


def ensemble(library: Any, noise: int = 8) -> tuple[EnsembleClassifier, np.ndarray]:
    """Return an ensemble that hears the library and, apart from it, columns that mean nothing."""
    d = library.X.shape[1]
    X = np.hstack([library.X, np.random.default_rng(1).normal(size=(len(library.X), noise))])
    blocks = {"sound": (0, d), "noise": (d, d + noise)}
    return EnsembleClassifier(
        parts=(("logistic", ("sound",)), ("logistic", ("noise",))),
        blocks=blocks,
        build=lambda family, inputs: LogisticClassifier(C=0.1),
    ), X


def test_a_member_that_knows_nothing_counts_for_little(library: Any) -> None:
    model, X = ensemble(library)
    model.fit(X, library.y, library.groups)
    sound, noise = model.weights_
    assert sound > 0.5 and noise < sound
    shares = model.shares(X)
    assert set(shares) == {"sound", "noise"}
    np.testing.assert_allclose(shares["sound"] + shares["noise"], 1.0)
    assert shares["sound"].mean() > 0.7


def test_probabilities_are_probabilities(library: Any) -> None:
    model, X = ensemble(library)
    proba = model.fit(X, library.y, library.groups).predict_proba(X[:9])
    assert proba.shape == (9, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    assert model.predict(X[:9]).tolist() == [CLASSES[i] for i in proba.argmax(axis=1)]


def test_a_member_says_nothing_about_a_track_that_lacks_its_input(library: Any) -> None:
    model, X = ensemble(library)
    X[:, -8:] = np.nan  # nobody has it
    model.fit(X, library.y, library.groups)
    alone = EnsembleClassifier(
        (("logistic", ("sound",)),), {"sound": (0, library.X.shape[1])}, lambda f, i: LogisticClassifier(C=0.1)
    ).fit(library.X, library.y, library.groups)
    known = np.abs(model.predict_proba(X) - alone.predict_proba(library.X)).max()
    assert known < 0.05
    assert model.shares(X)["noise"].max() == 0.0
    half = X.copy()
    half[: len(X) // 2, :-8] = np.nan  # tracks without anything
    np.testing.assert_allclose(model.predict_proba(half)[0], model.shares_, atol=1e-9)


def test_two_halves_of_what_is_known_are_better_together(library: Any) -> None:
    d = library.X.shape[1]
    X = library.X[:, [0, *range(2, d), 1]]  # the first feature that tells, others, the second one
    blocks = {"one": (0, d - 1), "two": (d - 1, d)}
    folds = grouped_folds(library.y, library.groups)

    def loss(parts: Any) -> float:
        def build() -> EnsembleClassifier:
            return EnsembleClassifier(parts, blocks, lambda f, i: LogisticClassifier(C=0.1))

        proba = out_of_fold(build, X, library.y, library.groups, folds, classes=CLASSES)
        return log_loss(library.y, proba, CLASSES)

    one, two = ("logistic", ("one",)), ("logistic", ("two",))
    assert loss((one, two)) < min(loss((one,)), loss((two,)))


def test_weights_are_the_best_there_are() -> None:
    rng = np.random.default_rng(0)
    column = rng.integers(3, size=300)
    logs = rng.normal(size=(2, 300, 3))
    logs[0, np.arange(300), column] += 1.0

    def loss(weights: np.ndarray) -> float:
        scores = np.tensordot(weights, logs, axes=1)
        return float((np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(300), column]).mean())

    found = pool_weights(logs, np.zeros(3), column, pull=1e-6)
    tried = [np.array([a, b]) for a in np.linspace(0, 3, 31) for b in np.linspace(0, 1, 21)]
    assert (found >= 0).all() and loss(found) <= min(loss(w) for w in tried) + 1e-4


def test_few_answers_leave_the_members_equal() -> None:
    X, y = np.array([[0.0], [1.0], [0.1], [0.9]]), np.array(["a", "b", "a", "b"])
    parts = (("logistic", ("x",)), ("logistic", ("x",)))
    model = EnsembleClassifier(parts, {"x": (0, 1)}, lambda f, i: LogisticClassifier(C=1.0)).fit(X, y)
    assert model.weights_.tolist() == [0.5, 0.5]
    assert model.predict(X).tolist() == y.tolist()


@pytest.mark.parametrize(
    ("blocks", "ordered", "families"),
    [
        (("musicnn", "descriptors", "tags"), True, ["ordered", "ordered"]),
        (("musicnn", "descriptors", "tags"), False, ["logistic", "logistic", "logistic", "prior"]),
        (("descriptors",), False, ["logistic", "svm"]),
        (("musicnn", "lyrics"), True, ["ordered", "ordered"]),
    ],
)
def test_the_members_follow_from_what_is_there(blocks: tuple[str, ...], ordered: bool, families: list[str]) -> None:
    spans = {name: (i, i + 1) for i, name in enumerate(blocks)}
    assert [family for family, _ in ensemble_parts(spans, ordered=ordered, prior=not ordered)] == families


def test_the_registry_builds_one_that_learns(library: Any) -> None:
    blocks = {"musicnn": (0, 12), "lyrics": (12, library.X.shape[1])}
    order = ("disliked", "semi", "liked")
    model = build_for("ensemble", "ordered", order, blocks=blocks).fit(library.X, library.y, library.groups)
    assert model.name_ == "ensemble" and list(model.settings_["weights"]) == ["ordered on musicnn", "ordered on lyrics"]
