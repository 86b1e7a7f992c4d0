"""A field for the answer of any target: buttons where there are few answers, a list where there are many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from services import labeling, targets
from services.engine import Engine
from ui.components.words import RATINGS

BUTTONS = 4  # answers that stand side by side at phone width


def answer_field(
    engine: Engine, target: str, *, label: str, key: str, on_change: Callable[..., None], args: tuple[Any, ...]
) -> None:
    """Show the field of a target; what is in session state under `key` is chosen."""
    options = labeling.choices(engine.workspace, target)
    given = st.session_state.get(key)
    if given is not None and given not in options:  # the answers of the target are others now
        options.append(given)
    if target != "genre" and len(options) <= BUTTONS:
        st.segmented_control(label, options, format_func=word, key=key, on_change=on_change, args=args)
        return
    free = targets.get(engine.workspace, target).classes is None
    st.selectbox(
        label,
        options,
        index=None,
        format_func=word,
        key=key,
        accept_new_options=free,
        placeholder="Choose or type one" if free else "Choose",
        width=260,
        on_change=on_change,
        args=args,
    )


def word(value: str) -> str:
    """Say an answer as it stands on a button.

    >>> word("liked"), word("trip hop")
    ('Liked', 'trip hop')
    """
    return RATINGS.get(value, value)
