"""The recurrent network on a track's course."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from models.conv_lstm_attention import network
from models.evaluation import accuracy
from models.persistence import load, save
from models.registry import build

CLASSES = ["falling", "rising"]
STEPS, CHANNELS, STATIC = 8, 3, 2


def courses(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return tracks whose first channel rises or falls, so that no mean over time tells them apart."""
    rng = np.random.default_rng(0)
    y = np.array(CLASSES * (n // 2))
    slope = np.linspace(-2, 2, STEPS)
    sequence = rng.normal(scale=0.3, size=(n, STEPS, CHANNELS))
    sequence[:, :, 0] += np.where(y == "rising", 1, -1)[:, None] * slope
    return np.hstack([sequence.reshape(n, -1), rng.normal(size=(n, STATIC))]).astype(np.float32), y


@pytest.fixture(scope="module")
def trained() -> Any:
    X, y = courses()
    options = {"steps": STEPS, "channels": CHANNELS, "epochs": 30, "learning_rate": 1e-2, "random_state": 1}
    return build("conv_lstm_attention", "nominal", **options).fit(X, y)


def test_it_hears_the_order_of_time(trained: Any) -> None:
    X, y = courses()
    assert accuracy(y, trained.predict_proba(X), CLASSES) > 0.9
    backwards = X.copy()
    backwards[:, : STEPS * CHANNELS] = X[:, : STEPS * CHANNELS].reshape(-1, STEPS, CHANNELS)[:, ::-1].reshape(60, -1)
    assert accuracy(y, trained.predict_proba(backwards), CLASSES) < 0.2
    assert trained.name_ == "conv_lstm_attention"


def test_it_comes_back_with_the_same_probabilities(trained: Any, tmp_path: Path) -> None:
    X, _ = courses()
    save(trained, tmp_path / "run")
    again, _ = load(tmp_path / "run")
    np.testing.assert_allclose(again.predict_proba(X), trained.predict_proba(X), rtol=1e-5)


def test_tracks_without_static_features_can_be_learned_from() -> None:
    X, y = courses(12)
    model = build("conv_lstm_attention", "nominal", steps=STEPS, channels=CHANNELS, epochs=3)
    assert model.fit(X[:, : STEPS * CHANNELS], y).predict_proba(X[:, : STEPS * CHANNELS]).shape == (12, 2)


def test_missing_static_features_are_filled_in(trained: Any) -> None:
    X, y = courses()
    X[:, -STATIC:] = np.nan
    assert accuracy(y, trained.predict_proba(X), CLASSES) > 0.8


def test_a_clone_looks_at_the_same_shape() -> None:
    X, y = courses(12)
    model = clone(build("conv_lstm_attention", "nominal", steps=STEPS, channels=CHANNELS, epochs=1))
    assert model.fit(X, y).predict(X).shape == (12,)


def test_a_row_shorter_than_the_sequence_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer"):
        network((10,), 2, steps=STEPS, channels=CHANNELS)
