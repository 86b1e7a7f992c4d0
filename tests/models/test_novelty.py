"""Tracks unlike anything that was answered."""

from __future__ import annotations

import numpy as np

from models.novelty import NoveltyDetector, unseen_auc


def sounds(n: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tracks of three genres far apart, four artists each."""
    rng = np.random.default_rng(seed)
    centre = np.repeat(6 * np.eye(3, 8), n, axis=0)
    y = np.repeat(["folk", "metal", "techno"], n)
    groups = np.array([f"{genre} {i % 4}" for i, genre in enumerate(y)])
    return centre + rng.normal(size=centre.shape), y, groups


def test_a_genre_nobody_answered_for_stands_apart() -> None:
    X, y, groups = sounds()
    known = y != "techno"
    score = NoveltyDetector().fit(X[known], y[known], groups[known]).score(X)
    assert (score[y == "techno"] > 1).mean() > 0.9
    assert (score[known] > 1).mean() < 0.1


def test_it_tells_each_genre_that_is_left_out() -> None:
    X, y, groups = sounds()
    aucs = unseen_auc(X, y, groups)
    assert set(aucs) == {"folk", "metal", "techno"} and min(aucs.values()) > 0.9


def test_it_finds_nothing_new_where_there_is_nothing_new() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(120, 6)), np.array(["a", "b"] * 60)
    groups = np.array([f"artist {i // 4}" for i in range(120)])
    assert 0.3 < np.mean(list(unseen_auc(X, y, groups).values())) < 0.7
    fresh = NoveltyDetector().fit(X, y, groups).score(rng.normal(size=(400, 6)))
    assert (fresh > 1).mean() < 0.12


def test_a_handful_of_answers_is_enough_to_ask() -> None:
    X, y, groups = sounds(3)
    score = NoveltyDetector().fit(X[:4], y[:4], groups[:4]).score(X)
    assert np.isfinite(score).all() and score.shape == (9,)
    assert NoveltyDetector().fit(X, y, groups).score(X[:0]).shape == (0,)
