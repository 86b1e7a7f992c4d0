"""Recognising recordings: what is the same under two names, and what only looks like it."""

from __future__ import annotations

import pytest

from core.matching import artist_key, plain, recording_key, similar, title_key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  The   Wall ", "wall"), ("The The", "the"), ("The", "the"), ("Theatre", "theatre"),
        ("Simon & Garfunkel", "simon and garfunkel"), ("Florence + The Machine", "florence and the machine"),
        ("Guns N' Roses", "guns and roses"), ("Don’t Stop", "dont stop"), ("R.E.M.", "rem"), ("AC/DC", "ac dc"),
        ("Sigur Rós", "sigur ros"), ("Beyoncé", "beyonce"), ("Be\u0301yonce", "beyonce"), ("Straße", "strasse"),
        ("Mötley Crüe", "motley crue"), ("Røyksopp", "royksopp"), ("P!nk", "pink"), ("A$AP Rocky", "asap rocky"),
        ("ＦＵＬＬ　ＷＩＤＴＨ", "full width"), ("坂本龍一", "坂本龍一"), ("ｶﾞﾗｽ", "ガラス"), ("가", "가"),
        ("Кино", "кино"),
        ("Ёлка", "ёлка"), ("Μάρω", "μαρω"), ("", ""), (" ", ""), ("Prelude in C# minor", "prelude in c sharp minor"),
        ("1.5", "1 5"), ("1+1", "1 and 1"),
    ],
)  # fmt: skip
def test_a_text_is_brought_to_its_plain_form(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_a_plain_form_stays_as_it_is() -> None:
    for text in ["The Beyoncé & P!nk", "( )", "Guns N' Roses", "Ёлка", "ガラス", "C# minor", "R.E.M."]:
        assert plain(plain(text)) == plain(text)


def test_titles_of_signs_alone_stay_apart() -> None:
    titles = ["?", "!", "( )", "...", "+", "÷", "×", "♥", "-", "()"]
    assert len({title_key(title) for title in titles}) == len(titles)
    assert len({recording_key("Sigur Rós", title) for title in titles}) == len(titles)
    assert "" not in map(title_key, titles)


@pytest.mark.parametrize(
    "title",
    [
        "Help!", "help", "HELP!", "Help! (Remastered 2009)", "Help! - 2009 Remaster", "Help! - Remastered",
        "Help! [Explicit]",
        "Help! (2009 Digital Remaster)", "Help! (Digitally Remastered)", "Help! - Remastered Version",
        "Help! (Re-Mastered)",
        "Help! (Album Version)", "Help! (Original Album Version)", "Help! (LP Version)", "Help! (Explicit Version)",
        "Help! (feat. Ringo)", "Help! feat. Ringo", "Help! ft. Ringo Starr & Friends", "Help! [Featuring Ringo]",
        "Help! (Bonus Track)", "Help! (Deluxe Edition)", "Help! (50th Anniversary Remaster)",
        "Help! (feat. R) [Remastered 2015]",
        "01 - Help!", "01. Help!", "1-07 - Help!", "12 – Help!", "Help! (50th Anniversary Edition)",
        "Help! (2015 Remastered Version)",
    ],
)  # fmt: skip
def test_notes_about_the_edition_do_not_make_another_recording(title: str) -> None:
    assert title_key(title) == "help"


@pytest.mark.parametrize(
    "title",
    ["Help! (Live)", "Help! - Live at the BBC", "Help! (Acoustic)", "Help! (X Remix)", "Help! (Demo)",
     "Help! (Radio Edit)",
     "Help! (Instrumental)", "Help! (Karaoke Version)", "Help! (Mono)", "Help! (Stereo)", "Help! (Single Version)",
     "Help! (2009 Stereo Remaster)", "Help! (Live / Remastered 2009)", "Help! (Clean)", "Help! Help!", "Help! (Part 2)",
     "Help! (Reprise)", "Help! (Extended Mix)", "Help! (Taylor's Version)", "Help! [Take 3]"],
)  # fmt: skip
def test_what_makes_another_recording_stays(title: str) -> None:
    assert title_key(title) != "help" and title_key(title).startswith("help")


def test_one_note_is_read_alike_in_brackets_and_after_a_dash() -> None:
    assert title_key("Help! (Live)") == title_key("Help! - Live") == title_key("Help! [Live] (Remastered 2009)")
    assert title_key("Help! (2009 Stereo Remaster)") != title_key("Help! (2009 Mono Remaster)")


@pytest.mark.parametrize(
    ("one", "other"),
    [("1. Allegro", "3. Allegro"), ("7", "11"), ("1+1", "11"), ("Prelude in C# minor", "Prelude in C minor"),
     ("24-7", "247"), ("Part 1", "Part 2"), ("1979", "1999"), ("Live", "Alive"), ("мой", "мои"), ("ハハ", "パパ"),
     ("I", "II"), ("Symphony No. 1 1", "Symphony No. 11")],
)  # fmt: skip
def test_different_titles_have_different_keys(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


@pytest.mark.parametrize(
    ("title", "expected"),
    [("(Remastered)", "remastered"), ("[Explicit]", "explicit"), ("Explicit", "explicit"), ("1999", "1999"),
     ("22 - 7", "22 7"),
     ("A Feat of Strength", "afeatofstrength"), ("6 Ft Under", "6ftunder"),
     ("(I Can't Get No) Satisfaction", "icantgetnosatisfaction"),
     ("99 Luftballons", "99luftballons"), ("100%", "100"), ("((deep)) song", "deepsong"),
     ("Song (unclosed", "songunclosed")],
)  # fmt: skip
def test_a_title_that_looks_like_a_note_is_still_a_title(title: str, expected: str) -> None:
    assert title_key(title) == expected


@pytest.mark.parametrize("artist", ["Elton John", "elton john", "Elton John feat. Kiki Dee", "Elton John ft Kiki Dee",
                                    "Elton John with Kiki Dee", "Elton John (featuring Kiki Dee)"])  # fmt: skip
def test_guests_are_not_the_artist(artist: str) -> None:
    assert artist_key(artist) == "eltonjohn"


def test_an_artist_whose_name_begins_like_a_guest_is_kept() -> None:
    assert artist_key("With Confidence") == "withconfidence"
    assert artist_key("The Beatles") == artist_key("Beatles")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("AC/DC", "Thunderstruck"), ("ACDC", "02 - Thunderstruck [Remastered]")),
        (("Sigur Rós", "Hoppípolla"), ("Sigur Ros", "Hoppipolla")),
        (("Beyoncé feat. JAY-Z", "Crazy in Love"), ("Beyonce", "Crazy In Love (feat. Jay-Z)")),
        (("P!nk", "So What"), ("PINK", "So What [Explicit]")),
        (("The Beatles", "Help!"), ("Beatles", "Help")),
        (("Кино", "Группа крови"), ("КИНО", "Группа Крови")),
        (("坂本龍一", "戦場のメリークリスマス"), ("坂本龍一", "戦場のメリークリスマス (2013 Remaster)")),
    ],
)  # fmt: skip
def test_one_recording_under_two_names_has_one_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert recording_key(*one) == recording_key(*other) is not None


