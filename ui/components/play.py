"""Putting a track on screen from any page: it plays there and its keys rate it, the questions wait behind it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

PLAY = "play"  # session: what the player is told, {"track", "nonce"}
ICON = ":material/play_arrow:"
HELP = "Plays it above, where it can be rated."


def play(track_id: int) -> None:
    """Tell the player to show a track and play it."""
    st.session_state[PLAY] = {"track": track_id, "nonce": uuid.uuid4().hex}


def play_button(track_id: int, *, key: str, there: bool = True, label: str = "Play") -> None:
    """Show a button that plays a track; `there` says whether it has a file."""
    st.button(label, key=key, icon=ICON, disabled=not there, help=HELP, on_click=play, args=(track_id,))


def play_column(key: str, track_ids: Sequence[int]) -> Any:
    """Return what makes of a column of `play_labels` buttons that play the tracks of the rows."""
    return st.column_config.ButtonColumn(
        "Play", width=44, pinned=True, type="tertiary", key=key, on_click=_clicked, args=(key, list(track_ids))
    )


def play_labels(there: Sequence[bool]) -> pd.Series:
    """Return what stands in the column: a button for the tracks that have a file."""
    return pd.Series([ICON if one else None for one in there], dtype=object)


def _clicked(key: str, track_ids: list[int]) -> None:
    click = st.session_state.get(key)
    if click is not None and click["row"] < len(track_ids):
        play(track_ids[click["row"]])
