"""What the person does to lyrics: done through a service, said in a note, with a way back at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from services import labeling
from services.engine import Engine
from ui.components.acts import taken_back
from ui.components.words import literal, readable
from ui.session import attempt

DONE = "lyrics-act"  # session: the number of the act just done here


def do(engine: Engine, verb: Callable[..., Any], *args: Any) -> Any:
    """Call a verb of `services.lyrics` that is recorded as an act, and remember it for `undo_line`."""
    result = attempt(engine, verb, *args)
    if result is not None:
        newest = engine.workspace.acts.all(limit=1)
        st.session_state[DONE] = newest[0].id if newest else None
    return result


def undo_line(engine: Engine) -> None:
    """Say what was just done, with a way back, until something else was done."""
    newest = engine.workspace.acts.all(limit=1)
    if not newest or newest[0].id != st.session_state.get(DONE):
        return
    with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center", key="lyrics-done"):
        st.markdown(f"{literal(readable(newest[0].title))}.", width="stretch")
        st.button("Undo", key="lyrics-undo", on_click=_undo, args=(engine, newest[0].id))


def _undo(engine: Engine, act: int) -> None:
    attempt(engine, labeling.undo_act, act, says=taken_back)
