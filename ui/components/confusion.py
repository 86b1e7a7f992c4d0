"""Which answers are taken for which: a table of squares, and the tracks of one of them, to be heard."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.records import ModelRun
from services import model_pages
from services.engine import Engine
from ui import charts
from ui.components.track_list import track_list
from ui.components.words import counted, literal, percent

MEANING = (
    "Rows are your answers, columns the guesses of a model that knew neither the track nor its artist. On the diagonal"
    " it was right. Choose a square, by a click or in the lists below it, to hear its tracks."
)
SEEN = "confusion-seen"  # session: chart -> {"mark": what is marked, "square": what was clicked last, "clicks"}


def confusion(engine: Engine, run: ModelRun, measured: dict[str, Any]) -> None:
    """Show the squares and the tracks of the chosen one."""
    st.header("What is taken for what", anchor=False)
    names = measured["classes"]
    counts = pd.DataFrame(measured["counts"], index=names, columns=names)
    chart = f"confusion-{run.id}"
    first, fields = _chosen_first(chart, commonest(counts))
    answered, guessed = (st.session_state.get(field, name) for field, name in zip(fields, first, strict=True))
    st.plotly_chart(
        charts.confusion_matrix(counts, chosen=(answered, guessed), dark=st.context.theme.type == "dark"),
        key=chart,
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False},
        alt=spoken(counts),
    )
    st.caption(f"{MEANING} Run {run.id}, {run.family}.")
    with st.container(horizontal=True, key="confusion-fields"):
        for label, name, field in zip(("Answered", "Guessed"), first, fields, strict=True):
            st.selectbox(label, names, index=names.index(name), key=field, width=200)
    _tracks(engine, run, answered, guessed)


def _chosen_first(chart: str, usual: tuple[str, str]) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what the two lists begin with, the usual square or the one clicked last, and their keys.

    Each click gives them new keys: a list whose value is set from outside may show another one than it has. Where the
    frame moves, the chart forgets its mark by itself.
    """
    seen = st.session_state.setdefault(SEEN, {}).setdefault(chart, {"mark": None, "square": usual, "clicks": 0})
    points = ((st.session_state.get(chart) or {}).get("selection") or {}).get("points") or []
    mark = (points[0]["y"], points[0]["x"]) if points else None
    if mark is not None and mark != seen["mark"]:
        seen.update(square=mark, clicks=seen["clicks"] + 1)
    seen["mark"] = mark
    return seen["square"], (f"{chart}-answered-{seen['clicks']}", f"{chart}-guessed-{seen['clicks']}")


def commonest(counts: pd.DataFrame) -> tuple[str, str]:
    """Return the commonest mistake, or the first square where there is none: what is shown before a choice."""
    mistakes = [
        (int(counts.loc[answered, guessed]), answered, guessed)
        for answered in counts.index
        for guessed in counts.columns
        if answered != guessed
    ]
    number, answered, guessed = max(mistakes, key=lambda one: one[0], default=(0, "", ""))
    return (answered, guessed) if number else (counts.index[0], counts.columns[0])


def spoken(counts: pd.DataFrame) -> str:
    """Say what the squares show to those who do not see them."""
    right, total = sum(int(counts.loc[name, name]) for name in counts.index), int(counts.to_numpy().sum())
    answered, guessed = commonest(counts)
    return f"{right} of {counted(total, 'track')} right; the commonest mistake: {answered} taken for {guessed}."


def _tracks(engine: Engine, run: ModelRun, answered: str, guessed: str) -> None:
    rows = model_pages.cell(engine.workspace, run, answered, guessed)
    st.markdown(f"**{counted(len(rows), 'track')}** answered {literal(answered)}, guessed {literal(guessed)}.")
    if rows:
        shown = [{**row, "sure": percent(row["sure"])} for row in rows]
        columns = {"answered": "Your answer", "guessed": "Guess", "sure": "How sure"}
        track_list(engine, shown, columns, key=f"confusion-tracks-{run.id}")
