"""Words told apart by answer, genre and artist, and what is said where there are none."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from core.errors import EarmarkError
from core.records import FoundFile, Label, Tags
from services import lyrics, lyrics_words
from services.workspace import Workspace

SEA = "The harbour sleeps beside the sail\nThe anchor holds against the gale\nand I am here with you tonight"
CITY = "The engine hums in neon light\nThe concrete keeps us up all night\nand you are not the one I love"
Fill = Callable[[], list[int]]
NEUTRAL = [
    a + b for a in ("lan", "fer", "mol", "tur", "sib", "dor") for b in ("tern", "vest", "gard", "mine", "lake", "wick")
]


@pytest.fixture
def sung(workspace: Workspace) -> list[int]:
    """Give six tracks of two artists: three of the sea, liked and rock, three of the city, disliked and jazz."""
    files = [
        FoundFile(
            f"/m/{n}.mp3", n + 1, 1.0, Tags(title=f"Song {n}", artist="AB"[n // 3], genre=("Rock", "Jazz")[n // 3])
        )
        for n in range(6)
    ]
    ids = list(workspace.tracks.add(files).added)
    for n, track in enumerate(ids):
        lyrics.write(workspace, track, SEA if n < 3 else CITY)
    values = ["liked"] * 3 + ["disliked"] * 3
    workspace.labels.add([Label(f"r{i}", track, "rating", values[i]) for i, track in enumerate(ids)])
    return ids


@pytest.fixture
def sung_by_many(workspace: Workspace) -> list[int]:
    """Give forty tracks of as many artists: all that are liked have harbour and sail, all that are disliked engine."""
    lot = random.Random(0)
    files = [FoundFile(f"/m/{n}.mp3", n + 1, 1.0, Tags(title=f"Song {n}", artist=f"Artist {n}")) for n in range(40)]
    ids = list(workspace.tracks.add(files).added)
    for n, track in enumerate(ids):
        said = " ".join(lot.sample(NEUTRAL, 20))
        lyrics.write(workspace, track, f"{'harbour sail' if n % 2 == 0 else 'engine'}\n{said}")
    values = ["liked", "disliked"] * 20
    workspace.labels.add([Label(f"r{i}", track, "rating", values[i]) for i, track in enumerate(ids)])
    return ids


def words(found: dict) -> set[str]:
    return {term["word"] for term in found["terms"]}


def test_liked_is_compared_with_disliked(workspace: Workspace, sung: list[int]) -> None:
    found = lyrics_words.compare(workspace, "rating", "liked")[0]
    assert (found["against"], found["songs"], found["songs_against"]) == ("disliked", 3, 3)
    assert {"harbour", "sail", "anchor"} <= words(found) and not {"engine", "the", "and"} & words(found)
    assert all(term["z"] > 0 and term["songs"] == 3 for term in found["terms"])


def test_what_two_artists_say_is_no_clearer_than_chance(workspace: Workspace, sung: list[int]) -> None:
    found = lyrics_words.compare(workspace, "rating", "liked")[0]
    assert found["chance"] is not None and not any(term["clear"] for term in found["terms"])


def test_what_many_artists_say_is_clearer_than_chance(workspace: Workspace, sung_by_many: list[int]) -> None:
    found = lyrics_words.compare(workspace, "rating", "liked")[0]
    assert {term["word"] for term in found["terms"] if term["clear"]} == {"harbour", "sail"}
    assert all(term["z"] > found["chance"] for term in found["terms"] if term["clear"])


def test_a_song_is_told_by_the_words_of_others(workspace: Workspace, sung_by_many: list[int]) -> None:
    both = "The harbour sleeps beside the engine tonight\nand every lantern lights the sail of my heart"
    (new,) = workspace.tracks.add([FoundFile("/m/new.mp3", 99, 1.0, Tags(title="New", artist="Somebody"))]).added
    lyrics.write(workspace, new, both)
    said = lyrics_words.signs(workspace, new)
    assert set(said["liked"]) == {"harbour", "sail"} and said["disliked"] == ["engine"]


def test_with_few_answers_no_words_are_named(workspace: Workspace, sung: list[int]) -> None:
    assert lyrics_words.signs(workspace, sung[0]) == {}  # two liked ones are left to compare with


def test_a_genre_is_that_of_the_tag_until_there_is_an_answer(workspace: Workspace, sung: list[int]) -> None:
    assert {name: len(ids) for name, ids in lyrics_words.groups(workspace, "genre").items()} == {"jazz": 3, "rock": 3}
    workspace.labels.add([Label("g", sung[0], "genre", "folk")])
    assert lyrics_words.groups(workspace, "genre")["folk"] == [sung[0]]


def test_an_artist_is_compared_with_everything_else(workspace: Workspace, sung: list[int]) -> None:
    found = lyrics_words.compare(workspace, "artist", "B")[0]
    assert found["against"] == lyrics_words.REST and "engine" in words(found)


@pytest.mark.parametrize("against", [None, lyrics_words.REST, "jazz"])
def test_both_sides_are_told(against: str | None, workspace: Workspace, sung: list[int]) -> None:
    rock, rest = lyrics_words.compare(workspace, "genre", "rock", against)
    assert "harbour" in words(rock) and "engine" in words(rest) and not words(rock) & words(rest)
    assert (rest["value"], rest["against"], rest["songs"]) == (rock["against"], "rock", 3)


def test_new_words_count_at_once(workspace: Workspace, sung: list[int]) -> None:
    lyrics_words.compare(workspace, "rating", "liked")
    for track in sung[:2]:
        lyrics.write(
            workspace, track, "A lantern in a lantern street\nlantern light before my feet\nlanterns everywhere we meet"
        )
    assert "lantern" in words(lyrics_words.compare(workspace, "rating", "liked")[0])


def test_sentiment_is_told_of_english_songs_only(workspace: Workspace, sung: list[int]) -> None:
    lyrics.write(workspace, sung[0], "Die Lichter am Hafen gehen aus\nIch falte die Karte und gehe nach Haus")
    rows = lyrics_words.sentiments(workspace, "rating")
    assert {row["id"] for row in rows} == set(sung[1:])
    assert all(-1 <= row["sentiment"] <= 1 for row in rows)


def test_where_nothing_is_there_the_way_to_it_is_said(workspace: Workspace) -> None:
    with pytest.raises(EarmarkError, match="`lyrics fetch` looks for them"):
        lyrics_words.compare(workspace, "artist", "A")
    assert lyrics_words.sentiments(workspace, "rating") == []


def test_a_part_that_is_not_there_names_those_that_are(workspace: Workspace, sung: list[int]) -> None:
    with pytest.raises(EarmarkError, match=r"has 'polka' as its genre\. There are: jazz, rock"):
        lyrics_words.compare(workspace, "genre", "polka")
    with pytest.raises(EarmarkError, match="told apart by rating, genre, artist, not by 'colour'"):
        lyrics_words.groups(workspace, "colour")
