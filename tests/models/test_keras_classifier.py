"""The dense network: few tests, because each pays for TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled, EarmarkError, NotEnoughLabelsError
from models.evaluation import auc_liked
from models.persistence import load, save
from models.registry import build


@pytest.fixture(scope="module")
def trained() -> tuple[Any, np.ndarray, np.ndarray, list[int]]:
    """Return a small network trained on easy data, the data, and the epochs it reported."""
    rng = np.random.default_rng(0)
    y = np.array(["disliked", "liked"] * 40)
    X = rng.normal(size=(80, 6)) + 1.5 * (y == "liked")[:, None] * np.array([1, 1, 0, 0, 0, 0])
    epochs: list[int] = []
    model = build("mlp", "ordered", epochs=6, on_epoch=lambda epoch, logs: epochs.append(epoch))
    return model.fit(X, y, groups=np.repeat(np.arange(20), 4)), X, y, epochs


def test_the_network_learns_and_reports_each_epoch(trained: Any) -> None:
    model, X, y, epochs = trained
    proba = model.predict_proba(X)
    assert proba.shape == (80, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-5)
    assert auc_liked(y, proba, ["disliked", "liked"]) > 0.8
    assert epochs == list(range(len(epochs)))
    assert len(epochs) == len(model.history_["val_loss"])
    assert model.name_ == "mlp"


def test_a_network_comes_back_with_the_same_probabilities(trained: Any, tmp_path: Path) -> None:
    model, X, _, _ = trained
    save(model, tmp_path / "run", metadata={"target": "rating"})
    again, metadata = load(tmp_path / "run")
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X), rtol=1e-6)
    assert again.classes_.tolist() == model.classes_.tolist()
    assert metadata == {"target": "rating"}
    (tmp_path / "run" / "network.keras").write_bytes(b"not a network")
    with pytest.raises(EarmarkError, match="damaged"):
        load(tmp_path / "run")


def test_the_seed_decides_the_network(trained: Any) -> None:
    _, X, y, _ = trained
    one, other = (build("mlp", "ordered", epochs=3, random_state=5).fit(X[:20], y[:20]) for _ in range(2))
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=1e-5)


def test_training_can_be_stopped(trained: Any) -> None:
    _, X, y, _ = trained
    with pytest.raises(Cancelled):
        build("mlp", "ordered", should_stop=lambda: True).fit(X, y)


def test_equal_answers_are_refused() -> None:
    with pytest.raises(NotEnoughLabelsError):
        build("mlp", "nominal").fit(np.eye(3), np.array(["rock"] * 3))
