"""Cleaning lyrics: what was added to the words goes, the words stay; and what is no song at all is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lyrics.cleaning import clean

VERSE = "The kettle sings on Harbour Street\nI count the boats and miss you"
LONGER = (
    "I left my coat on the garden wall\nThe rain came in and took it all\n\n"
    "Carry me over, carry me home\nThe river is wide and cold as stone"
)


@pytest.mark.parametrize(
    "header",
    [
        "[Chorus]",
        "[Verse 1: Nina]",
        "[Verse 2: Nina & Tom]",
        "[Pre-Chorus]",
        "[Guitar Solo]",
        "[Instrumental Break]",
        "(Refrain)",
        "(Chorus)",
        "Chorus:",
        "Verse 2",
        "Strophe 2",
        "Estribillo",
        "[Couplet 1]",
        "[Refrão]",
        "[Припев]",
        "[Ritornello]",
        "Refrain :",
        "{Chorus}",
        "[Chorus x2]",
        "Chorus x2",
        "[Repeat Chorus]",
        "[Both:]",
        "**Chorus**",
        "CHORUS",
        "[サビ]",
        "[Bridge: Tom, Nina]",
        "[Outro]",
        "[Intro]",
        "[Puente]",
        "[Hook]",
        "[Part II]",
    ],
)
def test_a_section_header_goes_and_parts_two_verses(header: str) -> None:
    assert clean(f"{VERSE}\n{header}\n{VERSE}") == f"{VERSE}\n\n{VERSE}"


@pytest.mark.parametrize(
    "line",
    [
        "[oh my love]",
        "(ooh, I love you)",
        "[Break my heart]",
        "[Bridge over water]",
        "(Hook me up)",
        "Verse after verse",
        "I sing in the chorus",
        "Part of me",
        "Solo",
        "Break",
        "the chorus of the crowd",
        "(and again)",
        "Bridge of sighs",
        "Hooked on you",
        "We were the intro to a song",
    ],
)
def test_sung_words_that_look_like_a_header_stay(line: str) -> None:
    assert clean(f"{VERSE}\n{line}\n{VERSE}") == f"{VERSE}\n{line}\n{VERSE}"


@pytest.mark.parametrize(
    "line",
    [
        "Sing it (x2)",
        "Sing it x3",
        "Sing it 2x",
        "Sing it [repeat 4x]",
        "||: Sing it :||",
        "Sing it (bis)",
        "Sing it [x4]",
        "Sing it (2x)",
        "Sing it ×2",
        "Sing it (repeat)",
        "|: Sing it :|",
    ],
)
def test_a_mark_of_repetition_goes_and_the_line_stays_once(line: str) -> None:
    assert clean(f"{line}\nand go") == "Sing it\nand go"


def test_a_line_that_is_only_a_mark_goes() -> None:
    assert clean("Sing it\n(x2)\nand go\n3x") == "Sing it\nand go"


@pytest.mark.parametrize(
    "line", ["I drive a BMW X5", "von morgens bis", "solve for x and y", "Repeat after me", "2 times"]
)
def test_words_that_look_like_a_mark_stay(line: str) -> None:
    assert clean(f"{line}\nand go") == f"{line}\nand go"


def test_what_genius_puts_around_the_words_goes() -> None:
    page = (
        "12 ContributorsTranslationsEspañolDeutschHarbour Street Lyrics[Verse 1]\nThe kettle singsYou might also like"
        "[Chorus]\nI miss youSee Nina LiveGet tickets as low as $12You might also likeAnd count the boats123Embed"
    )
    assert clean(page) == "The kettle sings\n\nI miss you\nAnd count the boats"


@pytest.mark.parametrize(
    ("raw", "sung"),
    [
        ("goodbye123Embed", "goodbye"),
        ("goodbyeEmbed", "goodbye"),
        ("goodbye\n7Embed", "goodbye"),
        ("goodbye1.2KEmbed", "goodbye"),
        ("words that I Embed", "words that I Embed"),
        ("do not embed me", "do not embed me"),
        ("born in 1985", "born in 1985"),
        ("born in 1985Embed", "born in 1985"),
        ("born in 19993Embed", "born in 1999"),
        ("count to 12Embed", "count to 12"),
    ],
)
def test_embed_goes_from_the_end_and_what_is_sung_stays(raw: str, sung: str) -> None:
    assert clean(f"{VERSE}\n{raw}") == f"{VERSE}\n{sung}"


def test_you_might_also_like_can_be_sung() -> None:
    sung = "You might also like the way I move\nand you might also like it"
    assert clean(sung) == sung
    assert clean("I move\nYou might also like\nyou move") == "I move\nyou move"


def test_time_stamps_and_tags_of_lrc_go() -> None:
    lrc = (
        "[ar:Nina]\n[ti:Boats]\n[offset:+200]\n[00:12.00]I count\n"
        "[00:15.30]<00:15.30>the <00:15.60>boats\n[00:17.00]\n[00:20.00][00:40.00]again"
    )
    assert clean(lrc) == "I count\nthe boats\n\nagain"


def test_remains_of_html_go() -> None:
    assert clean("I&#x27;m &amp; you<br>we<br/>\ngo <b>home</b> <3") == "I'm & you\nwe\ngo home <3"


@pytest.mark.parametrize(
    "credit",
    [
        "Lyrics by John Doe",
        "Written by: Jane Poe",
        "Words and music by N. Tide",
        "© 2019 Tide Music",
        "Copyright 2019 Tide Music",
        "Paroles de la chanson Ville par Nina",
        "Paroles de Nina Tide",
        "Powered by Wordhouse",
        "(c) Tide 2001",
        "Lyrics licensed and provided by Wordhouse",
        "Songtext von Nina: Boote",
        "All rights reserved",
        "作詞：高橋",
        "Musik: N. Tide",
    ],
)
def test_credits_go_from_top_and_bottom(credit: str) -> None:
    assert clean(f"{credit}\n\n{VERSE}") == VERSE
    assert clean(f"{VERSE}\n\n{credit}") == VERSE


def test_words_like_credits_stay_where_they_are_sung() -> None:
    for line in ["Written by the hand of night", "Copyright my heart", "Lyrics by heart", "Produced by love alone"]:
        assert clean(f"{line}\n{VERSE}") == f"{line}\n{VERSE}"
    assert clean(f"{VERSE}\nWritten by John Doe\n{VERSE}") == f"{VERSE}\nWritten by John Doe\n{VERSE}"


def test_odd_blanks_and_line_ends_become_usual_ones() -> None:
    assert clean("\ufeffa\u200bb\u00a0c\u3000d \r\ne\rf\n\n\n\ng\t h\u2028i\n") == "ab c d\ne\nf\n\ng h\ni"


def test_joiners_that_are_spelling_stay() -> None:
    assert clean("می\u200cخواهم") == "می\u200cخواهم"
    assert clean("wa\u200dter") == "water"


NOISY = [
    "12 ContributorsTranslationsEspañolHarbour Lyrics[Verse 1]\nI walkYou might also like[Chorus]\nStay123Embed",
    "&amp;amp;lt;br&amp;gt;one<br>two",
    "[Chorus] [Chorus]\nHook\ngo\n\nHook\nHook\nup",
    "Chorus: Chorus: la",
    "x2 x2 x2",
    "Lyrics by A\nLyrics by B\n\n\n(x2)\n© me",
    "5Embed5Embed",
    "[00:01.00][[00:02.00]00:03.00]a",
    "((x2)x2)",
    "|:||::|",
    "",
    " \n ",
    "[Instrumental]",
    "♪ la ♪",
    "<<b>b>",
    "See See A LiveGet tickets as low as $1",
    "a\u200b\n\u200b\nb",
    "- -\n—",
    "Embed",
]


@pytest.mark.parametrize("text", NOISY)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_the_words_of_real_songs_stay_to_the_letter(shared: Callable[[str], Path]) -> None:
    texts = [path.read_text("utf-8") for path in sorted(shared("lyrics/jamendo").glob("*.txt"))]
    assert [text.split() for text in texts] == [clean(text).split() for text in texts]
    assert all(clean(clean(text)) == clean(text) for text in texts)
