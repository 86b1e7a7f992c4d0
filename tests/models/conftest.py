"""A made-up library whose artists have a sound of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True)
class Library:
    """Features, ratings and artists of a library."""

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray


def make_library(n: int = 160, d: int = 20, artists: int = 32, noise: float = 1.0, seed: int = 0) -> Library:
    """Return tracks whose rating follows two features, and whose artist colours all others."""
    rng = np.random.default_rng(seed)
    artist = np.arange(n) % artists
    X = rng.normal(size=(artists, d))[artist] + rng.normal(size=(n, d))
    liking = X[:, 0] + X[:, 1] + noise * rng.normal(size=n)
    y = np.array(["disliked", "semi", "liked"])[np.digitize(liking, np.quantile(liking, [0.35, 0.6]))]
    return Library(X, y, np.array([f"artist {i}" for i in artist]))


@pytest.fixture
def library() -> Library:
    return make_library()
