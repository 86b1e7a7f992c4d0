"""LRCLIB: asked exactly first, then searched; what it has is judged by names and length."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from benchmarks.lyrics_servers import ARTIST, DURATION, WORDS, Servers
from core.records import Song
from lyrics.lrclib import Lrclib
from lyrics.synced import parse

Make = Callable[..., Song]


def asked(servers: Servers) -> list[tuple[str, dict[str, str]]]:
    """Return the path and the questions of every request."""
    addresses = [urlsplit(path) for _, path, _ in servers.requests]
    return [(a.path, {key: values[0] for key, values in parse_qs(a.query).items()}) for a in addresses]


def test_a_song_that_is_there_takes_one_request(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    servers.plays["Harbour Lights"] = "right"
    (offer,) = lrclib.offers(song("Harbour Lights"))
    assert (offer.text, offer.match, offer.duration, offer.artist) == (WORDS, 1.0, DURATION, ARTIST)
    names = {"track_name": "Harbour Lights", "artist_name": ARTIST, "album_name": "Songs", "duration": "181"}
    assert asked(servers) == [("/api/get", names)]


def test_what_is_not_found_exactly_is_searched_by_its_bare_names(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    lrclib.offers(song("03 - Harbour Lights (Live) [feat. Anna]", artist=f"{ARTIST} feat. Anna"))
    assert asked(servers)[1] == ("/api/search", {"track_name": "Harbour Lights", "artist_name": ARTIST})


def test_time_stamps_come_with_the_words(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    servers.plays["Harbour Lights"] = "synced"
    offer = lrclib.offers(song("Harbour Lights"))[0]
    assert [line.text for line in parse(offer.synced or "")] == WORDS.split("\n")


def test_a_song_without_an_artist_is_only_searched_and_never_sure(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    servers.plays["Harbour Lights"] = "right"
    offers = lrclib.offers(song("Harbour Lights", artist=None))
    assert [path for path, _ in asked(servers)] == ["/api/search"]
    assert all((offer.match or 0) < 0.9 for offer in offers)


def test_an_artist_of_another_language_is_asked_for_as_written(servers: Servers, lrclib: Lrclib, song: Make) -> None:
    lrclib.offers(song("Снег & 雪", artist="Мумий Тролль"))
    assert asked(servers)[0][1]["track_name"] == "Снег & 雪" and asked(servers)[0][1]["artist_name"] == "Мумий Тролль"
