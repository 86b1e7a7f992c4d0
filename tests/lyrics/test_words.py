"""Words counted: tokens, content words, repetition, and what tells some songs from others."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from lyrics.words import distinct_ratio, is_vocable, repetition, terms, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't STOP, rock’n’roll!", ["don't", "stop", "rock'n'roll"]), ("'til dawn'", ["til", "dawn"]),
        ("na-na", ["na", "na"]), ("Über allen", ["über", "allen"]), ("l'été", ["l'été"]),
        ("夜の海", ["夜", "の", "海"]),
        ("사랑해 baby", ["사랑해", "baby"]), ("cafe\u0301", ["café"]), ("สวัสดี", ["สวัสดี"]), ("हिन्दी", ["हिन्दी"]),
        ("snake_case", ["snake", "case"]), ("", []), ("...!?", []), ("24 hours", ["24", "hours"]),
    ],
)  # fmt: skip
def test_a_text_is_taken_apart_into_words(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_terms_are_what_a_song_is_about() -> None:
    found = terms("Oh yeah, I was walking in the rain\nthe rain, la la la, 1999 x y", "en")
    assert found == Counter({"rain": 2, "walking": 1})


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("ich und der Regen in der Nacht", "de", {"regen", "nacht"}), ("l'amour et la nuit", "fr", {"amour", "nuit"}),
        ("la noche y el mar", "es", {"noche", "mar"}), ("夜の海を見た", "ja", {"夜", "海", "見"}),
        ("the rain und der Regen", "de", {"rain", "regen"}), ("the rain's song", "en", {"rain", "song"}),
        ("zorblat miv", "xx", {"zorblat", "miv"}), ("the rain", None, {"rain"}),
    ],
)  # fmt: skip
def test_stop_words_of_the_language_and_of_english_go(text: str, language: str | None, expected: set[str]) -> None:
    assert set(terms(text, language)) == expected


def test_vocables_are_told_from_words() -> None:
    sounds = ["oh", "oooh", "la", "lalala", "yeah", "hey", "mmm", "uh", "nanana", "whoa", "hahaha", "doo", "shalala"]
    words = ["love", "lady", "nada", "home", "papa", "hola", "moon", "yellow", "who", "how", "do", "ahead", "nana"]
    assert [is_vocable(sound) for sound in sounds] == [True] * len(sounds)
    assert [word for word in words if is_vocable(word)] == []


def test_the_distinct_ratio_does_not_fall_with_length() -> None:
    rng = random.Random(0)
    words = [str(int(rng.paretovariate(0.7))) for _ in range(2_000)]
    short, long = distinct_ratio(words[:200]), distinct_ratio(words)
    assert abs(short - long) < 0.05
    assert len(set(words)) / len(words) < 0.8 * len(set(words[:200])) / 200  # as the plain ratio does


def test_the_distinct_ratio_is_the_mean_over_its_windows() -> None:
    rng = random.Random(1)
    words = [str(rng.randrange(30)) for _ in range(120)]
    windows = [len(set(words[i : i + 50])) / 50 for i in range(71)]
    assert distinct_ratio(words) == pytest.approx(np.mean(windows))


def test_repetition_grows_with_what_is_said_again() -> None:
    verse = "the kettle sings on harbour street and every boat has gone to sea but mine\n"
    values = [repetition(verse * n) for n in (1, 2, 4, 16)]
    assert values == sorted(values) and values[0] == 0 and values[-1] > 0.85
    assert repetition("") == 0


def test_words_without_order_repeat_nothing_at_any_length() -> None:
    rng = random.Random(0)
    for n in (10, 40, 160, 400):
        assert repetition(" ".join(f"w{rng.randrange(300)}" for _ in range(n))) < 0.1
