"""LRCLIB: a free collection of lyrics with and without time stamps (lrclib.net/docs)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from core.errors import SourceFailedError
from core.matching import MATCH, song_match
from core.records import Offer, Song
from lyrics.query import searched
from lyrics.web import Web

ROOT = "https://lrclib.net/api"
LISTED = 20  # results of a search that are looked at
GARBAGE = "sent something that is no list of lyrics"


class Lrclib:
    """Looks a song up by its names and length, and searches by its names where that finds nothing.

    Parameters
    ----------
    wait : callable (seconds)
        How to wait between requests.
    root : str
        Another server of the same kind.
    web : Web, optional
        By default one that asks at most twice a second.
    """

    name = "LRCLIB"
    online = True

    def __init__(self, *, wait: Callable[[float], None] = time.sleep, root: str = ROOT, web: Web | None = None) -> None:
        self._root = root.rstrip("/")
        self._web = web or Web(self.name, wait=wait)

    def offers(self, song: Song) -> list[Offer]:
        """Return what the collection has for a song, the best match first.

        Raises
        ------
        SourceFailedError
        """
        exact = [] if song.artist is None else self._records("get", _exactly(song))
        offers = self._judged(song, exact)
        if not offers or (offers[0].match or 0) < MATCH:
            offers = self._judged(song, exact + self._records("search", _roughly(song)))
        return offers

    def _records(self, path: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        page = self._web.get(f"{self._root}/{path}", params)
        if page.status == 404:
            return []
        try:
            found = json.loads(page.text)
        except ValueError:
            raise SourceFailedError(self.name, GARBAGE) from None
        records = found[:LISTED] if isinstance(found, list) else [found]
        if not all(isinstance(one, dict) and _is_record(one) for one in records):
            raise SourceFailedError(self.name, GARBAGE)
        return records

    def _judged(self, song: Song, records: list[dict[str, Any]]) -> list[Offer]:
        offers = [offer for record in records if (offer := self._offer(song, record)) is not None]
        return sorted(offers, key=lambda offer: (-(offer.match or 0), offer.synced is None))

    def _offer(self, song: Song, record: dict[str, Any]) -> Offer | None:
        """Return what a record offers, None where it has nothing to read and does not say that nothing is sung."""
        text, synced = _text(record, "plainLyrics"), _text(record, "syncedLyrics")
        instrumental = record.get("instrumental") is True
        if not (text or synced or instrumental):
            return None
        title, artist, duration = _text(record, "trackName"), _text(record, "artistName"), record.get("duration")
        seconds = None if isinstance(duration, bool) or not isinstance(duration, int | float) else float(duration)
        return Offer(
            self.name,
            text,
            synced,
            instrumental=instrumental and not (text or synced),
            title=title,
            artist=artist,
            album=_text(record, "albumName"),
            duration=seconds,
            url=f"{self._root}/get/{quote(str(record['id']))}" if "id" in record else None,
            match=song_match(song.title, song.artist, title or "", artist, song.duration, seconds or None),
        )


def _is_record(record: dict[str, Any]) -> bool:
    """Say whether a record has the fields of one, each a text or nothing."""
    words = (record.get("plainLyrics"), record.get("syncedLyrics"))
    return isinstance(record.get("trackName"), str) and all(text is None or isinstance(text, str) for text in words)


def _exactly(song: Song) -> dict[str, Any]:
    params = {"track_name": song.title, "artist_name": song.artist, "album_name": song.album}
    length = None if song.duration is None else round(song.duration)
    return {key: value for key, value in (params | {"duration": length}).items() if value}


def _roughly(song: Song) -> dict[str, Any]:
    """Return a search by the bare title and artist."""
    title, artist = searched(song)
    return {"track_name": title} | ({"artist_name": artist} if artist else {})


def _text(record: dict[str, Any], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) and value.strip() else None
