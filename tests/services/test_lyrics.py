"""What the person says of words is kept, heard by the models, and can be taken back."""

from __future__ import annotations

import pytest

from benchmarks.lyrics_servers import ANOTHER, WORDS, Servers, lrc
from core.errors import EarmarkError
from core.records import Lyrics
from services import labeling, lyrics, lyrics_search, lyrics_shown, lyrics_sources, tokens
from services.workspace import Workspace
from tests.services.conftest import AddSongs, words_known


def test_what_nearly_fits_waits_and_can_be_taken(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    (track,) = add_songs("Harbour Lights")
    servers.plays["Harbour Lights"] = "nearly"
    assert lyrics_search.fetch(workspace)["to_decide"] == 1
    assert words_known(workspace, track).outcome == "not there"
    (offer,) = lyrics_shown.offers(workspace)
    taken = lyrics.take(workspace, offer["id"])
    assert (taken.text, taken.source) == (WORDS, "LRCLIB") and lyrics_shown.offers(workspace) == []


def test_what_was_refused_is_not_offered_again(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    add_songs("Harbour Lights")
    servers.plays["Harbour Lights"] = "nearly"
    lyrics_search.fetch(workspace)
    lyrics.refuse(workspace, lyrics_shown.offers(workspace)[0]["id"])
    assert lyrics_search.fetch(workspace, again=True)["to_decide"] == 0 and lyrics_shown.offers(workspace) == []


def test_wrong_words_go_and_the_next_source_is_asked(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    (track,) = add_songs("Harbour Lights")
    servers.plays["Harbour Lights"] = "right"
    lyrics_search.fetch(workspace)
    lyrics.wrong(workspace, track)
    assert workspace.lyrics.of_track(track) is None and "lyrics" not in workspace.features.of_track(track)
    tokens.keep(workspace, "a-token-of-the-right-length-1234567890")
    lyrics_sources.allow(workspace, "Genius", True)
    lyrics_search.fetch(workspace)
    assert words_known(workspace, track).source == "Genius"


def test_every_correction_can_be_taken_back(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    (track,) = add_songs("Harbour Lights")
    servers.plays["Harbour Lights"] = "synced"
    lyrics_search.fetch(workspace)
    before, vector = words_known(workspace, track), workspace.features.of_track(track)["lyrics"]
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


def test_no_search_replaces_what_the_person_wrote(workspace: Workspace, servers: Servers, add_songs: AddSongs) -> None:
    (track,) = add_songs("Harbour Lights")
    servers.plays["Harbour Lights"] = "right"
    lyrics.write(workspace, track, ANOTHER)
    lyrics_search.fetch(workspace, again=True)
    lyrics_search.fetch(workspace, track_ids=[track])
    assert (words_known(workspace, track).text, words_known(workspace, track).source) == (ANOTHER, "you")
    assert lyrics.clear(workspace) == {"cleared": 0, "kept": 1}
    assert lyrics.clear(workspace, by_hand=True) == {"cleared": 1, "kept": 0}


def test_pasted_time_stamps_are_followed(workspace: Workspace, add_songs: AddSongs) -> None:
    (track,) = add_songs("Harbour Lights")
    lyrics.write(workspace, track, lrc())
    shown = lyrics_shown.show(workspace, track)
    assert shown["synced"] and [line["seconds"] for line in shown["lines"]][:2] == [8.0, 12.0]


def test_empty_words_change_nothing(workspace: Workspace, add_songs: AddSongs) -> None:
    (track,) = add_songs("Harbour Lights")
    with pytest.raises(EarmarkError, match="There are no words in this for Harbour Lights; nothing was changed"):
        lyrics.write(workspace, track, " [Chorus] \n")
    assert workspace.lyrics.of_track(track) is None and workspace.acts.all() == []


def test_a_merge_keeps_the_words_of_the_track_that_has_some(workspace: Workspace, add_songs: AddSongs) -> None:
    keep, gone = add_songs("Harbour Lights", "Harbour Lights Again")
    workspace.lyrics.put(Lyrics(keep, "not there"))
    lyrics.write(workspace, gone, WORDS)
    workspace.tracks.merge(keep, gone)
    assert words_known(workspace, keep).text == WORDS


def test_a_title_that_says_instrumental_can_be_wrong_too(
    workspace: Workspace, servers: Servers, add_songs: AddSongs
) -> None:
    (track,) = add_songs("Harbour Lights (Instrumental)")
    lyrics_search.fetch(workspace)
    assert lyrics_shown.show(workspace, track)["sentence"] == "Nothing is sung here, says its title."
    lyrics.wrong(workspace, track)
    lyrics_search.fetch(workspace)
    assert words_known(workspace, track).outcome == "not there"
