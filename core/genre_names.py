"""Genre tags as files write them, brought to one spelling.

A tag is evidence, not an answer: this only makes "hip hop", "Hip-Hop/Rap" and "(7)" the same word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from core.matching import plain

# The list of ID3v1 by number: 0-79 as first published, the rest by Winamp; misspelt names are put right.
ID3_GENRES: tuple[str, ...] = (
    "Blues", "Classic Rock", "Country", "Dance", "Disco", "Funk", "Grunge", "Hip-Hop", "Jazz", "Metal",
    "New Age", "Oldies", "Other", "Pop", "R&B", "Rap", "Reggae", "Rock", "Techno", "Industrial",
    "Alternative", "Ska", "Death Metal", "Pranks", "Soundtrack", "Euro-Techno", "Ambient", "Trip Hop", "Vocal",
    "Jazz-Funk", "Fusion", "Trance", "Classical", "Instrumental", "Acid", "House", "Game", "Sound Clip", "Gospel",
    "Noise", "Alternative Rock", "Bass", "Soul", "Punk", "Space", "Meditative", "Instrumental Pop",
    "Instrumental Rock", "Ethnic", "Gothic", "Darkwave", "Techno-Industrial", "Electronic", "Pop-Folk", "Eurodance",
    "Dream", "Southern Rock", "Comedy", "Cult", "Gangsta", "Top 40", "Christian Rap", "Pop-Funk", "Jungle",
    "Native American", "Cabaret", "New Wave", "Psychedelic", "Rave", "Showtunes", "Trailer", "Lo-Fi", "Tribal",
    "Acid Punk", "Acid Jazz", "Polka", "Retro", "Musical", "Rock & Roll", "Hard Rock",
    "Folk", "Folk Rock", "National Folk", "Swing", "Fast Fusion", "Bebop", "Latin", "Revival", "Celtic", "Bluegrass",
    "Avantgarde", "Gothic Rock", "Progressive Rock", "Psychedelic Rock", "Symphonic Rock", "Slow Rock", "Big Band",
    "Chorus", "Easy Listening", "Acoustic", "Humour", "Speech", "Chanson", "Opera", "Chamber Music", "Sonata",
    "Symphony", "Booty Bass", "Primus", "Porn Groove", "Satire", "Slow Jam", "Club", "Tango", "Samba", "Folklore",
    "Ballad", "Power Ballad", "Rhythmic Soul", "Freestyle", "Duet", "Punk Rock", "Drum Solo", "A Cappella",
    "Euro House", "Dancehall", "Goa", "Drum & Bass", "Club House", "Hardcore", "Terror", "Indie", "Britpop",
    "Afro-Punk", "Polsk Punk", "Beat", "Christian Gangsta Rap", "Heavy Metal", "Black Metal", "Crossover",
    "Contemporary Christian", "Christian Rock", "Merengue", "Salsa", "Thrash Metal", "Anime", "J-Pop", "Synth-Pop",
    "Abstract", "Art Rock", "Baroque", "Bhangra", "Big Beat", "Breakbeat", "Chillout", "Downtempo", "Dub", "EBM",
    "Eclectic", "Electro", "Electroclash", "Emo", "Experimental", "Garage", "Global", "IDM", "Illbient",
    "Industro-Goth", "Jam Band", "Krautrock", "Leftfield", "Lounge", "Math Rock", "New Romantic", "Nu-Breakz",
    "Post-Punk", "Post-Rock", "Psytrance", "Shoegaze", "Space Rock", "Trop Rock", "World", "Neoclassical",
    "Audiobook", "Audio Theatre", "Neue Deutsche Welle", "Podcast", "Indie Rock", "G-Funk", "Dubstep",
    "Garage Rock", "Psybient",
)  # fmt: skip
ID3_WORDS = {"RX": "Remix", "CR": "Cover"}

# Name -> other ways to write it: those of Apple's store, its languages, Discogs, and what taggers make of them.
# Case, blanks and hyphens need no entry; one with a slash or comma is looked up before the tag is taken apart.
ALIASES: dict[str, tuple[str, ...]] = {
    "Alternative": ("Alternative & Punk", "Alternative/Indie", "General Alternative", "Alternativa", "Alternativo",
                    "Alternatif", "オルタナティブ", "Альтернатива"),
    "Alternative Rock": ("Alt. Rock", "AlternRock", "Alternative/Rock", "Rock Alternativo"),
    "Ambient": ("Ambient Music",),
    "Anime": ("アニメ",),
    "Blues": ("Blues/R&B", "General Blues", "Блюз", "ブルース"),
    "Children's Music": ("Childrens Music", "Children's", "Children", "Kids", "Kindermusik",
                         "Música infantil", "Infantil", "Musique pour enfants"),
    "Chillout": ("Chill Out", "Chill"),
    "Christian & Gospel": ("Christian/Gospel", "Gospel & Religious", "Gospel/Religious"),
    "Classic Rock": ("Rock Clássico", "Rock clásico"),
    "Classical": ("Classical Music", "General Classical", "Klassik", "Klassische Musik", "Classique",
                  "Musique classique", "Clásica", "Clásico", "Música clásica", "Clássica", "Música clássica",
                  "Clássico", "Classica", "Musica classica", "Klassiek", "クラシック", "Классика",
                  "Классическая музыка"),
    "Country": ("General Country", "Country & Western", "カントリー"),
    "Dance": ("Dance Music", "ダンス"),
    "Dancehall": ("Dance Hall",),
    "Drum & Bass": ("DnB", "D&B", "Jungle/Drum'n'bass", "Drum & Bass/Jungle"),
    "Easy Listening": (),
    "EDM": ("Electronic Dance Music",),
    "Electronic": ("Electronica", "Dance & Electronic", "Electronica/Dance", "Dance/Electronic", "Electronic/Dance",
                   "Electronic Music", "General Electronic", "Électronique", "Elektronisch", "Elektronik",
                   "Eletrônica", "Eletrônico", "Electrónico", "Elettronica", "エレクトロニック", "Электроника",
                   "Электронная музыка"),
    "Folk": ("General Folk", "Folk, World, & Country", "フォーク"),
    "Folk Rock": ("Folk/Rock",),
    "Funk": ("Funk/Soul", "Funk & Soul", "ファンク"),
    "Hip-Hop": ("Hip-Hop/Rap", "Rap/Hip-Hop", "Hip-Hop & Rap", "Rap & Hip-Hop", "ヒップホップ/ラップ", "ヒップホップ",
                "Хип-хоп", "Хип-хоп/Рэп"),
    "Jazz": ("General Jazz", "Джаз", "ジャズ"),
    "Jazz-Funk": ("Jazz+Funk",),
    "K-Pop": (),
    "Latin": ("Latino", "Latina", "Latin Music", "Música latina", "ラテン"),
    "Latin Pop": ("Pop Latino", "Pop Latina"),
    "Lo-Fi": (),
    "Metal": ("General Metal", "Метал", "メタル"),
    "MPB": ("Música Popular Brasileira",),
    "New Age": ("ニューエイジ",),
    "Oldies": ("Antigas",),
    "Pop": ("Pop Music", "General Pop", "Popmusik", "Música pop", "ポップ", "ポップス", "Поп", "Поп-музыка"),
    "Pop-Funk": ("Pop/Funk",),
    "Punk": ("General Punk", "Панк"),
    "R&B": ("R&B/Soul", "Soul/R&B", "RnB", "Rhythm & Blues", "Contemporary R&B", "R&B/ソウル"),
    "Rap": ("Рэп", "ラップ"),
    "Reggae": ("General Reggae", "レゲエ", "Регги"),
    "Rock": ("Rock Music", "General Rock", "Rockmusik", "Рок", "ロック"),
    "Rock & Roll": ("Rock and Roll", "Rock'n'Roll"),
    "Singer-Songwriter": ("Singer/Songwriter", "Singer & Songwriter", "Singers & Songwriters", "Cantautor",
                          "Cantautores", "Cantautori", "Liedermacher"),
    "Soul": ("Soul Music", "ソウル"),
    "Soundtrack": ("Soundtracks", "OST", "Original Soundtrack", "Score", "Film Score", "Filmmusik",
                   "Stage & Screen", "Bande originale", "Bandes originales", "Banda sonora", "Bandas sonoras",
                   "Trilha Sonora", "Trilhas Sonoras", "Colonna sonora", "Colonne sonore", "Саундтрек", "Саундтреки",
                   "サウンドトラック"),
    "Spoken Word": ("Books & Spoken", "Spoken", "Spoken & Audio"),
    "Synth-Pop": ("Synthiepop",),
    "Vocal": ("Vocals", "Vocal Music", "ヴォーカル"),
    "World": ("World Music", "Worldwide", "Weltmusik", "Musiques du monde", "Monde", "Músicas del mundo",
              "Música del mundo", "Música do mundo", "ワールド"),
}  # fmt: skip
SAYS_NOTHING: tuple[str, ...] = (
    "Other", "Others", "Unknown", "Unknown Genre", "Misc", "Miscellaneous", "Genre", "None", "No Genre", "Null",
    "N/A", "NA", "Various", "Undefined", "Unclassified", "Unclassifiable", "Unspecified", "Not Specified", "Default",
    "Untitled", "General", "Music", "Musik", "Musique", "Música", "Music Video", "Andere", "Sonstige", "Sonstiges",
    "Unbekannt", "Autre", "Autres", "Inconnu", "Otro", "Otros", "Otra", "Desconocido", "Outro", "Outros", "Outra",
    "Desconhecido", "Altro", "Altri", "Sconosciuto", "Overig", "Overige", "Onbekend", "Другое", "Неизвестно",
    "Неизвестный", "その他", "不明", "其他",
)  # fmt: skip

REFERENCES = re.compile(r"\s*((?:\((?:\d+|RX|CR)\)\s*)+)(.*)", re.DOTALL)
SEPARATORS = (re.compile(r"[\0;|\r\n]+"), re.compile(r","), re.compile(r"[/\\]"))
SMALL_WORDS = frozenset({"and", "of", "the", "in", "de", "da", "do", "del", "du", "la", "y", "n", "und"})
SHORT = 3  # letters: "AOR" in capitals is a short form, "AMBIENT" is shouting


@lru_cache(maxsize=16_384)
def key(tag: str) -> str:
    """Return a tag as it is compared: case, accents, blanks and separators do not matter.

    >>> key("Hip-Hop"), key("HIP HOP"), key("Drum'n'Bass"), key("Drum & Bass")
    ('hiphop', 'hiphop', 'drumandbass', 'drumandbass')
    """
    return plain(tag.replace("_", " ")).replace(" ", "")


def _default_names() -> dict[str, str | None]:
    names: dict[str, str | None] = {key(name): name for name in [*ID3_GENRES, *ID3_WORDS.values()]}
    for name, aliases in ALIASES.items():
        names |= {key(alias): name for alias in [name, *aliases]}
    return names | {key(name): None for name in SAYS_NOTHING}


def _form(tag: str) -> str:
    """Return a tag as `key` does, with its slashes and commas kept."""
    return "".join(part if part in ("/", ",") else key(part) for part in re.split(r"([/,])", tag.replace("\\", "/")))


# Key -> name, None for a tag that says nothing.
DEFAULT_NAMES: dict[str, str | None] = _default_names()
WHOLES = frozenset(
    _form(name) for names in [*ALIASES.values(), SAYS_NOTHING] for name in names if re.search("[/,]", name)
)
NO_EDITS: Mapping[str, str | None] = {}


def genre_of(
    tag: str | None, own: Mapping[str, str | None] = NO_EDITS, *, usual: Mapping[str, str] | None = None
) -> str | None:
    """Return the genre that a tag says, in one spelling; None where it says none.

    Of several the first that says something. A genre not in the table keeps its own words, tidied: the same tag
    always gives the same name, but two unknown tags of one key ("Chap-Hop", "Chap Hop") give one only with `usual`.

    Parameters
    ----------
    tag : str or None
        As the file has it.
    own : mapping of key to name
        The person's edits, stronger than the table; None or "" for a tag that is to say nothing.
    usual : mapping of key to name, optional
        From `usual_spellings`: how the library spells what the table does not know.

    >>> genre_of("(17)"), genre_of("Hip-Hop/Rap"), genre_of("Other; trip hop"), genre_of("<unknown>")
    ('Rock', 'Hip-Hop', 'Trip Hop', None)
    >>> genre_of("Electronica", {"electronica": "Techno"})
    'Techno'
    """
    return next(filter(None, (_name(part, own, usual or {}) for part in parts(tag, own))), None)


def _name(part: str, own: Mapping[str, str | None], usual: Mapping[str, str]) -> str | None:
    known = key(part)
    if known in own:
        return own[known] or None
    if known in DEFAULT_NAMES:
        return DEFAULT_NAMES[known]
    return usual.get(known) or _tidy(part)


def parts(tag: str | None, own: Mapping[str, str | None] = NO_EDITS) -> list[str]:
    r"""Return the genres named in one tag, numbers of ID3 as words, each once.

    >>> parts("Rock / Pop"), parts("R&B/Soul; Jazz"), parts("(4)Eurodisco"), parts("17\0 31")
    (['Rock', 'Pop'], ['R&B/Soul', 'Jazz'], ['Eurodisco', 'Disco'], ['Rock', 'Trance'])
    """
    found: dict[str, str] = {}
    for part in _taken_apart(tag or "", own):
        found.setdefault(key(part), part)
    return list(found.values())


def _taken_apart(text: str, own: Mapping[str, str | None]) -> list[str]:
    text = text.strip(" \0")
    if not re.search(r"\w", text):
        return []
    if key(text) in own or _form(text) in WHOLES:
        return [text]
    for separator in SEPARATORS:
        if len(pieces := separator.split(text)) > 1:
            return [part for piece in pieces for part in _taken_apart(piece, own)]
    return _without_numbers(text)


def _without_numbers(text: str) -> list[str]:
    """Return a genre with ID3's numbers put into words: "(4)Eurodisco" is Disco, more exactly Eurodisco."""
    if text.startswith("(("):  # ID3's way to write one bracket
        return [text[1:]]
    if match := REFERENCES.fullmatch(text):
        numbers = re.findall(r"\w+", match[1])
        return [part for part in [match[2].strip(), *map(_id3, numbers)] if part]
    return [_id3(text)] if text.isdecimal() or text in ID3_WORDS else [text]


