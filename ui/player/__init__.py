"""The player: one component above all pages that owns the sound, the keys and the answers not yet saved."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict

import streamlit as st

FOLDER = Path(__file__).parent
KEY = "earmark-player"
# One module for the browser, in this order: each part names only what stands before it when it is read.
PARTS = (
    "words.js", "outbox.js", "line.js", "sound.js", "keys.js", "course.js", "overlays.js", "paint.js", "desk.js",
)  # fmt: skip

Mode = Literal["desk", "bar", "off"]


class Play(TypedDict):
    """A track a page puts on screen; a new nonce says that it was asked for again."""

    track: int
    nonce: str


@cache
def _component() -> Any:
    html, css = ((FOLDER / name).read_text("utf-8") for name in ("player.html", "player.css"))
    js = "\n".join((FOLDER / name).read_text("utf-8") for name in PARTS)
    return st.components.v2.component("earmark_player", html=html, css=css, js=js)


def player(*, mode: Mode, home: str, on_retrain: Callable[[str], None], play: Play | None = None) -> None:
    """Mount the player; it talks to the rating desk by itself and needs no rerun.

    Parameters
    ----------
    mode : "desk", "bar" or "off"
        The whole desk on the Rate page, one line elsewhere, nothing in an empty home.
    home : str
        Names the home, so that answers kept in the browser for another one are not sent here.
    on_retrain : callable
        Called with the target when the person asks for a retraining.
    play : Play, optional
        A track to put on screen now, once for each nonce; the questions wait behind it.
    """
    _component()(
        key=KEY,
        data={"mode": mode, "home": home, "play": play},
        on_retrain_change=lambda: on_retrain(st.session_state[KEY].retrain or "rating"),
    )
