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
TRACK_NUMBER = re.compile(
    r"\A\s*(?:(?:\d{1,2}-)?\d{2,3}(?:\s*[-–—]\s+|\.\s+)|[1-4]-(?:0[1-9]|[12]\d)\s+)(?=.*[^\W\d])", re.DOTALL
)
BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
SUBTITLES = re.compile(r"(?<=\w)\W*?\s*(?:\([^()]*\)|\[[^\[\]]*\])")
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

# -- songs: what shares its words, whatever the recording -------------------------------------------------

MATCH = 0.94  # from here on two names mean one song; judged on 170 pairs, half of them in the tests
DOUBTFUL = 0.6  # from here on it is worth asking a person
ONE_OF_SEVERAL = 0.95  # an artist who is one of those named
SOME_IN_COMMON = 0.88  # several on both sides, one of them the same: worth asking
NOBODY = 0.85  # no artist to compare: never enough by itself
OTHER_WORDS = 0.85  # two titles of which a word differs: worth asking, never enough
SUBTITLE = 0.95  # two titles of which one has more in brackets, of one length
SLIP = 0.97  # two titles of which a long word is spelled with a letter more: colour, color
SLIP_LETTERS = 6
SAME_SECONDS = 3.0  # one recording, as two people measure it
NEAR_SECONDS, NEAR_SHARE = 5.0, 0.03  # two recordings of one version may differ by so much
FAR_SECONDS, FAR_SHARE = 20.0, 0.15  # from here on the length speaks against it
LENGTH_COUNTS = 0.15  # what a wrong length takes away
# Versions that are sung with the same words, as a note says it: at its end, or at its beginning.
_VERSIONS = (
    r"acoustic|unplugged|remix|mix|demo|edit|mono|stereo|take(?: \d+)?|session|version|reprise|extended|a cappella"
    r"|re recorded|remaster(?:ed)?|explicit|clean|bonus(?: track)?|sped up|slowed|nightcore|cover|edition|live|single"
    r"|(?:official )?(?:music |lyric )?(?:video|audio)|with lyrics|lyrics"
)
SAME_WORDS = re.compile(
    rf"(?:.* )?(?:{_VERSIONS})(?: \d{{4}})?"
    r"|(?:live|recorded) (?:at|in|from|on|im|en|au|aus|\d{4}).*|remaster.*|unplugged .*"
)
TITLE_GUESTS = re.compile(
    r"(?:feat|ft|featuring)\b.*"
    r"|with (?!(?:me|you|us|him|her|them|it|my|your|our|his|their|the|a|an|myself|yourself|love)\b).*"
)
# A note speaks of no persons: "(I Want to Live)" and "(Live Your Life)" are words of a title.
SUNG_WORDS = re.compile(r"\b(?:i|me|my|myself|you|your|yourself|youre|we|our|him|his|she|her|them|their|im|ill|ive)\b")
WORDLESS = re.compile(  # "Karaoke Queen" is none
    r"\b(?:instrumentals?|instr|karaoke|backing track)(?=$| (?:version|mix|edit|track|remix|take|demo|cover"
    r"|remaster(?:ed)?|live|bonus|album|single|originally|in the style|by|from|made|\d))"
)
WORDLESS_END = re.compile(r"\w (?:instrumental|karaoke) (?:version|mix|track)$")  # without brackets
SEVERAL = re.compile(  # words only between blanks: Malcolm X is one
    r"\s*[,;/&+]\s*(?:and\s+)?|\s+[(\[]?(?:and|und|y|et|e|with|feat|ft|featuring|vs|versus|x)\b\.?\s+", re.IGNORECASE
)
DROPPED_G = re.compile(r"(?<=\w\w)in['’‘`´](?!\w)", re.IGNORECASE)  # Believin'
TRIO = re.compile(  # single words: "Simon & Garfunkel, Anna Vale" names artists
    r"[^\s,]+(?:,\s*[^\s,]+)+,?\s+(?:&|\+|and|und|y|et|e)\s+[^\s,]+", re.IGNORECASE
)
_NUMERALS = (
    "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii",
    "xix", "xx",
)  # fmt: skip
ROMAN = {name: str(number) for number, name in enumerate(_NUMERALS, 2)}
_NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBER_WORDS = {name: str(number) for number, name in enumerate(_NUMBER_WORDS, 1)}
COUNTED = frozenset(
    {"part", "chapter", "vol", "volume", "no", "number", "act", "op", "opus", "book", "movement", "phase"}
)


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


