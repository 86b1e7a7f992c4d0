"""Words that may be another song's: each is shown beside the track, and the person decides."""

from __future__ import annotations

from typing import Any

import streamlit as st

from services import lyrics, lyrics_shown
from services.engine import Engine
from ui.components.lyrics_acts import do
from ui.components.play import play_button
from ui.components.words import counted, literal, percent

SHOWN = 3  # at once: after each decision the next one moves up
BEGINNING = 5  # lines that show which song it is


def lyrics_offers(engine: Engine) -> None:
    """Show what waits for a decision, if anything does."""
    waiting = lyrics_shown.offers(engine.workspace)
    if not waiting:
        return
    number = len({row["track"] for row in waiting})
    with st.expander(f"{counted(number, 'track')} to decide about", icon=":material/help:"):
        st.write("The names are not near enough to be taken without asking.")
        for row in waiting[:SHOWN]:
            _offer(engine, row)
        if len(waiting) > SHOWN:
            st.caption(f"{len(waiting) - SHOWN:,} more after these.")


def _offer(engine: Engine, row: dict[str, Any]) -> None:
    key = f"lyrics-offer-{row['id']}"
    with st.container(border=True, key=key):
        st.markdown(sentence(row))
        st.text("\n".join((row["text"] or "").strip().split("\n")[:BEGINNING]))
        with st.container(horizontal=True, key=f"{key}-do"):
            st.button("It is this song", key=f"{key}-take", on_click=do, args=(engine, lyrics.take, row["id"]))
            refuse = (engine, lyrics.refuse, row["id"])
            st.button("It is another song", key=f"{key}-refuse", on_click=do, args=refuse)
            play_button(row["track"], key=f"{key}-play")


def sentence(row: dict[str, Any]) -> str:
    """Say what was offered for what.

    >>> sentence({"track_title": "Help", "title": "Help Me", "artist": "Nina", "source": "LRCLIB", "match": 0.82})
    'For **Help**: “Help Me” by Nina, from LRCLIB. The names fit 82 %.'
    """
    by = f" by {literal(row['artist'])}" if row["artist"] else ""
    offered = f"“{literal(row['title'] or '?')}”{by}, from {row['source']}"
    return f"For **{literal(row['track_title'])}**: {offered}. The names fit {percent(row['match'])}."
