"""The Lyrics page: how far the search has come, what to decide, one song's words, and what words tell apart."""

from __future__ import annotations

import streamlit as st

from services import lyrics_search, lyrics_shown, lyrics_sources
from ui.components.coverage import coverage_table
from ui.components.feelings import feelings
from ui.components.lyrics_acts import undo_line
from ui.components.lyrics_offers import lyrics_offers
from ui.components.song_words import song_words
from ui.components.telling_words import telling_words
from ui.components.words import counted
from ui.session import Engine, engine

PARTS = {"A song": song_words, "Words": telling_words, "Feelings": feelings, "Coverage": coverage_table}
EMPTY = (
    "No lyrics yet. They are looked for in your files and beside them (.lrc, .txt), and, only if you turn that on in"
    " Settings, on the internet. They stay on this computer."
)


def page() -> None:
    """Show what is there first, then what to decide, then the part that was chosen."""
    opened = engine()
    st.title("Lyrics", anchor=False)
    known = lyrics_shown.coverage(opened.workspace)
    st.write(sentence(known) if known["not_looked_for"] < known["tracks"] else EMPTY)
    search(opened, known)
    undo_line(opened)
    lyrics_offers(opened)
    first = next(iter(PARTS))
    part = st.segmented_control(
        "Part", list(PARTS), default=first, key="lyrics-part", required=True, label_visibility="collapsed"
    )
    PARTS[part or first](opened)


def sentence(known: dict[str, int]) -> str:
    """Say how far the search has come.

    >>> sentence({"tracks": 257, "found": 180, "instrumental": 32, "not_there": 20, "failed": 3, "not_looked_for": 22})
    'Words of 180 of 257 tracks, 32 instrumental. 20 not there, 3 failed, 22 not looked for yet.'
    """
    first = f"Words of {known['found']:,} of {counted(known['tracks'], 'track')}"
    first += f", {known['instrumental']:,} instrumental." if known["instrumental"] else "."
    words = {"not_there": "not there", "failed": "failed", "not_looked_for": "not looked for yet"}
    rest = [f"{known[name]:,} {word}" for name, word in words.items() if known[name]]
    return f"{first} {', '.join(rest)}." if rest else first


def search(opened: Engine, known: dict[str, int]) -> None:
    """Offer the search, and say who is asked."""
    under_way = bool(opened.workspace.jobs.open(kind=lyrics_search.KIND))
    st.button(
        "Look for lyrics",
        key="lyrics-search",
        type="primary",
        disabled=under_way or not known["due"],
        on_click=opened.submit,
        args=(lyrics_search.KIND,),
    )
    online = lyrics_sources.allowed(opened.workspace)
    who = f"Asked: your files, {', '.join(online)}." if online else "Asked: your files only."
    more = "" if online else " Settings, Lyrics turns on LRCLIB or Genius."
    st.caption(f"{who}{more} {waits(known['due'])}".strip())


def waits(due: int) -> str:
    """Say how many tracks would be looked for.

    >>> waits(0), waits(1)
    ('Nothing to look for now.', '1 track to look for.')
    """
    return f"{counted(due, 'track')} to look for." if due else "Nothing to look for now."


page()
