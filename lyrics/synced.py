"""LRC: words with the times they are sung at, as .lrc files and LRCLIB write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Hours only where parts of a second follow a full stop: some write [01:02:50] for a minute and 2.5 seconds.
STAMP = re.compile(r"[\[<](?:(\d{1,2}):(?=\d{1,3}:\d{1,2}\.))?(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?[\]>]")
BROKEN = re.compile(r"\[-?\d*:[^\]\s]*\]\s*")  # what was to be a stamp
LEADING = re.compile(rf"\s*((?:(?:{BROKEN.pattern})*{STAMP.pattern}\s*)+)(?:{BROKEN.pattern})*")
OFFSET = re.compile(r"\[offset:\s*([+-]?\d+)\s*\]", re.IGNORECASE)
TAG = re.compile(r"\s*\[[a-z#]{1,10}:[^\]]*\]\s*", re.IGNORECASE)  # [ar:...], [length:...]
FEWEST = 2  # stamped lines that make a text LRC


@dataclass(frozen=True)
class Line:
    """One line and when it is sung."""

    seconds: float
    text: str


def parse(text: str) -> list[Line]:
    r"""Return the lines in the order they are sung; what has no stamp is no line.

    Several stamps before a line repeat it. A positive [offset:] in milliseconds makes everything come earlier.

    >>> for line in parse("[ti:A song]\n[00:12.50][01:00]Again\n[00:10]<00:10.20>First"):
    ...     print(line.seconds, line.text)
    10.0 First
    12.5 Again
    60.0 Again
    """
    found = OFFSET.search(text)
    earlier = int(found[1]) / 1000 if found else 0.0
    lines = [line for row in _rows(text) for line in _lines(row)]
    return sorted((Line(max(0.0, line.seconds - earlier), line.text) for line in lines), key=_when)


def _rows(text: str) -> list[str]:
    return text.removeprefix("\ufeff").splitlines()


def _when(line: Line) -> float:
    return line.seconds


def _lines(row: str) -> list[Line]:
    """Return a row once for each stamp before it."""
    stamps = LEADING.match(row)
    if stamps is None:
        return []
    words = " ".join(STAMP.sub(" ", row[stamps.end() :]).split())
    return [Line(_seconds(stamp), words) for stamp in STAMP.finditer(_leading(stamps[1]))]


def _leading(stamps: str) -> str:
    """Leave out the stamp of a first word, which only says again when the line begins."""
    return stamps.split("<")[0] or stamps


def _seconds(stamp: re.Match[str]) -> float:
    hours, minutes, seconds, part = stamp[1], stamp[2], stamp[3], stamp[4]
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + (float(f"0.{part}") if part else 0.0)


def is_synced(text: str) -> bool:
    r"""Say whether a text is LRC: at least two of its lines begin with a stamp.

    >>> is_synced("[00:01.00] One\n[00:02.00] Two"), is_synced("[Chorus]\nOne"), is_synced("At 12:30 we met")
    (True, False, False)
    """
    return sum(LEADING.match(row) is not None for row in _rows(text)) >= FEWEST


def plain(text: str) -> str:
    r"""Return the words without stamps and tags, in the order they are sung; any other text as it is.

    A row without a stamp stays behind the one before it: where only some are stamped, no words are lost.

    >>> plain("[ar:Nina]\n[00:02]Two\n[00:01]One\nand a half")
    'One\nand a half\nTwo'
    """
    if not is_synced(text):
        return text
    found: list[Line] = []
    for row in _rows(text):
        found += _lines(row) or _unstamped(row, found)
    return "\n".join(line.text for line in sorted(found, key=_when)).strip("\n")


def _unstamped(row: str, before: list[Line]) -> list[Line]:
    words = BROKEN.sub("", row).strip()
    if not words or TAG.fullmatch(row):
        return []
    return [Line(before[-1].seconds if before else 0.0, words)]
