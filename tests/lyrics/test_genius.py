"""Genius: the token goes to the search alone, and a refused page is no song without words."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from benchmarks.lyrics_servers import WORDS, Servers
from core.errors import SourceFailedError
from core.records import Song
from lyrics.cleaning import clean
from lyrics.genius import Genius
from tests.lyrics.conftest import TOKEN

Make = Callable[..., Song]


def test_a_song_is_searched_and_its_page_read(servers: Servers, genius: Genius, song: Make) -> None:
    servers.plays["Harbour Lights"] = "right"
    (offer,) = genius.offers(song("Harbour Lights"))
    assert clean(offer.text or "") == WORDS and offer.match == 1.0
    assert offer.url == f"{servers.genius}/Harbour-Lights-lyrics"
    assert len(servers.requests) == 2


def test_the_token_is_sent_to_the_search_and_to_no_page(servers: Servers, genius: Genius, song: Make) -> None:
    servers.plays["Harbour Lights"] = "right"
    genius.offers(song("Harbour Lights"))
    search, page = (headers for _, _, headers in servers.requests)
    assert search["Authorization"] == f"Bearer {TOKEN}"
    assert "Authorization" not in page and all(TOKEN not in path for _, path, _ in servers.requests)


@pytest.mark.parametrize("how", ["right", "403", "500", "garbage", "never", "challenge"])
def test_the_token_is_in_no_log_message_or_error(
    how: str, servers: Servers, genius: Genius, song: Make, caplog: pytest.LogCaptureFixture
) -> None:
    servers.plays["Harbour Lights"] = how
    caplog.set_level(logging.DEBUG)
    said = repr(genius)
    try:
        genius.offers(song("Harbour Lights"))
    except SourceFailedError as error:
        said += str(error)
    assert TOKEN not in said + caplog.text


def test_pages_of_songs_that_do_not_fit_are_not_read(servers: Servers, genius: Genius, song: Make) -> None:
    servers.plays["Harbour Lights"] = "another song"
    assert genius.offers(song("Harbour Lights")) == []
    assert len(servers.requests) == 1


def test_noise_of_the_page_goes_with_the_cleaning(servers: Servers, genius: Genius, song: Make) -> None:
    servers.plays["Harbour Lights"] = "noise"
    (offer,) = genius.offers(song("Harbour Lights"))
    assert "Embed" in (offer.text or "") and clean(offer.text or "") == WORDS


def test_a_page_that_keeps_robots_away_is_a_failure(servers: Servers, genius: Genius, song: Make) -> None:
    servers.plays["Harbour Lights"] = "right"
    hits = genius._hits(song("Harbour Lights"))
    servers.plays["Harbour Lights"] = "challenge"
    with pytest.raises(SourceFailedError, match="keeping programs away"):
        genius._text(hits[0])
