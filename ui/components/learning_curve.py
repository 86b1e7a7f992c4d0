"""What more answers would bring: the curve of how the guesses got better with those given so far."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from services import figures
from services.workspace import Workspace
from ui import charts
from ui.components.on_request import Part, Tell
from ui.components.words import literal

REPLAYED = (
    "Both lines learn from your own answers, the dashed one in random order, and are tested on artists left out. What"
    " random questions would have taught cannot be seen here. The hollow mark is what 20 more should bring."
)


def _work(workspace: Workspace, target: str, tell: Tell) -> dict[str, Any]:
    return figures.curve(workspace, target, progress=tell).as_json()


def _show(curve: dict[str, Any]) -> None:
    """Show the sentence, and the lines once there are enough answers for them."""
    st.markdown(f"**{literal(curve['sentence'])}**")
    if not curve["steps"]:
        return
    table = pd.DataFrame(curve["steps"])
    expected = None
    if curve["gain"] is not None:
        last, (low, high) = table.accuracy.iloc[-1], curve["interval"]
        after = [curve["labels"] + curve["more"], *(min(1.0, last + gain) for gain in (curve["gain"], low, high))]
        expected = pd.DataFrame([after], columns=["labels", "accuracy", "low", "high"])
    figure = charts.learning_curve(table, expected=expected, dark=st.context.theme.type == "dark")
    st.plotly_chart(
        figure, key="models-curve-chart", config={"displayModeBar": False}, alt=f"Learning curve. {curve['sentence']}"
    )
    st.caption(REPLAYED)


LEARNING_CURVE = Part(
    "models-curve",
    "Learns from your first answers, then from more and more of them; that takes some seconds.",
    "Learning from your answers again and again",
    _work,
    _show,
)
