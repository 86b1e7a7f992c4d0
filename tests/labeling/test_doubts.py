"""Answers offered again, and how a person agrees with themselves."""

from __future__ import annotations

import numpy as np
import pytest

from labeling.doubts import MIN_LABELS, Doubt, consistency, doubt_scores, doubts

GENRES = ["folk", "jazz", "rock"]
RATINGS = ["disliked", "semi", "liked"]


def guesses(y: np.ndarray, classes: list[str], sure: float = 0.8) -> np.ndarray:
    """Return guesses that agree with every answer, each this sure."""
    column = np.array([classes.index(name) for name in y])
    proba = np.full((len(y), len(classes)), (1 - sure) / (len(classes) - 1))
    proba[np.arange(len(y)), column] = sure
    return proba


def answers(classes: list[str], each: int = 20) -> np.ndarray:
    """Return so many answers of each class."""
    return np.repeat(classes, each)


def test_nothing_is_doubted_when_the_guesses_agree() -> None:
    y = answers(GENRES)
    assert doubts(y, guesses(y, GENRES), GENRES) == []


def test_a_planted_mistake_is_found_with_what_the_models_hear_instead() -> None:
    truth = answers(GENRES)
    y = truth.copy()
    y[3] = "rock"
    found = doubts(y, guesses(truth, GENRES), GENRES)
    assert [(d.row, d.given, d.instead) for d in found] == [(3, "rock", "folk")]
    assert isinstance(found[0], Doubt) and 0.4 < found[0].score <= 1


def test_the_most_doubtful_comes_first() -> None:
    truth = answers(GENRES)
    proba = guesses(truth, GENRES)
    proba[5] = [0.98, 0.01, 0.01]
    y = truth.copy()
    y[[3, 5]] = "rock"
    found = doubts(y, proba, GENRES)
    assert [d.row for d in found] == [5, 3]
    assert found[0].score > found[1].score


def test_a_guess_that_is_unsure_contradicts_nobody() -> None:
    y = answers(GENRES)
    proba = np.full((len(y), 3), 1 / 3)
    proba[0] = [0.30, 0.36, 0.34]
    assert doubts(y, proba, GENRES) == []


def test_a_class_the_models_hardly_know_is_not_doubted_as_a_whole() -> None:
    y = answers(GENRES)
    proba = guesses(y, GENRES)
    proba[y == "jazz"] = [0.05, 0.15, 0.80]
    assert doubts(y, proba, GENRES) == []


def test_for_ordered_answers_the_other_end_weighs_more_than_the_neighbour() -> None:
    y = answers(RATINGS)
    proba = guesses(y, RATINGS)
    proba[0] = [0.1, 0.8, 0.1]
    proba[1] = [0.1, 0.1, 0.8]
    scores = doubt_scores(y, proba, RATINGS, ordered=True)
    assert scores[1] > scores[0] > scores[2]
    nominal = doubt_scores(y, proba, RATINGS)
    assert nominal[1] == pytest.approx(nominal[0])


def test_liked_against_disliked_is_offered_again_and_liked_against_semi_is_not() -> None:
    y = answers(RATINGS)
    proba = guesses(y, RATINGS)
    proba[0] = [0.25, 0.7, 0.05]
    proba[1] = [0.1, 0.1, 0.8]
    assert [d.row for d in doubts(y, proba, RATINGS, ordered=True)] == [1]


def test_few_labels_are_left_in_peace() -> None:
    truth = answers(GENRES, 9)
    y = truth.copy()
    y[0] = "rock"
    assert len(y) < MIN_LABELS
    assert doubts(y, guesses(truth, GENRES, 0.95), GENRES) == []


def test_scores_do_not_depend_on_the_order_of_nominal_classes() -> None:
    rng = np.random.default_rng(0)
    y, proba = rng.choice(GENRES, 50), rng.dirichlet(np.ones(3), 50)
    np.testing.assert_allclose(doubt_scores(y, proba, GENRES), doubt_scores(y, proba[:, ::-1], GENRES[::-1]))


def test_an_unknown_answer_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="polka"):
        doubt_scores(np.array(["polka"]), np.ones((1, 3)) / 3, GENRES)


# --- consistency ---


def pairs(same: int, n: int) -> list[tuple[str, str]]:
    """Return n repeats of which so many had the same answer."""
    return [("liked", "liked" if i < same else "semi") for i in range(n)]


def test_the_sentence_says_how_often_the_answer_was_the_same() -> None:
    result = consistency(pairs(9, 12))
    assert result.sentence.startswith("You gave the same answer on 9 of 12 blind repeats: likely 47-91 %. ")
    assert (result.repeats, result.same) == (12, 9)


@pytest.mark.parametrize("n", range(8))
def test_below_eight_repeats_there_is_no_percentage(n: int) -> None:
    result = consistency(pairs(n, n), order=RATINGS)
    assert "%" not in result.sentence
    assert result.interval is None and result.agreement is None


def test_agreement_is_one_for_the_same_answers_and_falls_with_the_distance() -> None:
    first = RATINGS * 4
    near = [*first[:-1], "semi"]
    far = [*first[:-1], "disliked"]
    same, close, wide = (consistency(zip(first, again, strict=True), order=RATINGS) for again in (first, near, far))
    assert same.agreement == 1.0
    assert same.agreement > close.agreement > wide.agreement


def test_agreement_of_a_person_who_always_says_the_same_is_not_defined() -> None:
    assert consistency([("liked", "liked")] * 10, order=RATINGS).as_json()["agreement"] is None


def test_genres_have_no_distance_and_so_no_quadratic_agreement() -> None:
    assert consistency([("rock", "jazz")] * 10).agreement is None
