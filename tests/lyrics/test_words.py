"""Words counted: tokens, content words, repetition, and what tells some songs from others."""

from __future__ import annotations

import random
import time
from collections import Counter

import numpy as np
import pytest

from lyrics.words import corpus, distinct_ratio, is_vocable, log_odds, repetition, telling, terms, tokens


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


def test_the_words_of_some_songs_are_told() -> None:
    rain, sun = Counter(rain=3, day=2), Counter(sun=3, day=2)
    found = telling([rain] * 5, [sun] * 5)
    assert [term.word for term in found] == ["rain"]
    assert (found[0].count, found[0].rest, found[0].songs) == (15, 0, 5)
    assert telling([sun] * 5, [rain] * 5)[0].word == "sun"


def test_a_word_of_one_song_is_no_habit() -> None:
    inside = [Counter(macaroon=60, sea=1), Counter(sea=2), Counter(sea=1)]
    outside = [Counter(hill=2, day=3)] * 5
    assert "macaroon" not in [term.word for term in telling(inside, outside)]
    assert telling(inside, outside, least=1)[0].word == "macaroon"


def test_the_most_telling_comes_first_and_the_limit_holds() -> None:
    inside, outside = [Counter(a=9, b=4, c=2, d=5)] * 4, [Counter(a=1, b=2, c=2, d=9)] * 4
    values = [term.z for term in telling(inside, outside)]
    assert values == sorted(values, reverse=True) and min(values) > 0
    assert len(telling(inside, outside, limit=1)) == 1


def test_nothing_is_told_where_a_side_is_empty() -> None:
    assert telling([], [Counter(a=1)]) == telling([Counter(a=1)], []) == telling([Counter()], [Counter()]) == []


def test_the_log_odds_follow_the_formula_of_the_paper() -> None:
    y, r, n, m, prior = 12.0, 3.0, 200, 500, 100.0
    alpha = prior * (y + r) / (n + m)
    delta = np.log((y + alpha) / (n + prior - y - alpha)) - np.log((r + alpha) / (m + prior - r - alpha))
    expected = delta / np.sqrt(1 / (y + alpha) + 1 / (r + alpha))
    assert log_odds(np.array([y]), np.array([r]), n, m, prior=prior)[0] == pytest.approx(expected)
    assert log_odds(np.array([r]), np.array([y]), m, n, prior=prior)[0] == pytest.approx(-expected)


def test_twelve_thousand_songs_take_a_moment() -> None:
    rng = np.random.default_rng(0)
    songs = [Counter(f"w{w}" for w in rng.zipf(1.3, 80) if w < 20_000) for _ in range(12_000)]
    began = time.perf_counter()
    assert telling(songs[:3_000], songs[3_000:])
    assert time.perf_counter() - began < 3  # .3 s alone


def test_a_corpus_counts_what_its_songs_say() -> None:
    found = corpus([(9, "fire on fire and rain", "en"), (4, "rain and harbour", "en"), (7, "", None)])
    assert found.ids.tolist() == [4, 7, 9]
    words, songs = found.group([4, 9])
    assert words == Counter(fire=2, rain=2, harbour=1) and songs == Counter(fire=1, rain=2, harbour=1)
    assert found.group([7])[0] == found.group([])[0] == found.group([1])[0] == Counter()
