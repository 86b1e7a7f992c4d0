"""The numeric functions behind the asking order."""

from __future__ import annotations

import numpy as np
import pytest

from labeling.strategies import (
    artist_discount,
    cover,
    coverage,
    fit_clusters,
    margin,
    random_order,
    spread_artists,
    times_asked,
    typicality,
)


def blobs(per_blob: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return three clouds far apart, and the cloud of each row."""
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])
    label = np.repeat(np.arange(3), per_blob)
    return centres[label] + rng.normal(size=(3 * per_blob, 2)), label


def test_margin_is_one_for_a_tie_and_falls_with_certainty() -> None:
    scores = margin(np.array([[0.5, 0.5, 0.0], [0.6, 0.4, 0.0], [1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(scores, [1.0, 0.8, 0.0])


def test_margin_does_not_depend_on_the_order_of_classes() -> None:
    proba = np.random.default_rng(0).dirichlet(np.ones(4), size=20)
    np.testing.assert_allclose(margin(proba), margin(proba[:, ::-1]))


def test_random_order_is_a_permutation_decided_by_its_seed() -> None:
    assert sorted(random_order(5) * 5) == pytest.approx([1, 2, 3, 4, 5])
    assert (random_order(50, random_state=1) == random_order(50, random_state=1)).all()
    assert (random_order(50, random_state=1) != random_order(50, random_state=2)).any()


def test_coverage_is_zero_on_an_answered_track_and_one_farthest_away() -> None:
    X = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    np.testing.assert_allclose(coverage(X, X[:1]), [0.0, 0.5, 1.0], atol=1e-6)


def test_without_answers_every_track_is_equally_far() -> None:
    assert (coverage(np.ones((3, 2)), np.zeros((0, 2))) == 1).all()
    assert len(coverage(np.zeros((0, 2)), np.ones((1, 2)))) == 0


def test_cover_picks_one_track_from_each_cloud() -> None:
    X, cloud = blobs()
    assert sorted(cloud[cover(X, 3)]) == [0, 1, 2]


def test_cover_picks_typical_tracks() -> None:
    X, cloud = blobs()
    for row in cover(X, 3):
        members = X[cloud == cloud[row]]
        away = np.linalg.norm(members - members.mean(axis=0), axis=1)
        assert np.linalg.norm(X[row] - members.mean(axis=0)) <= np.median(away)


def test_cover_of_fewer_tracks_than_parts_asks_each_once() -> None:
    X = np.arange(6.0).reshape(3, 2)
    assert sorted(cover(X, 10)) == [0, 1, 2]


def test_equal_tracks_make_one_part() -> None:
    clusters = fit_clusters(np.ones((5, 3)), 4)
    assert len(clusters.centres) == 1
    assert clusters.shares.sum() == pytest.approx(1.0)


def test_typicality_falls_with_distance() -> None:
    assert (np.diff(typicality(np.array([0.0, 1.0, 5.0]))) < 0).all()
    assert (typicality(np.zeros(3)) == 1).all()


def test_artists_are_counted_and_discounted() -> None:
    artists, asked = np.array(["a", "b", "c"]), np.array(["b", "a", "b"])
    assert times_asked(artists, asked).tolist() == [1, 2, 0]
    np.testing.assert_allclose(artist_discount(np.ones(3), artists, asked), [1 / 2, 1 / 3, 1])


def test_spreading_artists_is_picking_one_after_the_other() -> None:
    rng = np.random.default_rng(3)
    scores, artists = rng.random(60), rng.choice(list("abcdef"), 60)
    asked = list("aab")
    order = np.argsort(-spread_artists(scores, artists, np.array(asked)))
    left, one_by_one = set(range(60)), []
    while left:
        best = max(left, key=lambda i: scores[i] / (1 + asked.count(artists[i])))
        one_by_one.append(best)
        asked.append(artists[best])
        left.remove(best)
    assert order.tolist() == one_by_one
