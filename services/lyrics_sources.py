"""Which sources of lyrics are asked: the person's own files always, the internet only where it was turned on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from audio.metadata import read_lyrics
from core.errors import EarmarkError, SourceFailedError
from core.records import Song
from lyrics.embedded import Embedded
from lyrics.sidecar import Sidecar
from services import tokens
from services.workspace import Workspace

if TYPE_CHECKING:
    from lyrics.providers import Provider

LRCLIB, GENIUS = "LRCLIB", "Genius"
ONLINE = (LRCLIB, GENIUS)
OWN = (Embedded.name, Sidecar.name)
ALLOWED = "lyrics_online"  # setting: source -> whether it may be asked
BY_ITSELF = "lyrics_by_itself"  # setting: new tracks are looked up without being asked to
ADDRESSES = {
    LRCLIB: "EARMARK_LRCLIB",
    GENIUS: "EARMARK_GENIUS",
}  # environment: another server, such as one's own LRCLIB
WHAT_LEAVES = {  # what turning a source on means, in words
    LRCLIB: "Asks lrclib.net, a free collection, for each track by artist, title, album and length. No account needed.",
    GENIUS: "Asks genius.com for each track by artist and title, with your access token.",
}
NO_TOKEN = (
    "Genius needs an access token of your own. On genius.com/api-clients choose Generate Access Token, then enter it in"
    " Settings, or set GENIUS_ACCESS_TOKEN."
)
A_KNOWN_SONG = Song("Yesterday", "The Beatles")  # to see whether a token is accepted

Wait = Callable[[float], None]


def allowed(workspace: Workspace) -> tuple[str, ...]:
    """Return the online sources the person turned on."""
    chosen = workspace.settings.get(ALLOWED, {})
    return tuple(name for name in ONLINE if chosen.get(name))


def allow(workspace: Workspace, name: str, on: bool) -> None:
    """Turn an online source on or off.

    Raises
    ------
    EarmarkError
        There is no such source, or Genius lacks its token.
    """
    known = {source.casefold(): source for source in ONLINE}
    if name.casefold() not in known:
        raise EarmarkError(f"There is no source called {name!r}. There are: {', '.join(ONLINE)}.")
    name = known[name.casefold()]
    if on and name == GENIUS and tokens.token(workspace) is None:
        raise EarmarkError(NO_TOKEN)
    workspace.settings.set(ALLOWED, workspace.settings.get(ALLOWED, {}) | {name: bool(on)})


def by_itself(workspace: Workspace) -> bool:
    """Say whether new tracks are looked up without being asked to."""
    return bool(workspace.settings.get(BY_ITSELF, True))


def asking(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of all sources that would be asked now; Genius only with a token."""
    online = allowed(workspace)
    if GENIUS in online and tokens.token(workspace) is None:
        online = tuple(name for name in online if name != GENIUS)
    return OWN + online


def providers(workspace: Workspace, wait: Wait = time.sleep) -> list[Provider]:
    """Return the sources to ask, in order: what is in the files, what lies beside them, then the internet.

    Parameters
    ----------
    wait : callable (seconds)
        How to wait for a source that wants to be asked slowly; it may raise to end the search.
    """
    made: dict[str, Callable[[], Provider]] = {
        Embedded.name: lambda: Embedded(read_lyrics),
        Sidecar.name: Sidecar,
        LRCLIB: lambda: _lrclib(wait),
        GENIUS: lambda: _genius(workspace, wait),
    }
    return [made[name]() for name in asking(workspace)]


def _lrclib(wait: Wait) -> Provider:
    from lyrics.lrclib import Lrclib

    return Lrclib(wait=wait, **_root(LRCLIB))


def _genius(workspace: Workspace, wait: Wait) -> Provider:
    from lyrics.genius import Genius

    key = tokens.token(workspace)
    if key is None:
        raise EarmarkError(NO_TOKEN)
    return Genius(key.value, wait=wait, **_root(GENIUS))


def _root(name: str) -> dict[str, Any]:
    address = os.environ.get(ADDRESSES[name])
    return {"root": address} if address else {}


def check_token(workspace: Workspace) -> str:
    """Ask Genius for a well-known song and say whether the token was accepted.

    Raises
    ------
    EarmarkError
        It was not, or Genius cannot be reached; the message says which.
    """
    try:
        _genius(workspace, time.sleep).offers(A_KNOWN_SONG)
    except SourceFailedError as error:
        raise EarmarkError(f"{error} The token is kept; try again, or enter another.") from error
    return "Genius accepts the token."


def state(workspace: Workspace) -> dict[str, Any]:
    """Return what is asked, for the terminal and Settings: {"sources": {name: on}, "token", "by_itself"}."""
    key, online = tokens.token(workspace), allowed(workspace)
    sources = dict.fromkeys(OWN, True) | {name: name in online for name in ONLINE}
    return {"sources": sources, "token": None if key is None else key.place, "by_itself": by_itself(workspace)}
