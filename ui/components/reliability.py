"""Whether "80 % sure" is right four times in five, and how each answer fares."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from services import predicting
from services.engine import Engine
from ui import charts
from ui.components.words import PERCENT, literal, percent

SURENESS = (
    "Each mark is a tenth of your answered tracks, from the least to the surest guesses; its number is how many tracks."
    " On the dashed line the guesses are as sure as they are right; below it they are too sure."
)
BIASED = (
    "The calibration error in the table is above 0 by chance alone: with {tracks} tracks in a part, a perfect model"
    " shows about {chance}. So compare it between models on the same tracks, and do not read it as a fault."
)
PER_CLASS = (
    "Precision: how often a guess of it is right. Recall: how much of it is found. F1 is high only where both are."
)


def reliability(measured: dict[str, Any]) -> None:
    """Draw how often guesses were right against how sure they were."""
    st.header("Is it as sure as it is right", anchor=False)
    table = pd.DataFrame(measured["reliability"])
    figure = charts.reliability(table, dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, key="models-reliability", config={"displayModeBar": False}, alt=spoken(table))
    st.caption(SURENESS)
    tracks = int(table.tracks.median())
    st.caption(BIASED.format(tracks=tracks, chance=f"{by_chance(table):.2f}"))


def by_chance(table: pd.DataFrame) -> float:
    """Return the calibration error that a perfect model shows: the mean size of normal errors of these shares.

    >>> round(by_chance(pd.DataFrame({"confidence": [0.5], "tracks": [25]})), 2)
    0.08
    """
    error = (table.confidence * (1 - table.confidence) / table.tracks) ** 0.5
    return float((error * table.tracks).sum() / table.tracks.sum() * 0.7979)  # the mean of |N(0, 1)|


def spoken(table: pd.DataFrame) -> str:
    """Say what the chart shows to those who do not see it."""
    columns = zip(table.confidence, table.accuracy, strict=True)
    said = [f"{percent(sure)} sure, {percent(right)} right" for sure, right in columns]
    return f"{'; '.join(said)}."


def per_class(engine: Engine, target: str, measured: dict[str, Any]) -> None:
    """Show how each answer fares, and whether what is not known falls into one of them."""
    st.header("Each answer by itself", anchor=False)
    rows = pd.DataFrame(measured["per_class"])
    rows[["precision", "recall"]] *= 100
    number = st.column_config.NumberColumn
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "class": "Answer",
            "labels": "Answered",
            "predicted": "Guessed",
            "precision": number("Precision", format=PERCENT),
            "recall": number("Recall", format=PERCENT),
            "f1": number("F1", format="%.2f"),
        },
        key="models-per-class",
    )
    st.caption(PER_CLASS)
    shares(predicting.class_shares(engine.workspace, target))


def shares(rows: list[dict[str, Any]]) -> None:
    """Show each class's share of the answers and of what is predicted."""
    if not any(row["predicted"] for row in rows):
        st.write("How the guesses spread over your library is shown once there are tracks without an answer.")
        return
    table = pd.DataFrame(rows)
    figure = charts.class_shares(table, dark=st.context.theme.type == "dark")
    said = [f"{row['class']}: {percent(row['labelled'])} and {percent(row['predicted'])}" for row in rows]
    alt = f"Share of your answers and of what is predicted. {'; '.join(said)}."
    st.plotly_chart(figure, key="models-shares", config={"displayModeBar": False}, alt=alt)
    st.write(sink(rows))


def sink(rows: list[dict[str, Any]]) -> str:
    """Say whether one class takes far more of the library than of the answers.

    >>> sink([{"class": "rock", "labelled": 0.2, "predicted": 0.61, "sink": True}])
    'rock takes 61 % of what is predicted but 20 % of your answers: what the model does not know may fall into it.'
    """
    found = [row for row in rows if row["sink"]]
    if not found:
        return "No answer takes more than twice the share of your library that it has of your answers."
    said = [
        f"{literal(row['class'])} takes {percent(row['predicted'])} of what is predicted but"
        f" {percent(row['labelled'])} of your answers: what the model does not know may fall into it."
        for row in found
    ]
    return " ".join(said)
