"""Genius: found by its search with the person's token, read from its pages by the lyricsgenius package."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from core.errors import SourceFailedError
from core.matching import DOUBTFUL, MATCH, song_match
from core.records import Offer, Song
from lyrics.query import searched
from lyrics.web import Web

API_ROOT = "https://api.genius.com"
WEB_ROOT = "https://genius.com"
PAGES = 2  # read for one song at most
GARBAGE = "sent something that is no list of songs"
NO_SONG_PAGE = "sent a page that is no song's: it may be keeping programs away"
# A song's page has one of these, also where the words are missing; a page that keeps robots away has none.
SONG_PAGE = re.compile(r"__PRELOADED_STATE__|data-lyrics-container|LyricsPlaceholder|song_body", re.IGNORECASE)


class Genius:
    """Searches with the token, judges the hits by their names, and reads the pages of those that fit.

    lyricsgenius checks no status of a page (a refusal would look like a song without words), so its requests go
    through `lyrics.web`, which does.

    Parameters
    ----------
    token : str
        The person's access token; only sent to the search, never to a page, and in no message or log.
    wait : callable (seconds)
        How to wait between requests.
    root : str, optional
        Another server that plays both parts.
    web : Web, optional
    """

    name = "Genius"
    online = True

    def __init__(
        self,
        token: str,
        *,
        wait: Callable[[float], None] = time.sleep,
        root: str | None = None,
        web: Web | None = None,
    ) -> None:
        self._token = token
        self._api_root, self._web_root = (root or API_ROOT).rstrip("/"), (root or WEB_ROOT).rstrip("/")
        self._web = web or Web(self.name, wait=wait)

    def __repr__(self) -> str:
        return "Genius()"

    def offers(self, song: Song) -> list[Offer]:
        """Return what Genius has for a song, the best match first.

        Raises
        ------
        SourceFailedError
        """
        offers: list[Offer] = []
        for hit in self._hits(song):
            if hit.instrumental:
                offers.append(hit)
            elif len(offers) < PAGES and (text := self._text(hit)):
                offers.append(Offer(**{**vars(hit), "text": text}))
            if offers and (offers[-1].match or 0) >= MATCH:
                break
        return offers

    def _hits(self, song: Song) -> list[Offer]:
        """Return the songs found that may be this one, without their words."""
        try:
            found = self._client.search_songs(" ".join(searched(song)).strip())["hits"]
            if not isinstance(found, list):
                raise TypeError(found)
            hits = [self._offer(song, hit["result"]) for hit in found if hit.get("type", "song") == "song"]
        except (KeyError, TypeError, AttributeError):
            raise SourceFailedError(self.name, GARBAGE) from None
        fitting = [hit for hit in hits if hit is not None and (hit.match or 0) >= DOUBTFUL]
        return sorted(fitting, key=lambda hit: -(hit.match or 0))[:PAGES]

    def _offer(self, song: Song, result: dict[str, Any]) -> Offer | None:
        title, artist = result["title"], result["primary_artist"]["name"]
        if not isinstance(title, str) or not isinstance(artist, str):
            raise TypeError(title)
        if result.get("lyrics_state", "complete") != "complete" and not result.get("instrumental"):
            return None
        names = [artist, str(result.get("artist_names") or artist)]
        return Offer(
            self.name,
            instrumental=bool(result.get("instrumental")),
            title=title,
            artist=artist,
            url=self._web_root + str(result["path"]),
            match=max(song_match(song.title, song.artist, title, name, song.duration, None) for name in names),
        )

    def _text(self, hit: Offer) -> str | None:
        path = (hit.url or "").removeprefix(self._web_root + "/")
        if path.startswith("/") or "://" in path:
            raise SourceFailedError(self.name, GARBAGE)
        return self._client.lyrics(song_url=path)

    @cached_property
    def _client(self) -> Any:
        """Return lyricsgenius's client, asking through our own requests."""
        from lyricsgenius import Genius as Client

        logging.getLogger("lyricsgenius").setLevel(logging.ERROR)  # a song without words is no warning
        asked = self._asked

        class Polite(Client):
            def _make_request(self, path: str, *args: Any, web: bool = False, **options: Any) -> dict[str, Any]:
                return asked(path, options.get("params_"), web)

        return Polite(self._token)

    def _asked(self, path: str, params: dict[str, Any] | None, web: bool) -> dict[str, Any]:
        """Ask for a page (web) or for data, as lyricsgenius wants them."""
        if web:
            page = self._web.get(f"{self._web_root}/{path}")
            if page.status == 404:
                return {"html": ""}
            if not SONG_PAGE.search(page.text):
                raise SourceFailedError(self.name, NO_SONG_PAGE, down=True)
            return {"html": page.text}
        wanted = {key: value for key, value in (params or {}).items() if value is not None}
        page = self._web.get(f"{self._api_root}/{path}", wanted, {"Authorization": f"Bearer {self._token}"})
        if page.status == 404:
            raise SourceFailedError(self.name, "has no search where it should be (404)", down=True)
        try:
            found = json.loads(page.text)
            return dict(found["response"])
        except (ValueError, KeyError, TypeError):
            raise SourceFailedError(self.name, GARBAGE) from None
