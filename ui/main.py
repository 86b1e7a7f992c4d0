"""The frame of every page: navigation, the line of the running job, the player, then the page itself."""

from __future__ import annotations

import streamlit as st

from ui.components.job_line import job_line
from ui.player import Mode, player
from ui.session import any_analysed, engine, is_empty, show_note


def main() -> None:
    """Show the page that was chosen, below the player, which stays where it is."""
    st.set_page_config(page_title="Earmark", page_icon="🎧", layout="wide")
    opened = engine()
    empty = is_empty(opened)
    page = st.navigation(pages(analysed=any_analysed(opened)), position="top")
    job_line(opened)
    mode: Mode = "off" if empty else "desk" if page.title == "Rate" else "bar"
    player(mode=mode, home=str(opened.workspace.settings.get("home_id")))
    show_note()
    page.run()


def pages(*, analysed: bool) -> dict[str, list[st.Page]]:
    """Return the pages by section; what has nothing to show yet is left out."""
    first = [
        st.Page("views/rate.py", title="Rate", icon=":material/hearing:", default=True),
        st.Page("views/library.py", title="Library", icon=":material/library_music:"),
        st.Page("views/playlists.py", title="Playlists", icon=":material/queue_music:"),
    ]
    more = [
        st.Page("views/models.py", title="Models", icon=":material/insights:"),
        st.Page("views/settings.py", title="Settings", icon=":material/settings:"),
    ]
    return {"": first, "More": more} if analysed else {"": first}


main()
