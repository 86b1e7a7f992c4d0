"""The names fixed outside Earmark fit together."""

from __future__ import annotations

from core.vocabulary import GENRE_TAGS, MSD_TAGS, MTT_TAGS, NO_ARTIST, TAG_NAMES


def test_the_networks_have_fifty_outputs_each_with_a_name_of_its_own() -> None:
    assert len(MSD_TAGS) == len(MTT_TAGS) == 50
    assert len(set(TAG_NAMES)) == 100
    assert TAG_NAMES[0] == "msd:rock" and TAG_NAMES[50] == "mtt:guitar"


def test_a_genre_is_guessed_from_tags_there_are_and_no_tag_speaks_for_two() -> None:
    tags = [tag for words in GENRE_TAGS.values() for tag in words]
    assert set(tags) <= set(MSD_TAGS)
    assert len(tags) == len(set(tags))
    assert all(GENRE_TAGS.values())


def test_missing_artists_are_written_as_they_are_compared() -> None:
    assert all(name == name.casefold().strip() for name in NO_ARTIST)
    assert {"", "various artists", "unknown"} <= NO_ARTIST
