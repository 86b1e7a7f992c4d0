"""Lyrics as they are sung: what sites, players and typists add to the words goes, the words stay as they are."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable

# --- signs -----------------------------------------------------------------------------------------------------------

INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffc\x00-\x08\x0e-\x1b\x7f]"
)
# Between letters of these scripts joiners are spelling; elsewhere they are left over from a page.
JOINER = re.compile("(?<![\u0600-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u0dff])")
LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
BLANKS = re.compile("[^\\S\n]+|[\u2800\u3164\uffa0]+")
HIDDEN_HTML = re.compile(r"<(script|style|head|noscript)\b[^>]*>.*?</\1\s*>|<!--.*?-->|<!doctype[^>]*>", re.I | re.S)
LINE_BREAK = re.compile(r"<br\b[^<>]*>[ \t]*\n?|</(?:div|li|h[1-6]|tr)\s*>[ \t]*\n?", re.I)
PARAGRAPH = re.compile(r"<p\b[^<>]*>|</p\s*>", re.I)
TAG = re.compile(
    r"</?(?:html|body|title|meta|link|div|span|a|b|i|u|em|strong|small|sub|sup|font|center|blockquote|pre|code|ul|ol|li"
    r"|table|tbody|tr|td|th|h[1-6]|hr|img|svg|path|button|input|form|section|article|header|footer|main|nav|iframe|mark"
    r"|s|ins|del|q|cite|label|noscript)(?:\s[^<>]*)?/?>",
    re.I,
)
ONLY_SIGNS = re.compile(r"[-–—_=*~#•·.♪♫♩♬|/\\]*")  # a line of these parts two verses
NOTES = re.compile(r"^[♪♫♩♬🎵🎶\s]+|[♪♫♩♬🎵🎶\s]+$")

# --- time stamps -----------------------------------------------------------------------------------------------------

LRC_TAG = re.compile(
    r"^\[(?:ar|ti|al|au|by|re|ve|tool|length|offset|lr|la|lang|id|title|artist|album|author|key|#)\s*:[^\]\n]*\]$",
    re.I | re.M,
)
STAMP = re.compile(r"\[\d{1,3}:[0-5]?\d(?:[.:,]\d{1,3})?\]|<\d{1,3}:[0-5]\d(?:[.:]\d{1,3})?>")

# --- headers ---------------------------------------------------------------------------------------------------------

# What parts of songs are called. PLAIN ones are hardly ever sung alone; EITHER may be.
PLAIN = r"""
    (?:(?:pre|post|pré|prè|vor|för|ante)[-\s]?)?
    (?:chorus(?:es)?|choruse|refrain|refrein|refräng|refreng|refrão|refrán|refrén|refren|estribillo|ritornello|tornada
      |omkvæd|kertosäe|nakarat|coro|припев|приспів|ρεφρέν|ρεφρεν|サビ|コーラス|후렴|코러스|副歌|اللازمة)
    |verse|verso|vers|strophe|strofa|estrofa|estrofe|couplet|sloka|zwrotka|säkeistö|куплет|στροφή|κουπλέ|ヴァース|벌스|主歌
    |zwischenspiel|interludio|interlúdio|строфа|предприпев|проигрыш|вступление
"""
EITHER = r"""
    intro|introducción|introdução|introduzione|introduction|einleitung|outro|hook|bridge|brug|brygga|bro|interlude
    |puente|pont|ponte|köprü|бридж|γέφυρα|브릿지|間奏|间奏|コーダ|coda|ending|refrain\sfinal|middle\s(?:8|eight)
    |instrumental(?:e)?(?:\s(?:break|bridge|intro|outro|interlude|solo|section|verse))?
    |(?:(?:guitar|piano|drum|bass|sax(?:ophone)?|synth|violin|harmonica|keyboard|gitarren?|klavier)[-\s])?solo
    |solo\sde\s(?:guitare|guitarra|batterie|piano)|break(?:down)?|beat\s(?:drop|break|switch)|drop|build(?:[-\s]?up)?
    |skit|spoken(?:\sword)?|vamp|tag|segue|sample|ad[-\s]?libs?|part|parte|partie|teil|section|stanza|rap|spoken\sintro
    |stick|most|przejście|bölüm|inciso|vocali[sz]e|non[-\s]lyrical\svocals|scratch(?:es)?|prelude|interlúdio
