"""Identity: a name for a recording that stays when its tags or its place change."""

from __future__ import annotations

import hashlib

import av

from audio.decode import Packets, PathLike, open_sound
from core.errors import DecodeError

DIGEST_BYTES = 16  # 128 bits: no two recordings of any library will ever share one by chance


def content_id(path: PathLike) -> str:
    """Return the hash of a file's audio packets, as they are stored, before any decoding.

    Tags, covers and the container's own headers are not part of it; another encoding of the same song has another id.

    Parameters
    ----------
    path : path
        An audio file.

    Returns
    -------
    str
        32 hexadecimal digits (BLAKE2b).

    Raises
    ------
    DecodeError
        If the file cannot be opened or holds no audio packet.
    """
    digest = PacketDigest()
    with open_sound(path) as (container, stream):
        for packet in Packets(container, stream):
            digest.add(packet)
    found = digest.content_id()
    if found is None:
        raise DecodeError(path, "none of its sound can be decoded")
    return found


class PacketDigest:
    """Takes a file's packets while it is read for something else, and gives its content id at the end."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        self._size = 0

    def add(self, packet: av.Packet) -> None:
        """Take the next packet; where one ends is the container's choice, only the bytes in a row count."""
        self._digest.update(packet)
        self._size += packet.size

    def content_id(self) -> str | None:
        """Return the id of all that came, None if that was nothing."""
        return self._digest.hexdigest() if self._size else None
