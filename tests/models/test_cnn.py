"""The convolutional network on spectrogram slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled
from models.cnn import spec_augment
from models.evaluation import accuracy
from models.persistence import load, save
from models.registry import build

CLASSES = ["high", "low"]


def slices(n: int = 48) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return levels of tracks that sound high or low, somewhere in each slice; every other track is shorter."""
    rng = np.random.default_rng(0)
    y = np.array(CLASSES * (n // 2))
    X = rng.normal(-40, 10, size=(n, 2, 16, 12)).astype(np.float16)
    for i in range(n):
        start = rng.integers(0, 8)
        bands = slice(8, 12) if y[i] == "high" else slice(0, 4)
        X[i, :, start : start + 8, bands] += 30
    X[::2, 1] = np.nan
    return X, y, np.repeat(np.arange(n // 4), 4)


@pytest.fixture(scope="module")
def trained() -> tuple[Any, list[dict[str, float]]]:
    """Return a trained network and what it reported of each epoch."""
    X, y, groups = slices()
    told: list[dict[str, float]] = []
    options = {"epochs": 12, "learning_rate": 1e-2, "batch_size": 16, "on_epoch": lambda _, logs: told.append(logs)}
    return build("cnn", "nominal", **options).fit(X, y, groups=groups), told


def test_it_hears_which_bands_sound_wherever_they_do(trained: Any) -> None:
    model, told = trained
    X, y, _ = slices()
    assert accuracy(y, model.predict_proba(X), CLASSES) > 0.9
    assert model.name_ == "cnn"
    assert all({"loss", "accuracy", "val_loss", "val_accuracy"} <= set(logs) for logs in told)
    assert len(told) == len(model.history_["val_accuracy"])


def test_it_comes_back_with_the_same_probabilities(trained: Any, tmp_path: Path) -> None:
    X = slices()[0]
    X[3] = np.nan  # a track of which nothing was heard
    save(trained[0], tmp_path / "run")
    again, _ = load(tmp_path / "run")
    np.testing.assert_allclose(again.predict_proba(X), trained[0].predict_proba(X), rtol=1e-5)
    assert again.name_ == "cnn"
    assert again.history_ == trained[0].history_


def test_augmented_training_gives_a_network_without_code_of_its_own(tmp_path: Path) -> None:
    X, y, groups = slices(16)
    one, other = (build("cnn", "nominal", epochs=3, augment=True).fit(X, y, groups=groups) for _ in range(2))
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), atol=1e-5)
    plain = build("cnn", "nominal", epochs=3, augment=False).fit(X, y, groups=groups)
    assert np.abs(plain.predict_proba(X) - one.predict_proba(X)).max() > 1e-4
    save(one, tmp_path / "run")
    np.testing.assert_allclose(load(tmp_path / "run")[0].predict_proba(X), one.predict_proba(X), rtol=1e-5)


def test_training_can_be_stopped() -> None:
    X, y, _ = slices(8)
    with pytest.raises(Cancelled):
        build("cnn", "nominal", should_stop=lambda: True).fit(X, y)


def test_masks_hide_whole_stretches_of_time_and_bands_and_little_of_all() -> None:
    batch = np.ones((200, 108, 64), np.float32)
    masked = spec_augment(batch, np.random.default_rng(0))
    assert set(np.unique(masked)) == {0.0, 1.0} and batch.all()
    heard = masked.any(axis=2)[:, :, None] & masked.any(axis=1)[:, None, :]
    np.testing.assert_array_equal(masked > 0, heard)
    assert 0.5 < masked.mean() < 0.9 and masked.mean(axis=(1, 2)).min() > 0.3
    assert len({row.tobytes() for row in masked}) > 150


def test_masks_fit_slices_of_any_size() -> None:
    assert spec_augment(np.ones((3, 2, 1), np.float32), np.random.default_rng(0)).shape == (3, 2, 1)
