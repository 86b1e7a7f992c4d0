"""Words in a file of the same name beside a track's file: .lrc, or .txt."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

from core.errors import SourceFailedError
from core.records import Offer, Song
from lyrics.embedded import as_offer

ENDINGS = (".lrc", ".txt")  # the first that is there
MOST = 300_000  # bytes; more are no lyrics
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")  # what no text has
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

WESTERN = frozenset({"en", "de", "es", "fr", "it", "pt", "nl", "sv", "da", "no", "nb", "fi", "is", "ca", "gl"})


class Sidecar:
    """Looks beside a song's files."""

    name = "a file beside it"
    online = False

    def offers(self, song: Song) -> list[Offer]:
        """Return the words of the first such file that holds a text.

        Raises
        ------
        SourceFailedError
            It is there and cannot be read.
        """
        for path in song.paths:
            for beside in _beside(Path(path)):
                text = _text(beside)
                if text and text.strip():
                    return [as_offer(self.name, text)]
        return []


def _beside(path: Path) -> list[Path]:
    """Return the files that may hold the words of a track's file, .lrc first; names in any case and normal form."""
    stem = unicodedata.normalize("NFC", path.stem)
    try:
        entries = [
            entry for entry in os.scandir(path.parent) if unicodedata.normalize("NFC", entry.name).startswith(stem)
        ]
    except OSError:  # its drive is not connected
        return []
    found = {
        Path(entry.name).suffix.lower(): Path(entry.path)
        for entry in entries
        if unicodedata.normalize("NFC", Path(entry.name).stem) == stem and entry.is_file()
    }
    return [found[ending] for ending in ENDINGS if ending in found]


def _text(path: Path) -> str | None:
    """Return what a file says, None where it is no text, or far too long for lyrics."""
    try:
        if path.stat().st_size > MOST:
            return None
        content = path.read_bytes()
    except OSError as error:
        raise SourceFailedError(str(path), f"cannot be read ({error.strerror or error})") from error
    return decoded(content)


def decoded(content: bytes) -> str | None:
    r"""Return bytes as text, whatever their encoding; None for what is none.

    >>> decoded("für".encode("utf-8")), decoded("für".encode("utf-16")), decoded(b"\x00\x01\x02\x00")
    ('für', 'für', None)
    """
    encoding = next((name for mark, name in BOMS if content.startswith(mark)), None) or _wide(content) or "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = _guessed(content)
    return None if not text or CONTROL.search(text) else text


def _wide(content: bytes) -> str | None:
    """Return UTF-16 in the order of its bytes, where every other one is nought and no mark says so."""
    even, odd = content[::2].count(0), content[1::2].count(0)
    if max(even, odd) < 0.3 * len(content) / 2 or min(even, odd) > 0.05 * len(content) / 2:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _guessed(content: bytes) -> str:
    """Return bytes in an older encoding as text: that of western Windows where this reads as a western language."""
    from charset_normalizer import from_bytes

    from lyrics.language import detect

    western = content.decode("cp1252", "replace")
    if detect(western) in WESTERN:
        return western
    best = from_bytes(content).best()
    return "" if best is None else str(best)
