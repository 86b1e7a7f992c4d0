"""What the tests of lyrics share: LRCLIB and Genius played on this computer, asked without long waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks.lyrics_servers import ARTIST, DURATION, Servers, serving
from core.records import Song
from lyrics.genius import Genius
from lyrics.lrclib import Lrclib
from lyrics.web import Web

TOKEN = "a-token-that-nobody-may-see-1234567890"


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Give both services; `servers.plays[title]` says how they treat a song."""
    with serving() as running:
        yield running


@pytest.fixture
def song() -> Callable[..., Song]:
    """Give a function that returns a song of the artist the servers know."""

    def of(title: str, **about: object) -> Song:
        return Song(**{"title": title, "artist": ARTIST, "album": "Songs", "duration": DURATION, **about})

    return of


@pytest.fixture
def lrclib(servers: Servers) -> Lrclib:
    """Give LRCLIB, impatient."""
    return Lrclib(root=servers.lrclib, web=impatient("LRCLIB"))


@pytest.fixture
def genius(servers: Servers) -> Genius:
    """Give Genius, impatient."""
    return Genius(TOKEN, root=servers.genius, web=impatient("Genius"))


def impatient(source: str) -> Web:
    """Return a way to ask that gives up after half a second."""
    return Web(source, apart=0.0, timeout=0.3, deadline=0.5)
