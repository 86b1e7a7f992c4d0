"""Asking politely: apart, with patience where it is asked for, and never for ever."""

from __future__ import annotations

import time
from email.utils import formatdate
from itertools import pairwise

import pytest

from benchmarks.lyrics_servers import BUSY_SECONDS, LONG_BUSY, Servers
from core.errors import SourceFailedError
from core.settings import VERSION
from lyrics.web import MOST, Web, _pause


@pytest.fixture
def address(servers: Servers) -> str:
    """Give the address of a song's page."""
    return f"{servers.root}/Harbour-Lights-lyrics"


def test_two_requests_to_one_service_lie_apart(servers: Servers, address: str) -> None:
    servers.plays["Harbour Lights"] = "right"
    web = Web("S", apart=0.25)
    for _ in range(3):
        web.get(address)
    moments = [moment for moment, _, _ in servers.requests]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.24


def test_by_default_they_lie_half_a_second_apart(servers: Servers, address: str) -> None:
    servers.plays["Harbour Lights"] = "right"
    waited: list[float] = []
    web = Web("S", wait=waited.append)
    web.get(address)
    web.get(address)
    assert len(waited) == 1 and 0.3 < waited[0] <= 0.5


def test_a_busy_service_is_given_the_time_it_asks_for(servers: Servers, address: str) -> None:
    servers.plays["Harbour Lights"] = "429"
    waited: list[float] = []
    assert Web("S", apart=0.0, wait=waited.append).get(address).status == 200
    assert waited == [BUSY_SECONDS]


def test_a_service_that_wants_hours_is_left_for_later(servers: Servers, address: str) -> None:
    servers.plays["Harbour Lights"] = "429 long"
    with pytest.raises(SourceFailedError, match="is busy") as found:
        Web("S", apart=0.0).get(address)
    assert found.value.retry_after == LONG_BUSY and found.value.down and len(servers.requests) == 1


def test_retry_after_may_be_seconds_or_a_date() -> None:
    assert _pause("7") == 7.0
    assert 27 <= (_pause(formatdate(time.time() + 30, usegmt=True)) or 0) <= 31


def test_a_moment_that_has_passed_asks_for_no_wait() -> None:
    assert _pause(formatdate(0, usegmt=True)) == 0.0


@pytest.mark.parametrize("how", ["drip", "slow head", "never"])
def test_no_answer_takes_longer_than_the_deadline(how: str, servers: Servers, address: str) -> None:
    servers.plays["Harbour Lights"] = how
    began = time.monotonic()
    with pytest.raises(SourceFailedError) as found:
        Web("S", apart=0.0, timeout=0.4, deadline=0.6).get(address)
    assert found.value.down and time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("how", "words", "down"),
    [
        ("403", r"refuses this computer \(403\)", True),
        ("500", r"answered with an error \(500\)", True),
        ("redirects", "sends from one page to the next", False),
        ("huge", "far more than lyrics can be", False),
    ],
)
def test_what_says_nothing_of_the_song_is_a_failure(
    how: str, words: str, down: bool, servers: Servers, address: str
) -> None:
    servers.plays["Harbour Lights"] = how
    with pytest.raises(SourceFailedError, match=words) as found:
        Web("S", apart=0.0).get(address)
    assert found.value.down is down


def test_a_service_that_is_not_there_is_said_so_without_its_address(servers: Servers) -> None:
    with pytest.raises(SourceFailedError, match="cannot be reached") as found:
        Web("S", apart=0.0, timeout=0.5).get("http://127.0.0.1:9/secret?key=1")
    assert found.value.down and "secret" not in str(found.value)


def test_a_page_that_is_not_there_is_an_answer(servers: Servers) -> None:
    assert Web("S", apart=0.0).get(f"{servers.lrclib}/get", {"track_name": "Nobody Knows"}).status == 404


def test_the_service_is_told_who_asks(servers: Servers, address: str) -> None:
    servers.plays["Harbour Lights"] = "right"
    Web("S").get(address)
    assert servers.requests[0][2]["User-Agent"].startswith(f"Earmark/{VERSION} ")


def test_a_page_of_lyrics_fits_what_is_taken() -> None:
    assert MOST > 1_000_000
