"""How tracks are played: whether loud ones are turned down."""

from __future__ import annotations

import streamlit as st

from services import cards
from services.engine import Engine

KEY = "settings-match-loudness"
WHY = (
    "Loud tracks are turned down, so that none is liked for being loud. Nothing in your files is changed. A track not"
    " heard yet is turned down like a typical one of yours. On iPhones and iPads a web page cannot set the volume."
)


def playing(engine: Engine) -> None:
    """Ask whether all tracks are to sound equally loud."""
    st.header("Playing", anchor=False)
    settings = engine.workspace.settings
    st.toggle(
        "Play all tracks about equally loud",
        value=cards.matches_loudness(engine.workspace),
        key=KEY,
        on_change=lambda: settings.set(cards.MATCH, st.session_state[KEY]),
    )
    st.write(WHY)
