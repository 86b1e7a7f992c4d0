"""What the models can look at: what each set of features adds, and which descriptors tell the answers apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from services import evaluating, model_pages
from services.workspace import Workspace
from ui.components.on_request import Part, Tell
from ui.components.words import input_name, literal, percent

ADDED = (
    "Measured on artists left out: the linear model with the set beside the sound, against the sound alone. ± is one"
    " standard error; a gain beyond it is called clear."
)
APART = (
    "Average differences among your answers, only those beyond three standard errors over artists, more where there are"
    " few. What goes with an answer need not be its reason."
)


def _work(workspace: Workspace, target: str, tell: Tell) -> dict[str, Any]:
    """Return what each set adds, and which descriptors matter."""
    apart = model_pages.descriptors_that_matter(workspace, target)
    added = evaluating.added(workspace, target, lambda done: tell(int(done.get("done", 0)), int(done["total"])))
    return {"added": added, "apart": apart}


def _show(found: dict[str, Any]) -> None:
    if found["added"]:
        _added(found["added"])
    else:
        st.write("There is nothing but the sound to look at yet.")
    st.subheader("The descriptors that matter", anchor=False)
    st.markdown("\n".join(f"- {literal(row['sentence'])}" for row in found["apart"]))
    st.caption(APART)
    with st.expander("What these words mean, and the figures", key="models-glossary"):
        _figures(found["apart"])
        st.markdown("\n".join(f"- **{name}**: {meaning}" for name, meaning in model_pages.glossary()))


def _added(rows: list[dict[str, Any]]) -> None:
    st.markdown("\n".join(f"- {sentence(row)}" for row in rows))
    table = pd.DataFrame(
        {
            "Beside the sound": [input_name(row["features"]) for row in rows],
            "Tracks": [row["tracks"] for row in rows],
            "Gain": [gain(row) for row in rows],
            "Accuracy": [percent(row["accuracy"]) for row in rows],
        }
    )
    st.dataframe(table, hide_index=True, key="models-added-table")
    st.caption(ADDED)


def sentence(row: dict[str, Any]) -> str:
    """Say what a set adds.

    >>> sentence({"features": "lyrics", "gain": 0.02, "error": 0.01, "clear": True})
    'Its words: helps, clearly.'
    """
    name = literal(input_name(row["features"])).capitalize()
    if row["clear"]:
        return f"{name}: helps, clearly."
    if row["error"] is not None and row["gain"] < -row["error"]:
        return f"{name}: makes it worse."
    return f"{name}: no clear difference."


def gain(row: dict[str, Any]) -> str:
    """Say a gain with its standard error."""
    return f"{row['gain']:+.3f}" + (f" ± {row['error']:.3f}" if row["error"] is not None else "")


def _figures(rows: list[dict[str, Any]]) -> None:
    figures = [
        {
            "Answer": row["class"],
            "Descriptor": one["name"],
            "In words": one["words"],
            "Standard deviations": f"{one['difference']:+.2f} ± {one['error']:.2f}",
        }
        for row in rows
        for one in row["descriptors"]
    ]
    if figures:
        st.dataframe(pd.DataFrame(figures), hide_index=True, key="models-descriptors")


INPUTS = Part(
    "models-inputs",
    "What descriptors, tags, lyrics and the facts in the files bring beside the sound; that takes about ten seconds.",
    "Measuring with and without each",
    _work,
    _show,
)
