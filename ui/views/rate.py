"""The Rate page: the player above is the desk; here are only the doors of an empty home."""

from __future__ import annotations

import streamlit as st

from services import analysis
from ui.components.add_music import add_music
from ui.components.words import WITHOUT_EMBEDDING
from ui.session import Engine, engine, is_empty


def page() -> None:
    """Show the doors on first run; afterwards the desk needs nothing more."""
    opened = engine()
    if is_empty(opened):
        doors(opened)


def doors(opened: Engine) -> None:
    """Show the two ways in, of equal size."""
    st.title("Sort your music by your own ear", anchor=False)
    st.write("Earmark listens to your tracks, asks you about the few that teach it most, and writes the playlists.")
    left, right = st.columns(2, gap="large")
    with left.container(border=True, height="stretch"):
        st.header("Just show me", anchor=False)
        st.write("36 short pieces, made on the spot, nothing downloaded.")
        st.button("Just show me", key="door-demo", type="primary", on_click=opened.submit, args=("demo",))
    with right.container(border=True, height="stretch"):
        st.header("My music folder", anchor=False)
        st.write("Read, never changed; rate the first track in about a minute.")
        add_music(opened, key="door-folder")
    if not analysis.has_embedding():
        st.caption(WITHOUT_EMBEDDING)
    st.caption(f"Everything stays on this computer: {opened.workspace.home}")


page()
