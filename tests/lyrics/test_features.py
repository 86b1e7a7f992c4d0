"""The feature set of words: finite, stateless, and enough to learn a theme from."""

from __future__ import annotations

import numpy as np
import pytest

from lyrics.features import DIMENSIONS, NAMES, VERSION, vector

SONG = "I love the rain on harbour street\nthe kettle sings, the rain is sweet\n\nI love the rain on harbour street"


def column(name: str, text: str = SONG, language: str | None = "en", duration: float | None = 100.0) -> float:
    return float(vector(text, language=language, duration=duration)[NAMES.index(name)])


@pytest.mark.parametrize(
    "text", ["", " \n ", "la la la", SONG, "夜の海", "x" * 10_000, "1 2 3", "oh\n" * 500, "\U0001f600"]
)
@pytest.mark.parametrize("language", [None, "en", "de", "ja", "xx"])
@pytest.mark.parametrize("duration", [None, 0.0, 200.0])
def test_a_vector_is_always_finite_and_of_one_length(text: str, language: str | None, duration: float | None) -> None:
    found = vector(text, language=language, duration=duration)
    assert found.shape == (len(NAMES),) and found.dtype == np.float32 and np.isfinite(found).all()


def test_names_are_distinct_and_the_version_is_a_number() -> None:
    assert len(set(NAMES)) == len(NAMES) and isinstance(VERSION, int)


def test_the_same_words_give_the_same_vector() -> None:
    assert np.array_equal(vector(SONG, language="en"), vector(SONG, language="en"))
    # Vectors are kept: a word in another column would need another VERSION.
    assert vector("rain", language="en")[-DIMENSIONS:].nonzero()[0].tolist() == [66]


def test_what_was_not_measured_says_so() -> None:
    assert column("duration_known") == 1 and column("words_per_second") == pytest.approx(0.19, abs=0.03)
    assert column("duration_known", duration=None) == column("words_per_second", duration=None) == 0
    assert column("english") == 1 and column("sentiment_mean") > 0
    assert column("english", language="de") == column("sentiment_mean", language="de") == 0


def test_each_common_language_has_a_column() -> None:
    assert column("language_en") == 1 and column("language_de") == 0
    assert column("language_de", language="de") == 1
    assert all(column(name, language="sw") == 0 for name in NAMES if name.startswith("language_"))


def test_words_have_length_one_and_endings_do_not_count() -> None:
    rains, raining = (vector(text, language="en")[-DIMENSIONS:] for text in ("rains", "raining"))
    assert np.array_equal(rains, raining)
    assert np.linalg.norm(vector(SONG, language="en")[-DIMENSIONS:]) == pytest.approx(1, abs=1e-5)
    assert not vector("la la la", language="en")[-DIMENSIONS:].any()


def test_a_word_said_often_weighs_more_but_not_as_often() -> None:
    words = vector("harbour " + "kettle " * 8, language="en")[-DIMENSIONS:]
    small, large = sorted(np.abs(words[words != 0]))
    assert 1 < large / small < 8


def test_songs_on_a_theme_lie_nearer_than_others() -> None:
    sea, also_sea, hill = (
        vector(text, language="en")[-DIMENSIONS:]
        for text in ("harbour sailor anchor wave", "anchor harbour gull wave", "mountain shepherd meadow barn")
    )
    assert sea @ also_sea > 0.5 > abs(sea @ hill) + 0.2
