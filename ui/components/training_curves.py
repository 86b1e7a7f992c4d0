"""How networks learned, epoch by epoch: while they do, and afterwards."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from services.engine import Engine
from ui import charts

EVERY = 1.0  # seconds between two looks while a training runs
MEANING = (
    "A pair of lines for each part of your answers that was left out. Where the whole line turns away from the dashed"
    " one, the network begins to learn your answers by heart; training ends soon after."
)
NONE = "Curves appear here when a network is trained. The other models learn in one step and have none."


def training_curves(engine: Engine, target: str, result: dict[str, Any] | None) -> None:
    """Draw loss and accuracy by epoch; looked at each second only while a training is open."""
    st.header("How the networks learned", anchor=False)
    running = bool(engine.workspace.jobs.open(kind="retrain"))
    st.fragment(_curves, run_every=EVERY if running else None)(engine, target, (result or {}).get("curves") or [])


def _curves(engine: Engine, target: str, kept: list[dict[str, Any]]) -> None:
    jobs = engine.workspace.jobs.open(kind="retrain")
    live = [epoch for job in jobs if _about(job.params) == target for epoch in job.progress.get("curves") or []]
    if not (live or kept):
        st.write(NONE)
        return
    if live:
        st.write("It is learning now; the lines grow with each epoch.")
    table = pd.DataFrame(live or kept)
    for family, rows in table.groupby("family", sort=False):
        st.markdown(f"**{family}**, {len(rows):,} epochs so far" if live else f"**{family}**")
        figure = charts.training_curves(rows, dark=st.context.theme.type == "dark")
        st.plotly_chart(
            figure, key=f"models-curves-{family}", config={"displayModeBar": False}, alt=spoken(str(family), rows)
        )
    st.caption(MEANING)


def _about(params: dict[str, Any]) -> str:
    return str(params.get("target", "rating"))


def spoken(family: str, rows: pd.DataFrame) -> str:
    """Say what the lines show to those who do not see them.

    >>> spoken("mlp", pd.DataFrame({"fold": [1, 1], "epoch": [1, 2], "loss": [1.1, 0.7]}))
    'Loss of mlp by epoch: from 1.10 to 0.70.'
    """
    first, last = rows.sort_values("epoch").groupby("fold").loss.agg(["first", "last"]).mean()
    return f"Loss of {family} by epoch: from {first:.2f} to {last:.2f}."
