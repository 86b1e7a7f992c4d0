"""Words kept in the tags of a track's own file."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import EarmarkError
from core.records import Offer, Song
from lyrics.synced import is_synced, plain


class Embedded:
    """Reads the tags of a song's files.

    Parameters
    ----------
    read : callable (path) -> str or None
        Returns the lyrics in a file's tags; `audio.metadata.read_lyrics`, which this layer does not know.
    """

    name = "your file"
    online = False

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read

    def offers(self, song: Song) -> list[Offer]:
        """Return the words of the first file that has some; a file that cannot be read has none."""
        for path in song.paths:
            try:
                text = self._read(path)
            except EarmarkError:  # the analysis says what is wrong with it
                continue
            if text and text.strip():
                return [as_offer(self.name, text)]
        return []


def as_offer(source: str, text: str) -> Offer:
    """Return the words of a person's own file, with their time stamps where they have some."""
    return Offer(source, plain(text), text) if is_synced(text) else Offer(source, text)
