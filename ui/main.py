"""The frame of every page: navigation, a few quiet lines, the player, then the page itself."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from services import datasets
from ui.components.job_line import job_line
from ui.components.play import PLAY
from ui.components.scope_line import scope_line
from ui.components.welcome import welcome_line
from ui.player import Mode, player
from ui.session import any_analysed, any_answered, any_words, engine, is_empty, note, show_note

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Show the page that was chosen, below the player, which stays where it is."""
    st.set_page_config(page_title="Earmark", page_icon="🎧", layout="wide")
    opened = engine()
    st.logo(FOLDER / "wordmark.svg", size="large")
    st.html(FOLDER / "page.css")
    empty = is_empty(opened)
    analysed, words = any_analysed(opened), any_words(opened)
    page = st.navigation(pages(analysed=analysed, answered=any_answered(opened), words=words), position="top")
    job_line(opened)
    welcome_line(opened, page.title)
    if page.title == "Rate" and analysed:
        scope_line(opened)
    mode: Mode = "off" if empty else "desk" if page.title == "Rate" else "bar"
    player(mode=mode, home=opened.home_id, on_retrain=retrain, play=st.session_state.get(PLAY))
    show_note()
    page.run()


def retrain(target: str) -> None:
    """Queue a retraining, or say what is missing for it."""
    opened = engine()
    lack = datasets.missing(opened.workspace, target)
    if lack:
        note(lack)
    else:
        opened.submit("retrain", {"target": target})


def pages(*, analysed: bool, answered: bool, words: bool = False) -> list[st.Page]:
    """Return the pages; those that have nothing to show before the first answer or analysed track are left out.

    They are not put in sections: at phone width Streamlit makes of these a list that screen readers cannot follow.
    """
    first = [
        st.Page("views/rate.py", title="Rate", icon=":material/hearing:", default=True),
        st.Page("views/library.py", title="Library", icon=":material/library_music:"),
        st.Page("views/playlists.py", title="Playlists", icon=":material/queue_music:"),
    ]
    history = [st.Page("views/history.py", title="History", icon=":material/history:")]
    lyrics = [st.Page("views/lyrics.py", title="Lyrics", icon=":material/lyrics:")]
    later = [
        st.Page("views/models.py", title="Models", icon=":material/insights:"),
        st.Page("views/settings.py", title="Settings", icon=":material/settings:"),
    ]
    return (
        first
        + (history if analysed or answered else [])
        + (lyrics if analysed or words else [])
        + (later if analysed else [])
    )


main()
