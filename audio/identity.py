"""Identity: a name for a recording that stays when its tags or its place change."""

from __future__ import annotations

import hashlib

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
    digest, size = hashlib.blake2b(digest_size=DIGEST_BYTES), 0
    with open_sound(path) as (container, stream):
        # Where one packet ends is the container's choice (PCM, Ogg against Matroska): only the bytes in a row count.
        for packet in Packets(container, stream):
            digest.update(packet)
            size += packet.size
    if not size:
        raise DecodeError(path, "none of its sound can be decoded")
    return digest.hexdigest()
