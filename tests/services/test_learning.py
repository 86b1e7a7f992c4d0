"""Learning after every answer: quick models, the cache of features, the order of asking, the thread behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.vocabulary import MSD_TAGS, TAG_NAMES
from services import labeling
from services.asking import LATER, Learner, put_aside, rank_now
from services.learning import FeatureCache, Quick, genre_table, quick_model, quick_predictions
from services.workspace import Workspace


def think(workspace: Workspace, target: str) -> Quick | None:
    """Fit the quick models to what is kept now."""
    return quick_model(workspace, target, FeatureCache(workspace).read(), workspace.labels.current(target))


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert true()


# -- quick models -----------------------------------------------------------------------------------


def test_nothing_is_said_before_two_different_ratings(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(12)
    assert think(workspace, "rating") is None
    rate({ids[0]: "liked", ids[3]: "liked"})
    assert think(workspace, "rating") is None
    assert quick_predictions(workspace, "rating") == {}
    rate({ids[1]: "disliked"})
    assert think(workspace, "rating") is not None


def test_every_track_gets_probabilities_that_sum_to_one(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(12)
    rate({ids[0]: "liked", ids[1]: "semi", ids[2]: "disliked"})
    quick = think(workspace, "rating")
    assert quick is not None and quick.classes == ("disliked", "semi", "liked")
    assert quick.proba.shape == (12, 3) and np.allclose(quick.proba.sum(axis=1), 1)
    assert quick.neighbours is not None and quick.neighbours.shape == (12, 3)
    shares = list(quick.of(ids[5]).values())
    assert shares == sorted(shares, reverse=True)
    assert quick.of(999) == {} and quick.neighbours_of(999) == {}


def test_liking_a_sound_raises_the_tracks_that_sound_like_it(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(30)
    rate({ids[0]: "liked", ids[1]: "disliked", ids[3]: "liked", ids[4]: "disliked"})
    quick = think(workspace, "rating")
    assert quick is not None and quick.name == "ordered"
    liked = [quick.of(i)["liked"] for i in ids]
    assert min(liked[6::3]) > max(liked[7::3])


def test_before_any_genre_the_tags_guess(workspace: Workspace, fill: Any) -> None:
    ids = fill(9, sets=("musicnn", "tags"))
    for number, track_id in enumerate(ids):
        tags = np.full(len(TAG_NAMES), 0.02)
        tags[MSD_TAGS.index("jazz" if number % 2 else "metal")] = 0.9
        workspace.features.put(track_id, {"tags": tags}, {"tags": 1})
    quick = think(workspace, "genre")
    assert quick is not None and quick.name == "prior"
    assert np.allclose(quick.proba.sum(axis=1), 1)
    assert next(iter(quick.of(ids[1]))) == "jazz" and next(iter(quick.of(ids[2]))) == "metal"


def test_own_genres_outweigh_the_first_guess_as_they_come(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(30)
    genres = {track_id: ("jazz", "rock", "shoegaze")[n % 3] for n, track_id in enumerate(ids)}
    said, asked = ids[:18], ids[18:]
    before = think(workspace, "genre")
    rate({track_id: genres[track_id] for track_id in said}, "genre")
    after = think(workspace, "genre")
    assert before is not None and after is not None and after.name == "logistic + prior"
    assert "shoegaze" in after.classes and "shoegaze" not in before.classes
    assert all(after.of(i)[genres[i]] > before.of(i).get(genres[i], 0) for i in asked if genres[i] == "shoegaze")
    right = [next(iter(after.of(i))) == genres[i] for i in asked]
    assert sum(right) >= 0.8 * len(right)


def test_one_genre_alone_leaves_the_first_guess(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(6)
    rate({ids[0]: "polka"}, "genre")
    quick = think(workspace, "genre")
    assert quick is not None and quick.name == "prior" and "polka" in quick.classes


def test_without_tags_no_genre_is_guessed(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(6, sets=("descriptors",))
    assert think(workspace, "genre") is None
    rate({ids[0]: "jazz", ids[1]: "rock"}, "genre")
    quick = think(workspace, "genre")
    assert quick is not None and quick.name == "logistic" and quick.classes == ("jazz", "rock")


def test_the_persons_own_table_of_genres_is_used(workspace: Workspace, fill: Any) -> None:
    fill(6)
    workspace.settings.set("genre_tags", {"loud": ["metal", "rock"], "quiet": ["ambient"]})
    assert genre_table(workspace) == {"loud": ("metal", "rock"), "quiet": ("ambient",)}
    quick = think(workspace, "genre")
    assert quick is not None and quick.classes == ("loud", "quiet")


def test_a_guess_is_the_likeliest_class(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(12)
    rate({ids[0]: "liked", ids[1]: "disliked"})
    guesses = quick_predictions(workspace, "rating")
    assert sorted(guesses) == ids
    assert all(guess.value == max(guess.proba, key=guess.proba.__getitem__) for guess in guesses.values())


# -- the cache --------------------------------------------------------------------------------------


def test_the_cache_reads_only_what_is_new(workspace: Workspace, fill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, first = FeatureCache(workspace), fill(5)
    assert cache.read().ids.tolist() == first
    read: list[int] = []
    matrix = workspace.features.matrix

    def counting(*args: Any, **options: Any) -> Any:
        found = matrix(*args, **options)
        read.append(len(found[0]))
        return found

    monkeypatch.setattr(workspace.features, "matrix", counting)
    second = fill(2)
    assert cache.read().ids.tolist() == first + second
    assert read == [2, 2]  # the embedding and the tags
    cache.read()
    assert read[2:] == []


def test_a_track_analysed_again_is_replaced(workspace: Workspace, fill: Any) -> None:
    cache, ids = FeatureCache(workspace), fill(4)
    before = cache.read()
    workspace.features.put(ids[1], {"musicnn": np.full(12, 7.0)}, {"musicnn": 1})
    after = cache.read()
    assert sorted(after.ids) == ids and after.X.shape == before.X.shape
    assert np.all(after.X[after.rows([ids[1]])] == 7)
    assert np.array_equal(after.X[after.rows([ids[2]])], before.X[before.rows([ids[2]])])


def test_only_tracks_that_can_be_asked_are_in_it(workspace: Workspace, fill: Any) -> None:
    cache, ids = FeatureCache(workspace), fill(4)
    workspace.tracks.mark(ids[0], "missing")
    analysed = cache.read()
    assert analysed.ids.tolist() == ids[1:]
    assert len(analysed.X) == len(analysed.tags) == len(analysed.groups) == 3
    workspace.tracks.mark(ids[0], "analysed")
    assert cache.read().ids.tolist() == ids


def test_tracks_without_tags_stay(workspace: Workspace, fill: Any) -> None:
    with_tags, without = fill(3), fill(2, sets=("musicnn",))
    analysed = FeatureCache(workspace).read()
    assert analysed.ids.tolist() == with_tags + without
    assert np.isnan(analysed.tags).all(axis=1).tolist() == [False, False, False, True, True]
    quick = think(workspace, "genre")
    assert quick is not None and len(set(quick.of(without[0]).values())) == 1


def test_an_empty_library_is_read(workspace: Workspace) -> None:
    analysed = FeatureCache(workspace).read()
    assert len(analysed.ids) == 0
    assert think(workspace, "rating") is None and think(workspace, "genre") is None
    assert rank_now(workspace, "rating", analysed).questions == ()


# -- a file that is not in the library --------------------------------------------------------------


def test_one_more_file_is_judged_beside_the_library(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(12)
    rate({ids[0]: "liked", ids[1]: "disliked"})
    analysed = FeatureCache(workspace).read()
    same = {"musicnn": analysed.X[3], "tags": analysed.tags[3]}
    more = analysed.with_one_more(same)
    assert more is not None and more.ids.tolist() == [*ids, -1]
    quick = quick_model(workspace, "rating", more, workspace.labels.current("rating"))
    assert quick is not None and quick.of(-1) == quick.of(ids[3])


@pytest.mark.parametrize("target", ["rating", "genre"])
@pytest.mark.parametrize("kept", [(), ("descriptors",), ("musicnn",), ("musicnn", "tags")])
@pytest.mark.parametrize("heard", [("descriptors",), ("descriptors", "musicnn", "tags")])
def test_whatever_was_analysed_one_more_file_can_be_asked_about(
    workspace: Workspace, fill: Any, rate: Any, target: str, kept: tuple[str, ...], heard: tuple[str, ...]
) -> None:
    ids = fill(6 if kept else 0, sets=kept)
    answers = ("liked", "disliked") if target == "rating" else ("jazz", "rock")
    rate(dict(zip(ids, answers, strict=False)), target)
    sizes = {"descriptors": 5, "musicnn": 12, "tags": len(TAG_NAMES)}
    more = FeatureCache(workspace).read().with_one_more({name: np.full(sizes[name], 0.1) for name in heard})
    if kept and kept[0] not in heard:
        assert more is None
        return
    assert more is not None
    quick = quick_model(workspace, target, more, workspace.labels.current(target))
    if kept:
        assert quick is not None and sum(quick.of(-1).values()) == pytest.approx(1, abs=1e-3)
    else:
        assert (quick is None) == (target == "rating" or "tags" not in heard)


# -- the order of asking ----------------------------------------------------------------------------


def test_what_is_answered_or_put_aside_is_not_asked(workspace: Workspace, fill: Any, rate: Any) -> None:
    ids = fill(12)
    rate({ids[0]: "liked", ids[1]: "disliked"})
    labeling.skip(workspace, ids[2])
    ranked = rank_now(workspace, "rating", FeatureCache(workspace).read(), generation=7)
    asked = [q.track_id for q in ranked.questions]
    assert sorted(asked) == ids[3:] and ranked.generation == 7 and ranked.analysed == 12
    assert all(reason.endswith(".") for reason in (q.reason for q in ranked.questions))


def test_what_was_put_aside_may_come_back_after_some_answers(workspace: Workspace, fill: Any) -> None:
    later = LATER["not now"]
    ids = fill(later + 3)
    labeling.skip(workspace, ids[0])
    labeling.skip(workspace, ids[1], kind="never")
    assert put_aside(workspace, "rating") == {ids[0], ids[1]}
    assert put_aside(workspace, "rating", recent=False) == {ids[1]}
    assert put_aside(workspace, "genre") == {ids[1]}, "what is no music has no genre either"
    for track_id in ids[2 : later + 2]:
        labeling.answer(workspace, track_id, "rating", "liked")
    assert put_aside(workspace, "rating") == {ids[1]}


# -- the thread -------------------------------------------------------------------------------------


def test_the_learner_publishes_both_targets_when_woken(workspace: Workspace, fill: Any, learner: Learner) -> None:
    ids = fill(10)
    assert learner.ranked("rating") is None
    learner.wake("genre")
    wait_until(lambda: learner.ranked("rating") is not None and learner.ranked("genre") is not None)
    ranked = learner.ranked("rating")
    assert ranked is not None and {q.track_id for q in ranked.questions} == set(ids)
    assert learner.ranked("genre").generation < ranked.generation


def test_the_newest_answers_count(workspace: Workspace, fill: Any, rate: Any, learner: Learner) -> None:
    ids = fill(10)
    learner.wake()
    rate({ids[0]: "liked", ids[1]: "disliked"})
    learner.wake()

    def seen() -> bool:
        ranked = learner.ranked("rating")
        return ranked is not None and ranked.quick is not None and ids[0] not in [q.track_id for q in ranked.questions]

    wait_until(seen)


def test_waking_never_waits_and_a_library_without_sound_is_no_error(workspace: Workspace, learner: Learner) -> None:
    start = time.monotonic()
    for _ in range(1000):
        learner.wake()
    assert time.monotonic() - start < 0.5
    learner.close()
    assert "learner" not in [thread.name for thread in threading.enumerate() if thread.is_alive()]


def test_a_model_that_cannot_be_fitted_does_not_end_the_asking(
    workspace: Workspace, fill: Any, learner: Learner, caplog: pytest.LogCaptureFixture
) -> None:
    ids = fill(6)
    workspace.features.put(ids[0], {"musicnn": np.zeros(3)}, {"musicnn": 1})  # of another length: cannot be stacked
    learner.wake()
    wait_until(lambda: "could not be refitted" in caplog.text)
    workspace.features.put(ids[0], {"musicnn": np.zeros(12)}, {"musicnn": 1})
    learner.wake()
    wait_until(lambda: learner.ranked("rating") is not None)


def test_the_committee_is_three_models_and_every_strategy_can_be_asked_for(
    workspace: Workspace, fill: Any, rate: Any
) -> None:
    from labeling.queue import STRATEGIES
    from services.asking import _committee
    from services.learning import learned_values

    ids = fill(30)
    rate({ids[i]: ("jazz", "rock", "pop")[i % 3] for i in range(12)}, "genre")
    analysed, labels = FeatureCache(workspace).read(), workspace.labels.current("genre")
    quick, values = think(workspace, "genre"), learned_values(workspace, "genre", labels)
    assert len(_committee("committee", quick, analysed, values)) == 2, "beside the model that speaks"
    for strategy in STRATEGIES:
        questions = rank_now(workspace, "genre", analysed, strategy=strategy, n=4).questions
        assert len(questions) == 4 and all(question.reason for question in questions)
