"""The first guess of a genre."""

from __future__ import annotations

import numpy as np
import pytest

from core.vocabulary import GENRE_TAGS, MSD_TAGS
from models.prior import GenrePrior, align, blend


def tags(n: int = 30, **loud: float) -> np.ndarray:
    """Return tag probabilities of n tracks, the first with the given tags turned up."""
    X = np.random.default_rng(0).uniform(0.05, 0.15, size=(n, 100))
    for name, value in loud.items():
        X[0, MSD_TAGS.index(name)] = value
    return X


def test_a_tag_that_stands_out_names_the_genre() -> None:
    X = tags(jazz=0.9)
    prior = GenrePrior().fit(X)
    assert prior.predict(X)[0] == "jazz"
    assert set(prior.classes_) == set(GENRE_TAGS)


def test_what_all_tracks_share_says_nothing() -> None:
    X = tags(jazz=0.9)
    X[:, MSD_TAGS.index("rock")] = 0.8
    assert GenrePrior(classes=["rock", "jazz"]).fit(X).predict(X)[0] == "jazz"


def test_probabilities_are_probabilities() -> None:
    X = tags()
    proba = GenrePrior().fit(X).predict_proba(X)
    assert proba.shape == (30, len(GENRE_TAGS))
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)


def test_a_genre_without_tags_gets_an_equal_share() -> None:
    X = tags(jazz=0.9)
    prior = GenrePrior(classes=["jazz", "rock", "gamelan"]).fit(X)
    proba = prior.predict_proba(X)
    np.testing.assert_allclose(proba[:, prior.classes_.tolist().index("gamelan")], 1 / 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    assert np.allclose(GenrePrior(classes=["gamelan", "pibroch"]).fit(X).predict_proba(X), 0.5)


def test_spelling_does_not_matter_and_a_tag_is_a_genre() -> None:
    X = tags(**{"Hip-Hop": 0.9, "party": 0.9})
    assert GenrePrior(classes=["Hip Hop", "Rock"]).fit(X).predict(X)[0] == "Hip Hop"
    X = tags(House=0.9)
    assert GenrePrior(classes=["house", "rock"]).fit(X).predict(X)[0] == "house"


def test_labels_only_name_the_genres() -> None:
    X = tags()
    a = GenrePrior().fit(X, np.array(["rock", "jazz"] * 15)).predict_proba(X)
    b = GenrePrior().fit(X, np.array(["jazz", "rock"] * 15)).predict_proba(X)
    assert (a == b).all()


def test_the_prior_fades_as_labels_come() -> None:
    model, prior = np.array([[0.2, 0.8]]), np.array([[0.9, 0.1]])
    first = [blend(model, prior, n)[0, 0] for n in (0, 8, 80, 8000)]
    assert first[0] == pytest.approx(0.9)
    assert first[-1] == pytest.approx(0.2, abs=0.01)
    assert first == sorted(first, reverse=True)
    assert blend(model, prior, 8)[0, 0] == pytest.approx(0.6)  # sqrt(.2 x .9) against sqrt(.8 x .1): 3 to 2


def test_a_class_the_model_has_not_met_is_left_to_the_prior() -> None:
    proba = blend(np.array([[1.0, 0.0]]), np.array([[0.4, 0.6]]), n_labels=8)
    assert proba[0, 1] == pytest.approx(0.3)
    assert proba.sum() == pytest.approx(1.0)


def test_columns_are_put_in_order() -> None:
    assert align(np.array([[0.3, 0.7]]), ["b", "a"], ["a", "b", "c"]).tolist() == [[0.7, 0.3, 0.0]]
