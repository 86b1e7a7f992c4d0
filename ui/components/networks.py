"""Networks, which take minutes: trained when asked for, and let to speak once they have heard everything."""

from __future__ import annotations

from typing import Any

import streamlit as st

from services import training
from services.engine import Engine
from ui.components.words import MODELS, literal
from ui.session import attempt, note

ABOUT = (
    "They learn in many rounds, so they take minutes; Stop above ends them, and what speaks stays. With fewer than some"
    " hundred answers they seldom do better than the models above."
)
HEARS_AGAIN = "Those that hear a track's course first listen again to every track you answered."


def networks(engine: Engine, target: str, lack: str | None, result: dict[str, Any] | None) -> None:
    """Offer the networks that can learn this target, and to let one speak that waits."""
    st.header("Networks", anchor=False)
    _waiting(engine, (result or {}).get("waits"))
    names = training.on_request(engine.workspace, target)
    if not names:
        st.write("Networks need TensorFlow, which is not installed here.")
        return
    st.write(ABOUT)
    busy = bool(engine.workspace.jobs.open(kind="retrain"))
    chosen = st.multiselect(
        "Which", names, format_func=_name, key=f"models-networks-{target}", placeholder="Choose one or more"
    )
    st.caption(" ".join([HEARS_AGAIN, *([lack] if lack else [])]))
    st.button(
        "Train these networks",
        key="models-train-networks",
        disabled=not chosen or busy or lack is not None,
        on_click=_train,
        args=(engine, target, chosen),
    )


def _name(family: str) -> str:
    return f"{family}: {MODELS[family]}" if family in MODELS else family


def _train(engine: Engine, target: str, families: list[str]) -> None:
    params = attempt(engine, training.params_of, target, families)
    if params is not None:
        engine.submit("retrain", params)


def _waiting(engine: Engine, waits: dict[str, Any] | None) -> None:
    """Say what it takes to let a trained network speak, and offer it."""
    if waits is None:
        return
    run = next((one for one in engine.workspace.model_runs.all() if one.id == waits["run"]), None)
    current = run and engine.workspace.model_runs.current(run.target)
    if run is None or (current is not None and current.id == run.id):
        return
    with st.container(border=True, key="models-waits"):
        st.markdown(f"**{run.family}** is trained and does better, but must hear your library first.")
        st.write(literal(waits["sentence"]))
        st.button(
            "Let it listen and speak",
            key="models-let-it-speak",
            disabled=bool(engine.workspace.jobs.open(kind="use_run")),
            on_click=let_speak,
            args=(engine, run.id),
        )


def let_speak(engine: Engine, run: int) -> None:
    """Queue that a run speaks from now on."""
    engine.submit("use_run", {"run": run})
    note("It speaks as soon as it has predicted your library.")
