"""Answers that all the others contradict: listen again, keep the answer or change it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from services import figures, labeling
from services.engine import Engine
from ui.components.play import play_button
from ui.components.words import counted, literal, readable
from ui.session import attempt, note

LOOKED = "doubtful-looked"  # session: target -> what was found when the person asked to look
SHOWN = 5  # the next follow as these are decided


def doubtful(engine: Engine, target: str) -> None:
    """List the doubtful answers, those the learner came across or those found on request."""
    st.header("Doubtful answers", anchor=False)
    looked = st.session_state.get(LOOKED, {}).get(target)
    rows = figures.doubts(engine.workspace, target, _known(engine, target) if looked is None else looked)
    if rows:
        st.write("From your other answers I would have guessed otherwise. About half of these are right as they are.")
    for row in rows[:SHOWN]:
        _row(engine, target, row)
    if len(rows) > SHOWN:
        st.caption(f"{len(rows) - SHOWN:,} more follow as you decide.")
    if not rows and looked is not None:
        st.write("None: no answer stands out against the others.")
    words = "Look again" if rows or looked is not None else "Look for doubtful answers"
    st.button(words, key="doubtful-look", on_click=_look, args=(engine, target))


def _known(engine: Engine, target: str) -> tuple[figures.Doubt, ...]:
    ranked = engine.learner.ranked(target)
    return () if ranked is None else ranked.doubts


def _look(engine: Engine, target: str) -> None:
    with st.spinner("Looking at each answer without it"):
        found = figures.found_doubts(engine.workspace, target)
    st.session_state.setdefault(LOOKED, {})[target] = found
    note(f"{counted(len(found), 'doubtful answer')}." if found else "No doubtful answer.")


def _row(engine: Engine, target: str, row: dict[str, Any]) -> None:
    key = f"doubtful-{target}-{row['id']}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=key):
        name = f"**{literal(readable(row['title']))}** · {literal(readable(row['artist'] or 'Unknown artist'))}"
        st.markdown(f"{name}  \n{sentence(row)}", width="stretch")
        with st.container(horizontal=True, width="content", gap="small", key=f"{key}-do"):
            play_button(row["id"], key=f"{key}-play")
            args = (engine, target, row)
            st.button(f"Keep {row['given']}", key=f"{key}-keep", on_click=_say, args=(*args, row["given"]))
            st.button(f"Change to {row['guess']}", key=f"{key}-change", on_click=_say, args=(*args, row["guess"]))


def sentence(row: dict[str, Any]) -> str:
    """Say what was answered, by whom, and what would have been guessed.

    >>> sentence({"given": "liked", "guess": "semi", "source": "person", "said": None})
    'You said liked. I would guess semi.'
    >>> sentence({"given": "liked", "guess": "semi", "source": "itunes", "said": "5 stars"})
    'Apple Music says 5 stars (liked). I would guess semi.'
    """
    given, guess = literal(row["given"]), literal(row["guess"])
    if row["source"] == "person":
        return f"You said {given}. I would guess {guess}."
    who = {"itunes": "Apple Music says", "csv": "Your CSV says"}.get(row["source"], "Folder or tags say")
    said = f"{literal(row['said'])} ({given})" if row["said"] else given
    return f"{who} {said}. I would guess {guess}."


def _say(engine: Engine, target: str, row: dict[str, Any], value: str) -> None:
    """Answer again; what was asked as a doubt is not doubted any more."""

    def answer(workspace: Any) -> dict[str, Any]:
        return labeling.answer(workspace, row["id"], target, value, asked="doubt")

    kept = value == row["given"]
    attempt(engine, answer, says=lambda done: f"{'Kept' if kept else 'Changed to'} {value}: {done['title']}.")
