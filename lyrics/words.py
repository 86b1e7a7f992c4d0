"""The words of a song counted: tokens, content words, how varied they are and how much is said again."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

# Scripts without blanks between words: each character is a token.
KANA = "\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f"
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Vowel signs and accents that `\w` leaves out and that stand inside words.
MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u0655\u0670\u0900-\u0dff\u0e31-\u0e4e\u0eb1-\u0ecd\u102b-\u109d\u17b4-\u17d3"
LETTER = rf"(?:(?![{KANA}{HAN}])[^\W_]|[{MARKS}\u200c\u200d])"
WORD = rf"[{KANA}{HAN}]|{LETTER}+(?:'{LETTER}+)*"
COMPOUND = re.compile(rf"[{HAN}]+|[\u30a1-\u30fa\u30fc]{{2,}}")  # Japanese: characters in a row are mostly one word
APOSTROPHES = str.maketrans(dict.fromkeys("’‘`´ʼ＇", "'"))
TATWEEL = "\u0640"  # stretches Arabic words for the eye

# Sung for their sound, drawn out ("oooh") or said again ("lalala").
VOCABLE = re.compile(
    r"""  o+h* | a+h+ | u+h+ | u+ | e+h+ | e+y+ | a+y+ | o+y+ | e+o+h* | h+[ea]+y+ | h+e+y+a+ | h+[aeo]+h* | h*u+h+
        | m+h*m+ | h+m+ | w+h*o+a+h* | w+o+a*h+ | w+o{2,}h* | y+e+a+h* | y+e+a*h+ | y+[au]+h* | y+a+y+ | y+o+
        | n+a+h* | l+a+h* | d+a+h* | d+o{2,} | do{2}p | dum | dee | b+a+h* | bop | wop | sha | tra | tralala | shalala
        | trallala | falala | a+w+ | o+w+ | w+o+w+ | u+g+h+ | s+h{2,} | p+s+t+ | b+r{2,}a*h* | s+k+r+t*""",
    re.VERBOSE,
)
# Never "papa" and "nana", who are people.
DOUBLED = re.compile(
    r"(?!(?:nana|dada)\Z)((?:l[aeiou]|n[ae]|d[aou]|doo|dum|ba|bo|h[aeo]|hey|ja|je|y[aeo]|yeah|oh|ooh|ah|eh|uh|ay|ey|wo|sha|ra))\1+h?"
)


# Said in songs more than in the texts that stop word lists are made from.
SUNG_STOPS = frozenset({
    "gonna", "wanna", "gotta", "ain't", "aint", "cause", "cuz", "coz", "em", "ya", "y'all", "yall", "lemme",
    "gimme", "kinda", "sorta", "imma", "tryna", "til", "till", "'til", "dunno", "ooh", "yeah", "ok", "okay", "hey",
    "bout", "wit", "dat", "dis", "da", "nothin", "somethin", "cos", "i'mma", "ima", "woulda", "coulda", "shoulda",
    "oughta", "betcha", "gotcha", "doin", "goin", "comin", "gettin", "sayin", "takin", "makin", "lookin", "o'er",
    "ev'ry", "e'er", "ne'er",
})  # fmt: skip
# The English list was made for searching the web: these it stops tell songs apart.
SPARED = frozenset({
    "alone", "away", "beginning", "cry", "empty", "end", "face", "faces", "fire", "forever", "free", "full", "gone",
    "hell", "hello", "help", "high", "higher", "highest", "home", "hundred", "late", "lost", "low", "million",
    "mine", "moon", "old", "open", "past", "people", "poor", "proud", "ring", "room", "rooms", "run", "sincere",
    "sorry", "stop", "thank", "thanks", "thousand", "today", "together", "turn", "wait", "welcome", "wonder",
    "work", "world", "year", "years", "young", "younger", "youngest", "bottom", "dare", "fill", "truth", "whole",
    "wish", "words",
})  # fmt: skip
ELIDING = frozenset({"fr", "it", "ca", "oc"})  # l'amour, dell'anima: the word is behind the apostrophe

WINDOW = 50  # tokens: about eight lines


# -- tokens and terms -----------------------------------------------------------------------------------------


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, one by one as they are sung; Han characters and kana one each.

    >>> tokens("Don't stop, ROCK’n’roll -- 'til 3!")
    ["don't", 'stop', "rock'n'roll", 'til', '3']
    >>> tokens("君の name")
    ['君', 'の', 'name']
    """
    plain = unicodedata.normalize("NFC", text).translate(APOSTROPHES).replace(TATWEEL, "")
    return list(_tokenizer().tokenize(unicodedata.normalize("NFC", plain.lower())))


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    from nltk.tokenize import RegexpTokenizer

    return RegexpTokenizer(WORD)


