"""Figures from tables: DataFrame in, plotly Figure out; nothing here knows Streamlit."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

LIGHT = {"text": "#22252B", "grid": "#D5D8E0", "mark": "#3F5BA9", "plain": "#6B7280"}
DARK = {"text": "#E8EAEF", "grid": "#3A3F4B", "mark": "#9DB2EE", "plain": "#A3ADBA"}


def accuracy_intervals(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw each model's accuracy with its 95 % interval.

    Parameters
    ----------
    table : DataFrame
        Model, Accuracy, low, high; shares from 0 to 1. The baseline's name begins with "always".
    dark : bool
        For a dark page.
    """
    colours = DARK if dark else LIGHT
    usual = table.Model.str.startswith("always")
    figure = go.Figure(
        go.Scatter(
            x=table.Accuracy,
            y=table.Model,
            mode="markers",
            marker={
                "size": 12,
                "color": [colours["plain"] if plain else colours["mark"] for plain in usual],
                "symbol": ["circle-open" if plain else "circle" for plain in usual],
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": table.high - table.Accuracy,
                "arrayminus": table.Accuracy - table.low,
                "color": colours["plain"],
            },
            hovertemplate="%{y}: %{x:.0%}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", gridcolor=colours["grid"], title="Accuracy on unheard artists")
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_layout(
        height=80 + 48 * len(table),
        margin={"l": 0, "r": 16, "t": 8, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours["text"], "size": 14},
        showlegend=False,
    )
    return figure
