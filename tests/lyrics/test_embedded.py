"""Words in a track's own tags: the first file that has some, and a file that cannot be read is not in the way."""

from __future__ import annotations

import pytest

from core.errors import DecodeError
from core.records import Offer, Song
from lyrics.embedded import Embedded

WORDS = "A lamp in every window\nA name on every door"
LRC = "[00:08.00]A name on every door\n[00:04.00]A lamp in every window"


def kept(**said: str | None) -> Embedded:
    """Return the source for files whose tags say this; any other cannot be read."""

    def read(path: str) -> str | None:
        if path not in said:
            raise DecodeError(path, "it is empty")
        return said[path]

    return Embedded(read)


def test_the_words_of_a_file_are_offered_without_a_match_to_judge() -> None:
    assert kept(a=WORDS).offers(Song("Lamps", paths=("a",))) == [Offer("your file", WORDS)]


def test_words_with_times_are_offered_both_ways() -> None:
    assert kept(a=LRC).offers(Song("Lamps", paths=("a",))) == [Offer("your file", WORDS, LRC)]


@pytest.mark.parametrize("nothing", [None, "", " \n "])
def test_the_next_file_is_read_where_one_says_nothing(nothing: str | None) -> None:
    (offer,) = kept(a=nothing, b=WORDS).offers(Song("Lamps", paths=("a", "b")))
    assert offer.text == WORDS


def test_a_file_that_cannot_be_read_does_not_hide_the_next() -> None:
    (offer,) = kept(b=WORDS).offers(Song("Lamps", paths=("gone", "b")))
    assert offer.text == WORDS
    assert kept().offers(Song("Lamps", paths=("gone",))) == []


def test_only_the_first_words_are_offered() -> None:
    (offer,) = kept(a=WORDS, b="Other words").offers(Song("Lamps", paths=("a", "b")))
    assert offer.text == WORDS


def test_a_song_without_files_has_none() -> None:
    assert kept().offers(Song("Lamps")) == []


def test_the_source_asks_no_other_computer() -> None:
    assert (Embedded.name, Embedded.online) == ("your file", False)