def is_vocable(token: str) -> bool:
    """Say whether a token is sung for its sound alone.

    >>> [word for word in ["oooh", "lalala", "yeah", "love", "nanana", "lady"] if is_vocable(word)]
    ['oooh', 'lalala', 'yeah', 'nanana']
    """
    return (VOCABLE.fullmatch(token) or DOUBLED.fullmatch(token)) is not None


def terms(text: str, language: str | None) -> Counter[str]:
    r"""Count the content words of a song: no stop words, no vocables, no numbers, nothing of a single letter.

    Parameters
    ----------
    text : str
        Cleaned.
    language : str, optional
        ISO 639-1. Its stop words go, and the English ones always: English is sung everywhere. Some that the English
        list stops and that say much in a song stay ("fire", "world"; SPARED).

    Returns
    -------
    Counter
        Words in lower case. French and Italian articles that lean on a word are taken off ("l'amour"), so is the
        English 's. In Japanese, characters in a row are one word and hiragana goes.

    >>> terms("Oh, the fire in the rain\nla la la, the rain's on fire", "en")
    Counter({'fire': 2, 'rain': 2})
    """
    stops = stop_words(language)
    found = COMPOUND.findall(text) + _spelt(text) if language == "ja" else tokens(text)
    return Counter(word for token in found if (word := _bare(token, language)) and is_term(word, stops))


def _spelt(text: str) -> list[str]:
    """Return the tokens that are spelt with letters, for a text whose other words were found otherwise."""
    return [token for token in tokens(text) if not re.match(rf"[{KANA}{HAN}]", token)]


def _bare(token: str, language: str | None) -> str:
    if language in ELIDING and "'" in token and token not in stop_words(language):
        return token.partition("'")[2]
    return token[:-2] if token.endswith("'s") and len(token) > 3 else token


def is_term(word: str, stops: frozenset[str]) -> bool:
    """Say whether a word says something of a song's content."""
    single = len(word) < 2 and not re.match(rf"[{HAN}]", word)
    return not single and word not in stops and not is_vocable(word) and not word.isdecimal()


@lru_cache(maxsize=128)
def stop_words(language: str | None) -> frozenset[str]:
    """Return the stop words of a language and of English (stopwords-iso, and what is said in songs only)."""
    import stopwordsiso

    english = (frozenset(stopwordsiso.stopwords("en")) - SPARED) | SUNG_STOPS
    if language is None or language == "en" or not stopwordsiso.has_lang(language):
        return english
    return english | frozenset(word.lower() for word in stopwordsiso.stopwords(language))


# -- how varied, how repetitive -------------------------------------------------------------------------------


def distinct_ratio(words: Sequence[str]) -> float:
    """Return the share of different words, the mean over every window of 50 in a row: 1 is no word twice.

    The moving-average type-token ratio (Covington & McFall 2010), which does not fall with the length of a song as the
    plain ratio does. A song of fewer words is one window.

    Parameters
    ----------
    words : sequence of str
        As `tokens` gives them.

    Returns
    -------
    float
        0 where there are no words.

    >>> distinct_ratio(["so"] * 4), distinct_ratio(["now", "or", "never"]), distinct_ratio([])
    (0.25, 1.0, 0.0)
    """
    if not words:
        return 0.0
    size = min(WINDOW, len(words))
    inside: Counter[str] = Counter(words[:size])
    total = different = len(inside)
    for old, new in zip(words, words[size:], strict=False):  # ends with the second, which is shorter
        inside[old] -= 1
        different -= inside[old] == 0
        different += inside[new] == 0
        inside[new] += 1
        total += different
    return total / (len(words) - size + 1) / size


def repetition(text: str) -> float:
    """Return how much of a song is said again, from 0 (no phrase twice) to 1, by how far it can be compressed.

    After Morris (2017), "Are pop lyrics getting more repetitive?". Every word stands for two bytes that look random, so
    that what zlib can save is phrases said again and not syllables or frequent letters: a song whose words are shuffled
    has about 0, at 20 words as at 300.

    >>> round(repetition("round and round we go " * 20), 1), repetition("not a single word of this comes again")
    (0.9, 0.0)
    """
    words = tokens(text)
    if not words:
        return 0.0
    coded = b"".join((zlib.crc32(word.encode()) & 0xFFFF).to_bytes(2, "big") for word in words)
    return min(1.0, max(0.0, 1.0 - (_deflated(coded) - _deflated(b"")) / len(coded)))


def _deflated(data: bytes) -> int:
    """Return the size of compressed bytes, without header."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return len(packer.compress(data) + packer.flush())
