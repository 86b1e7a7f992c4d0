"""What changed last: which tracks have another guess than before, and why which model speaks."""

from __future__ import annotations

from typing import Any

import streamlit as st

from services.engine import Engine
from ui.components.track_list import track_list
from ui.components.words import counted, literal


def changed(engine: Engine, result: dict[str, Any]) -> None:
    """Say why which model speaks, and list the tracks that changed side.

    Parameters
    ----------
    result : dict
        Of a training, or of letting another run speak.
    """
    st.header("What changed last", anchor=False)
    st.write(literal(result.get("why") or f"You let run {result['run']} ({result['model']}) speak."))
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
