"""What is no song is told in a few words, and songs of every shape pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lyrics.cleaning import clean
from lyrics.plausible import not_lyrics

LONGER = (
    "I left my coat on the garden wall\nThe rain came in and took it all\n\n"
    "Carry me over, carry me home\nThe river is wide and cold as stone"
)
NO_SONGS = {
    "tracks counted without a point": "01 Harbour\n02 Paper Boats\n03 The Long Way\n04 Salt\n05 Morning Train",
    "numbered tracks": "1. Harbour\n2. Paper Boats\n3. The Long Way\n4. Salt\n5. Morning Train",
    "durations": "Harbour 3:12\nPaper Boats 4:01\nThe Long Way 2:58\nSalt 5:10\nMorning Train 3:33",
    "artists and titles": (
        "Nina Tide - Harbour\nThe Paper Boats - Salt\nOld Mill - The Long Way\nTom Reed - Morning\nVera - Lights"
    ),
    "tour dates": (
        "12 March - Leeds, Old Mill\n14 March - York, The Barn\n17 March - Hull, Pier Hall\n20 March - Bath, Forum"
    ),
    "numeric tour dates": (
        "03.04.2025 Köln, Werkhalle\n05.04.2025 Bremen, Pier\n09.04.2025 Kiel, Hafen\n11.04.2025 Jena, Kassa"
    ),
    "an essay": (
        "The harbour towns of the north have a long history of song. Workers carried tunes from quay to quay, and the "
        "melodies changed with every crossing. Scholars who studied them in the last century found few "
        "that had a known "
        "author.\n\nBy the time recordings were made, most of the singers had retired. What remains is therefore a "
        "selection, shaped by the taste of collectors. It is still the best evidence that we have of the tradition."
    ),
    "a wrapped essay": (
        "The harbour towns of the north have a long history of song. Workers\ncarried tunes from quay to quay, and the "
        "melodies changed with every\ncrossing. Scholars who studied them found few that had a known "
        "author.\nBy the time "
        "recordings were made, most singers had retired. What remains\n"
        "is a selection shaped by the taste of collectors. "
        "It is still the best\nevidence that we have of the tradition. Nobody has found a better one."
    ),
    "an interview": (
        "Interviewer: How did the new record come about, after so many years away?\nNina: I had a room by the sea and "
        "nothing to do for a whole winter, so I wrote.\n"
        "Interviewer: Did you record it there, or did you go back to the "
        "city for that?\nNina: Most of it there, with one microphone and the window open to the street."
    ),
    "an error page": "404 Not Found\nThe page you asked for was not found on this server.\nnginx",
    "a page of HTML": "<!DOCTYPE html>\n<html><head><title>403</title></head>\n<body><h1>Forbidden</h1></body></html>",
    "a check for robots": "Just a moment...\nPlease enable JavaScript and cookies to continue",
    "not released": "Lyrics for this song have yet to be released. Please check back once the song has been released.",
    "none there": "We do not have the lyrics for Harbour yet.",
    "instrumental": "Instrumental",
    "an instrumental": "This song is an instrumental",
    "too short": "Hello",
    "nothing": "",
    "a book": "\n".join(
        f"On day {n} the traveller number {n * 7} went up hill {n * 13} and came back by road {n * 3}"
        for n in range(500)
    ),
}
SONGS = {
    "a song": LONGER,
    "rap with long lines": (
        "I was up before the street lights out, lacing up my brother's boots, counting every coin I "
        "never had, and planning "
        "routes\nMama on the night shift, neighbours on the landing talking loud, I was in the corner "
        "with a pencil, head "
        "down, never proud\nTeacher said I'd never make a sentence stand up straight, so I stacked them "
        "into towers, now "
        "they're queueing at the gate\nEvery bar a brick, every brick a year I got to pay, build a house of breath and "
        "nobody can take that house away"
    ),
    "a hymn without repetition": (
        "O maker of the quiet hills,\nWhose hand has set the morning bright,\n"
        "Receive the thanks our labour fills\nAnd keep "
        "us through the coming night.\n\nThe fields lie open to thy rain,\n"
        "The barns are full, the harvest done;\nNo seed "
        "we scattered fell in vain\nBeneath the mercy of the sun."
    ),
    "a dance song": "Move your feet\n" * 24 + "All night long\n" * 8,
    "a spoken-word poem": (
        "My grandmother kept her money in a tin.\nShe said a bank is a man you have not met.\n"
        "I asked her once what she was "
        "saving for.\nShe looked at me the way you look at weather.\n"
        "Now the tin is mine. It is empty. It is heavy.\nI keep "
        "it on the shelf above the stove,\nand when I cannot pay, I take it down\n"
        "and count the nothing that she left me, "
        "twice."
    ),
    "a song that counts": "1, 2, 3, here we go\n4, 5, 6, take it slow\n7, 8, 9, you are mine\n1, 2, 3, here we go",
    "a dialogue": (
        "He: Will you come down to the sea?\nShe: I will if you sing for me\nHe: What shall I sing?\nShe: Anything"
    ),
    "a song in German": (
        "Ich geh allein am Fluss entlang\nund singe, was der Wind mir sang\n"
        "Die Stadt ist still, das Licht ist aus\nund keiner wartet mehr zu Haus"
    ),
    "a song in Japanese": "夜の海を見ていた\n君の声が聞こえる\n遠い町の灯りが\n静かに消えてゆく",
    "a song with dates": (
        "In March you came, in May you stayed\nIn June we danced in the parade\n"
        "October took you far away\nI count the nights since Saturday"
    ),
}


@pytest.mark.parametrize("text", NO_SONGS.values(), ids=NO_SONGS.keys())
def test_what_is_no_song_is_told_in_words(text: str) -> None:
    reason = not_lyrics(text)
    assert reason is not None and reason == reason.strip() and "_" not in reason
    assert not_lyrics(clean(text)) is not None


@pytest.mark.parametrize("text", SONGS.values(), ids=SONGS.keys())
def test_songs_of_many_shapes_are_songs(text: str) -> None:
    assert not_lyrics(clean(text)) is None


def test_every_real_song_is_one(shared: Callable[[str], Path]) -> None:
    texts = {path.stem: path.read_text("utf-8") for path in shared("lyrics/jamendo").glob("*.txt")}
    assert {name: why for name, text in texts.items() if (why := not_lyrics(clean(text)))} == {}