# -- one song, whatever the recording ------------------------------------------------------------------


def song_match(
    title: str,
    artist: str | None,
    other_title: str,
    other_artist: str | None,
    duration: float | None = None,
    other_duration: float | None = None,
) -> float:
    """Return how surely two names mean a song with the same words, from 0 to 1.

    Guests, remasters, live and other versions share their words; an instrumental or karaoke version does not. Numbers
    must agree ("Part 1" is not "Part 2"), and so must every word, but for one spelled with a letter more ("colour").
    A length that is far off speaks against it, unless a note explains it.

    Parameters
    ----------
    title, artist : str
        As the person's track names them.
    other_title, other_artist : str
        As a source of lyrics does.
    duration, other_duration : float, optional
        Seconds.

    >>> song_match("Help! - 2009 Remaster", "The Beatles", "Help!", "Beatles")
    1.0
    >>> song_match("Help!", "The Beatles", "Help Me", "Joni Mitchell") < 0.6
    True
    """
    same_length = duration is not None and other_duration is not None and abs(duration - other_duration) <= SAME_SECONDS
    names = min(_title_match(title, other_title, same_length), _artist_match(artist, other_artist))
    swapped = min(_title_match(title, other_artist or ""), _artist_match(artist, other_title))
    best = max(names, ONE_OF_SEVERAL * swapped)
    explained = _says_version(title) or _says_version(other_title)
    return round(best * (1.0 if explained else _length_match(duration, other_duration)), 4)


def _title_match(a: str, b: str, same_length: bool = False) -> float:
    from rapidfuzz import fuzz

    first, second = song_title(a), song_title(b)
    if not first or not second or is_instrumental(a) != is_instrumental(b) or _numbers(first) != _numbers(second):
        return 0.0
    if _joined(first) == _joined(second):
        return 1.0
    if _joined(first) == _joined(song_title(_main(b))) or _joined(song_title(_main(a))) == _joined(second):
        return SUBTITLE if same_length else OTHER_WORDS  # "Heart" and "Heart (Take Me Home)" may be two songs
    alike = max(fuzz.ratio(first, second), fuzz.ratio(_joined(first), _joined(second))) / 100
    return SLIP if _is_slip(first, second) else min(alike, OTHER_WORDS)


def _main(title: str) -> str:
    """Return a title without what stands in brackets behind its first words."""
    return SUBTITLES.sub("", title)


def _is_slip(first: str, second: str) -> bool:
    """Say whether two titles differ by one letter more inside one long word, and by nothing else."""
    from rapidfuzz.distance import Indel

    one, other = first.split(), second.split()
    differing = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    if len(one) != len(other) or len(differing) != 1:
        return False
    a, b = differing[0]
    ends = a[0] == b[0] and a[-1] == b[-1]  # "angel" and "angels", "ever" and "never" are other words
    return ends and a.isascii() and b.isascii() and max(len(a), len(b)) >= SLIP_LETTERS and Indel.distance(a, b) == 1


@lru_cache(maxsize=65_536)
def song_title(title: str) -> str:
    """Return a title as songs are compared: without notes about the recording, guests and track numbers.

    >>> song_title("03 - Stay (feat. Rihanna) [Live at Wembley]"), song_title("(I Can't Get No) Satisfaction")
    ('stay', 'i cant get no satisfaction')
    """
    name = BRACKETS.sub(lambda note: "" if _is_note(note[1] or note[2] or "") else f" {note[1] or note[2]} ", title)
    first, *rest = DASH.split(TRACK_NUMBER.sub("", name))
    name = " ".join([TITLE_GUEST.sub("", first), *(part for part in rest if not _is_note(part))])
    name = DROPPED_G.sub("ing", name)
    return _in_digits(plain(name if any(map(_is_letter, name)) else title)).replace("ё", "е")  # as many write it


