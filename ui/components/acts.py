"""What was done as a whole, each with a way to take it back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from services import labeling
from services.engine import Engine
from ui.components.moments import moment
from ui.components.words import literal, readable
from ui.session import attempt

SHOWN = 10  # before the person asks for more
MORE = "acts-more"
SINCE = " What you answered, changed or had listened to since stays."


def acts(engine: Engine) -> None:
    """List the newest acts."""
    st.header("What was done", anchor=False)
    st.write("Imports, merges, new names, what was left out: each can be taken back as a whole.")
    listed = labeling.acts(engine.workspace)
    if not listed:
        st.caption("Nothing that can be taken back. Single answers are taken back on the Rate page.")
    for act in listed if st.session_state.get(MORE) else listed[:SHOWN]:
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"act-{act['id']}"):
            st.markdown(f"{literal(readable(act['title']))}  \n:small[{moment(act['created_at'])}]", width="stretch")
            st.button("Take back", key=f"take-back-{act['id']}", on_click=_take_back, args=(engine, act["id"]))
    if len(listed) > SHOWN and not st.session_state.get(MORE):
        st.button(f"Show {len(listed) - SHOWN} more", key="acts-show-more", on_click=_show_more)


def _show_more() -> None:
    st.session_state[MORE] = True


def _take_back(engine: Engine, act_id: int) -> None:
    attempt(engine, labeling.undo_act, act_id, says=taken_back)


def taken_back(done: dict[str, Any]) -> str:
    """Say what taking an act back did.

    >>> taken_back({"act": {"title": "Library.xml: 1,169 tracks"}, "restored": 2012, "kept": 12})
    'Taken back: Library.xml: 1,169 tracks. What you answered, changed or had listened to since stays.'
    """
    return f"Taken back: {readable(done['act']['title'])}.{SINCE if done['kept'] else ''}"
