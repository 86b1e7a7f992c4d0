"""Tracks in a table that plays them: title, artist, and what a page has to say of each."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from services.engine import Engine
from ui.components.play import play_column, play_labels

TALLEST = 320  # pixels: the page goes on below
ROW = 35  # pixels, Streamlit's own
WIDTHS = {name: st.column_config.Column(width=pixels) for name, pixels in {"Title": 210, "Artist": 150}.items()}


def track_list(engine: Engine, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, key: str) -> None:
    """List tracks with a play button each; those that are gone since are left out.

    Parameters
    ----------
    rows : sequence of mapping
        Each with "id", and what `columns` names.
    columns : mapping of str to str
        What is shown beside title and artist -> its heading.
    key : str
    """
    tracks = engine.workspace.tracks.many([row["id"] for row in rows])
    rows = [row for row in rows if row["id"] in tracks]
    found = [tracks[row["id"]] for row in rows]
    table = pd.DataFrame({"Title": [one.title for one in found], "Artist": [one.artist or "" for one in found]})
    for name, heading in columns.items():
        table[heading] = [row[name] for row in rows]
    table.insert(0, "Play", play_labels([one.path is not None for one in found]))
    ids = [int(row["id"]) for row in rows]
    key = f"{key}-{zlib.crc32(np.array(ids, dtype=np.int64).tobytes()):x}"  # other rows, another table
    st.dataframe(
        table,
        hide_index=True,
        column_config={**WIDTHS, "Play": play_column(f"{key}-play", ids)},
        height=min(TALLEST, ROW * (len(table) + 1) + 3),
        key=key,
    )