def _in_digits(words: str) -> str:
    """Return words with number words, and Roman numbers behind others, as digits, and "pt" as "part"."""
    found: list[str] = []
    for word in words.split():
        word = "part" if word in ("pt", "pts", "parts") else word
        word = "1" if word == "i" and found and found[-1] in COUNTED else word
        word = NUMBER_WORDS.get(word, word)
        found.append(ROMAN.get(word, word) if found else word)
    return " ".join(found)


def _is_note(note: str) -> bool:
    words = plain(note)
    if SUNG_WORDS.search(words) and not GUEST.match(f" {note}"):
        return False
    fits = SAME_WORDS.fullmatch(words) or WORDLESS.search(words) or EDITION.search(words)
    return fits is not None or TITLE_GUESTS.fullmatch(words) is not None


def _says_version(title: str) -> bool:
    """Say whether a note names another version, whose length may be another."""
    notes = [note[1] or note[2] or "" for note in BRACKETS.finditer(title)] + DASH.split(title)[1:]
    return any(_is_note(note) and VERSION.search(plain(note)) for note in notes)


def is_instrumental(title: str) -> bool:
    """Say whether a note in a title says that nothing is sung.

    The word alone is not enough: songs called "Instrumental" or "Karaoke Night" may have words.

    >>> [is_instrumental(title) for title in ("Alone (Instrumental)", "Alone - Karaoke Version", "Instrumental")]
    [True, True, False]
    """
    notes = [note[1] or note[2] or "" for note in BRACKETS.finditer(title)] + DASH.split(title)[1:]
    return WORDLESS_END.search(plain(title)) is not None or any(WORDLESS.search(plain(note)) for note in notes)


def _numbers(words: str) -> list[str]:
    """Return the numbers of a title but for a 1, which many leave out."""
    return [number for part in words.split() if part.isdigit() and (number := part.lstrip("0") or "0") != "1"]


def _artist_match(a: str | None, b: str | None) -> float:
    from rapidfuzz import fuzz

    if not names_artist(a) or not names_artist(b):
        return NOBODY
    first, second = a or "", b or ""
    if sorted(plain(first).split()) == sorted(plain(second).split()):  # "Vale, Anna"
        return 1.0
    whole = fuzz.ratio(artist_key(first), artist_key(second)) / 100
    ours, theirs = _several(first), _several(second)
    common = max((fuzz.ratio(x, y) / 100 for x in ours for y in theirs), default=0.0)
    within = set(ours) <= set(theirs) or set(theirs) <= set(ours)
    parted = _is_part_of_band(second, first) or _is_part_of_band(first, second)
    sure = (min(len(ours), len(theirs)) == 1 or within) and not parted
    worth = ONE_OF_SEVERAL if sure else SOME_IN_COMMON
    return max(whole, worth * common)


def _is_part_of_band(artist: str, band: str) -> bool:
    """Say whether a name is a piece of one like "Earth, Wind & Fire", which is a band's as often as three artists'."""
    return TRIO.fullmatch(band.strip()) is not None and not set(_several(band)) <= set(_several(artist))


@lru_cache(maxsize=65_536)
def _several(artists: str) -> tuple[str, ...]:
    """Return each of the artists named together, as they are compared."""
    return tuple(filter(None, (artist_key(name) for name in SEVERAL.split(artists) if name)))


def _length_match(a: float | None, b: float | None) -> float:
    """Return 1 for lengths within the tolerance, down to 1 - LENGTH_COUNTS and below for lengths far apart."""
    if not a or not b:
        return 1.0
    longer = max(a, b)
    gap, near, far = abs(a - b), max(NEAR_SECONDS, NEAR_SHARE * longer), max(FAR_SECONDS, FAR_SHARE * longer)
    return 1.0 if gap <= near else 1.0 - LENGTH_COUNTS * min(2.0, (gap - near) / (far - near))
