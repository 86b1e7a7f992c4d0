"""Lyrics from the search to the person's correction: what is kept, what is asked again, what can be taken back."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.lyrics_servers import ANOTHER, ARTIST, DURATION, WORDS, Servers, lrc, serving
from core.errors import Cancelled, EarmarkError
from core.records import FoundFile, Lyrics, Tags
from data.db import now
from lyrics import features
from lyrics.synced import is_synced
from services import labeling, lyrics, lyrics_sources, tokens
from services.workspace import Workspace

TOKEN = "a-token-that-nobody-may-see-1234567890"
Add = Callable[..., list[int]]


@pytest.fixture
def servers(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Give LRCLIB and Genius on this computer; LRCLIB is turned on."""
    monkeypatch.delenv(tokens.GENIUS, raising=False)
    with serving() as running:
        monkeypatch.setenv("EARMARK_LRCLIB", running.lrclib)
        monkeypatch.setenv("EARMARK_GENIUS", running.genius)
        monkeypatch.setattr("lyrics.web.APART", 0.0)
        lyrics_sources.allow(workspace, "LRCLIB", True)
        yield running


@pytest.fixture
def add(workspace: Workspace) -> Add:
    """Give a function that takes in tracks of the artist the servers know, by title."""

    def tracks(*titles: str, folder: str = "/music") -> list[int]:
        files = [
            FoundFile(f"{folder}/{t}.mp3", n, 1.0, Tags(title=t, artist=ARTIST, duration=DURATION))
            for n, t in enumerate(titles, 1)
        ]
        return list(workspace.tracks.add(files).added)

    return tracks


def known(workspace: Workspace, track_id: int) -> Lyrics:
    """Return what is kept of a track's words; something must be."""
    found = workspace.lyrics.of_track(track_id)
    assert found is not None
    return found


# -- looking ------------------------------------------------------------------------------------------


def test_words_are_found_cleaned_described_and_kept(workspace: Workspace, servers: Servers, add: Add) -> None:
    (track,) = add("Harbour Lights")
    servers.plays["Harbour Lights"] = "noise"
    result = lyrics.fetch(workspace)
    assert {key: result[key] for key in ("looked", "found", "not_there", "failed", "left")} == {
        "looked": 1, "found": 1, "not_there": 0, "failed": 0, "left": 0,
    }  # fmt: skip
    kept = known(workspace, track)
    assert (kept.text, kept.source, kept.language, kept.match) == (WORDS, "LRCLIB", "en", 1.0)
    assert "Verse 1" in (kept.raw or "")
    assert workspace.features.of_track(track)["lyrics"].shape == (len(features.NAMES),)


def test_the_four_facts_are_four(workspace: Workspace, servers: Servers, add: Add) -> None:
    ids = add("Found", "Silent", "Absent", "Broken")
    servers.plays |= {"Found": "right", "Silent": "instrumental", "Broken": "garbage"}
    lyrics.fetch(workspace)
    assert [known(workspace, i).outcome for i in ids] == ["found", "instrumental", "not there", "failed"]
    days = [(known(workspace, i).look_again or "")[:10] for i in ids]
    assert days[0] == days[1] == "" and days[2] > now()[:10] and known(workspace, ids[3]).look_again > now()


def test_nothing_is_asked_online_before_it_is_turned_on(workspace: Workspace, servers: Servers, add: Add) -> None:
    add("Harbour Lights")
    lyrics_sources.allow(workspace, "LRCLIB", False)
    assert lyrics.fetch(workspace)["not_there"] == 1
    assert servers.requests == []


def test_a_source_turned_on_later_is_asked_at_once(workspace: Workspace, servers: Servers, add: Add) -> None:
    (track,) = add("Harbour Lights")
    servers.plays["Harbour Lights"] = "right"
    lyrics_sources.allow(workspace, "LRCLIB", False)
    lyrics.fetch(workspace)
    assert lyrics.due(workspace) == []
    lyrics_sources.allow(workspace, "LRCLIB", True)
    assert lyrics.due(workspace) == [track]
    lyrics.fetch(workspace)
    assert known(workspace, track).outcome == "found" and lyrics.due(workspace) == []


def test_what_is_known_is_not_asked_for_again(workspace: Workspace, servers: Servers, add: Add) -> None:
    add("Found", "Absent")
    servers.plays["Found"] = "right"
    lyrics.fetch(workspace)
    asked = len(servers.requests)
    assert lyrics.fetch(workspace)["looked"] == 0 and len(servers.requests) == asked
    assert lyrics.fetch(workspace, again=True)["looked"] == 1  # only what was not there


