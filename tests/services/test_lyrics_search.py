"""The search for words: what is kept of each source, what is asked again and when, what a stop leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.lyrics_servers import ARTIST, WORDS, Servers, lrc
from core.errors import Cancelled
from core.records import FoundFile, Tags
from data.db import now
from lyrics import features
from lyrics.synced import is_synced
from services import labeling, lyrics_search, lyrics_sources
from services.workspace import Workspace
from tests.services.conftest import AddSongs, words_known


def test_words_are_found_cleaned_described_and_kept(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    (track,) = add_songs("Harbour Lights")
    servers.plays["Harbour Lights"] = "noise"
    result = lyrics_search.fetch(workspace)
    assert {key: result[key] for key in ("looked", "found", "not_there", "failed", "left")} == {
        "looked": 1, "found": 1, "not_there": 0, "failed": 0, "left": 0,
    }  # fmt: skip
    kept = words_known(workspace, track)
    assert (kept.text, kept.source, kept.language, kept.match) == (WORDS, "LRCLIB", "en", 1.0)
    assert "Verse 1" in (kept.raw or "")
    assert workspace.features.of_track(track)["lyrics"].shape == (len(features.NAMES),)


def test_the_four_facts_are_four(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    ids = add_songs("Found", "Silent", "Absent", "Broken")
    servers.plays |= {"Found": "right", "Silent": "instrumental", "Broken": "garbage"}
    lyrics_search.fetch(workspace)
    assert [words_known(workspace, i).outcome for i in ids] == ["found", "instrumental", "not there", "failed"]
    days = [(words_known(workspace, i).look_again or "")[:10] for i in ids]
    assert days[0] == days[1] == "" and days[2] > now()[:10] and words_known(workspace, ids[3]).look_again > now()


def test_nothing_is_asked_online_before_it_is_turned_on(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    add_songs("Harbour Lights")
    lyrics_sources.allow(workspace, "LRCLIB", False)
    assert lyrics_search.fetch(workspace)["not_there"] == 1
    assert servers.requests == []


def test_a_source_turned_on_later_is_asked_at_once(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    (track,) = add_songs("Harbour Lights")
    servers.plays["Harbour Lights"] = "right"
    lyrics_sources.allow(workspace, "LRCLIB", False)
    lyrics_search.fetch(workspace)
    assert lyrics_search.due(workspace) == []
    lyrics_sources.allow(workspace, "LRCLIB", True)
    assert lyrics_search.due(workspace) == [track]
    lyrics_search.fetch(workspace)
    assert words_known(workspace, track).outcome == "found" and lyrics_search.due(workspace) == []


def test_what_is_known_is_not_asked_for_again(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    add_songs("Found", "Absent")
    servers.plays["Found"] = "right"
    lyrics_search.fetch(workspace)
    asked = len(servers.requests)
    assert lyrics_search.fetch(workspace)["looked"] == 0 and len(servers.requests) == asked
    assert lyrics_search.fetch(workspace, again=True)["looked"] == 1  # only what was not there


def test_a_failure_is_tried_again_when_its_time_has_come(
    workspace: Workspace, servers: Servers, add_songs: AddSongs, monkeypatch: pytest.MonkeyPatch
) -> None:
    (track,) = add_songs("Broken")
    servers.plays["Broken"] = "garbage"
    monkeypatch.setattr(lyrics_search, "FAILED_MINUTES", 0)
    lyrics_search.fetch(workspace)
    servers.plays["Broken"] = "right"
    assert lyrics_search.due(workspace) == [track]
    assert lyrics_search.fetch(workspace)["found"] == 1


@pytest.mark.parametrize(("days", "looked"), [(30, 0), (0, 1)])
def test_an_absence_is_asked_about_again_after_a_month(
    days: int, looked: int, workspace: Workspace, servers: Servers, add_songs: AddSongs, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_songs("Absent")
    monkeypatch.setattr(lyrics_search, "ABSENT_DAYS", days)
    lyrics_search.fetch(workspace)
    assert lyrics_search.fetch(workspace)["looked"] == looked


def test_a_source_that_is_down_is_left_alone_and_nothing_is_said_of_the_rest(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    titles = [f"Song Number {n}" for n in range(8)]
    ids = add_songs(*titles)
    servers.plays |= dict.fromkeys(titles, "403")
    result = lyrics_search.fetch(workspace)
    assert [one["source"] for one in result["resting"]] == ["LRCLIB"] and "403" in result["resting"][0]["reason"]
    assert len(servers.requests) == lyrics_search.GIVE_UP
    assert result["left"] == 6 and [workspace.lyrics.of_track(i) for i in ids[2:]] == [None] * 6
    assert len(lyrics_search.due(workspace)) == 6


def test_a_source_that_wants_hours_is_left_alone_at_once(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    add_songs("Busy", "Busy Too")
    servers.plays |= {"Busy Too": "429 long", "Busy": "429 long"}
    assert lyrics_search.fetch(workspace)["resting"] and len(servers.requests) == 1


def test_tracks_without_files_are_looked_for_too(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    (track,) = add_songs("Harbour Lights")
    workspace.tracks.mark(track, "cloud-only", None)
    servers.plays["Harbour Lights"] = "right"
    assert lyrics_search.fetch(workspace)["found"] == 1


def test_answered_tracks_come_first_and_artists_take_turns(workspace: Workspace, add_songs: AddSongs) -> None:
    first, second, third = add_songs("A", "B", "C")
    labeling.answer(workspace, third, "rating", "liked", asked="")
    assert lyrics_search.due(workspace) == [third, first, second]


def test_a_stop_keeps_what_was_found_and_the_next_search_goes_on(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    titles = [f"Song Number {n}" for n in range(4)]
    add_songs(*titles)
    servers.plays |= dict.fromkeys(titles, "right")

    def stop_after_two(progress: dict[str, Any]) -> None:
        if progress["done"] == 2:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        lyrics_search.run(workspace, {}, stop_after_two)
    assert workspace.lyrics.counts("outcome") == {"found": 2}
    assert lyrics_search.fetch(workspace)["looked"] == 2


def test_a_wait_for_a_busy_source_can_be_stopped(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    add_songs("Busy")
    servers.plays["Busy"] = "429"
    told = iter(range(100))

    def stop(progress: dict[str, Any]) -> None:
        if next(told) > 1:  # the first is before the track
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        lyrics_search.run(workspace, {}, stop)


def test_time_stamps_of_another_recording_are_left_out(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    (near,) = add_songs("Harbour Lights")
    live = Tags(title="Harbour Lights (Live)", artist=ARTIST, duration=300.0)
    (far,) = workspace.tracks.add([FoundFile("/music/live.mp3", 9, 1.0, live)]).added
    servers.plays["Harbour Lights"] = "synced"
    lyrics_search.fetch(workspace)
    assert is_synced(words_known(workspace, near).synced or "")
    assert words_known(workspace, far).outcome == "found" and words_known(workspace, far).synced is None


def test_words_beside_the_file_come_before_any_question(
    workspace: Workspace, servers: Servers, add_songs: AddSongs, tmp_path: Path
) -> None:
    (track,) = add_songs("Harbour Lights", folder=str(tmp_path))
    (tmp_path / "Harbour Lights.lrc").write_text(lrc(), "utf-8")
    lyrics_search.fetch(workspace)
    kept = words_known(workspace, track)
    assert (kept.source, kept.text, kept.match) == ("a file beside it", WORDS, None) and kept.synced
    assert servers.requests == []
