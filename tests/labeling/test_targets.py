"""What an answer may be, and what is said to be missing."""

from __future__ import annotations

import pytest

from core.errors import EarmarkError
from labeling.targets import TARGETS, check_value, get, missing_labels, quick_ready

ENOUGH = ["liked"] * 4 + ["disliked"] * 4


def test_every_target_knows_its_name() -> None:
    assert all(target.name == name for name, target in TARGETS.items())


def test_an_unknown_target_names_the_known_ones() -> None:
    with pytest.raises(EarmarkError, match="rating, genre"):
        get("colour")


@pytest.mark.parametrize(
    ("written", "stored"),
    [("liked", "liked"), (" Like ", "liked"), ("dislike", "disliked"), ("semi-liked", "semi"), ("SEMI", "semi")],
)
def test_ratings_are_stored_in_one_spelling(written: str, stored: str) -> None:
    assert check_value("rating", written) == stored


def test_a_rating_that_does_not_exist_names_the_three() -> None:
    with pytest.raises(EarmarkError, match="disliked, semi, liked"):
        check_value("rating", "5 stars")


def test_a_genre_is_any_text_but_none() -> None:
    assert check_value("genre", "  Trip   Hop ") == "Trip Hop"
    with pytest.raises(EarmarkError, match="cannot be empty"):
        check_value("genre", "   ")


def test_quick_models_start_with_the_first_two_different_answers() -> None:
    assert not quick_ready([])
    assert not quick_ready(["liked", "liked"])
    assert quick_ready(["liked", "semi"])


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "8 more ratings, at least 2 liked and 2 disliked"),
        (["semi", "semi"], "6 more ratings, at least 2 liked and 2 disliked"),
        (["liked"] * 7, "2 more ratings, at least 2 disliked"),
        (["liked"] * 7 + ["disliked"], "1 more rating, at least 1 disliked"),
        (ENOUGH, None),
    ],
)
def test_missing_ratings_are_counted(values: list[str], sentence: str | None) -> None:
    assert missing_labels("rating", values) == sentence


def test_missing_artists_are_counted() -> None:
    groups = ["abba"] * 4 + ["nina"] * 4
    assert missing_labels("rating", ENOUGH, groups) == "1 more rating, from at least 1 more artist"
    assert missing_labels("rating", ENOUGH, [*groups[:-1], "miles"]) is None


def test_genres_need_two_tracks_each_of_two() -> None:
    assert missing_labels("genre", ["rock"] * 9) == "2 more genre labels, so that at least 2 genres have 2 tracks each"
    assert missing_labels("genre", ["rock"] * 7 + ["pop"] * 2) is None


def test_giving_what_is_missing_is_enough() -> None:
    assert missing_labels("rating", ["semi"] * 2 + ["liked"] * 2 + ["disliked"] * 2 + ["semi"] * 2) is None
