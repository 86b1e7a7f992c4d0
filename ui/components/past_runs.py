"""The trainings of the past: what each was, two of them side by side, another one to speak, one to delete."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import EarmarkError
from services import runs
from services.engine import Engine
from ui.components.moments import moment
from ui.components.networks import let_speak
from ui.components.words import PERCENT, counted, input_name
from ui.session import attempt

NAMES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "roc_auc": "ROC AUC",
    "auc_liked": "AUC of liked",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "ece": "Calibration error",
}


def past_runs(engine: Engine, target: str) -> None:
    """List the runs, compare two, and let one speak or be deleted."""
    st.header("Past trainings", anchor=False)
    rows = runs.every(engine.workspace, target)
    if not rows:
        st.write("None yet. Each training is kept here, so that you can go back to it.")
        return
    st.dataframe(table(rows), hide_index=True, column_config=_columns(), key="models-runs")
    st.caption("Each was measured on the answers there were then: between runs, compare figures with care.")
    by_id = {row["run"]: row for row in rows}
    field, other = f"models-run-{target}", f"models-run-other-{target}"
    for key in (field, other):
        if st.session_state.get(key) not in by_id:
            st.session_state.pop(key, None)  # deleted meanwhile
    with st.container(horizontal=True, vertical_alignment="bottom", key="models-run-line"):
        chosen = _choice("Run", list(by_id), by_id, field)
        rest = [run for run in by_id if run != chosen]
        second = _choice("Compare with", rest, by_id, other, placeholder="Another run") if rest else None
    _actions(engine, by_id[chosen])
    if second is not None:
        _compare(engine, chosen, second)


def _choice(label: str, options: list[int], by_id: dict[int, dict[str, Any]], key: str, **more: Any) -> Any:
    index = None if more else 0
    name = partial(_name, by_id)
    return st.selectbox(label, options, index=index, format_func=name, key=key, width=230, **more)


def _name(by_id: dict[int, dict[str, Any]], run: int) -> str:
    return f"Run {run}: {by_id[run]['model']}" if run in by_id else f"Run {run}"


def table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a row for each run, newest first."""
    return pd.DataFrame(
        [
            {
                "Run": row["run"],
                "Model": row["model"],
                "Speaks": "speaks" if row["current"] else "",
                "Learned from": counted(row["labels"], "answer"),
                "Hears": input_name(row["features"]),
                "Accuracy": 100 * row["scores"]["accuracy"] if "accuracy" in row["scores"] else None,
                "Log loss": row["scores"].get("log_loss"),
                "Made": moment(row["created_at"]),
            }
            for row in rows
        ]
    )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {"Accuracy": number(format=PERCENT), "Log loss": number(format="%.2f"), "Run": number(width=50)}


def _actions(engine: Engine, row: dict[str, Any]) -> None:
    """Offer to let a run speak, or to delete it; the one that speaks can be neither."""
    run = row["run"]
    if row["current"]:
        st.caption(f"Run {run} speaks now. {row['why'] or ''}".strip())
        return
    busy = bool(engine.workspace.jobs.open(kind="use_run"))
    with st.container(horizontal=True, key="models-run-do"):
        st.button("Let this one speak", key=f"models-use-{run}", disabled=busy, on_click=let_speak, args=(engine, run))
        with st.popover("Delete", key=f"models-delete-{run}"):
            st.write(f"Run {run} cannot be brought back. Your answers stay.")
            st.button("Delete it", key=f"models-delete-{run}-sure", on_click=_delete, args=(engine, run))


def _delete(engine: Engine, run: int) -> None:
    attempt(engine, runs.delete, run, says=lambda done: f"Run {done['deleted']} is deleted.")


def _compare(engine: Engine, first: int, second: int) -> None:
    try:
        found = runs.compare(engine.workspace, first, second)
    except EarmarkError as error:
        st.error(str(error))
        return
    scores = found["scores"]
    side = pd.DataFrame(
        {
            "Figure": [NAMES[name] for name in scores],
            f"Run {first}": [f"{one['first']:.3f}" for one in scores.values()],
            f"Run {second}": [f"{one['second']:.3f}" for one in scores.values()],
            "Difference": [f"{one['difference']:+.3f}" for one in scores.values()],
        }
    )
    st.dataframe(side, hide_index=True, key="models-compare")
    st.write(agreement(found, first, second))


def agreement(found: dict[str, Any], first: int, second: int) -> str:
    """Say where two runs agree on the tracks that both were measured on."""
    if not found["tracks"]:
        return "They were measured on no track in common, so their figures cannot be compared track by track."
    wins, gain, error = "no clear difference", found["gain"], found["error"]
    if error is not None and abs(gain) > error:
        wins = f"run {second if gain > 0 else first} is clearly better"
    size = f" ({gain:+.3f} ± {error:.3f} for run {second})" if error is not None else ""
    return (
        f"On the {counted(found['tracks'], 'track')} both were measured on: {wins}{size}. Both right on"
        f" {found['both_right']:,}, only run {first} on {found['only_first']:,}, only run {second} on"
        f" {found['only_second']:,}, both wrong on {found['both_wrong']:,}."
    )
