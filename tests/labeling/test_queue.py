"""Which track comes next, and why."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.errors import EarmarkError
from labeling.queue import CANDIDATES, DEFAULT, PARTS, STRATEGIES, Pick, cluster, needs_model, rank
from labeling.strategies import Clusters, distances
from labeling.targets import TARGETS

CODES = {"cover", "torn", "disagree", "settles", "far", "open", "lot"}


def library(n: int = 400, artists: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, ids and artists of a library with some structure."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=4.0, size=(artists, 8))
    artist = rng.integers(artists, size=n)
    return centres[artist] + rng.normal(size=(n, 8)), np.arange(1000, 1000 + n), np.array([f"a{i}" for i in artist])


def part_sizes(clusters: Clusters, X: np.ndarray) -> np.ndarray:
    """Return for each track how many lie in its part."""
    part = distances(clusters.standardise(X), clusters.centres).argmin(axis=1)
    return np.bincount(part)[part]


def some_proba(n: int, k: int = 3, seed: int = 0) -> np.ndarray:
    """Return probabilities of k classes for n tracks."""
    return np.random.default_rng(seed).dirichlet(np.ones(k), size=n)


# -- the default ----------------------------------------------------------------------------------------------


def test_the_first_questions_sample_different_parts_and_artists() -> None:
    X, ids, artists = library()
    clusters = cluster(X)
    first = rank(X, ids, artists, [], target="rating", clusters=clusters, n=PARTS)
    assert [pick.reason for pick in first].count("cover") >= PARTS // 2
    assert len({artists[pick.id - 1000] for pick in first}) == PARTS
    for pick in first:
        if pick.reason == "cover":
            assert pick.like == pytest.approx(part_sizes(clusters, X)[pick.id - 1000], abs=1)


def test_a_part_is_new_once() -> None:
    X, ids, artists = library()
    clusters = cluster(X)
    picks = rank(X, ids, artists, [], target="rating", clusters=clusters, n=200)
    assert sum(pick.reason == "cover" for pick in picks) == len(clusters.centres)
    later = rank(X, ids, artists, [pick.id for pick in picks], target="rating", clusters=clusters, n=50)
    assert "cover" not in {pick.reason for pick in later}


@pytest.mark.parametrize("n", [50, 4_000])
def test_an_answer_settles_the_tracks_that_have_no_nearer_one(n: int) -> None:
    near, far = np.random.default_rng(0).normal(size=(2, n, 4))
    X, ids = np.vstack([near, far + 40.0]), np.arange(2 * n)
    artists = ids.astype(str)
    clusters = replace(cluster(X), centres=np.zeros((1, 4)), shares=np.ones(1))  # one part, so that none is new
    pick = rank(X, ids, artists, [0, 1, 2], target="rating", clusters=clusters, n=1)[0]
    assert pick.id >= n and pick.reason == "settles"
    assert pick.like == pytest.approx(n, rel=0.1)


def test_a_rating_is_asked_for_whatever_the_model_thinks() -> None:
    X, ids, artists = library()
    asked = ids[:12].tolist()
    without = rank(X, ids, artists, asked, target="rating")
    assert rank(X, ids, artists, asked, target="rating", proba=some_proba(400)) == without


def test_a_genre_is_asked_for_where_the_model_is_unsure() -> None:
    X, ids, artists = library()
    proba = np.where(np.arange(400)[:, None] % 3 > 0, [[0.98, 0.02]], [[0.5, 0.5]])
    picks = rank(X, ids, artists, ids[:100].tolist(), target="genre", proba=proba, n=20)
    assert all((pick.id - 1000) % 3 == 0 for pick in picks)
    assert "torn" in {pick.reason for pick in picks}


def test_without_a_model_a_genre_is_asked_for_as_a_rating_is() -> None:
    X, ids, artists = library()
    asked = ids[:20].tolist()
    assert rank(X, ids, artists, asked, target="genre") == rank(X, ids, artists, asked, target="rating")


def test_what_was_called_auto_is_the_default() -> None:
    X, ids, artists = library(60)
    assert rank(X, ids, artists, [1001], target="rating", strategy="auto") == rank(
        X, ids, artists, [1001], target="rating"
    )


def test_only_strategies_that_look_at_a_model_need_one() -> None:
    assert needs_model("margin", TARGETS["rating"])
    assert needs_model(DEFAULT, TARGETS["genre"])
    assert not needs_model(DEFAULT, TARGETS["rating"])
    assert not needs_model("random", TARGETS["genre"])


# -- the others -----------------------------------------------------------------------------------------------


def test_margin_asks_about_the_track_the_model_is_torn_over() -> None:
    X, ids, artists = library()
    proba = np.tile([0.9, 0.1], (len(X), 1))
    proba[77] = [0.5, 0.5]
    asked = ids[artists != artists[77]][:20].tolist()
    pick = rank(X, ids, artists, asked, target="genre", proba=proba, strategy="margin", n=1)[0]
    assert (pick.id, pick.reason) == (1077, "torn")


def test_a_committee_asks_where_its_members_disagree() -> None:
    X, ids, artists = library()
    proba = np.tile([0.9, 0.1], (len(X), 1))
    other = proba.copy()
    other[77] = [0.2, 0.8]
    picks = rank(X, ids, artists, [], target="genre", proba=proba, committee=[other], strategy="committee", n=2)
    assert [picks[0].id, picks[0].reason, picks[1].reason] == [1077, "disagree", "torn"]


def test_a_committee_of_one_goes_by_its_margin() -> None:
    X, ids, artists = library()
    alone = rank(X, ids, artists, [], target="genre", proba=some_proba(400), strategy="committee")
    assert alone == rank(X, ids, artists, [], target="genre", proba=some_proba(400), strategy="margin")


@pytest.mark.parametrize("strategy", ["least_confidence", "margin", "entropy", "committee"])
def test_without_a_model_doubt_falls_back_on_distance(strategy: str) -> None:
    X, ids, artists = library()
    picks = rank(X, ids, artists, ids[:20].tolist(), target="genre", strategy=strategy)
    assert picks == rank(X, ids, artists, ids[:20].tolist(), target="genre", strategy="kcentre")
    assert {pick.reason for pick in picks} == {"far"}


def test_typicality_takes_one_track_from_each_part_first() -> None:
    X, ids, artists = library()
    clusters = cluster(X)
    picks = rank(
        X, ids, artists, [], target="rating", clusters=clusters, strategy="typicality", n=len(clusters.centres)
    )
    assert len({tuple(part_of(clusters, X[pick.id - 1000])) for pick in picks}) >= len(clusters.centres) - 2
    assert {pick.reason for pick in picks} == {"cover"}


def part_of(clusters, x: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Return the centre nearest to a track."""
    z = clusters.standardise(x)
    return clusters.centres[((clusters.centres - z) ** 2).sum(axis=1).argmin()]


