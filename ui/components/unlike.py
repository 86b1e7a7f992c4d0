"""Tracks unlike anything that was answered: the guesses about them are worth least."""

from __future__ import annotations

import streamlit as st

from services import predicting
from services.engine import Engine
from ui.components.track_list import track_list
from ui.components.words import counted

MEANING = (
    "They lie farther from your answers than tracks of a kind you answered usually do, so their guesses are worth"
    " least. Answering a few of them teaches most. 1.0 is the edge; the farthest come first."
)
LISTED = 200


def unlike(engine: Engine, target: str, *, trained: bool) -> None:
    """Say how many there are, and list them."""
    st.header("Unlike anything you rated" if target == "rating" else "Unlike anything you answered", anchor=False)
    if not trained:
        st.write("Found once a trained model speaks.")
        return
    rows = predicting.unlike(engine.workspace, target)
    if not rows:
        st.write("None: every track without an answer is like something you answered.")
        return
    st.markdown(f"**{counted(len(rows), 'track')}.** {MEANING}")
    with st.expander("Which ones", key="models-unlike"):
        shown = [{**row, "novelty": f"{row['novelty']:.1f}"} for row in rows[:LISTED]]
        track_list(engine, shown, {"novelty": "How far"}, key="models-unlike-list")
        if len(rows) > LISTED:
            st.caption(f"The {LISTED} farthest of {len(rows):,}.")
