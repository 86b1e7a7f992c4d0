"""How good each model was, measured on artists it had not heard, beside what is flattering and what is not."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from ui import charts
from ui.components.words import MODELS, PERCENT, interval, percent

USUAL = "always the usual answer"
MEASURED = (
    "Each artist's tracks are either learned from or tested on, never both. The line is the 95 % interval, drawn over"
    " artists; where two overlap widely, the paired differences below tell more."
)
PAIRED = (
    "On the same tracks, so closer than the intervals above suggest. ± is one standard error, over artists; a"
    " difference beyond it is called clear."
)
HELP = {
    "Accuracy": "How often the likeliest answer was the right one.",
    "Likely": "The 95 % interval of the accuracy.",
    "Balanced": "The mean of how much of each answer was recognised: no answer counts more for being frequent.",
    "Macro F1": "The mean over the answers of F1, which asks for both precision and recall.",
    "AUC of liked": "How often a liked track stands above one that is not.",
    "ROC AUC": "How often a track of an answer stands above one of another, the mean over the answers.",
    "Log loss": "How dear its sureness came: 0 is perfect, lower is better. After calibration, as it is used.",
    "Uncalibrated": "The log loss before calibration: higher where calibration helped.",
    "Calibration error": "How far a sureness of 80 % is from four in five.",
    "Seconds": "What measuring it took.",
}
SHARES = ("Accuracy", "Balanced")


def leaderboard(result: dict[str, Any]) -> None:
    """Show every model that was measured with its interval, the usual answer among them, then what to make of it."""
    st.header("What was measured", anchor=False)
    rows = table(result)
    figure = charts.accuracy_intervals(rows, dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, key="models-chart", config={"displayModeBar": False}, alt=spoken(rows))
    st.caption(MEASURED)
    if said := nested(result):
        st.markdown(f"**{said}**")
    shown = rows.drop(columns=["low", "high"]).assign(**{name: 100 * rows[name] for name in SHARES})
    st.dataframe(shown, hide_index=True, column_config=_columns(rows), key="models-table")
    if lines := differences(result):
        st.markdown("\n".join(f"- {line}" for line in lines))
        unit = "the ranked probability score" if result.get("target") == "rating" else "log loss"
        st.caption(f"How much less it loses, in {unit}. {PAIRED}")
    if said := flattering(result):
        st.write(said)
    with st.expander("What these models are", key="models-names"):
        known = [name for name in rows.Model if name in MODELS]
        st.markdown("\n".join(f"- **{name}** {MODELS[name]}." for name in known))


def table(result: dict[str, Any]) -> pd.DataFrame:
    """Return a row for each model; a figure that was not measured then is left out."""
    reports = [result["baseline"], *result["models"]] if "baseline" in result else result["models"]
    auc = ("AUC of liked", "auc_liked") if any("auc_liked" in one for one in reports) else ("ROC AUC", "roc_auc")
    return pd.DataFrame(
        [
            {
                "Model": USUAL if one["name"] == "baseline" else one["name"],
                "Accuracy": one["accuracy"],
                "low": one["accuracy_interval"][0],
                "high": one["accuracy_interval"][1],
                "Likely": interval(one["accuracy_interval"]),
                "Balanced": one.get("balanced_accuracy", float("nan")),
                "Macro F1": one["macro_f1"],
                auc[0]: one.get(auc[1]),
                "Log loss": one["log_loss"],
                "Uncalibrated": one.get("uncalibrated", {}).get("log_loss"),
                "Calibration error": one.get("ece"),
                "Seconds": one["seconds"],
            }
            for one in reports
        ]
    )


def _columns(rows: pd.DataFrame) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    formats = dict.fromkeys(SHARES, PERCENT) | {"Seconds": "%.1f"}
    figures = [name for name in HELP if name in rows and name != "Likely"]
    known = {name: number(format=formats.get(name, "%.2f"), help=HELP[name]) for name in figures}
    text = st.column_config.TextColumn
    return {**known, "Model": text(width=175), "Likely": text(help=HELP["Likely"])}


def spoken(rows: pd.DataFrame) -> str:
    """Say what the chart shows to those who do not see it."""
    columns = zip(rows.Model, rows.Accuracy, rows.Likely, strict=True)
    said = [f"{name} {percent(right)}, likely {likely}" for name, right, likely in columns]
    return f"Accuracy on unheard artists: {'; '.join(said)}."


def nested(result: dict[str, Any]) -> str | None:
    """Say what the choice is worth on artists it was not made with.

    >>> nested({"nested": {"accuracy": 0.74, "accuracy_interval": [0.61, 0.89]}})
    'Chosen and measured on different artists: 74 %, likely 61-89 %.'
    """
    found = result.get("nested") or {}
    if found.get("accuracy") is None:
        return None
    likely = interval(found["accuracy_interval"])
    return f"Chosen and measured on different artists: {percent(found['accuracy'])}, likely {likely}."


def differences(result: dict[str, Any]) -> list[str]:
    """Say how the chosen model does against each other one.

    >>> differences({"model": "ordered", "paired": [{"name": "knn", "gain": 0.08, "error": 0.05, "clear": True}]})
    ['**ordered** is better than knn by 0.080 ± 0.050: clear.']
    """
    chosen = f"**{result.get('model', 'It')}**"
    return [f"{chosen} {_against(row)}" for row in result.get("paired") or []]


def _against(row: dict[str, Any]) -> str:
    if row["error"] is None:
        return f"cannot be told apart from {row['name']}: there are too few artists."
    size = f"{abs(row['gain']):.3f} ± {row['error']:.3f}"
    if abs(row["gain"]) <= row["error"]:
        return f"and {row['name']}: no clear difference ({row['gain']:+.3f} ± {row['error']:.3f})."
    return f"is {'better' if row['gain'] > 0 else 'worse'} than {row['name']} by {size}: clear."


def flattering(result: dict[str, Any]) -> str | None:
    """Say how often it is right where the artist may be known, and that this flatters.

    >>> flattering({"library": {"accuracy": 0.83, "with_artists": {"accuracy": 0.94}}}).partition(". ")[0]
    'On tracks of artists it knows: 83 %, with what you said about the artist 94 %'
    """
    found = result.get("library") or {}
    if found.get("accuracy") is None:
        return None
    more = (found.get("with_artists") or {}).get("accuracy")
    artists = f", with what you said about the artist {percent(more)}" if more is not None else ""
    return f"On tracks of artists it knows: {percent(found['accuracy'])}{artists}. That is no figure for new artists."