def test_by_lot_every_track_has_its_turn() -> None:
    X, ids, artists = library(50)
    picks = rank(X, ids, artists, [], target="rating", strategy="random", n=50)
    assert {pick.id for pick in picks} == set(ids.tolist())
    assert {pick.reason for pick in picks} == {"lot"}
    assert picks != rank(X, ids, artists, [], target="rating", strategy="random", n=50, random_state=1)


# -- what holds for all ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_gives_what_is_wanted_best_first_and_says_why(strategy: str) -> None:
    X, ids, artists = library(50)
    picks = rank(X, ids, artists, [1000], target="genre", proba=some_proba(50), strategy=strategy, n=7)
    assert len({pick.id for pick in picks}) == 7
    assert all(a.score >= b.score for a, b in pairwise(picks))
    assert {pick.reason for pick in picks} <= CODES
    assert all((pick.like or 0) >= 1 for pick in picks if pick.reason in ("cover", "settles"))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_every_strategy_copes_with_tiny_libraries(strategy: str, n: int) -> None:
    X, ids, artists = library(3)
    proba = np.ones((n, 1))
    picks = rank(X[:n], ids[:n], artists[:n], [], target="genre", proba=proba, committee=[proba], strategy=strategy)
    assert {pick.id for pick in picks} == set(ids[:n].tolist())
    assert all(isinstance(pick, Pick) for pick in picks)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_same_question_twice_gets_the_same_answer(strategy: str) -> None:
    X, ids, artists = library()
    proba = np.full((400, 2), 0.5)  # a tie everywhere
    one, two = (rank(X, ids, artists, [1001], target="genre", proba=proba, strategy=strategy) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "random"])
def test_no_artist_comes_twice_in_a_row_while_there_is_another(strategy: str) -> None:
    X, ids, _ = library()
    artists = np.repeat(["prolific", "steady", "rare"], [250, 100, 50])
    picks = rank(X, ids, artists, ids[:3].tolist(), target="genre", proba=some_proba(400), strategy=strategy, n=40)
    names = artists[[pick.id - 1000 for pick in picks]]
    assert all(a != b for a, b in pairwise(names))


def test_an_artist_asked_about_often_waits() -> None:
    X, ids, _ = library()
    artists = np.array(["prolific"] * 390 + [f"rare{i}" for i in range(10)])
    proba = np.full((len(X), 2), 0.5)
    picks = rank(X, ids, artists, ids[:30].tolist(), target="genre", proba=proba, strategy="margin", n=10)
    assert all(pick.id >= 1390 for pick in picks)


def test_tracks_without_artists_are_asked_about_too() -> None:
    X, ids, _ = library(40)
    nobody = np.array([""] * 40)
    assert len(rank(X, ids, nobody, [], target="rating", n=40)) == 40


def test_neither_answered_nor_put_off_tracks_come_back() -> None:
    X, ids, artists = library(60)
    ranked = rank(X, ids, artists, ids[:20].tolist(), target="rating", exclude_ids=ids[20:30].tolist(), n=100)
    assert {pick.id for pick in ranked} == set(ids[30:].tolist())


def test_an_empty_or_finished_library_has_no_questions() -> None:
    X, ids, artists = library(20)
    assert rank(X, ids, artists, ids.tolist(), target="rating") == []
    assert rank(X[:0], ids[:0], artists[:0], [], target="rating") == []


def test_an_unknown_strategy_names_the_known_ones() -> None:
    X, ids, artists = library(5)
    with pytest.raises(EarmarkError, match=r"random, .*margin, .*earmark"):
        rank(X, ids, artists, [], target="rating", strategy="oracle")


@pytest.mark.parametrize(("strategy", "n"), [(DEFAULT, 20), ("margin", CANDIDATES + 1)])
def test_a_large_library_is_cut_to_the_same_candidates_each_time(strategy: str, n: int) -> None:
    X, ids, artists = library(12_000)
    options = {"proba": some_proba(12_000), "clusters": cluster(X), "strategy": strategy, "n": n}
    first, again = (rank(X, ids, artists, ids[:20].tolist(), target="genre", **options) for _ in range(2))
    assert len(first) == min(n, CANDIDATES)
    assert first == again
