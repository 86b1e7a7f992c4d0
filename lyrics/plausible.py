"""Whether a text is the words of a song at all: track lists, essays, notices and pages are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from lyrics.language import detect

FEWEST = 6  # words: a chorus of three short lines has as many
MOST = 4_000  # words: the longest rap songs have some 2,000
NOTICE_LENGTH = 400  # characters: longer texts may speak of such things
NO_WORDS_HERE = re.compile(
    r"""\b(?:lyrics\s(?:for\sthis\s(?:song|track)\s)?(?:have\syet|are\snot|aren't|will\sbe|not|unavailable|coming|to\sbe)
    |(?:do\snot|don't|no)\s(?:yet\s)?(?:have|find|found)?\s?(?:the\s|any\s)?lyrics|lyrics\snot\sfound|no\slyrics
    |page\s(?:was\s)?not\sfound|404\snot|access\sdenied|too\smany\srequests|enable\s(?:javascript|cookies)
    |bad\sgateway|service\sunavailable|(?:noch\s)?kein(?:en|e)?\s(?:song)?text|paroles\s(?:ne\ssont\spas|indisponibles|non)
    |letra\s(?:no\s|todavía\sno\s)?(?:está\s)?(?:no\s)?disponible|testo\snon\sdisponibile|letra\sindisponível
    |checking\syour\sbrowser|verify\s(?:that\s)?you\sare\s(?:a\s)?human|please\stry\sagain|internal\sserver\serror
    |removed\s(?:at\sthe\srequest|due\sto|for\scopyright)|(?:this\s(?:song|track)\sis\s(?:an\s)?)instrumental)\b""",
    re.I | re.X,
)
ONLY_INSTRUMENTAL = re.compile(r"\W*instrumental\W*", re.I)
ITEM = re.compile(r"^(?:disc|cd|side)?\s?[a-d]?\d{1,3}\s?[.):–-]\s?\S", re.I)
NUMBERED = re.compile(r"^\W*(\d{1,3})\s+\S")
LENGTH = re.compile(r"\b\d{1,2}:[0-5]\d\b\W*$")
NAME_DASH_NAME = re.compile(r"^\W*[A-ZÀ-ÞА-Я0-9][^–—-]{1,50}\s[–—-]\s[“\"']?[A-ZÀ-ÞА-Я0-9]")
DATE = re.compile(
    r"\b(?:\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?|\d{4}-\d{2}-\d{2}"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s\d{1,2}\b|\d{1,2}(?:st|nd|rd|th)?\s"
    r"(?:jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)[a-z]*)",
    re.I,
)
SPEAKER = re.compile(r"^(?:[A-ZÀ-Þ][\w.'’-]{0,20}(?:\s[A-ZÀ-Þ][\w.'’-]{0,20}){0,2}|Q|A)\s?:\s\S")
SENTENCE_WITHIN = re.compile(r"[a-zà-ÿ)\"”][.?!]\s+[A-ZÀ-Þ“\"]")
CODE = re.compile(r"[{}<>;]|\b(?:function|var|const|href|charset|css)\b|==?>")
LONG_LINE = 28  # words: of rap some have 20
PROSE_LINE = 9  # words a line of wrapped prose has at least, on average


def not_lyrics(text: str) -> str | None:
    r"""Say why a text is not the words of a song, None where it may be.

    By its length, by how much is said again, by the shape of its lines, and by whether it is in any language.

    Parameters
    ----------
    text : str
        Cleaned.

    >>> not_lyrics("1. Harbour (3:12)\n2. Letters (4:01)\n3. Sands (2:58)\n4. Clock (3:33)")
    'a list of tracks'
    >>> not_lyrics("Oh carry me over, carry me over\nThe river is wide and the night is young") is None
    True
    """
    lines = [line for line in text.split("\n") if line.strip()]
    return next((reason for reason, fits in NO_SONGS.items() if fits(text, lines)), None)


def _is_notice(text: str, lines: list[str]) -> bool:
    if ONLY_INSTRUMENTAL.fullmatch(text):
        return True
    return len(text) < NOTICE_LENGTH and NO_WORDS_HERE.search(text) is not None


def _is_short(text: str, lines: list[str]) -> bool:
    letters = sum(map(str.isalpha, text))
    dense = sum("\u3040" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7af" for sign in text)
    return len(text.split()) < FEWEST and letters < 4 * FEWEST and dense < FEWEST


def _is_page(text: str, lines: list[str]) -> bool:
    return _share(lines, CODE) > 0.3


def _is_track_list(text: str, lines: list[str]) -> bool:
    numbered, long = max(_share(lines, ITEM), _counted(lines)), _share(lines, LENGTH)
    names = _share(lines, NAME_DASH_NAME) if _repeated(lines) < 0.2 else 0.0
    return len(lines) >= 4 and max(numbered, long, names) >= 0.6


def _counted(lines: list[str]) -> float:
    """Return the share of lines that begin with the number after the last line's: "01 Harbour", "02 Letters"."""
    numbers = [int(found[1]) if (found := NUMBERED.match(line)) else None for line in lines]
    return sum(a is not None and b == a + 1 for a, b in pairwise(numbers)) / max(1, len(lines) - 1)


def _is_list_of_dates(text: str, lines: list[str]) -> bool:
    return len(lines) >= 3 and _share(lines, DATE) >= 0.5


def _is_list_of_names(text: str, lines: list[str]) -> bool:
    """Say whether hardly a word is written small and no language can be told."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    capital = sum(word[0].isupper() and not word.isupper() for word in words) / max(1, len(words))
    if len(lines) < 8 or capital < 0.85 or _repeated(lines) > 0.1 or max(len(line.split()) for line in lines) > 8:
        return False
    return detect(text) is None


def _is_interview(text: str, lines: list[str]) -> bool:
    return len(lines) >= 4 and _share(lines, SPEAKER) >= 0.5 and _words_a_line(lines) > PROSE_LINE


def _is_prose(text: str, lines: list[str]) -> bool:
    """Say whether sentences run on within and across the lines, and hardly a line comes again."""
    if _repeated(lines) > 0.15 or len(text.split()) < 40:
        return False
    run_on = _share(lines, SENTENCE_WITHIN)
    return (_words_a_line(lines) > LONG_LINE and run_on > 0) or (_words_a_line(lines) > PROSE_LINE and run_on > 0.35)


def _is_book(text: str, lines: list[str]) -> bool:
    return len(text.split()) > MOST and _repeated(lines) < 0.5


def _share(lines: list[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.search(line) is not None for line in lines) / len(lines) if lines else 0.0


def _repeated(lines: list[str]) -> float:
    """Return the share of lines that were said before."""
    return 1 - len({line.casefold() for line in lines}) / len(lines) if lines else 0.0


def _words_a_line(lines: list[str]) -> float:
    return sum(len(line.split()) for line in lines) / len(lines) if lines else 0.0


NO_SONGS: dict[str, Callable[[str, list[str]], bool]] = {
    "a notice instead of lyrics": _is_notice,
    "too short": _is_short,
    "a web page": _is_page,
    "a list of tracks": _is_track_list,
    "a list of dates": _is_list_of_dates,
    "an interview": _is_interview,
    "prose, not verse": _is_prose,
    "a list of names": _is_list_of_names,
    "far too long": _is_book,
}
