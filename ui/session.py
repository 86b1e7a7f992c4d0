"""What every page needs of the running app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.errors import EarmarkError
from core.records import ANALYSED_STATES
from services import labeling, scope, targets
from services.backup import RESTORED
from services.engine import Engine, engine

__all__ = [
    "Engine",
    "any_analysed",
    "any_answered",
    "any_words",
    "attempt",
    "engine",
    "is_empty",
    "note",
    "show_note",
    "stamp",
]


def note(text: str) -> None:
    """Remember a sentence to show after the next rerun, wherever the person is then."""
    st.session_state["note"] = text


def attempt(opened: Engine, verb: Callable[..., Any], *args: Any, says: Callable[[Any], str] | None = None) -> Any:
    """Call a verb that changes what is learned or asked, and remember a sentence: what came of it, or what was wrong.

    Parameters
    ----------
    verb : callable
        Called with the workspace and `args`.
    says : callable, optional
        Makes the sentence of what the verb returned.

    Returns
    -------
    object
        What the verb returned; None when it refused.
    """
    try:
        result = verb(opened.workspace, *args)
    except EarmarkError as error:
        st.session_state["trouble"] = str(error)
        return None
    opened.learner.wake(labeling.active_target(opened.workspace))
    if says is not None:
        note(says(result))
    return result


def show_note() -> None:
    """Show the sentence of `note` once, and what was wrong above the page."""
    text, trouble = st.session_state.pop("note", None), st.session_state.pop("trouble", None)
    if text:
        st.toast(text)
    if trouble:
        st.error(trouble)


def is_empty(opened: Engine) -> bool:
    """Tell whether this home has no music and none on its way."""
    return opened.workspace.tracks.count()["tracks"] == 0 and not opened.workspace.jobs.open()


def any_analysed(opened: Engine) -> bool:
    """Tell whether something was heard already."""
    counts = opened.workspace.tracks.count()
    return any(counts.get(state) for state in ANALYSED_STATES)


def any_answered(opened: Engine) -> bool:
    """Tell whether anything was answered or put aside yet, also if all of it was taken back."""
    labels = opened.workspace.labels
    return labels.newest_id()[0] > 0 or labels.newest_skip()[0] > 0


def any_words(opened: Engine) -> bool:
    """Tell whether lyrics may be shown though nothing was heard: they were looked for, or tracks are in a cloud."""
    return opened.workspace.lyrics.stamp()[0] > 0 or opened.workspace.tracks.count().get("cloud-only", 0) > 0


def stamp(opened: Engine) -> str:
    """Return a text that changes whenever a label, a track, a prediction or a choice does: for what pages keep."""
    workspace = opened.workspace
    runs = [workspace.model_runs.current(target) for target in targets.every(workspace)]
    said, heard = workspace.labels.newest_id(), workspace.features.newest_id()
    counts = workspace.tracks.count(), workspace.predictions.count()
    acts = [act.id for act in workspace.acts.all(limit=1)]
    chosen, restored = (scope.stamp(workspace), workspace.targets.stamp()), workspace.settings.get(RESTORED)
    return str((str(workspace.home), said, heard, counts, [run and run.id for run in runs], acts, chosen, restored))
