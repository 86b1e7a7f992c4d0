"""Recognising one recording under two names: plain forms of titles and artists, and how alike two texts are."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from core.vocabulary import NO_ARTIST

# Letters that Unicode does not take apart, as people without them on the keyboard write them.
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
SIGNS = (  # sign -> what it is read as, before the other signs go
    (re.compile(r"(?<=\b[a-g])[#♯](?!\w)"), " sharp "),  # C# minor is not C minor
    (re.compile(r"(?<=\b[a-g])♭"), " flat "),
    (re.compile(r"(?<=\w)\s*[&+]\s*(?=\w)"), " and "),
    (re.compile(r"(?<=[^\W\d])!(?=[^\W\d])"), "i"),  # P!nk
    (re.compile(r"(?<=[^\W\d])\$(?=[^\W\d])"), "s"),  # Ke$ha
    (re.compile(r"(?<=\w)\s*['’‘`´]?\bn\b['’‘`´]?\s*(?=\w)"), " and "),  # Guns N' Roses
    (re.compile(r"['’‘`´]|(?<!\d)\.|\.(?!\d)"), ""),  # don't, R.E.M., but 1.5
)
GUEST = re.compile(r"\s*[([]?\s*\b(?:feat|ft|featuring|with)\b\.?\s.*", re.IGNORECASE | re.DOTALL)
# Without brackets only what cannot be a word of the title.
TITLE_GUEST = re.compile(r"(?<=\S)\s+(?:feat\.|ft\.|featuring\s).*", re.IGNORECASE | re.DOTALL)
# Two digits at least: the movements "1. Allegro" and "3. Allegro" are two recordings.
TRACK_NUMBER = re.compile(r"\A\s*(?:\d{1,2}-)?\d{2,3}(?:\s*[-–—]\s+|\.\s+)(?=.*[^\W\d])", re.DOTALL)
BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
DASH = re.compile(r"\s+[-–—]\s+")
ANNIVERSARY = r"\d+(?:st|nd|rd|th)\ anniversary"
EDITION = re.compile(  # what a note says of the edition and not of the recording
    rf"""\b(?:
        (?:\d{{4}}\ )?(?:{ANNIVERSARY}\ )?(?:digital(?:ly)?\ )?re\ ?master(?:ed|ing)?
            (?:\ album)?(?:\ (?:version|edition|track))?(?:\ (?:in\ |from\ )?\d{{4}})?
        | (?:original\ )?(?:album|lp)\ version
        | explicit(?:\ (?:album\ )?version|\ lyrics)?
        | bonus\ track(?:\ version)?
        | (?:super\ )?(?:deluxe|expanded|special|anniversary|collectors)\ edition
        | {ANNIVERSARY}\ edition
        | (?:feat|ft|featuring)\ .+
    )(?:\ |$)""",
    re.VERBOSE,
)
VERSION = re.compile(  # what a note says that makes another recording of the same piece
    r"\b(live|acoustic|unplugged|remix|mix|demo|edit|instrumental|karaoke|mono|stereo|alternate take|radio|session"
    r"|version|reprise|extended|a cappella|re recorded)\b"
)
OWN_WORDS = ("remix", "mix", "demo", "edit", "session", "version", "reprise", "alternate take")  # need no "version"
NO_TITLE = re.compile(  # what a ripper writes when it knows nothing, in the languages of the usual ones
    r"(?:(?:audio ?)?track|titel|piste|pista|traccia|faixa|spor|spår|трек|дорожка) ?\d*"
    r"|untitled(?: track)?(?: \d+)?|unknown(?: title| track)?|no title|ohne titel|sans titre|без названия"
)
ARTISTLESS = frozenset({"no artist", "unbekannter interpret", "artiste inconnu", "artista desconocido"})


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Return a text as it is compared: lower case, without accents, signs, double blanks and a leading "the".

    A text of signs alone stays as it is, so that "?" and "!" are two titles.

    >>> plain("The Beyoncé & JAY-Z"), plain("Rock 'n' Roll"), plain("R.E.M.")
    ('beyonce and jay z', 'rock and roll', 'rem')
    >>> plain("Sigur Rós"), plain("P!nk"), plain("AC/DC"), plain("( )")
    ('sigur ros', 'pink', 'ac dc', '( )')
    """
    lowered = unaccented(text)
    worded = lowered
    for sign, word in SIGNS:
        worded = sign.sub(word, worded)
    words = "".join(c if _is_letter(c) else " " for c in worded).split()
    if len(words) > 1 and words[0] == "the":
        del words[0]
    return " ".join(words) or " ".join(lowered.split())


def unaccented(text: str) -> str:
    """Return a text in lower case without the accents of Latin and Greek letters.

    In other scripts a mark makes another letter, so it stays.

    >>> unaccented("Motörhead"), unaccented("Røyksopp"), unaccented("Ёлка"), unaccented("ガラス")
    ('motorhead', 'royksopp', 'ёлка', 'ガラス')
    """
    if text.isascii():
        return text.lower()
    kept, accents = [], False
    for character in unicodedata.normalize("NFKD", text.casefold()).casefold():
        if not unicodedata.combining(character):
            accents = unicodedata.name(character, "").startswith(("LATIN", "GREEK"))
        elif accents:
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept)).translate(LETTERS)


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


