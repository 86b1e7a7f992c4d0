"""Words are shown with how each line feels, where it can be told, and every track is counted once."""

from __future__ import annotations

import pytest

from benchmarks.lyrics_servers import Servers
from services import lyrics, lyrics_search, lyrics_shown
from services.workspace import Workspace
from tests.services.conftest import AddSongs


def test_a_song_is_shown_with_how_each_line_feels(workspace: Workspace, add_songs: AddSongs) -> None:
    (track,) = add_songs("Harbour Lights")
    lyrics.write(workspace, track, "I love this happy morning with you\n\nI cry alone and the night is cold\nThe road")
    shown = lyrics_shown.show(workspace, track)
    signs = [line["sentiment"] and (line["sentiment"] > 0) - (line["sentiment"] < 0) for line in shown["lines"]]
    assert signs == [1, None, -1, 0]
    assert shown["figures"]["words"] == 17 and shown["figures"]["lines"] == 3
    assert shown["mood"]["positive"] == pytest.approx(1 / 3, abs=0.001)


def test_another_language_gets_everything_but_sentiment(workspace: Workspace, add_songs: AddSongs) -> None:
    (track,) = add_songs("Hafenlichter")
    lyrics.write(workspace, track, "Die Lichter am Hafen gehen aus\nIch falte die Karte und gehe nach Haus\nallein")
    shown = lyrics_shown.show(workspace, track)
    assert shown["language"] == "de" and shown["mood"] is None and shown["figures"]["words"] == 15
    assert all(line["sentiment"] is None for line in shown["lines"])


def test_coverage_counts_every_track_once(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    add_songs("Found", "Silent", "Absent", "Broken", "Nearly")
    servers.plays |= {"Found": "right", "Silent": "instrumental", "Broken": "garbage", "Nearly": "nearly"}
    lyrics_search.fetch(workspace, limit=4)
    counts = lyrics_shown.coverage(workspace)
    facts = [counts[name] for name in ("found", "instrumental", "not_there", "failed", "not_looked_for")]
    assert facts == [1, 1, 1, 1, 1] and counts["tracks"] == 5
    assert counts["by_source"] == {"LRCLIB": 1} and counts["by_language"] == {"en": 1}


def test_of_a_track_whose_title_is_none_it_is_said_why_nobody_was_asked(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    (track,) = add_songs("Track 01")
    lyrics_search.fetch(workspace)
    said = lyrics_shown.show(workspace, track)["sentence"]
    assert servers.requests == [] and "a track called 'Track 01' can be asked about nowhere" in said
