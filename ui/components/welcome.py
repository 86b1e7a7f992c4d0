"""The line that welcomes a person back, until it was read."""

from __future__ import annotations

import streamlit as st

from services import visits
from services.engine import Engine
from ui.components.words import literal

KEY = "welcome"  # session: the line and the page it stands on


def welcome_line(engine: Engine, page: str) -> None:
    """Show what waits, once a visit, on the page the person came to; going on or closing it ends it."""
    if KEY not in st.session_state:
        st.session_state[KEY] = (visits.welcome(engine.workspace), page)
    text, where = st.session_state[KEY]
    if text is None:
        return
    if where != page:
        _read(engine)
        return
    with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center", key="welcome-line"):
        st.markdown(literal(text), width="stretch")
        st.button("Close", key="welcome-close", on_click=_read, args=(engine,))


def _read(engine: Engine) -> None:
    st.session_state[KEY] = (None, "")
    visits.welcomed(engine.workspace)
