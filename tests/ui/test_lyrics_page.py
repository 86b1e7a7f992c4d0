"""The Lyrics page: what is known is said first, words are read, decided, corrected, taken back and told apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.lyrics_servers import ANOTHER, ARTIST, DURATION, WORDS, lrc
from core.records import Offer
from lyrics.providers import Verdict
from services import lyrics_shown, lyrics_sources, tokens
from services.engine import Engine
from services.lyrics_search import keep

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-that-nobody-may-see-1234567890"

Visit = Callable[..., AppTest]
Fill = Callable[..., list[int]]


@pytest.fixture
def visit(opened: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Visit:
    """Give a function that opens a page and sees that nothing went wrong."""
    monkeypatch.delenv(tokens.GENIUS, raising=False)
    monkeypatch.chdir(tmp_path)

    def go(view: str = "lyrics", part: str | None = None) -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60).run()
        at.switch_page(f"views/{view}.py").run()
        assert not at.exception, at.exception[0].message
        if part is not None:
            at.session_state["settings-part" if view == "settings" else "lyrics-part"] = part
            run(at)
        return at

    return go


@pytest.fixture
def sung(opened: Engine, fill: Fill) -> list[int]:
    """Give eight rated tracks: four with words, one instrumental, one not there with an offer, one failed, one new."""
    ids = fill(8, ratings=["liked", "disliked"] * 4)
    offer = Offer("LRCLIB", WORDS, title="Song", artist=ARTIST, duration=DURATION, match=1.0)
    verdicts = [
        Verdict("found", offer),
        Verdict("found", Offer("Genius", ANOTHER, match=0.95)),
        Verdict("found", Offer("LRCLIB", WORDS, lrc(), match=1.0)),
        Verdict("found", Offer("your file", ANOTHER)),
        Verdict("instrumental", Offer("LRCLIB", instrumental=True, match=1.0)),
        Verdict("not there", doubtful=(Offer("LRCLIB", WORDS, title="Song Tonight", artist=ARTIST, match=0.8),)),
        Verdict("failed", reason="LRCLIB refuses this computer (403)."),
    ]
    for track, verdict in zip(ids, verdicts, strict=False):
        keep(opened.workspace, opened.workspace.tracks.get(track), verdict, ["your file", "a file beside it"])
    return ids


def run(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    kinds = ("markdown", "caption", "error", "text", "header", "title")
    return "\n".join(element.value for kind in kinds for element in at.get(kind))


def clouds(at: AppTest) -> list[str]:
    """Return what the word clouds on the page are of, each once a word is drawn."""
    found = [re.search(r"Word cloud of ([^:]+): \w", str(element.value)) for element in at.get("html")]
    return [cloud[1] for cloud in found if cloud]


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return run(at)


def choose(at: AppTest, row: int) -> AppTest:
    """Choose a song in the list."""
    key = next(table.key for table in at.dataframe if table.key.startswith("lyrics-table"))
    at.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return run(at)


def test_before_the_first_search_the_page_says_where_is_looked(visit: Visit, fill: Fill) -> None:
    fill(3)
    at = visit()
    assert "No lyrics yet. They are looked for in your files" in said(at) and "Asked: your files only." in said(at)
    assert not at.button(key="lyrics-search").disabled


def test_what_is_known_of_all_tracks_comes_first(visit: Visit, sung: list[int]) -> None:
    at = visit()
    assert "Words of 4 of 8 tracks, 1 instrumental. 1 not there, 1 failed, 1 not looked for yet." in said(at)
    assert "1 track to look for." in said(at)


def test_the_search_is_queued_once(visit: Visit, sung: list[int], opened: Engine) -> None:
    at = click(visit(), "lyrics-search")
    assert [job.kind for job in opened.workspace.jobs.open()] == ["lyrics"]
    assert at.button(key="lyrics-search").disabled and "Looking for lyrics" in said(at)


def test_a_song_is_read_with_what_its_words_are_like(visit: Visit, sung: list[int]) -> None:
    at = choose(visit(), 0)
    assert "From LRCLIB, fits 100 %." in said(at) and "English · " in said(at) and "sentiment " in said(at)


def test_what_nearly_fits_is_decided_on_the_page(visit: Visit, sung: list[int], opened: Engine) -> None:
    (offer,) = lyrics_shown.offers(opened.workspace)
    at = visit()
    assert "“Song Tonight” by Hollow Pines, from LRCLIB. The names fit 80 %." in said(at)
    at = click(at, f"lyrics-offer-{offer['id']}-take")
    assert lyrics_shown.coverage(opened.workspace)["found"] == 5 and "Took the words offered for Song 5." in said(at)
    at = click(at, "lyrics-undo")
    assert lyrics_shown.coverage(opened.workspace)["found"] == 4
    click(at, f"lyrics-offer-{offer['id']}-refuse")
    assert lyrics_shown.offers(opened.workspace) == []


def test_wrong_lyrics_go_are_looked_for_anew_and_can_come_back(visit: Visit, sung: list[int], opened: Engine) -> None:
    at = click(choose(visit(), 0), "lyrics-wrong")
    assert opened.workspace.lyrics.of_track(sung[0]) is None
    assert opened.workspace.jobs.open(kind="lyrics")[0].params == {"tracks": [sung[0]]}
    click(at, "lyrics-undo")
    assert opened.workspace.lyrics.of_track(sung[0]).text == WORDS


def test_words_are_corrected_by_hand(visit: Visit, sung: list[int], opened: Engine) -> None:
    at = choose(visit(), 0)
    field = f"lyrics-edit-{sung[0]}"
    assert at.text_area(key=field).value == WORDS
    at.text_area(key=field).set_value("A line of my own\nand another one that I sing")
    at = click(at, f"{field}-save")
    kept = opened.workspace.lyrics.of_track(sung[0])
    assert (kept.source, kept.text) == ("you", "A line of my own\nand another one that I sing")
    assert "Written by you." in said(choose(at, 0))


def test_an_empty_correction_is_refused_in_words(visit: Visit, sung: list[int], opened: Engine) -> None:
    at = choose(visit(), 0)
    at.text_area(key=f"lyrics-edit-{sung[0]}").set_value("  ")
    at = click(at, f"lyrics-edit-{sung[0]}-save")
    assert "There are no words in this for Song 0; nothing was changed." in said(at)


def test_words_that_tell_liked_from_disliked_are_drawn(visit: Visit, sung: list[int]) -> None:
    at = visit(part="Words")
    assert [box.value for box in at.selectbox] == ["liked", "disliked"]
    assert clouds(at) == ["liked", "disliked"] and "Log-odds of each word" in said(at)
    assert "No word is clearer than chance yet." in said(at)  # of two songs against two


def test_a_part_is_drawn_beside_everything_else(visit: Visit, sung: list[int]) -> None:
    at = visit(part="Words")
    at.selectbox(key="words-against-rating-liked").set_value("everything else")
    run(at)
    assert clouds(at) == ["liked", "everything else"]


def test_feelings_are_averaged_by_answer(visit: Visit, sung: list[int]) -> None:
    at = visit(part="Feelings")
    assert "On average: disliked +" in said(at) and "English songs only" in said(at)


def test_coverage_names_sources_and_languages_and_clears_them(visit: Visit, sung: list[int], opened: Engine) -> None:
    at = visit(part="Coverage")
    tables = {table.value.columns[0]: table.value for table in at.dataframe}
    sources = dict(zip(tables["Source"]["Source"], tables["Source"]["Tracks"], strict=True))
    assert sources == {"LRCLIB": 2, "Genius": 1, "your file": 1}
    assert tables["Language"]["Language"].tolist() == ["English"]
    click(at, "lyrics-clear")
    assert lyrics_shown.coverage(opened.workspace)["found"] == 0


def test_sources_are_turned_on_in_settings(visit: Visit, fill: Fill, opened: Engine) -> None:
    fill(3)
    at = visit("settings", "Lyrics")
    at.toggle(key="lyrics-source-LRCLIB").set_value(True)
    run(at)
    assert lyrics_sources.allowed(opened.workspace) == ("LRCLIB",)
    at.toggle(key="lyrics-source-Genius").set_value(True)
    run(at)
    assert "Genius needs an access token of your own" in said(at) and not at.toggle(key="lyrics-source-Genius").value


def test_a_token_is_kept_and_not_shown_again(visit: Visit, fill: Fill, opened: Engine) -> None:
    fill(3)
    at = visit("settings", "Lyrics")
    at.text_input(key="lyrics-token").set_value(TOKEN)
    at = click(at, "lyrics-token-keep")
    assert tokens.token(opened.workspace).value == TOKEN
    assert at.text_input(key="lyrics-token").value == "" and TOKEN not in said(at)
    assert "There is one, from Settings." in said(at)
    at = click(at, "lyrics-token-remove")
    assert tokens.token(opened.workspace) is None
