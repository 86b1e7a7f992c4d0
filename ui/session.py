"""What every page needs of the running app."""

from __future__ import annotations

import streamlit as st

from core.records import ANALYSED_STATES
from services.engine import Engine, engine

__all__ = ["Engine", "any_analysed", "engine", "is_empty", "note", "show_note", "stamp"]


def note(text: str) -> None:
    """Remember a sentence to show after the next rerun, wherever the person is then."""
    st.session_state["note"] = text


def show_note() -> None:
    """Show the sentence of `note` once."""
    text = st.session_state.pop("note", None)
    if text:
        st.toast(text)


def is_empty(opened: Engine) -> bool:
    """Tell whether this home has no music and none on its way."""
    return opened.workspace.tracks.count()["tracks"] == 0 and not opened.workspace.jobs.open()


def any_analysed(opened: Engine) -> bool:
    """Tell whether something was heard already."""
    counts = opened.workspace.tracks.count()
    return any(counts.get(state) for state in ANALYSED_STATES)


def stamp(opened: Engine) -> str:
    """Return a text that changes whenever a label, a track or a prediction does: for what pages keep."""
    workspace = opened.workspace
    runs = [workspace.model_runs.current(target) for target in ("rating", "genre")]
    said, heard = workspace.labels.newest_id(), workspace.features.newest_id()
    counts = workspace.tracks.count(), workspace.predictions.count()
    return str((str(workspace.home), said, heard, counts, [run and run.id for run in runs]))