@lru_cache(maxsize=65_536)
def artist_key(artist: str) -> str:
    """Return an artist as it is compared, without guests and without blanks.

    >>> artist_key("The Beatles"), artist_key("Elton John feat. Kiki Dee"), artist_key("ACDC") == artist_key("AC/DC")
    ('beatles', 'eltonjohn', True)
    """
    host = GUEST.sub("", artist)
    return _joined(plain(host if host.strip() else artist))


def title_key(title: str) -> str:
    """Return a title as it is compared, without blanks and notes about the edition.

    What makes another recording stays: live, acoustic, remix, demo, edit, instrumental, karaoke, mono, stereo and
    every "version" but that of the album. Track numbers of two digits in front go.

    >>> title_key("01 - Help! (Remastered 2009)"), title_key("Help! - 2009 Remaster"), title_key("Help! (Live)")
    ('help', 'help', 'helplive')
    >>> title_key("Stay (feat. Rihanna) [Live / Remastered]"), title_key("(I Can't Get No) Satisfaction")
    ('staylive', 'icantgetnosatisfaction')
    """
    name = BRACKETS.sub(lambda note: f" ({_note(note[1] or note[2] or '')}) ", TRACK_NUMBER.sub("", title))
    first, *rest = DASH.split(name)
    name = " ".join([TITLE_GUEST.sub("", first), *map(_note, rest)])
    if not any(map(_is_letter, name)):  # nothing but notes: they are the title
        name = title
    return _joined(plain(name))


@lru_cache(maxsize=65_536)
def versions_key(artist: str | None, title: str | None) -> tuple[str, str] | None:
    """Return one text for all the recordings of a piece by an artist, and what this one is; None as `recording_key`.

    >>> versions_key("Nina", "Stars (Live at Montreux)") == (versions_key("Nina", "Stars")[0], "live version")
    True
    >>> versions_key("Nina", "Sonata - II. Adagio") == versions_key("Nina", "Sonata - I. Allegro")
    False
    """
    whole = recording_key(artist, title)
    if whole is None or title is None:
        return None
    notes = [note[1] or note[2] or "" for note in BRACKETS.finditer(title)] + DASH.split(title)[1:]
    said = [(note, found[1]) for note in notes if (found := VERSION.search(plain(note)))]
    if not said:
        return whole, "other recording"
    shorter = title
    for note, _ in said:
        shorter = shorter.replace(f"({note})", "").replace(f"[{note}]", "").replace(note, "")
    word = said[0][1]
    return recording_key(artist, shorter.strip(" -–—")) or whole, word if word in OWN_WORDS else f"{word} version"


def _note(note: str) -> str:
    """Return a note without what it says of the edition, and the note itself where it says nothing of it."""
    words = plain(note)
    shorter = EDITION.sub("", words)
    return note if shorter == words else shorter.strip()


def _joined(words: str) -> str:
    """Leave the blanks out, but for those that keep two numbers or two signs apart."""
    return re.sub(r"(?<=[^\W\d]) | (?=[^\W\d])", "", words)


def recording_key(artist: str | None, title: str | None) -> str | None:
    r"""Return one text for all the names of a recording, None when the tags do not tell which it is.

    >>> recording_key("AC/DC", "Thunderstruck") == recording_key("ACDC", "03 - Thunderstruck [Remastered]")
    True
    >>> recording_key("Unknown Artist", "Help!"), recording_key("Adele", "Track 01"), recording_key("!!!", "?")
    (None, None, '!!!\t?')
    """
    if not names_artist(artist) or not names_title(title):
        return None
    assert artist is not None and title is not None
    return f"{artist_key(artist)}\t{title_key(title)}"


def names_artist(artist: str | None) -> bool:
    """Say whether a tag names an artist, rather than being blank or a stand-in like "Unknown Artist"."""
    name = (artist or "").strip().casefold()
    return name not in NO_ARTIST and plain(name) not in NO_ARTIST | ARTISTLESS


def names_title(title: str | None) -> bool:
    """Say whether a tag names a title, rather than being blank or a stand-in like "Track 01"."""
    name = plain(TRACK_NUMBER.sub("", title or "")).strip("<>[]() ")
    return bool((title or "").strip()) and NO_TITLE.fullmatch(name) is None


def similar(a: str, b: str) -> float:
    """Return how alike two texts are, from 0 to 1, whatever the order of their words.

    >>> similar("Björk - Jóga", "joga bjork"), similar("Jóga", ""), round(similar("Colour", "Color"), 2)
    (1.0, 0.0, 0.91)
    """
    from rapidfuzz import fuzz

    first, second = plain(a), plain(b)
    return fuzz.token_sort_ratio(first, second) / 100 if first and second else 0.0