def _id3(number: str) -> str:
    """Return the name of a number of ID3, "Unknown" for one that has none."""
    if number in ID3_WORDS:
        return ID3_WORDS[number]
    return ID3_GENRES[int(number)] if int(number[:9]) < len(ID3_GENRES) else "Unknown"


def _tidy(part: str) -> str:
    """Return a tag's own words without doubled blanks, capitals only put right where all or none are.

    >>> _tidy("post-punk  revival"), _tidy("SOUTHERN GOTHIC"), _tidy("AOR"), _tidy("eDM & bass")
    ('Post-Punk Revival', 'Southern Gothic', 'AOR', 'eDM & bass')
    """
    words = " ".join(part.replace("_", " ").split())
    shouted = words.isupper() and any(len(word) > SHORT for word in re.findall(r"[^\W\d_]+", words))
    return _title_case(words.lower()) if shouted or words.islower() else words


def _title_case(words: str) -> str:
    return re.sub(
        r"[^\W_][\w'’]*",
        lambda word: word[0] if word.start() and word[0] in SMALL_WORDS else word[0][0].upper() + word[0][1:],
        words,
    )


def usual_spellings(tags: Iterable[str]) -> dict[str, str]:
    """Return how a library mostly spells each genre that the table does not know, by key.

    >>> usual_spellings(["Chap Hop", "chap-hop", "Chap-Hop", "Rock"])
    {'chaphop': 'Chap-Hop'}
    """
    counts: dict[str, Counter[str]] = {}
    for tag in tags:
        for part in parts(tag):
            if key(part) not in DEFAULT_NAMES:
                counts.setdefault(key(part), Counter())[_tidy(part)] += 1
    return {name: min(spellings, key=lambda s: (-spellings[s], s)) for name, spellings in counts.items()}