"""
NUMBER = r"(?:\s?\#?(?:\d{1,2}[a-z]?|[ivx]{1,4}|one|two|three|four|[a-d])(?:\s?[-–/&+]\s?\d{1,2})?)?"
TIMES = r"(?:[x×*]\s?\d{1,2}|\d{1,2}\s?[x×]|(?:\d{1,2}|two|three|four)\s(?:times|fois|veces|mal)|twice|bis|ter)"
# "Verse 1", "Chorus x2", "Repeat chorus", "Final Chorus", "1st Verse", "2. Strophe"
BEFORE = r"(?:(?:repeat|final|last|second|first|third|half|1st|2nd|3rd|\d\.|\d[eªºè]?|1er|2ème|letzter?|último)\s)*"
AFTER = rf"(?:\s(?:repeats?|again|reprise|fades?|{TIMES}))?(?:\s?[(]{TIMES}[)])?"
ANY = rf"(?:{PLAIN}|{EITHER})"
WHO = r"(?:\s?[:–—,&+/|-]\s?|\s(?=[(]|by\s|with\s|von\s|par\s|de\s)|[：])[^\]\n]{0,120}"  # "Verse 1: Nina & Tom"
IN_SQUARE = re.compile(
    rf"[\[{{【［〔]\s?(?:{BEFORE}{ANY}{NUMBER}{AFTER}(?:{WHO})?|[^\]\n]{{1,60}}[:：]|(?:repeat|produced\sby|"
    rf"paroles\sde|letra\sde|songtext\szu|testo\sdi|текст\sпесни|tekst\spiosenki)\b[^\]\n]{{0,80}})\s?[\]}}】］〕]\s?[:：]?",
    re.I | re.X,
)
IN_ROUND = re.compile(
    rf"^[(（]\s?(?:{BEFORE}(?:{PLAIN}|bridge|hook|intro|outro|interlude|instrumental(?:\s(?:break|solo|interlude))?|puente"
    rf"|(?:guitar|piano|drum|bass|sax)\ssolo|spoken(?:\sword)?){NUMBER}{AFTER}(?:\s?:[^)\n]{{0,80}})?)\s?[)）]\s?:?",
    re.I | re.X | re.M,
)
WITH_COLON = re.compile(rf"^[*_\#<\s]*{BEFORE}{ANY}{NUMBER}{AFTER}\s?[:：][*_\#>\s]*$", re.I | re.X | re.M)
BEFORE_WORDS = re.compile(rf"^{BEFORE}(?:{PLAIN}|bridge|hook){NUMBER}\s?[:：]\s(?=\S)", re.I | re.X | re.M)
ALONE = re.compile(
    rf"^[*_\#=~<-]*\s?(?:{BEFORE}(?:{PLAIN}){NUMBER}{AFTER}|(?:bridge|intro|outro|interlude|hook|strophe|teil|part|parte"
    rf"|puente|pont)\s\d{{1,2}})\s?[*_\#=~>-]*$",
    re.I | re.X | re.M,
)
# Words that may be sung alone too: a header only where a verse begins behind it.
ALONE_AT_START = re.compile(r"(?:(?<=\n\n)|\A)(?:bridge|intro|outro|interlude|hook|puente|coda)(?=\n[^\n])", re.I)

# --- marks of repetition ---------------------------------------------------------------------------------------------

MARK_IN_BRACKETS = re.compile(
    rf"\s?[\[({{（［]\s?(?:{TIMES}|(?:repeat(?:s|ed)?|rep(?:ete|etir|\.)?|riff|wdh\.?|wiederholen|répéter)"
    rf"(?:\s(?:{TIMES}|\d{{1,2}}|to\sfade|all|above|until\sfade|and\sfade))?|{TIMES}\s(?:repeat|each))\s?[\])}}）］]",
    re.I | re.X,
)
MARK_AT_END = re.compile(r"(?:(?<=\s)|^)(?:[x×]\d{1,2}|\d{1,2}[x×]|X[2-9]|[2-9]X)[.,;]?$", re.M)
MARK_AT_START = re.compile(r"^(?:[x×]\d{1,2}|\d{1,2}[x×])\s?[:)]\s?", re.M | re.I)
CAR = re.compile(r"(?:bmw|audi|the|my|an?|that|his|her|your|our|mazda|volvo)$", re.I)
BARLINES = re.compile(r"\|{1,2}:|:\|{1,2}|𝄆|𝄇")
SLASHED = re.compile(r"^[/|]{1,2}:\s*(.*?)\s*:[/|]{1,2}$", re.M)

# --- Genius ----------------------------------------------------------------------------------------------------------

CONTRIBUTORS = re.compile(
    r"\A\s*(?:\d+\s?Contributors?|Translations?(?=[A-ZÀ-ÞА-ЯΑ-Ω\u3040-\uffee]))[^\n]*?(?:\bLyrics|(?<=[^\sA-Z])Lyrics)"
    r"(?:(?=[“\"\n])[^\n]{0,2000}?Read More)?[ \t]*"
)
CONTRIBUTORS_ALONE = re.compile(
    r"\A\s*\d+\s?Contributors?[ \t]*(?:\n(?:Translations?|[^\n]{0,80}\bLyrics)[ \t]*(?=\n|\Z))*"
)
CONTRIBUTORS_ABOVE = re.compile(  # one thing a line: "12 Contributors", "Translations", "Español", "A Song Lyrics"
    r"\A\s*\d+\s?Contributors?[ \t]*\n(?:\s*Translations?[ \t]*\n(?:[^\n]{1,30}\n){0,30}?)?"
    r"[^\n]{1,100}\bLyrics[ \t]*(?=\n|\Z)"
)
TITLE_LYRICS = re.compile(r"\A\s*(?P<title>[^\n\[]{1,80}?) Lyrics[ \t]*(?=\n\n|\n?\[|\Z)")
TICKETS = re.compile(
    r"See (?:(?!See )[^\n]){1,80}?\s?Live\s*Get tickets as low as\s?[$€£]?\s?\d+(?:[.,]\d+)?"
    r"|^Get tickets as low as[^\n]*$",
    re.M,
)
ALSO_LIKE = re.compile(
    r"\n?(?:^You might also like$|(?<=[^\s(\[\"“'‘])You might also like(?!ly\b|n\b)|(?<=\s)You might also like$"
    r"|You might also like(?=[\[(“\"A-ZÀ-ÞА-Я\u3040-\uffee]))\n?",
    re.M,
)
EMBED = re.compile(r"(?P<gap>\s?)(?P<number>\d+(?:[.,]\d+)?)?(?P<kilo>K?)Embed\s*\Z")
SHARE = re.compile(r"(?:Embed)?(?:Share\s*(?:URL)?\s*)?Copy\s*(?:Embed)?\s*Copy\s*\Z|(?<=\S)EmbedShare[^\n]*\Z")

# --- credits ---------------------------------------------------------------------------------------------------------

BY = re.compile(
    r"""^[-–—*•(\[]*\s?(?:(?:song)?(?:lyrics?|words|music|text|songtext|musik|worte|paroles|musique|letra|música|musica
    |testo|parole|tekst|muzyka|слова|музыка|текст(?:\sпесни)?|作[词詞曲]|[词詞曲]|編曲|编曲|writers?|writer[(]s[)]|songwriters?|composers?
    |lyricists?|producers?|publishers?|published|written|composed|arranged|produced|performed|recorded|transcribed|submitted
    |adapted|translated|translation|auteurs?|compositeurs?|autor(?:es)?|compositor(?:es)?|arrangements?|artist|album|vocals?
    |geschrieben|komponiert|interprète|intérprete)
    (?:\s?(?:,|&|/|and|und|et|y|e|i|и)\s?)?)+
    \s?(?:(?P<by>by|von|par|por|di|da|av|af|door|przez)\b|(?P<colon>[:：]))\s?(?P<name>\S.*)$""",
    re.I | re.X,
)
TITLED = re.compile(  # "Paroles de la chanson Ville par Nina"
    r"^(?:paroles\s(?:de\s|du\s|d['’])|letra\s(?:de|da|do)\s|songtext\s(?:von|zu)\s|liedtext\s|testo\s(?:di|della|del)\s"
    r"|текст\sпесни\s|tekst\spiosenki\s|lyrics\s(?:to|of|for)\s[\"“'‘A-Z])\s?(?P<name>\S.*)$",
    re.I,
)
NOTICE = re.compile(
    r"""(?:©|℗|^[(]c[)]\s|\bcopyright(?:ed)?\b\s?(?:[:©(]|[12]\d{3}|by|\w+\s(?:music|publishing|records))|all\srights\sreserved
    |(?:lyrics\s)?powered\sby\s\S|lyrics\slicensed|licensed\s(?:&|and)\sprovided|^lyrics\s(?:provided|courtesy|from|via|©)
    |https?://|\bwww\.\w|\b\w+lyrics\.(?:com|net|org)|^(?:source|quelle|fuente|via|credits?)\s?:|universal\smusic\spublishing
    |sony/atv|warner[/\s-]chappell|kobalt\smusic|musixmatch|lrclib|azlyrics|not\sfor\scommercial\suse|^[(]\d{9,}[)]$
    |^(?:lyrics?|text)?\s?(?:submitted|corrected|transcribed|contributed)\sby\s|^thanks\sto\s.*\b(?:lyrics|correct)
    |^(?:last\s)?(?:updated?|edited)(?:\son)?\s?:|^lyrics\s?:?$)""",
    re.I | re.X,
)
SUNG_AFTER_BY = re.compile(
    r"(?:the|a|an|my|your|our|his|her|their|me|you|him|heart|hand|love|god|night|day|now|then)\b", re.I
)


def clean(text: str) -> str:
    r"""Return the words of a song as they are sung, one line each, one empty line between verses.

    Section headers, marks of repetition (the line stays, once), time stamps and tags of LRC, what Genius puts around
    the words, remains of HTML, credits at the top and bottom, and invisible signs go. Everything else stays to the
    letter. Cleaning what is clean changes nothing.

    >>> clean("[Chorus: Nina]\r\n[00:12.00]Round &amp; round (x2)<br>we go123Embed")
    'Round & round\nwe go'
    """
    while (cleaner := _cleaned(text)) != text:  # no step makes a text longer, so this ends
        text = cleaner
    return text


def _cleaned(text: str) -> str:
    for step in STEPS:
        text = step(text)
    return text


def _without_odd_signs(text: str) -> str:
    text = LINE_ENDS.sub("\n", text)
    return BLANKS.sub(" ", JOINER.sub("", INVISIBLE.sub("", text)))


def _without_html(text: str) -> str:
    text = html.unescape(text)
    text = PARAGRAPH.sub("\n", LINE_BREAK.sub("\n", HIDDEN_HTML.sub("", text)))
    return TAG.sub("", text)


def _without_genius(text: str) -> str:
    """Leave out the line above the words, the offers between them and what hangs on the last one."""
    for header in (CONTRIBUTORS_ABOVE, CONTRIBUTORS, CONTRIBUTORS_ALONE):
        text = header.sub("", text, count=1)
    named = TITLE_LYRICS.match(text)
    if named and _is_title(named["title"]):
        text = text[named.end() :]
    text = ALSO_LIKE.sub("\n", TICKETS.sub("\n", text))
    text = SHARE.sub("", text)
    found = EMBED.search(text)
    return text if found is None else text[: found.start()] + _sung_before_embed(text[: found.start()], found)


def _is_title(words: str) -> bool:
    return all(word[0].isupper() or not word[0].isalpha() or len(word) < 4 for word in words.split())


def _sung_before_embed(before: str, found: re.Match[str]) -> str:
    """Return the part of a match of EMBED that is sung: "85" of "born in 85Embed", all of "words that I embed".

    The count of Genius hangs on the last word without a blank, so behind a blank the number is sung.
    """
    gap, number = found["gap"], found["number"] or ""
    start_of_line = gap == "\n" or not before.strip()
    if number and not found["kilo"]:
        return _sung_number(number, before, gap) if gap == " " else ""
    if number or found["kilo"] or not gap:
        return ""
    said_before = re.search(r"\bembed\b", before, re.I) is not None
    return "" if start_of_line and not said_before else found[0]


def _sung_number(number: str, before: str, gap: str) -> str:
    """Take the count off a number that is sung: one sung before, or a year."""
    sung = [said for said in re.findall(r"\d+", before) if number.startswith(said)]
    year = re.match(r"(?:19|20)\d\d", number)
    return gap + (max(sung, key=len) if sung else year[0] if year else number)


def _without_stamps(text: str) -> str:
    text = "\n".join(line.strip() for line in text.split("\n"))
    return STAMP.sub("", LRC_TAG.sub("", text))


def _without_headers(text: str) -> str:
    """Put an empty line in place of each header."""
    text = "\n".join(line.strip() for line in text.split("\n"))
    for pattern in (IN_SQUARE, IN_ROUND, WITH_COLON, ALONE, ALONE_AT_START, BEFORE_WORDS):
        text = pattern.sub("\n\n", text)
    return text


def _without_marks(text: str) -> str:
    """Take away marks of repetition; a line of nothing else goes with its mark."""
    lines = []
    for line in SLASHED.sub(r"\1", text).split("\n"):
        sung = MARK_AT_START.sub("", BARLINES.sub("", MARK_IN_BRACKETS.sub("", line))).strip()
        found = MARK_AT_END.search(sung)
        if found and not (found[0][0] == "X" and CAR.search(sung[: found.start()].strip())):
            sung = sung[: found.start()].strip()
        if sung or not line.strip():
            lines.append(sung)
    return "\n".join(lines)


def _without_credits(text: str) -> str:
    """Take credits and notices off the top and the bottom, as long as there are any."""
    lines = text.strip().split("\n")
    counts = Counter(lines)
    while lines and (not lines[0] or _is_credit(lines[0], counts, alone=len(lines) > 1 and not lines[1])):
        del lines[0]
    while lines and (not lines[-1] or _is_credit(lines[-1], counts, alone=len(lines) > 1 and not lines[-2])):
        del lines[-1]
    return "\n".join(lines)


def _is_credit(line: str, counts: Counter[str], *, alone: bool) -> bool:
    """Say whether a line at the edge tells who wrote the song, and not what is sung; what comes again is sung."""
    if counts[line] > 1:
        return False
    if NOTICE.search(line):
        return True
    titled = TITLED.match(line)
    if titled:
        return alone or not titled["name"].islower()
    found = BY.match(line)
    if found is None:
        return False
    if found["colon"]:
        return True
    name = found["name"].lstrip("\"“'‘«")
    return not SUNG_AFTER_BY.match(name) and (not name[:1].islower() or alone)


def _in_verses(text: str) -> str:
    lines = [NOTES.sub("", line) for line in text.split("\n")]
    lines = ["" if ONLY_SIGNS.fullmatch(line) else BLANKS.sub(" ", line) for line in lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


STEPS: tuple[Callable[[str], str], ...] = (
    _without_odd_signs,
    _without_html,
    _without_genius,
    _without_stamps,
    _without_marks,  # before the headers: "[repeat 4x]" behind a line parts no verses
    _without_headers,
    _in_verses,
    _without_credits,
    _in_verses,
)
