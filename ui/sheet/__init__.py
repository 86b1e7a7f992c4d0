"""The words of a song as a component: how each line feels, and the line that is sung now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent


@cache
def _component() -> Any:
    css, js = ((FOLDER / name).read_text("utf-8") for name in ("sheet.css", "sheet.js"))
    return st.components.v2.component("earmark_sheet", html='<div class="sheet"></div>', css=css, js=js)


def sheet(track_id: int, title: str, lines: Sequence[dict[str, Any]], *, key: str) -> None:
    """Show lines; where their times are known, the one that is sung is marked and a click on one goes there.

    Parameters
    ----------
    track_id : int
        The track they belong to, by which the player says what plays.
    lines : sequence of {"text", "seconds", "sentiment"}
        seconds and sentiment may be None.
    """
    _component()(key=key, data={"track": str(track_id), "title": title, "lines": list(lines)})
