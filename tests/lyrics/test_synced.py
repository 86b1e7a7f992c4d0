"""LRC: whatever a file does with its stamps, each line comes once for each time it is sung, in order."""

from __future__ import annotations

import pytest

from lyrics.synced import Line, is_synced, parse, plain

SONG = """[ti:Window Seat]
[ar:Hollow Pines]
[00:12.50]We left before the milk was poured
[00:17.00]And no one heard the closing door
"""


def test_each_stamped_line_is_one_and_tags_are_none() -> None:
    assert parse(SONG) == [
        Line(12.5, "We left before the milk was poured"),
        Line(17.0, "And no one heard the closing door"),
    ]


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [("00:01", 1.0), ("00:01.5", 1.5), ("00:01.50", 1.5), ("00:01.500", 1.5), ("1:02.03", 62.03),
     ("61:00.00", 3660.0), ("123:45", 7425.0), ("01:00:00.00", 3600.0), ("01:02:50", 62.5)],
)  # fmt: skip
def test_stamps_are_read_in_every_usual_form(stamp: str, seconds: float) -> None:
    ((line),) = parse(f"[{stamp}] Words")
    assert line.seconds == pytest.approx(seconds) and line.text == "Words"


def test_several_stamps_repeat_a_line_in_its_places() -> None:
    lines = parse("[00:10.00][00:30.00] Chorus\n[00:20.00] Verse")
    assert [(line.seconds, line.text) for line in lines] == [(10.0, "Chorus"), (20.0, "Verse"), (30.0, "Chorus")]


@pytest.mark.parametrize(("offset", "seconds"), [("500", 9.5), ("+500", 9.5), ("-500", 10.5), ("0", 10.0)])
def test_an_offset_moves_every_line_earlier(offset: str, seconds: float) -> None:
    assert [line.seconds for line in parse(f"[offset:{offset}]\n[00:10.00] Words")] == [seconds]


def test_no_line_is_sung_before_the_song_begins() -> None:
    assert parse("[offset:5000]\n[00:01.00] Words") == [Line(0.0, "Words")]


def test_stamps_of_single_words_go() -> None:
    (line,) = parse("[00:05.00] <00:05.00> One <00:05.40> slow <00:06.10> step")
    assert line == Line(5.0, "One slow step")


def test_lines_of_one_moment_keep_their_order() -> None:
    assert [line.text for line in parse("[00:05.00] Low\n[00:05.00] High")] == ["Low", "High"]


@pytest.mark.parametrize(
    "broken", ["[00:xx.00] Words", "[:10.00] Words", "[00:10.00 Words", "00:10.00] Words", "[] Words", "[10] Words"]
)
def test_a_line_with_a_broken_stamp_is_left_out(broken: str) -> None:
    assert parse(f"{broken}\n[00:20.00] Good") == [Line(20.0, "Good")]


@pytest.mark.parametrize("text", ["", "\n\n", "Words without stamps", "[Chorus]\nWords", "We met at 12:30"])
def test_a_text_without_stamps_has_no_lines_and_stays_as_it_is(text: str) -> None:
    assert parse(text) == [] and not is_synced(text) and plain(text) == text


def test_one_stamped_line_is_not_yet_lrc() -> None:
    assert not is_synced("[00:10.00] Words\nMore words") and is_synced("[00:10.00] Words\n[00:11.00] More words")


def test_words_are_given_in_the_order_they_are_sung() -> None:
    assert plain("[00:20.00]Second\n[00:10.00][00:30.00]First and last") == "First and last\nSecond\nFirst and last"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(ends: str) -> None:
    assert parse(SONG.replace("\n", ends)) == parse(SONG)


def test_words_of_every_script_stay() -> None:
    assert plain("[00:01.00]Окно\n[00:02.00]窓のそば\n[00:03.00]Fenêtre") == "Окно\n窓のそば\nFenêtre"


def test_a_stamped_blank_line_keeps_its_place_between_two_parts() -> None:
    assert plain("[00:01.00]One\n[00:05.00]\n[00:09.00]Two") == "One\n\nTwo"


@pytest.mark.parametrize("stamps", ["[00:xx.00][00:20.00]", "[00:20.00][00:xx.00]", "[:10][00:20.00] [-00:01.00]"])
def test_a_broken_stamp_does_not_take_the_good_one_with_it(stamps: str) -> None:
    assert parse(f"{stamps} Words") == [Line(20.0, "Words")]


def test_words_without_a_stamp_stay_behind_the_line_before_them() -> None:
    half = "[ti:Lamps]\n[00:09.00]Three\nand four\n[00:01.00]One\n[00:xx.00]and two\n"
    assert plain(half) == "One\nand two\nThree\nand four"
    assert [line.text for line in parse(half)] == ["One", "Three"]


def test_a_mark_of_the_encoding_does_not_hide_the_first_line() -> None:
    assert parse("\ufeff[00:01.00]One\n[00:02.00]Two") == [Line(1.0, "One"), Line(2.0, "Two")]


def test_a_long_row_of_stamps_is_read_at_once() -> None:
    assert len(parse("[00:01.00]" * 5_000 + "Words")) == 5_000
    assert parse("[00:xx.00]" * 5_000 + "Words") == []