@pytest.mark.parametrize(
    ("artist", "title"),
    [(None, "Help!"), ("", "Help!"), ("Adele", None), ("Adele", " "), ("Unknown Artist", "Help!"),
     ("<unknown>", "Help!"),
     ("Various Artists", "Help!"), ("Adele", "Track 01"), ("Adele", "Track01"), ("Adele", "Audiotrack 3"),
     ("Adele", "Untitled"),
     ("Adele", "AudioTrack 03"), ("Adele", "Titel 4"), ("Adele", "01 - Track 01"), ("Adele", "<Unknown>"),
     ("Adele", "[untitled]"),
     ("Unbekannter Interpret", "Help!")],
)  # fmt: skip
def test_blank_and_stand_in_tags_name_no_recording(artist: str | None, title: str | None) -> None:
    assert recording_key(artist, title) is None


def test_artist_and_title_cannot_run_together() -> None:
    assert recording_key("ab", "c") != recording_key("a", "bc")


@pytest.mark.parametrize(("a", "b", "least", "most"), [
    ("Björk - Jóga", "joga bjork", 1, 1), ("Help!", "Help", 1, 1), ("", "", 0, 0), ("Help", "", 0, 0), ("?", "?", 1, 1),
    ("Bohemian Rhapsody", "Bohemain Rapsody", 0.8, 0.99), ("Help", "Yesterday", 0, 0.5),
    ("坂本龍一", "坂本 龍一", 0.8, 1),
])  # fmt: skip
def test_likeness_lies_between_none_and_one_and_is_symmetric(a: str, b: str, least: float, most: float) -> None:
    assert least <= similar(a, b) <= most
    assert similar(a, b) == similar(b, a)
