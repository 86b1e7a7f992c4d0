"""The Settings page: folders, what is left out, asked, played, looked up, named, done, backups, where all lies."""

from __future__ import annotations

import streamlit as st

from core.settings import VERSION
from services import analysis, mirror
from ui.components.acts import acts
from ui.components.asked import asked
from ui.components.backup import backups
from ui.components.folders import folders
from ui.components.genre_names import genres
from ui.components.left_out import left_out
from ui.components.lyrics_settings import lyrics_settings
from ui.components.playing import playing
from ui.components.words import WITHOUT_EMBEDDING
from ui.session import Engine, engine

PARTS = {
    "Folders": folders,
    "Left out": left_out,
    "What is asked": asked,
    "Playing": playing,
    "Lyrics": lyrics_settings,
    "Genres": genres,
    "What was done": acts,
    "Backup": backups,
}


def page() -> None:
    """Show one part of what can be set, and what is good to know."""
    opened = engine()
    st.title("Settings", anchor=False)
    first = next(iter(PARTS))
    part = st.segmented_control(
        "Part", list(PARTS), default=first, key="settings-part", required=True, label_visibility="collapsed"
    )
    PARTS[part or first](opened)
    about(opened)


def about(opened: Engine) -> None:
    """Say where everything lies."""
    st.header("About", anchor=False)
    if not analysis.has_embedding():
        st.write(WITHOUT_EMBEDDING)
    st.write(f"Earmark {VERSION}. Everything stays on this computer, in this folder:")
    st.markdown(f"`{opened.workspace.home}`")
    st.write("Your labels are also there as a plain table that any program opens, brought up to date as you rate:")
    st.markdown(f"`{opened.workspace.home / mirror.FILE_NAME}`")


page()
