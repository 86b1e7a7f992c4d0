"""Words told apart by answer, genre and artist, and what is said where there are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import EarmarkError
from core.records import FoundFile, Label, Tags
from services import lyrics, lyrics_words
from services.workspace import Workspace

SEA = "The harbour sleeps beside the sail\nThe anchor holds against the gale\nand I am here with you tonight"
CITY = "The engine hums in neon light\nThe concrete keeps us up all night\nand you are not the one I love"
Fill = Callable[[], list[int]]


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


def words(found: dict) -> set[str]:
    return {term["word"] for term in found["terms"]}


def test_liked_is_compared_with_disliked(workspace: Workspace, sung: list[int]) -> None:
    found = lyrics_words.compare(workspace, "rating", "liked")
    assert (found["against"], found["songs"], found["songs_against"]) == ("disliked", 3, 3)
    assert {"harbour", "sail", "anchor"} <= words(found) and not {"engine", "the", "and"} & words(found)
    assert all(term["z"] > 0 and term["songs"] == 3 for term in found["terms"])


def test_a_genre_is_that_of_the_tag_until_there_is_an_answer(workspace: Workspace, sung: list[int]) -> None:
    assert {name: len(ids) for name, ids in lyrics_words.groups(workspace, "genre").items()} == {"jazz": 3, "rock": 3}
    workspace.labels.add([Label("g", sung[0], "genre", "folk")])
    assert lyrics_words.groups(workspace, "genre")["folk"] == [sung[0]]


def test_an_artist_is_compared_with_everything_else(workspace: Workspace, sung: list[int]) -> None:
    found = lyrics_words.compare(workspace, "artist", "B")
    assert found["against"] == lyrics_words.REST and "engine" in words(found)


def test_new_words_count_at_once(workspace: Workspace, sung: list[int]) -> None:
    lyrics_words.compare(workspace, "rating", "liked")
    for track in sung[:2]:
        lyrics.write(
            workspace, track, "A lantern in a lantern street\nlantern light before my feet\nlanterns everywhere we meet"
        )
    assert "lantern" in words(lyrics_words.compare(workspace, "rating", "liked"))


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