def test_a_failure_is_tried_again_when_its_time_has_come(
    workspace: Workspace, servers: Servers, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    (track,) = add("Broken")
    servers.plays["Broken"] = "garbage"
    monkeypatch.setattr(lyrics, "FAILED_MINUTES", 0)
    lyrics.fetch(workspace)
    servers.plays["Broken"] = "right"
    assert lyrics.due(workspace) == [track]
    assert lyrics.fetch(workspace)["found"] == 1


@pytest.mark.parametrize(("days", "looked"), [(30, 0), (0, 1)])
def test_an_absence_is_asked_about_again_after_a_month(
    days: int, looked: int, workspace: Workspace, servers: Servers, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("Absent")
    monkeypatch.setattr(lyrics, "ABSENT_DAYS", days)
    lyrics.fetch(workspace)
    assert lyrics.fetch(workspace)["looked"] == looked


def test_a_source_that_is_down_is_left_alone_and_nothing_is_said_of_the_rest(
    workspace: Workspace, servers: Servers, add: Add
) -> None:
    titles = [f"Song Number {n}" for n in range(8)]
    ids = add(*titles)
    servers.plays |= dict.fromkeys(titles, "403")
    result = lyrics.fetch(workspace)
    assert [one["source"] for one in result["resting"]] == ["LRCLIB"] and "403" in result["resting"][0]["reason"]
    assert len(servers.requests) == lyrics.GIVE_UP
    assert result["left"] == 6 and [workspace.lyrics.of_track(i) for i in ids[2:]] == [None] * 6
    assert len(lyrics.due(workspace)) == 6


def test_a_source_that_wants_hours_is_left_alone_at_once(workspace: Workspace, servers: Servers, add: Add) -> None:
    add("Busy", "Busy Too")
    servers.plays |= {"Busy Too": "429 long", "Busy": "429 long"}
    assert lyrics.fetch(workspace)["resting"] and len(servers.requests) == 1


def test_tracks_without_files_are_looked_for_too(workspace: Workspace, servers: Servers, add: Add) -> None:
    (track,) = add("Harbour Lights")
    workspace.tracks.mark(track, "cloud-only", None)
    servers.plays["Harbour Lights"] = "right"
    assert lyrics.fetch(workspace)["found"] == 1


def test_answered_tracks_come_first_and_artists_take_turns(workspace: Workspace, add: Add) -> None:
    first, second, third = add("A", "B", "C")
    labeling.answer(workspace, third, "rating", "liked", asked="")
    assert lyrics.due(workspace) == [third, first, second]


def test_a_stop_keeps_what_was_found_and_the_next_search_goes_on(
    workspace: Workspace, servers: Servers, add: Add
) -> None:
    titles = [f"Song Number {n}" for n in range(4)]
    add(*titles)
    servers.plays |= dict.fromkeys(titles, "right")

    def stop_after_two(progress: dict[str, Any]) -> None:
        if progress["done"] == 2:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        lyrics.run(workspace, {}, stop_after_two)
    assert workspace.lyrics.counts("outcome") == {"found": 2}
    assert lyrics.fetch(workspace)["looked"] == 2


def test_a_wait_for_a_busy_source_can_be_stopped(workspace: Workspace, servers: Servers, add: Add) -> None:
    add("Busy")
    servers.plays["Busy"] = "429"
    told = iter(range(100))

    def stop(progress: dict[str, Any]) -> None:
        if next(told) > 1:  # the first is before the track
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        lyrics.run(workspace, {}, stop)


def test_time_stamps_of_another_recording_are_left_out(workspace: Workspace, servers: Servers, add: Add) -> None:
    (near,) = add("Harbour Lights")
    live = Tags(title="Harbour Lights (Live)", artist=ARTIST, duration=300.0)
    (far,) = workspace.tracks.add([FoundFile("/music/live.mp3", 9, 1.0, live)]).added
    servers.plays["Harbour Lights"] = "synced"
    lyrics.fetch(workspace)
    assert is_synced(known(workspace, near).synced or "")
    assert known(workspace, far).outcome == "found" and known(workspace, far).synced is None


def test_words_beside_the_file_come_before_any_question(
    workspace: Workspace, servers: Servers, add: Add, tmp_path: Path
) -> None:
    (track,) = add("Harbour Lights", folder=str(tmp_path))
    (tmp_path / "Harbour Lights.lrc").write_text(lrc(), "utf-8")
    lyrics.fetch(workspace)
    kept = known(workspace, track)
    assert (kept.source, kept.text, kept.match) == ("a file beside it", WORDS, None) and kept.synced
    assert servers.requests == []


# -- deciding and correcting --------------------------------------------------------------------------


def test_what_nearly_fits_waits_and_can_be_taken(workspace: Workspace, servers: Servers, add: Add) -> None:
    (track,) = add("Harbour Lights")
    servers.plays["Harbour Lights"] = "nearly"
    assert lyrics.fetch(workspace)["to_decide"] == 1
    assert known(workspace, track).outcome == "not there"
    (offer,) = lyrics.offers(workspace)
    taken = lyrics.take(workspace, offer["id"])
    assert (taken.text, taken.source) == (WORDS, "LRCLIB") and lyrics.offers(workspace) == []


def test_what_was_refused_is_not_offered_again(workspace: Workspace, servers: Servers, add: Add) -> None:
    add("Harbour Lights")
    servers.plays["Harbour Lights"] = "nearly"
    lyrics.fetch(workspace)
    lyrics.refuse(workspace, lyrics.offers(workspace)[0]["id"])
    assert lyrics.fetch(workspace, again=True)["to_decide"] == 0 and lyrics.offers(workspace) == []


def test_wrong_words_go_and_the_next_source_is_asked(workspace: Workspace, servers: Servers, add: Add) -> None:
    (track,) = add("Harbour Lights")
    servers.plays["Harbour Lights"] = "right"
    lyrics.fetch(workspace)
    lyrics.wrong(workspace, track)
    assert workspace.lyrics.of_track(track) is None and "lyrics" not in workspace.features.of_track(track)
    tokens.keep(workspace, TOKEN)
    lyrics_sources.allow(workspace, "Genius", True)
    lyrics.fetch(workspace)
    assert known(workspace, track).source == "Genius"


def test_every_correction_can_be_taken_back(workspace: Workspace, servers: Servers, add: Add) -> None:
    (track,) = add("Harbour Lights")
    servers.plays["Harbour Lights"] = "synced"
    lyrics.fetch(workspace)
    before, vector = known(workspace, track), workspace.features.of_track(track)["lyrics"]
    for correct in (
        lambda: lyrics.wrong(workspace, track),
        lambda: lyrics.write(workspace, track, ANOTHER),
        lambda: lyrics.say_instrumental(workspace, track),
        lambda: lyrics.clear(workspace),
    ):
        correct()
        assert workspace.lyrics.of_track(track) != before
        labeling.undo_act(workspace, workspace.acts.all(limit=1)[0].id)
        assert workspace.lyrics.of_track(track) == before
        assert workspace.features.of_track(track)["lyrics"].tolist() == vector.tolist()
        assert workspace.lyrics.refused(track) == set()


def test_no_search_replaces_what_the_person_wrote(workspace: Workspace, servers: Servers, add: Add) -> None:
    (track,) = add("Harbour Lights")
    servers.plays["Harbour Lights"] = "right"
    lyrics.write(workspace, track, ANOTHER)
    lyrics.fetch(workspace, again=True)
    lyrics.fetch(workspace, track_ids=[track])
    assert (known(workspace, track).text, known(workspace, track).source) == (ANOTHER, "you")
    assert lyrics.clear(workspace) == {"cleared": 0, "kept": 1}
    assert lyrics.clear(workspace, by_hand=True) == {"cleared": 1, "kept": 0}


def test_pasted_time_stamps_are_followed(workspace: Workspace, add: Add) -> None:
    (track,) = add("Harbour Lights")
    lyrics.write(workspace, track, lrc())
    shown = lyrics.show(workspace, track)
    assert shown["synced"] and [line["seconds"] for line in shown["lines"]][:2] == [8.0, 12.0]


def test_empty_words_change_nothing(workspace: Workspace, add: Add) -> None:
    (track,) = add("Harbour Lights")
    with pytest.raises(EarmarkError, match="There are no words in this for Harbour Lights; nothing was changed"):
        lyrics.write(workspace, track, " [Chorus] \n")
    assert workspace.lyrics.of_track(track) is None and workspace.acts.all() == []


def test_a_merge_keeps_the_words_of_the_track_that_has_some(workspace: Workspace, add: Add) -> None:
    keep, gone = add("Harbour Lights", "Harbour Lights Again")
    workspace.lyrics.put(Lyrics(keep, "not there"))
    lyrics.write(workspace, gone, WORDS)
    workspace.tracks.merge(keep, gone)
    assert known(workspace, keep).text == WORDS


def test_a_title_that_says_instrumental_can_be_wrong_too(workspace: Workspace, servers: Servers, add: Add) -> None:
    (track,) = add("Harbour Lights (Instrumental)")
    lyrics.fetch(workspace)
    assert lyrics.show(workspace, track)["sentence"] == "Nothing is sung here, says its title."
    lyrics.wrong(workspace, track)
    lyrics.fetch(workspace)
    assert known(workspace, track).outcome == "not there"


# -- showing ------------------------------------------------------------------------------------------


def test_a_song_is_shown_with_how_each_line_feels(workspace: Workspace, add: Add) -> None:
    (track,) = add("Harbour Lights")
    lyrics.write(workspace, track, "I love this happy morning with you\n\nI cry alone and the night is cold\nThe road")
    shown = lyrics.show(workspace, track)
    signs = [line["sentiment"] and (line["sentiment"] > 0) - (line["sentiment"] < 0) for line in shown["lines"]]
    assert signs == [1, None, -1, 0]
    assert shown["figures"]["words"] == 17 and shown["figures"]["lines"] == 3
    assert shown["mood"]["positive"] == pytest.approx(1 / 3, abs=0.001)


def test_another_language_gets_everything_but_sentiment(workspace: Workspace, add: Add) -> None:
    (track,) = add("Hafenlichter")
    lyrics.write(workspace, track, "Die Lichter am Hafen gehen aus\nIch falte die Karte und gehe nach Haus\nallein")
    shown = lyrics.show(workspace, track)
    assert shown["language"] == "de" and shown["mood"] is None and shown["figures"]["words"] == 15
    assert all(line["sentiment"] is None for line in shown["lines"])


def test_coverage_counts_every_track_once(workspace: Workspace, servers: Servers, add: Add) -> None:
    add("Found", "Silent", "Absent", "Broken", "Nearly")
    servers.plays |= {"Found": "right", "Silent": "instrumental", "Broken": "garbage", "Nearly": "nearly"}
    lyrics.fetch(workspace, limit=4)
    counts = lyrics.coverage(workspace)
    facts = [counts[name] for name in ("found", "instrumental", "not_there", "failed", "not_looked_for")]
    assert facts == [1, 1, 1, 1, 1] and counts["tracks"] == 5
    assert counts["by_source"] == {"LRCLIB": 1} and counts["by_language"] == {"en": 1}


# -- the token ----------------------------------------------------------------------------------------


def test_genius_needs_a_token_and_says_how_to_get_one(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(tokens.GENIUS, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EarmarkError, match=r"needs an access token of your own\. On genius\.com/api-clients"):
        lyrics_sources.allow(workspace, "genius", True)
    assert lyrics_sources.allowed(workspace) == ()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere.")
def test_a_kept_token_is_readable_by_its_owner_alone(workspace: Workspace) -> None:
    tokens.keep(workspace, f" Bearer {TOKEN}\n")
    files = [path for path in workspace.home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]
    assert tokens.token(workspace) == tokens.Token(TOKEN, "Settings", True)
    assert tokens.forget(workspace) and tokens.token(workspace) is None


def test_a_token_is_found_where_people_keep_them(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(tokens.GENIUS, raising=False)
    monkeypatch.chdir(tmp_path)
    tokens.keep(workspace, "kept-in-settings-1234567890")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(f'{tokens.GENIUS} = "of-streamlit"', "utf-8")
    assert tokens.token(workspace).value == "of-streamlit"
    (tmp_path / ".env").write_text(f"{tokens.GENIUS}='of-dotenv'\n", "utf-8")
    assert tokens.token(workspace).value == "of-dotenv"
    monkeypatch.setenv(tokens.GENIUS, "of-environment")
    assert tokens.token(workspace) == tokens.Token("of-environment", "the environment")


def test_a_token_is_shown_nowhere(workspace: Workspace, servers: Servers, add: Add) -> None:
    tokens.keep(workspace, TOKEN)
    lyrics_sources.allow(workspace, "Genius", True)
    add("Broken")
    servers.plays["Broken"] = "403"
    said = json.dumps([lyrics.fetch(workspace), lyrics_sources.state(workspace), repr(tokens.token(workspace))])
    assert TOKEN not in said and "Settings" in said
    assert TOKEN.encode() not in (workspace.home / "earmark.db").read_bytes()


@pytest.mark.parametrize("value", ["", "short", "two words that are no token at all", "ü" * 40])
def test_what_cannot_be_a_token_is_refused_without_repeating_it(value: str, workspace: Workspace) -> None:
    with pytest.raises(EarmarkError, match="This is no access token") as found:
        tokens.keep(workspace, value)
    assert not value.strip() or value not in str(found.value)


def test_a_token_is_tried_with_one_question(workspace: Workspace, servers: Servers) -> None:
    tokens.keep(workspace, TOKEN)
    servers.plays["Yesterday"] = "right"
    assert lyrics_sources.check_token(workspace) == "Genius accepts the token."
    servers.plays["Yesterday"] = "403"
    with pytest.raises(EarmarkError, match=r"Genius refuses this computer \(403\)\. The token is kept"):
        lyrics_sources.check_token(workspace)
