"""How the lines of the songs feel, part by part: each English song is a point."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from services import lyrics_words
from services.engine import Engine
from ui.components.words import counted

SHOWN = 12  # parts, the largest
ABOUT = (
    "The average of a song's lines by VADER (Hutto & Gilbert 2014), from -1 to 1; English songs only. It knows words"
    " and negation, not irony or images."
)


def feelings(engine: Engine) -> None:
    """Let the person choose how the library is parted, and show how the songs of each part feel."""
    kinds = lyrics_words.kinds(engine.workspace)
    by = st.segmented_control("By", kinds, default=kinds[0], format_func=str.capitalize, key="feel-by", required=True)
    rows = lyrics_words.sentiments(engine.workspace, by if by in kinds else kinds[0])
    if not rows:
        st.write(f"No English song with words has a {by} yet.")
        return
    table = pd.DataFrame(rows)
    largest = table.value.value_counts().index[:SHOWN]
    table = table[table.value.isin(largest)]
    tracks = engine.workspace.tracks.many(table.id.tolist())
    table = table.assign(title=[tracks[i].title if i in tracks else "" for i in table.id])
    from ui.charts import sentiments  # plotly is not there before it is needed

    figure = sentiments(table, dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, key="feelings-chart", config={"displayModeBar": False})
    means = table.groupby("value", sort=False).sentiment.agg(["mean", "count"])
    said = ", ".join(
        f"{name} {row['mean']:+.2f} ({counted(int(row['count']), 'song')})" for name, row in means.iterrows()
    )
    st.write(f"On average: {said}.")
    st.caption(ABOUT)
