"""Which track comes next, and why."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.errors import EarmarkError
from labeling.queue import FIRST_ANSWERS, PARTS, STRATEGIES, cluster, rank, tracks_like, why


def library(n: int = 400, artists: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, ids and artists of a library with some structure."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=4.0, size=(artists, 8))
    artist = rng.integers(artists, size=n)
    return centres[artist] + rng.normal(size=(n, 8)), np.arange(1000, 1000 + n), np.array([f"a{i}" for i in artist])


def test_the_first_questions_sample_different_parts_and_artists() -> None:
    X, ids, artists = library()
    first = rank(X, ids, artists, [], target="rating", n=PARTS)
    assert {reason for _, _, reason in first} == {"cover"}
    rows = [track - 1000 for track, _, _ in first]
    assert len(set(artists[rows])) == len(rows)


def test_an_answered_part_is_not_sampled_again() -> None:
    X, ids, artists = library()
    clusters = cluster(X)
    first = rank(X, ids, artists, [], target="rating", clusters=clusters, n=1)[0][0]
    after = rank(X, ids, artists, [first], target="rating", clusters=clusters, n=PARTS)
    assert sum(reason == "cover" for _, _, reason in after) == len(clusters.centres) - 1


@pytest.mark.parametrize(("target", "reason"), [("rating", "coverage"), ("genre", "margin")])
def test_after_the_first_sample_the_kind_of_target_decides(target: str, reason: str) -> None:
    X, ids, artists = library()
    proba = np.random.default_rng(0).dirichlet(np.ones(3), size=len(X))
    later = rank(X, ids, artists, ids[:FIRST_ANSWERS].tolist(), target=target, proba=proba, n=5)
    assert {code for _, _, code in later} == {reason}


def test_without_a_model_a_genre_queue_falls_back_on_coverage() -> None:
    X, ids, artists = library()
    assert rank(X, ids, artists, ids[:20].tolist(), target="genre", n=1)[0][2] == "coverage"


def test_margin_asks_about_the_track_the_model_is_torn_over() -> None:
    X, ids, artists = library()
    proba = np.tile([0.9, 0.1], (len(X), 1))
    proba[77] = [0.5, 0.5]
    asked = ids[artists != artists[77]][:20].tolist()
    assert rank(X, ids, artists, asked, target="genre", proba=proba, n=1)[0][0] == 1077


def test_artists_take_turns() -> None:
    X, ids, _ = library()
    artists = np.array(["prolific"] * 390 + [f"rare{i}" for i in range(10)])
    proba = np.full((len(X), 2), 0.5)
    asked = ids[:30].tolist()
    ranked = rank(X, ids, artists, asked, target="genre", proba=proba, n=10)
    assert all(track >= 1390 for track, _, _ in ranked)


def test_neither_answered_nor_put_off_tracks_come_back() -> None:
    X, ids, artists = library(60)
    ranked = rank(X, ids, artists, ids[:20].tolist(), target="rating", exclude_ids=ids[20:30].tolist(), n=100)
    assert {track for track, _, _ in ranked} == set(ids[30:].tolist())


def test_scores_fall() -> None:
    X, ids, artists = library()
    scores = [score for _, score, _ in rank(X, ids, artists, ids[:3].tolist(), target="rating", n=50)]
    assert all(a >= b for a, b in pairwise(scores))


def test_the_same_question_twice_gets_the_same_answer() -> None:
    X, ids, artists = library()
    assert rank(X, ids, artists, [1001], target="rating") == rank(X, ids, artists, [1001], target="rating")


def test_an_empty_or_finished_library_has_no_questions() -> None:
    X, ids, artists = library(20)
    assert rank(X, ids, artists, ids.tolist(), target="rating") == []
    assert rank(X[:0], ids[:0], artists[:0], [], target="rating") == []


def test_one_track_is_a_library() -> None:
    X, ids, artists = library(1)
    assert [track for track, _, _ in rank(X, ids, artists, [], target="rating")] == [1000]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_can_be_asked_for_by_name(strategy: str) -> None:
    X, ids, artists = library(50)
    proba = np.full((50, 2), 0.5)
    assert len(rank(X, ids, artists, [1000], target="rating", proba=proba, strategy=strategy, n=7)) == 7


def test_an_unknown_strategy_names_the_known_ones() -> None:
    X, ids, artists = library(5)
    with pytest.raises(EarmarkError, match="margin, coverage, random"):
        rank(X, ids, artists, [], target="rating", strategy="oracle")


def test_a_large_library_is_cut_to_the_same_candidates_each_time() -> None:
    X, ids, artists = library(12_000)
    clusters = cluster(X)
    ranked = rank(X, ids, artists, ids[:20].tolist(), target="rating", clusters=clusters, n=12_000)
    assert len(ranked) == 5_000
    again = rank(X, ids, artists, ids[:20].tolist(), target="rating", clusters=clusters, n=12_000)
    assert ranked == again


def test_tracks_like_this_add_up_to_the_library() -> None:
    X, _, _ = library(200)
    clusters = cluster(X)
    sizes = [tracks_like(clusters, centre * clusters.scale + clusters.mean, 200) for centre in clusters.centres]
    assert sum(sizes) == 200


def test_reasons_are_one_plain_sentence() -> None:
    close, clear = {"liked": 0.48, "disliked": 0.41, "semi": 0.11}, {"rock": 0.9, "pop": 0.1}
    assert why("cover", like=41) == "A first sample of a part of your library I don't know: 41 tracks like this."
    assert why("margin", proba=close) == "Could go either way: liked 48 %, disliked 41 %."
    assert "either way" not in why("margin", proba=clear)
    assert why("coverage") == "Far from anything you rated so far."
    assert why("coverage", target="genre") == "Far from anything whose genre you gave so far."
    for code in ("cover", "margin", "coverage", "random", "of a later version"):
        assert why(code).endswith(".")
        assert "!" not in why(code)
