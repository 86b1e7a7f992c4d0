"""What takes seconds is worked out when asked for, with its progress on the page, and kept until answers change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import EarmarkError
from services.engine import Engine
from services.workspace import Workspace

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Part:
    """One thing that is worked out on request."""

    key: str  # of its button, and of what is kept of it in the session
    before: str  # said while it was not worked out
    meanwhile: str
    work: Callable[[Workspace, str, Tell], Any]
    show: Callable[[Any], None]


@st.fragment  # the rest of the page stays as it is meanwhile
def on_request(engine: Engine, target: str, part: Part) -> None:
    """Show what was worked out, and offer to work it out."""
    newest = str(engine.workspace.labels.newest_id(target))
    kept = st.session_state.setdefault(f"{part.key}-kept", {})
    if st.session_state.pop(f"{part.key}-wanted", None) == target:
        kept[target] = (newest, _work_out(engine, target, part))
    made_of, found = kept.get(target, (None, None))
    if found is None:
        st.write(part.before)
    else:
        part.show(found)
        if made_of != newest:
            st.caption("You have answered since; this is from before.")
    words = "Work it out" if found is None else "Work it out again"
    fresh = found is not None and made_of == newest
    st.button(words, key=part.key, disabled=fresh, on_click=_want, args=(part.key, target))


def _want(key: str, target: str) -> None:
    """Have it worked out when the page is shown next."""
    st.session_state[f"{key}-wanted"] = target


def _work_out(engine: Engine, target: str, part: Part) -> Any:
    """Return what was found, with the progress on the page; None, and why, where it cannot be."""
    bar = st.progress(0.0, part.meanwhile)

    def tell(done: int, total: int) -> None:
        bar.progress(min(1.0, done / total), f"{part.meanwhile}: {done} of {total}")

    try:
        return part.work(engine.workspace, target, tell)
    except EarmarkError as error:
        st.error(str(error))
        return None
    finally:
        bar.empty()
