"""Looking a song's words up: the sources in order, and a verdict that tells absence from failure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import SourceFailedError
from core.matching import DOUBTFUL, MATCH, is_instrumental, names_title
from core.records import LyricsOutcome, Offer, Song
from lyrics.cleaning import clean
from lyrics.plausible import not_lyrics
from lyrics.synced import plain

OFFERED = 3  # doubtful offers that are kept
INSTRUMENTAL = re.compile(r"[\W_]*(?:this (?:song|track) is an )?instrumental[\W_]*", re.IGNORECASE)
ODD_ANSWERS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)  # of a parser
TITLE_SAYS = Offer("its title", instrumental=True)


class Provider(Protocol):
    """A source of lyrics."""

    name: str
    online: bool  # asks another computer

    def offers(self, song: Song) -> list[Offer]:
        """Return what it has for a song, best first; nothing is an answer too. SourceFailedError: no answer."""
        ...


@dataclass(frozen=True)
class Verdict:
    """What came of looking for a song's words."""

    outcome: LyricsOutcome
    offer: Offer | None = None  # what was taken
    doubtful: tuple[Offer, ...] = ()  # may be the song; a person should say
    reason: str | None = None  # why it failed
    retry_after: float | None = None  # seconds
    down: tuple[str, ...] = ()  # sources that would fail for the next song too


def look(song: Song, providers: Sequence[Provider], *, refused: Collection[str] = ()) -> Verdict:
    """Ask the sources in order and take the first words that surely are the song's.

    Parameters
    ----------
    song : Song
    providers : sequence of Provider
    refused : collection of str
        Fingerprints of what a person said is not the song.

    Returns
    -------
    Verdict
        "found"; "instrumental": its title, or a source that fits, says that nothing is sung; "not there": every source
        answered and none has it; "failed": none has it and one did not answer, so nothing is known.
    """
    if is_instrumental(song.title) and fingerprint(TITLE_SAYS) not in refused:
        return Verdict("instrumental", TITLE_SAYS)
    doubtful: list[Offer] = []
    failures: list[SourceFailedError] = []
    for provider in providers:
        if provider.online and not names_title(song.title):  # "Track 01": it would fit anything
            continue
        try:
            offers = [offer for offer in provider.offers(song) if fingerprint(offer) not in refused]
        except SourceFailedError as error:
            failures.append(error)
            continue
        except ODD_ANSWERS as error:  # one page that nobody thought of must not end the search of a library
            failures.append(SourceFailedError(provider.name, f"sent what cannot be read ({type(error).__name__})"))
            continue
        down = tuple(error.source for error in failures if error.down)
        for offer in offers:
            if offer.match is not None and offer.match < MATCH:
                doubtful += [offer] if _is_worth_asking(offer) else []
            elif _says_instrumental(offer):
                return Verdict("instrumental", offer, down=down)
            elif _reads_like_a_song(offer):
                return Verdict("found", offer, down=down)
    return _nothing(failures, sorted(doubtful, key=lambda offer: -(offer.match or 0))[:OFFERED])


def _nothing(failures: Sequence[SourceFailedError], doubtful: Sequence[Offer]) -> Verdict:
    if not failures:
        return Verdict("not there", doubtful=tuple(doubtful))
    pauses = [error.retry_after for error in failures if error.retry_after is not None]
    return Verdict(
        "failed",
        doubtful=tuple(doubtful),
        reason=" ".join(dict.fromkeys(str(error) for error in failures)),
        retry_after=max(pauses, default=None),
        down=tuple(error.source for error in failures if error.down),
    )


def _is_worth_asking(offer: Offer) -> bool:
    enough = (offer.match or 0) >= DOUBTFUL
    return enough and not offer.instrumental and _reads_like_a_song(offer)


def _says_instrumental(offer: Offer) -> bool:
    return offer.instrumental or (offer.text is not None and INSTRUMENTAL.fullmatch(offer.text) is not None)


def _reads_like_a_song(offer: Offer) -> bool:
    return not_lyrics(clean(words_of(offer))) is None


def words_of(offer: Offer) -> str:
    """Return an offer's words as the source wrote them, without time stamps."""
    return offer.text or plain(offer.synced or "")


def fingerprint(offer: Offer) -> str:
    """Return a short name for a source's words, by which they are known again: its letters, not its layout."""
    letters = "".join(filter(str.isalnum, clean(words_of(offer)).casefold()))
    return hashlib.sha256(f"{offer.source}\n{offer.instrumental}\n{letters}".encode()).hexdigest()[:24]
