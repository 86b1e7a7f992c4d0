"""Temperature scaling."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibration import MIN_LABELS, fit_temperature, scale
from models.evaluation import log_loss

CLASSES = np.array(["a", "b", "c"])


def honest(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and labels drawn from them."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(3), size=n)
    return proba, CLASSES[(proba.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)]


def test_scaling_keeps_the_order_and_the_sum() -> None:
    proba, _ = honest(50)
    for temperature in (0.3, 1.0, 4.0):
        scaled = scale(proba, temperature)
        np.testing.assert_allclose(scaled.sum(axis=1), 1.0)
        assert (scaled.argmax(axis=1) == proba.argmax(axis=1)).all()


@pytest.mark.parametrize("boast", [0.4, 2.5])
def test_the_temperature_undoes_too_much_or_too_little_certainty(boast: float) -> None:
    proba, y = honest(1000)
    distorted = scale(proba, boast)
    temperature = fit_temperature(distorted, y, CLASSES)
    assert temperature == pytest.approx(1 / boast, rel=0.25)
    assert log_loss(y, scale(distorted, temperature), CLASSES) < log_loss(y, distorted, CLASSES)


def test_few_labels_are_left_alone() -> None:
    proba, y = honest(MIN_LABELS - 1)
    assert fit_temperature(scale(proba, 0.2), y, CLASSES) == 1.0


def test_noise_is_left_alone() -> None:
    kept = [fit_temperature(*honest(40, seed), CLASSES) == 1.0 for seed in range(20)]
    assert np.mean(kept) > 0.4


def test_one_artist_is_left_alone() -> None:
    proba, y = honest(100)
    assert fit_temperature(scale(proba, 0.2), y, CLASSES, groups=np.zeros(100)) == 1.0
