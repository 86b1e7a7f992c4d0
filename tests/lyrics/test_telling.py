"""Words that tell songs apart: a theme is found, a refrain is none, and chance is known for what it is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lyrics.telling import USES, Corpus, corpus, corpus_of, log_odds, telling

RAIN, SUN = Counter(rain=3, day=2), Counter(sun=3, day=2)


def sides(inside: list[Counter[str]], outside: list[Counter[str]]) -> tuple[Corpus, range, range]:
    """Return songs as a corpus, and the numbers of both sides."""
    songs = corpus_of(dict(enumerate([*inside, *outside])))
    return songs, range(len(inside)), range(len(inside), len(inside) + len(outside))


def made_up(n: int, rng: np.random.Generator) -> list[Counter[str]]:
    """Return the words of so many songs in which nothing is to be found; each has a refrain and words of its own."""
    songs = [Counter(f"w{w}" for w in rng.zipf(1.3, 80) if w < 5_000) for _ in range(n)]
    for number, song in enumerate(songs):
        song[f"w{number % 40}"] += 20
        song.update(f"own{rng.integers(1_000_000)}" for _ in range(60))
    return songs


def test_the_words_of_some_songs_are_told() -> None:
    songs, first, second = sides([RAIN] * 5, [SUN] * 5)
    rain, sun = telling(songs, first, second)
    assert [(term.word, term.songs, term.rest) for term in rain.terms] == [("rain", 5, 0)]
    assert [(term.word, term.songs, term.rest) for term in sun.terms] == [("sun", 5, 0)]
    assert rain.terms[0].z == pytest.approx(sun.terms[0].z, rel=0.2)


def test_a_word_of_one_song_is_no_habit() -> None:
    inside = [Counter(macaroon=60, sea=1), Counter(sea=2), Counter(sea=1)]
    outside = [Counter(hill=2, day=3)] * 5
    assert "macaroon" not in [term.word for term in telling(*sides(inside, outside))[0].terms]


def test_of_two_songs_every_word_is_listed() -> None:
    assert [term.word for term in telling(*sides([RAIN], [SUN]))[0].terms] == ["rain"]


def test_a_refrain_counts_no_more_than_a_word_sung_twice() -> None:
    often, twice = Counter(sea=40, day=1), Counter(sea=USES, day=1)
    values = [telling(*sides([song] * 4, [Counter(hill=2, day=1)] * 4))[0].terms[0].z for song in (often, twice)]
    assert values[0] == values[1]


def test_the_most_telling_comes_first() -> None:
    rng = np.random.default_rng(0)
    both = sides(made_up(20, rng), made_up(20, rng))
    for told in telling(*both):
        values = [term.z for term in told.terms]
        assert len(values) > 20 and values == sorted(values, reverse=True) and min(values) > 0


@pytest.mark.parametrize(("inside", "outside"), [([], [RAIN]), ([RAIN], []), ([Counter()], [Counter()]), ([], [])])
def test_nothing_is_told_where_a_side_is_empty(inside: list[Counter[str]], outside: list[Counter[str]]) -> None:
    for told in telling(*sides(inside, outside)):
        assert told.terms == [] and told.chance == float("inf")


def test_one_song_against_one_says_nothing_clearly() -> None:
    for told in telling(*sides([RAIN], [SUN])):
        assert all(term.z <= told.chance for term in told.terms)


def test_the_log_odds_follow_the_formula_of_the_paper() -> None:
    y, r, n, m, prior = 12.0, 3.0, 200, 500, 100.0
    alpha = prior * (y + r) / (n + m)
    delta = np.log((y + alpha) / (n + prior - y - alpha)) - np.log((r + alpha) / (m + prior - r - alpha))
    expected = delta / np.sqrt(1 / (y + alpha) + 1 / (r + alpha))
    assert log_odds(np.array([y]), np.array([r]), n, m, prior=prior)[0] == pytest.approx(expected)
    assert log_odds(np.array([r]), np.array([y]), m, n, prior=prior)[0] == pytest.approx(-expected)


def test_of_songs_dealt_by_lot_a_word_passes_chance_about_once_in_twenty() -> None:
    passed = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found, _ = telling(*sides(made_up(30, rng), made_up(30, rng)), seed=seed)
        passed.append(found.terms[0].z > found.chance)
    assert sum(passed) <= 12  # 5 are expected; 13 or more would come once in 700 times


def test_a_theme_passes_chance_among_the_same_songs() -> None:
    rng = np.random.default_rng(0)
    inside, outside = made_up(30, rng), made_up(30, rng)
    for song in inside[:20]:
        song["harbour"] += 1
    found, _ = telling(*sides(inside, outside))
    first, second = found.terms[:2]
    assert first.word == "harbour" and first.z > found.chance > second.z


def test_the_habit_of_one_artist_is_no_theme_when_artists_are_dealt_out_whole() -> None:
    rng = np.random.default_rng(1)
    inside, outside = made_up(30, rng), made_up(30, rng)
    for song in inside[:12]:  # all by one artist
        song["macaroon"] += 1
    both = sides(inside, outside)
    artists = {song: "one" if song < 12 else song % 8 for song in range(60)}
    alone, whole = telling(*both)[0], telling(*both, together=artists)[0]
    assert alone.terms[0].word == "macaroon" and alone.terms[0].z > alone.chance
    assert "macaroon" not in [term.word for term in whole.terms if term.z > whole.chance]


def test_a_theme_of_many_artists_is_found_among_their_habits() -> None:
    rng = np.random.default_rng(2)
    songs, liked = made_up(80, rng), [number for number in range(80) if (number // 40 + number) % 2]
    for number, song in enumerate(songs):
        song.update(f"habit{number // 4}-{k}" for k in range(8))  # 20 artists of 4 songs, each with words of its own
        song["harbour"] += int(number in liked and rng.random() < 0.7)
    both = corpus_of(dict(enumerate(songs))), liked, [number for number in range(80) if number not in liked]
    found, _ = telling(*both, together={number: number // 4 for number in range(80)})
    clear = [term.word for term in found.terms if term.z > found.chance]
    assert clear[0] == "harbour" and not any(word.startswith("habit") for word in clear)


def test_songs_of_one_artist_are_compared_like_any_others() -> None:
    both = sides([RAIN] * 5, [SUN] * 5)
    assert telling(*both, together=dict.fromkeys(range(10), "Nina")) == telling(*both)


def test_the_same_seed_gives_the_same_words() -> None:
    rng = np.random.default_rng(0)
    both = sides(made_up(10, rng), made_up(10, rng))
    assert telling(*both, seed=3) == telling(*both, seed=3)


def test_a_corpus_counts_what_its_songs_say() -> None:
    found = corpus([(9, "fire on fire on fire and rain", "en"), (4, "rain and harbour", "en"), (7, "", None)])
    assert found.ids.tolist() == [4, 7, 9] and found.words == ("rain", "harbour", "fire")
    assert found.uses.toarray().tolist() == [[1, 1, 0], [0, 0, 0], [1, 0, USES]]
    assert found.words_of(9) == {"fire", "rain"} and found.words_of(7) == found.words_of(1) == set()
