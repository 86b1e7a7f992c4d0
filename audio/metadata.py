"""Metadata: what an audio file says of itself, and its cover. PyAV gives every format the same names."""

from __future__ import annotations

import re

import av

from audio.decode import AV_ERRORS, PathLike, open_container, open_sound, promised_seconds
from audio.encode import mime_type
from core.errors import DecodeError
from core.records import Tags

# What an import looks into without asking; any other file is audio if `has_audio` says so.
AUDIO_EXTENSIONS: frozenset[str] = frozenset({
    ".mp3", ".mp2", ".m4a", ".m4b", ".mp4", ".aac", ".alac", ".flac", ".ogg", ".oga", ".opus", ".spx", ".wav",
    ".wave", ".aif", ".aiff", ".aifc", ".wma", ".asf", ".ape", ".wv", ".mpc", ".tta", ".dsf", ".dff", ".mka",
    ".ac3", ".au", ".caf",
})  # fmt: skip
MAX_COVER = 20_000_000  # bytes; larger is no cover
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]+")
NUMERIC_GENRE = re.compile(r"\((\d{1,3})\)\s*(.*)|(\d{1,3})")
LYRICS_KEY = re.compile(r"(?:wm/)?(?:un|un-)?(?:sync(?:ed|hronized|hronised)?)?lyrics?(?:-.*)?|uslt(?:[:-].*)?")
YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
# The genres of ID3v1 by number, which ID3v2 and MP4 tags may still refer to.
ID3_GENRES: tuple[str, ...] = (
    "Blues", "Classic Rock", "Country", "Dance", "Disco", "Funk", "Grunge", "Hip-Hop", "Jazz", "Metal", "New Age",
    "Oldies", "Other", "Pop", "R&B", "Rap", "Reggae", "Rock", "Techno", "Industrial", "Alternative", "Ska",
    "Death Metal", "Pranks", "Soundtrack", "Euro-Techno", "Ambient", "Trip-Hop", "Vocal", "Jazz+Funk", "Fusion",
    "Trance", "Classical", "Instrumental", "Acid", "House", "Game", "Sound Clip", "Gospel", "Noise",
    "Alternative Rock", "Bass", "Soul", "Punk", "Space", "Meditative", "Instrumental Pop", "Instrumental Rock",
    "Ethnic", "Gothic", "Darkwave", "Techno-Industrial", "Electronic", "Pop-Folk", "Eurodance", "Dream",
    "Southern Rock", "Comedy", "Cult", "Gangsta", "Top 40", "Christian Rap", "Pop/Funk", "Jungle", "Native American",
    "Cabaret", "New Wave", "Psychedelic", "Rave", "Showtunes", "Trailer", "Lo-Fi", "Tribal", "Acid Punk", "Acid Jazz",
    "Polka", "Retro", "Musical", "Rock & Roll", "Hard Rock",
)  # fmt: skip


def read_tags(path: PathLike) -> Tags:
    """Read title, artist and the like; None where the file says nothing.

    Parameters
    ----------
    path : path
        An audio file of any format.

    Returns
    -------
    Tags
        Without control characters or outer blanks; the year is the first plausible one of the date.

    Raises
    ------
    DecodeError
        If it cannot be opened or has no sound in it, with the reason in plain words.
    """
    with open_sound(path) as (container, stream):
        said = {key.lower(): clean(value) for key, value in (container.metadata | stream.metadata).items()}
        return Tags(
            title=said.get("title"),
            artist=said.get("artist"),
            album=said.get("album"),
            album_artist=said.get("album_artist") or said.get("albumartist"),
            genre=_genre(said.get("genre")),
            year=_year(said.get("date") or said.get("year")),
            track_number=_first_number(said.get("track") or said.get("tracknumber")),
            duration=promised_seconds(container, stream),
            codec=stream.codec_context.codec.canonical_name,
        )


def read_cover(path: PathLike) -> tuple[bytes, str] | None:
    """Return the cover picture and its MIME type, or None if the file has none that browsers show."""
    try:
        with open_container(path) as container:
            pictures = [s for s in container.streams.video if s.disposition & av.stream.Disposition.attached_pic]
            packet = next(container.demux(pictures[0]), None) if pictures else None
            picture = bytes(packet) if packet is not None and packet.size <= MAX_COVER else b""
    except (DecodeError, *AV_ERRORS):
        return None
    kind = mime_type(picture)
    return (picture, kind) if kind.startswith("image/") else None


def read_lyrics(path: PathLike) -> str | None:
    """Return the words kept in a file's tags, a line each, None where there are none.

    ID3 (USLT), MP4, Vorbis comments, APE and ASF come by other names, which PyAV brings near each other.

    Raises
    ------
    DecodeError
        If it cannot be opened or has no sound in it.
    """
    with open_sound(path) as (container, stream):
        said = {key.lower().replace(" ", ""): value for key, value in (container.metadata | stream.metadata).items()}
        found = [value for key, value in said.items() if LYRICS_KEY.fullmatch(key) and value.strip()]
        return _words(max(found, key=lambda text: ("[" in text, len(text)))) if found else None


def _words(text: str) -> str | None:
    """Return lines without control characters; None if nothing is left."""
    lines = re.split(r"\r\n|[\r\n\u2028\u2029\x0b\x85]", text)
    return "\n".join(CONTROL_CHARACTERS.sub(" ", line).rstrip() for line in lines).strip("\n") or None


def has_audio(path: PathLike) -> bool:
    """Say whether there is sound in a file, whatever it is called, by looking at its beginning."""
    try:
        with open_sound(path):
            return True
    except DecodeError:
        return False


def clean(text: str) -> str | None:
    r"""Return one line without control characters; None if nothing is left.

    >>> clean("A\x00B\n C ")
    'A B C'
    """
    return " ".join(CONTROL_CHARACTERS.sub(" ", text).split()) or None


def _genre(text: str | None) -> str | None:
    """Turn "(17)" and "17" into "Rock", "(17)Hard Rock" into "Hard Rock"."""
    match = NUMERIC_GENRE.fullmatch(text or "")
    if not match:
        return text
    number = int(match[1] or match[3])
    return match[2] or (ID3_GENRES[number] if number < len(ID3_GENRES) else None)


def _year(text: str | None) -> int | None:
    match = YEAR.search(text or "")
    return int(match[1]) if match else None


def _first_number(text: str | None) -> int | None:
    """Return 3 of "3/12"."""
    match = re.match(r"\d{1,5}", text or "")
    return int(match[0]) or None if match else None
