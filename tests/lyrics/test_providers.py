"""What is made of every kind of answer: absence, failure, another song and noise are four things."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from benchmarks.lyrics_servers import BEHAVIOURS, WORDS, Servers
from core.errors import SourceFailedError
from core.records import Offer, Song
from lyrics.cleaning import clean
from lyrics.genius import Genius
from lyrics.lrclib import Lrclib
from lyrics.providers import Verdict, fingerprint, look, words_of

TITLE = "Harbour Lights"
# How a service behaves -> what comes of it at LRCLIB and at Genius.
EXPECTED = {
    "right": ("found", "found"),
    "synced": ("found", "found"),
    "noise": ("found", "found"),
    "another song": ("not there", "not there"),
    "nearly": ("not there", "not there"),
    "instrumental": ("instrumental", "instrumental"),
    "absent": ("not there", "not there"),
    "track list": ("not there", "not there"),
    "403": ("failed", "failed"),
    "429": ("found", "found"),
    "429 date": ("found", "found"),
    "429 long": ("failed", "failed"),
    "500": ("failed", "failed"),
    "garbage": ("failed", "failed"),
    "wrong shape": ("failed", "failed"),
    "null": ("failed", "failed"),
    "drip": ("failed", "failed"),
    "slow head": ("failed", "failed"),
    "never": ("failed", "failed"),
    "redirects": ("failed", "failed"),
    "huge": ("failed", "failed"),
    "challenge": ("failed", "failed"),
}
Make = Callable[..., Song]


@pytest.fixture
def sources(lrclib: Lrclib, genius: Genius) -> dict[str, Lrclib | Genius]:
    """Give both sources by name."""
    return {"LRCLIB": lrclib, "Genius": genius}


def test_every_behaviour_has_an_expected_outcome() -> None:
    assert set(EXPECTED) == set(BEHAVIOURS)


@pytest.mark.parametrize("how", BEHAVIOURS)
@pytest.mark.parametrize("place", ["LRCLIB", "Genius"])
def test_each_answer_is_taken_for_what_it_is(how: str, place: str, servers: Servers, sources: dict, song: Make) -> None:
    servers.plays[TITLE] = how
    verdict = look(song(TITLE), [sources[place]])
    assert verdict.outcome == EXPECTED[how][place == "Genius"]
    if verdict.outcome == "found":
        assert verdict.offer is not None and clean(words_of(verdict.offer)) == WORDS
    if verdict.outcome == "failed":
        assert place in (verdict.reason or "") and verdict.reason.endswith(".")
        assert how not in ("403", "500") or f"({how})" in verdict.reason


def test_a_failure_is_no_absence_even_when_another_source_has_nothing(
    servers: Servers, genius: Genius, song: Make
) -> None:
    servers.plays[TITLE] = "500"
    nothing = SimpleNamespace(name="nothing", online=True, offers=lambda song: [])
    assert look(song(TITLE), [nothing, genius]).outcome == "failed"
    assert look(song(TITLE), [nothing]).outcome == "not there"


def test_the_next_source_is_asked_where_one_fails(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    def fail(song: Song) -> list[Offer]:
        raise SourceFailedError("Broken", "is broken", down=True)

    servers.plays[TITLE] = "right"
    verdict = look(song(TITLE), [SimpleNamespace(name="Broken", online=True, offers=fail), lrclib])
    assert (verdict.outcome, verdict.down) == ("found", ("Broken",))


def test_what_nearly_fits_is_offered_and_not_taken(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    servers.plays[TITLE] = "nearly"
    verdict = look(song(TITLE), [lrclib])
    (offer,) = verdict.doubtful
    assert verdict.outcome == "not there" and verdict.offer is None
    assert offer.title == f"{TITLE} Tonight" and 0.6 <= (offer.match or 0) < 0.9


def test_another_song_is_not_even_offered(servers: Servers, lrclib: Lrclib, genius: Genius, song: Make) -> None:
    servers.plays[TITLE] = "another song"
    assert look(song(TITLE), [lrclib, genius]) == Verdict("not there")


def test_words_that_were_refused_are_not_taken_again(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    servers.plays[TITLE] = "right"
    offer = look(song(TITLE), [lrclib]).offer
    assert offer is not None
    assert look(song(TITLE), [lrclib], refused={fingerprint(offer)}).outcome == "not there"


def test_a_fingerprint_knows_words_in_another_layout_and_not_from_another_source() -> None:
    one = Offer("LRCLIB", WORDS)
    assert fingerprint(one) == fingerprint(Offer("LRCLIB", "[Verse 1]\n" + WORDS.replace("\n\n", "\n").upper()))
    assert fingerprint(one) != fingerprint(Offer("Genius", WORDS))
    assert fingerprint(one) != fingerprint(Offer("LRCLIB", WORDS + "\nOne more line"))


def test_a_title_that_says_instrumental_asks_nobody(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    assert look(song(f"{TITLE} (Instrumental)"), [lrclib]).outcome == "instrumental"
    assert servers.requests == []


def test_a_page_that_only_says_instrumental_is_no_text(song: Make) -> None:
    source = SimpleNamespace(name="S", online=True, offers=lambda song: [Offer("S", "[Instrumental]", match=1.0)])
    assert look(song(TITLE), [source]).outcome == "instrumental"


def test_the_persons_own_file_comes_first(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    own = SimpleNamespace(name="your file", online=False, offers=lambda song: [Offer("your file", WORDS)])
    verdict = look(song(TITLE), [own, lrclib])
    assert verdict.offer is not None and verdict.offer.source == "your file" and servers.requests == []


def test_a_title_that_is_none_is_not_asked_about_online(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    own = SimpleNamespace(name="your file", online=False, offers=lambda song: [])
    assert look(song("Track 01"), [own, lrclib]).outcome == "not there" and servers.requests == []


def test_an_answer_nobody_thought_of_is_a_failure_and_ends_no_search(song: Make) -> None:
    def odd(song: Song) -> list[Offer]:
        raise KeyError("lyrics")

    verdict = look(song(TITLE), [SimpleNamespace(name="Odd", online=True, offers=odd)])
    assert (verdict.outcome, verdict.reason) == ("failed", "Odd sent what cannot be read (KeyError).")
