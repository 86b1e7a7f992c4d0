"""The Rate page: the player above is the desk; here are only the doors of an empty home."""

from __future__ import annotations

import streamlit as st

from services import analysis
from ui.components import apple_library
from ui.components.add_music import add_music
from ui.components.words import WITHOUT_EMBEDDING
from ui.session import Engine, engine, is_empty

APPLE = "door-apple"


def page() -> None:
    """Show the doors on first run, or what is behind one; afterwards the desk needs nothing more."""
    opened = engine()
    if not is_empty(opened):
        return
    if apple_library.chosen(APPLE):
        st.title("My Apple Music library", anchor=False)
        apple_library.apple_library(opened, key=APPLE)
    else:
        doors(opened)
    st.caption(f"Everything stays on this computer: {opened.workspace.home}")


def doors(opened: Engine) -> None:
    """Show the three ways in, of equal size."""
    st.title("Sort your music by your own ear", anchor=False)
    st.write("Earmark listens to your tracks, asks you about the few that teach it most, and writes the playlists.")
    show, folder, apple = (
        column.container(border=True, height="stretch", key=f"door-{name}")
        for column, name in zip(st.columns(3, gap="medium"), ("show", "folder", "library"), strict=True)
    )
    with show:
        st.header("Just show me", anchor=False)
        st.write("36 short pieces, made on the spot, nothing downloaded.")
        st.button("Just show me", key="door-demo", type="primary", on_click=opened.submit, args=("demo",))
    with folder:
        st.header("My music folder", anchor=False)
        st.write("Read, never changed; rate the first track in about a minute.")
        add_music(opened, key="door-folder")
    with apple:
        st.header("My Apple Music library", anchor=False)
        st.write(apple_library.HOW_TO_EXPORT)
        apple_library.apple_library(opened, key=APPLE)
    if not analysis.has_embedding():
        st.caption(WITHOUT_EMBEDDING)


page()
