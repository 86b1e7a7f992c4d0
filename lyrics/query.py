"""What to type into a search: a title and an artist without what other catalogues do not write."""

from __future__ import annotations

from core.matching import BRACKETS, DASH, GUEST, TITLE_GUEST, TRACK_NUMBER
from core.records import Song


def searched(song: Song) -> tuple[str, str]:
    """Return title and artist without guests, track numbers and notes about the version.

    >>> searched(Song("03 - Help! (Remastered 2009)", "The Beatles feat. Billy Preston"))
    ('Help!', 'The Beatles')
    >>> searched(Song("(Untitled)", None))
    ('(Untitled)', '')
    """
    title = TITLE_GUEST.sub("", BRACKETS.sub(" ", TRACK_NUMBER.sub("", song.title)))
    title = " ".join(DASH.split(title.strip())[0].split())
    artist = " ".join(GUEST.sub("", song.artist or "").split())
    return title or song.title, artist or song.artist or ""
