"""The Models page: retraining, and how far each kind of model can be trusted."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.records import ModelRun
from services import analysis, training
from ui import charts
from ui.components.words import WITHOUT_EMBEDDING, counted, percent
from ui.session import Engine, engine

TARGETS = {"Ratings": "rating", "Genres": "genre"}


def page() -> None:
    """Show one sentence first, then Retrain, then what was measured."""
    opened = engine()
    st.title("Models", anchor=False)
    target = TARGETS[
        st.segmented_control("Target", list(TARGETS), default="Ratings", key="models-target", required=True)
    ]
    current = opened.workspace.model_runs.current(target)
    st.write(sentence(opened, target, current))
    if not analysis.has_embedding():
        st.info(WITHOUT_EMBEDDING)
    lack = training.missing(opened.workspace, target)
    training_now = bool(opened.workspace.jobs.open(kind="retrain"))
    st.button(
        "Retrain",
        key="models-retrain",
        type="primary",
        disabled=bool(lack) or training_now,
        on_click=opened.submit,
        args=("retrain", {"target": target}),
        help="Trains every kind of model on all your answers and measures each on artists it has not heard.",
    )
    if lack:
        st.caption(lack)
    last = last_result(opened, target)
    if last:
        st.caption(last["why"])
        leaderboard(last)


def sentence(opened: Engine, target: str, current: ModelRun | None) -> str:
    """Say in one sentence what speaks now and how good it is."""
    labels = len(opened.workspace.labels.current(target))
    if current is None and opened.workspace.model_runs.all(target):
        start = "Trained, but not used yet: the quick models speak until one does measurably better."
        return f"{start} {counted(labels, 'answer')} so far."
    if current is None:
        return f"No trained model yet; the quick ones learn after every answer. {counted(labels, 'answer')} so far."
    low, high = current.scores["accuracy_interval"]
    newer = max(0, labels - current.labels)
    return (
        f"For artists it has never heard, **{current.family}** is right on {percent(current.scores['accuracy'])}"
        f" of the tracks (likely {percent(low)} to {percent(high)}), learned from {counted(current.labels, 'answer')}."
        f" {counted(newer, 'answer')} newer than this model."
    )


def last_result(opened: Engine, target: str) -> dict[str, Any] | None:
    """Return what the newest finished retraining of a target found."""
    job = opened.workspace.jobs.latest_done("retrain", target)
    return None if job is None else job.result


def leaderboard(result: dict[str, Any]) -> None:
    """Show every family that was measured, the usual answer among them."""
    rows = [result["baseline"], *result["models"]] if "baseline" in result else result["models"]
    table = pd.DataFrame(
        [
            {
                "Model": "always the usual answer" if row["name"] == "baseline" else row["name"],
                "Accuracy": row["accuracy"],
                "low": row["accuracy_interval"][0],
                "high": row["accuracy_interval"][1],
                "Macro F1": row["macro_f1"],
                "ROC AUC": row["roc_auc"],
                "Log loss": row["log_loss"],
                "Seconds": row["seconds"],
            }
            for row in rows
        ]
    )
    dark = st.context.theme.type == "dark"
    st.plotly_chart(charts.accuracy_intervals(table, dark=dark), key="models-chart", config={"displayModeBar": False})
    st.dataframe(table.drop(columns=["low", "high"]), hide_index=True, key="models-table")
    st.caption("Each artist's tracks are either learned from or tested on, never both. The line is the 95 % interval.")


page()
