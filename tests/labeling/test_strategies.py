"""The numeric functions behind the asking order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from labeling.strategies import (
    coverage,
    distances,
    entropy,
    fit_clusters,
    in_turns,
    least_confidence,
    margin,
    part_by_part,
    place_within,
    random_order,
    reach,
    times_asked,
    typicality,
    vote_entropy,
)

DOUBT: list[Callable[[np.ndarray], np.ndarray]] = [least_confidence, margin, entropy]
NOBODY = np.array([], dtype=str)


def some_proba(n: int = 30, k: int = 4, seed: int = 0) -> np.ndarray:
    """Return probabilities of k classes for n tracks."""
    return np.random.default_rng(seed).dirichlet(np.ones(k), size=n)


def some_tracks(n: int, d: int = 5, seed: int = 0) -> np.ndarray:
    """Return features of n tracks."""
    return np.random.default_rng(seed).normal(size=(n, d))


# -- by lot ---------------------------------------------------------------------------------------------------


def test_random_order_is_a_permutation_decided_by_its_seed() -> None:
    assert sorted(random_order(5) * 5) == pytest.approx([1, 2, 3, 4, 5])
    assert (random_order(50, random_state=1) == random_order(50, random_state=1)).all()
    assert (random_order(50, random_state=1) != random_order(50, random_state=2)).any()


# -- where the model is unsure --------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", DOUBT)
def test_doubt_is_one_for_equal_shares_and_zero_for_certainty(measure: Callable[[np.ndarray], np.ndarray]) -> None:
    scores = measure(np.array([[1 / 3, 1 / 3, 1 / 3], [0.6, 0.3, 0.1], [1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(scores[[0, 2]], [1.0, 0.0], atol=1e-12)
    assert 0 < scores[1] < 1


@pytest.mark.parametrize("measure", DOUBT)
def test_doubt_does_not_depend_on_the_order_of_classes(measure: Callable[[np.ndarray], np.ndarray]) -> None:
    scores = measure(some_proba())
    np.testing.assert_allclose(scores, measure(some_proba()[:, ::-1]))
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("measure", DOUBT)
def test_doubt_of_no_tracks_is_empty_and_of_one_class_equal(measure: Callable[[np.ndarray], np.ndarray]) -> None:
    assert measure(np.zeros((0, 3))).shape == (0,)
    assert (measure(np.ones((2, 1))) == 1).all()


def test_margin_looks_at_the_two_likeliest_classes_only() -> None:
    scores = margin(np.array([[0.5, 0.5, 0.0], [0.6, 0.4, 0.0], [1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(scores, [1.0, 0.8, 0.0])


def test_a_committee_of_one_mind_has_no_vote_entropy() -> None:
    assert (vote_entropy([some_proba(), some_proba()]) == 0).all()
    assert (vote_entropy([some_proba()]) == 0).all()


def test_vote_entropy_grows_with_the_number_of_opinions() -> None:
    a, b, c = np.eye(3)
    members = [np.stack([a, a, a]), np.stack([a, a, b]), np.stack([a, b, c])]
    scores = vote_entropy(members)
    assert scores[0] == 0 < scores[1] < scores[2] == pytest.approx(1.0)
    np.testing.assert_allclose(scores, vote_entropy(members[::-1]))


# -- what stands for the library ------------------------------------------------------------------------------


def test_equal_tracks_make_one_part() -> None:
    clusters = fit_clusters(np.ones((5, 3)), 4)
    assert len(clusters.centres) == 1
    assert clusters.shares.sum() == pytest.approx(1.0)


def test_parts_are_the_clouds_there_are() -> None:
    cloud = np.repeat([0, 1, 2], 40)
    X = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])[cloud] + some_tracks(120, 2)
    clusters = fit_clusters(X, 3)
    part = distances(clusters.standardise(X), clusters.centres).argmin(axis=1)
    assert len({(a, b) for a, b in zip(cloud.tolist(), part.tolist(), strict=True)}) == 3


def test_distances_are_euclidean() -> None:
    A, B = some_tracks(4), some_tracks(6, seed=1)
    np.testing.assert_allclose(distances(A, B), np.linalg.norm(A[:, None] - B[None, :], axis=2))
    assert distances(A[:0], B).shape == (0, 6)


def test_typicality_falls_with_distance() -> None:
    assert (np.diff(typicality(np.array([0.0, 1.0, 5.0]))) < 0).all()
    assert (typicality(np.zeros(3)) == 1).all()


def test_parts_take_turns_the_larger_one_first() -> None:
    part, typical = np.array([0, 0, 0, 1, 1]), np.array([0.1, 0.9, 0.5, 0.3, 0.4])
    scores = part_by_part(part, typical, np.array([0.4, 0.6]), np.array([0, 0]))
    assert np.argsort(-scores).tolist() == [4, 1, 3, 2, 0]
    heard = part_by_part(part, typical, np.array([0.4, 0.6]), np.array([0, 1]))
    assert np.argsort(-heard).tolist() == [1, 4, 2, 3, 0]


def test_places_count_from_the_best_of_each_group() -> None:
    rng = np.random.default_rng(2)
    group, scores = rng.integers(4, size=50), rng.random(50)
    expected = [((group == g) & (scores > s)).sum() for g, s in zip(group, scores, strict=True)]
    assert place_within(group, scores).tolist() == expected
    assert len(place_within(group[:0], scores[:0])) == 0


def test_coverage_is_zero_on_an_answered_track_and_one_farthest_away() -> None:
    X = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    np.testing.assert_allclose(coverage(X, X[:1]), [0.0, 0.5, 1.0], atol=1e-6)


def test_without_answers_every_track_is_equally_far() -> None:
    assert (coverage(np.ones((3, 2)), np.zeros((0, 2))) == 1).all()
    assert len(coverage(np.zeros((0, 2)), np.ones((1, 2)))) == 0


# -- what an answer covers ------------------------------------------------------------------------------------


def test_the_first_answer_gains_most_in_the_middle_of_the_library() -> None:
    X = np.array([[-9.0], [-1.0], [0.0], [1.0], [9.0]])
    assert reach(X, X[:0], X).gains.argmax() == 2


def test_an_answered_track_has_no_gain_and_gains_are_shares() -> None:
    X = some_tracks(20)
    covers = reach(X, X[:3], X)
    assert covers.gains[:3] == pytest.approx(0.0, abs=1e-6)
    assert ((covers.gains[3:] > 0) & (covers.gains[3:] < 1)).all()


def test_taking_a_candidate_is_measuring_anew_with_its_answer() -> None:
    X, weights = some_tracks(30), np.random.default_rng(1).random(30)
    covers = reach(X, X[:2], X, weights)
    whole = (distances(X[:2], X).min(axis=0) * weights).sum()
    for row in (7, 9, 4):
        covers.take(row)
    nearest = distances(X[[0, 1, 7, 9, 4]], X).min(axis=0)
    np.testing.assert_allclose(covers.nearest, nearest)
    np.testing.assert_allclose(covers.gains, np.maximum(nearest - distances(X, X), 0) @ weights / whole, atol=1e-9)


def test_a_gain_never_grows_with_more_answers() -> None:
    X = some_tracks(40)
    few, more = reach(X, X[:2], X), reach(X, X[:8], X)
    assert (more.gains * more.nearest.sum() <= few.gains * few.nearest.sum() + 1e-9).all()


def test_tracks_without_weight_need_no_cover() -> None:
    X = np.array([[0.0], [10.0], [11.0]])
    assert reach(X, X[:1], X, np.array([1.0, 0.0, 0.0])).gains.tolist() == [0, 0, 0]


def test_a_candidate_covers_what_is_nearer_to_it_than_to_any_answer() -> None:
    X = np.array([[0.0], [1.0], [9.0], [10.0]])
    assert reach(X, X[:1], X).covered(3) == 0.5


# -- one artist at a time -------------------------------------------------------------------------------------


def test_artists_are_counted() -> None:
    assert times_asked(np.array(["a", "b", "c"]), np.array(["b", "a", "b"])).tolist() == [1, 2, 0]
    assert times_asked(np.array(["a"]), NOBODY).tolist() == [0]
    assert len(times_asked(NOBODY, np.array(["a"]))) == 0


def test_turns_are_picking_the_best_counting_its_artist_and_picking_again() -> None:
    rng = np.random.default_rng(3)
    scores, artists = rng.random(60), rng.choice(list("abcdef"), 60)
    asked = list("aab")
    picks = in_turns(scores, artists, np.array(asked), 60)
    left, last = set(range(60)), ""
    for row, *_ in picks:
        allowed = {i for i in left if artists[i] != last} or left
        assert row == max(allowed, key=lambda i: scores[i] / np.sqrt(1 + asked.count(artists[i])))
        asked.append(artists[row])
        left.remove(row)
        last = artists[row]
    assert not left


def test_turns_never_rise_and_no_artist_comes_twice_in_a_row_while_there_is_another() -> None:
    artists = np.array(["a"] * 5 + ["b"] * 5)
    picks = in_turns(np.linspace(1, 0.1, 10), artists, NOBODY, 10)
    assert all(a.score >= b.score for a, b in pairwise(picks))
    assert all(artists[a.row] != artists[b.row] for a, b in pairwise(picks))
    assert [row for row, *_ in in_turns(np.array([0.2, 0.9, 0.5]), np.array(["a"] * 3), NOBODY, 3)] == [1, 2, 0]


def test_ties_go_to_the_first_row() -> None:
    assert [turn.row for turn in in_turns(np.ones(3), np.array(["a", "b", "c"]), NOBODY, 2)] == [0, 1]


def test_no_tracks_have_no_turns() -> None:
    assert in_turns(np.zeros(0), NOBODY, NOBODY, 3) == []
    assert in_turns(np.ones(3), np.array(["a", "b", "c"]), NOBODY, 0) == []


def test_neighbours_of_a_pick_wait() -> None:
    X = np.array([[0.0], [0.1], [10.0], [10.1], [10.2]])
    covers = reach(X, X[:0], X)
    rows = [row for row, *_ in in_turns(np.ones(5), np.array(list("abcde")), NOBODY, 2, covers=covers)]
    assert (X[rows, 0] > 5).sum() == 1


def test_a_turn_says_what_decided_it() -> None:
    X = np.array([[0.0], [0.1], [0.2], [9.0]])
    artists = np.array(list("abcd"))
    middle, edge = in_turns(np.ones(4), artists, NOBODY, 2, covers=reach(X, X[:0], X))
    assert (middle.row, middle.tipped, middle.covered) == (1, False, 1.0)
    assert (edge.row, edge.tipped, edge.covered) == (3, False, 0.25)
    assert in_turns(np.array([0.1, 0.1, 0.1, 1.0]), artists, NOBODY, 1, covers=reach(X, X[:0], X))[0].tipped
