"""What a training changed: which tracks have another guess than before, and why which model speaks."""

from __future__ import annotations

from typing import Any

import streamlit as st

from services.engine import Engine
from ui.components.track_list import track_list
from ui.components.words import counted, literal


def changed(engine: Engine, result: dict[str, Any]) -> None:
    """Say what the newest training decided, and list the tracks that changed side."""
    st.header("What the last training changed", anchor=False)
    st.write(literal(result["why"]))
    if result.get("aside"):
        st.write(literal(result["aside"]))
    st.markdown(f"**{sentence(result)}**")
    if rows := result.get("tracks"):
        with st.expander("Which ones", key="models-changed"):
            track_list(engine, rows, {"old": "Was", "new": "Is now"}, key="models-changed-list")
            if len(rows) < result["changed"]:
                st.caption(f"The first {len(rows):,} of {result['changed']:,}.")


def sentence(result: dict[str, Any]) -> str:
    """Say how many tracks changed side.

    >>> sentence({"became_current": True, "changed": 61})
    '61 tracks changed side.'
    """
    if not result.get("became_current", True):
        return "Nothing changed: what it learned does not speak."
    number = result.get("changed", 0)
    return f"{counted(number, 'track')} changed side." if number else "No track changed side."
