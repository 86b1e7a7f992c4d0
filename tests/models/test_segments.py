"""A track is what its segments are on average."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from models.evaluation import auc_liked
from models.knn import KNNClassifier
from models.logistic import LogisticClassifier
from models.mlp import build as build_mlp
from models.persistence import load, save
from models.segments import SegmentClassifier, flatten

CLASSES = ["disliked", "liked"]


class Listening(ClassifierMixin, BaseEstimator):
    """Keeps what it is told, and is as sure of "liked" as the first feature says."""

    def fit(self, X: np.ndarray, y: np.ndarray, groups: Any = None, sample_weight: Any = None) -> Listening:
        self.X_, self.y_, self.groups_, self.weight_ = X, y, groups, sample_weight
        self.classes_, self.name_ = np.unique(y), "listening"
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.stack([1 - X[:, 0], X[:, 0]], axis=1)


def tracks(n: int = 40, segments: int = 5, d: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return segments of tracks, some of which are shorter than others, their labels and their artists."""
    rng = np.random.default_rng(0)
    y = np.array(CLASSES * (n // 2))
    X = rng.normal(size=(n, segments, d)) + 1.5 * (y == "liked")[:, None, None] * (np.arange(d) < 2)
    for i in range(n):
        X[i, 1 + i % segments :] = np.nan
    return X, y, np.repeat(np.arange(n // 4), 4)


def test_the_padding_is_left_out_and_the_label_of_the_track_repeated() -> None:
    X, y, groups = tracks(4, segments=3)
    heard = SegmentClassifier(Listening()).fit(X, y, groups=groups).base_
    assert len(heard.X_) == 1 + 2 + 3 + 1 and np.isfinite(heard.X_).all()
    assert heard.y_.tolist() == ["disliked", "liked", "liked", "disliked", "disliked", "disliked", "liked"]
    assert heard.groups_.tolist() == [0] * 7


def test_every_track_weighs_the_same() -> None:
    X, y, _ = tracks(4, segments=3)
    heard = SegmentClassifier(Listening()).fit(X, y).base_
    np.testing.assert_allclose(np.bincount(heard.groups_, weights=heard.weight_), np.ones(4))


def test_a_track_is_the_mean_of_its_segments_and_one_without_any_the_class_shares() -> None:
    model = SegmentClassifier(Listening()).fit(*tracks(4)[:2])
    X = np.array([[[0.2], [0.6]], [[0.9], [np.nan]], [[np.nan], [np.nan]]])
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], [0.4, 0.9, 0.5])
    assert model.predict(X[:2]).tolist() == ["disliked", "liked"]
    assert model.predict_proba(X[:0]).shape == (0, 2)


@pytest.mark.parametrize("base", [LogisticClassifier(C=1.0), KNNClassifier(), build_mlp(epochs=4)])
def test_it_wraps_every_family_and_comes_back_from_disk(base: Any, tmp_path: Path) -> None:
    X, y, groups = tracks()
    model = SegmentClassifier(base).fit(X, y, groups=groups)
    assert auc_liked(y, model.predict_proba(X), CLASSES) > 0.8
    assert not hasattr(base, "classes_")
    save(model, tmp_path / "run", metadata={"target": "rating"})
    again, metadata = load(tmp_path / "run")
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X), rtol=1e-6)
    assert (again.name_, again.classes_.tolist()) == (model.name_, CLASSES)
    assert metadata == {"target": "rating"}


def test_a_clone_shares_the_callables_of_a_network() -> None:
    class Page:
        """Must not be copied."""

        def __deepcopy__(self, memo: Any) -> None:
            raise AssertionError("copied")

        def tell(self, epoch: int, logs: dict[str, float]) -> None:
            """Hear of an epoch."""

    page = Page()
    copy = clone(SegmentClassifier(build_mlp(on_epoch=page.tell, l2=0.5)))
    assert copy.base.on_epoch.__self__ is page
    assert copy.base.l2 == 0.5


def test_tracks_without_any_segment_teach_nothing() -> None:
    with pytest.raises(ValueError, match="segment"):
        SegmentClassifier(Listening()).fit(np.full((2, 3, 1), np.nan), np.array(CLASSES))


def test_spectrograms_flatten_to_spectrograms() -> None:
    X = np.zeros((3, 2, 5, 4), np.float16)
    X[1, 1] = np.nan
    X[2, 0, 0, 0] = np.nan  # a hole is no padding
    rows, track = flatten(X)
    assert rows.shape == (5, 5, 4) and rows.dtype == np.float16
    assert track.tolist() == [0, 0, 1, 2, 2]
