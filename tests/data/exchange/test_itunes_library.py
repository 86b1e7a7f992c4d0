"""Libraries of Apple: real ones of ten years, and every field that may be missing, odd or broken."""

from __future__ import annotations

import plistlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import EarmarkError
from data.exchange import itunes
from data.exchange.itunes import AppleLibrary, LibraryEntry, read_library

EXAMPLES = 150
REAL = [
    "mac_itunes_10.5_rated_podcasts_nonascii",
    "mac_itunes_11_no_tracks",
    "mac_itunes_12.1_small",
    "mac_itunes_12.6_mixed_track_types",
    "mac_itunes_12.7_playlist_cloud_only",
    "mac_music_1.0_mostly_cloud",
    "mac_music_1.2_small",
    "windows_itunes_12.10_rated",
    "windows_itunes_12.1_small",
]
# Counted with plistlib: music, podcasts, videos; cloud, protected, rated, loved; the person's playlists.
COUNTED = {
    "mac_itunes_10.5_rated_podcasts_nonascii": ((1142, 8, 16), (0, 1, 850, 0), 13),
    "mac_itunes_11_no_tracks": ((0, 0, 0), (0, 0, 0, 0), 0),
    "mac_itunes_12.1_small": ((3, 0, 0), (0, 0, 2, 0), 0),
    "mac_itunes_12.6_mixed_track_types": ((370, 7, 25), (7, 66, 0, 0), 3),
    "mac_itunes_12.7_playlist_cloud_only": ((1938, 0, 0), (1938, 0, 2, 0), 0),
    "mac_music_1.0_mostly_cloud": ((252, 0, 0), (250, 0, 0, 0), 8),
    "mac_music_1.2_small": ((17, 0, 0), (16, 0, 0, 1), 1),
    "windows_itunes_12.10_rated": ((1169, 0, 0), (0, 0, 843, 0), 37),
    "windows_itunes_12.1_small": ((3, 0, 0), (0, 0, 2, 0), 0),
}
SONG = {
    "Track ID": 105,
    "Persistent ID": "2fc2180814b90bd1",
    "Name": "Jóga",
    "Artist": "Björk",
    "Album Artist": "Various",
    "Album": "Homogenic",
    "Genre": "Electronic",
    "Year": 1997,
    "Track Number": 2,
    "Disc Number": 1,
    "Total Time": 305_120,
    "Size": 8_211_928,
    "Play Count": 12,
    "Skip Count": 0,
    "Date Added": datetime(2014, 4, 24, 9, 28, 38),
    "Rating": 80,
    "Loved": True,
    "Kind": "AAC audio file",
    "Track Type": "File",
    "Location": "file://localhost/C:/Music/Bjo%CC%88rk/02%20Jo%CC%81ga.m4a",
}


@pytest.fixture
def library(tmp_path: Path) -> Callable[..., AppleLibrary]:
    """Give a function that writes a library of these tracks and reads it."""

    def make(tracks: Any, playlists: Any = (), **head: Any) -> AppleLibrary:
        root = {**head, "Tracks": tracks, "Playlists": playlists if isinstance(playlists, dict) else list(playlists)}
        (tmp_path / "Library.xml").write_bytes(plistlib.dumps(root, sort_keys=False))
        return read_library(tmp_path / "Library.xml")

    return make


@pytest.fixture
def entry(library: Callable[..., AppleLibrary]) -> Callable[..., LibraryEntry]:
    """Give a function that reads one song with some of its fields changed; None takes a field away."""

    def make(**changes: Any) -> LibraryEntry:
        track = SONG | {key.replace("_", " "): value for key, value in changes.items()}
        return library({"105": {key: value for key, value in track.items() if value is not None}}).entries[0]

    return make


def test_everything_a_library_says_of_a_song_is_read(entry: Callable[..., LibraryEntry]) -> None:
    song = entry()
    assert (song.number, song.persistent_id, song.kind) == (105, "2FC2180814B90BD1", "music")
    tags = song.tags
    assert (tags.title, tags.artist, tags.album, tags.album_artist) == ("Jóga", "Björk", "Homogenic", "Various")
    assert (tags.genre, tags.year, tags.track_number, tags.duration) == ("Electronic", 1997, 2, 305.12)
    assert (song.disc_number, song.size, song.play_count, song.skip_count) == (1, 8_211_928, 12, 0)
    assert song.date_added == "2014-04-24T09:28:38+00:00"
    assert song.location == SONG["Location"]
    assert song.path == "C:/Music/Bjo\u0308rk/02 Jo\u0301ga.m4a"
    assert (song.stars, song.loved, song.disliked, song.protected, song.cloud) == (4, True, False, False, False)


def test_the_head_of_a_library_is_read(library: Callable[..., AppleLibrary], tmp_path: Path) -> None:
    head = {
        "Application Version": "12.1",
        "Music Folder": "file:////Music/",
        "Library Persistent ID": "b4c9f3ee26efaf78",
    }
    read = library({}, [{"Name": "Bibliotheek", "Master": True}], **head)
    assert (read.path, read.application_version) == (tmp_path / "Library.xml", "12.1")
    assert (read.music_folder, read.persistent_id) == ("/Music/", "B4C9F3EE26EFAF78")
    assert read.whole and not library({}, [{"Name": "list"}]).whole


@pytest.mark.parametrize(
    ("rating", "computed", "stars"),
    [
        (100, None, 5), (80, None, 4), (90, None, 5), (89, None, 4), (70, None, 4), (50, None, 3), (20, None, 1),
        (10, None, 1), (9, None, None), (1, None, None), (0, None, None), (None, None, None), (101, None, None),
        (-20, None, None), (60, True, None), (60, False, 3), ("60", None, 3), ("much", None, None), (60.0, None, 3),
        (True, None, None), (2**64 - 1, None, None), ([60], None, None),
    ],
)  # fmt: skip
def test_stars_are_those_the_person_gave(
    entry: Callable[..., LibraryEntry], rating: Any, computed: bool | None, stars: int | None
) -> None:
    assert entry(Rating=rating, Rating_Computed=computed).stars == stars


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "music"),
        ({"Podcast": True, "Has Video": True, "Track Type": "URL"}, "podcast"),
        ({"Has Video": True}, "video"),
        ({"Movie": True}, "video"),
        ({"TV Show": True}, "video"),
        ({"Music Video": True}, "video"),
        ({"Kind": "Arq. vídeo MPEG-4 prot."}, "video"),
        ({"Kind": "MPEG-4-Videodatei"}, "video"),
        ({"Kind": None, "Location": "file:///x.MOV"}, "video"),
        ({"Kind": "MPEG-4 audio file", "Location": "file:///x.mp4"}, "music"),
        ({"Audiobook": True}, "audiobook"),
        ({"Location": "file:///x.m4b"}, "audiobook"),
        ({"Genre": "Hörbücher"}, "audiobook"),
        ({"Genre": "AUDIOBOOK"}, "audiobook"),
        ({"Genre": "Spoken Word"}, "music"),
        ({"Name": "Video Killed the Radio Star", "Genre": "Video Game"}, "music"),
        ({"Track Type": "URL", "Location": "http://radio.example/live"}, "stream"),
        ({"Track Type": None, "Location": "mms://radio.example/live"}, "stream"),
        ({"Track Type": "Remote", "Kind": "Internet audio stream", "Location": None, "Apple Music": True}, "music"),
    ],
)
def test_each_entry_is_of_one_kind(entry: Callable[..., LibraryEntry], changes: dict[str, Any], kind: str) -> None:
    assert entry(**changes).kind == kind


@pytest.mark.parametrize(
    ("changes", "cloud"),
    [
        ({}, False),
        ({"Track Type": "Remote", "Location": None}, True),
        ({"Track Type": None, "Kind": None, "Location": None}, True),
        ({"Track Type": "Remote"}, False),  # downloaded from the cloud
        ({"Track Type": "Remote", "Location": None, "Movie": True}, True),
        ({"Track Type": "File", "Location": None, "Movie": True}, False),
        ({"Track Type": "URL", "Location": "http://a/b"}, False),
    ],
)
def test_what_has_no_file_is_in_the_cloud(
    entry: Callable[..., LibraryEntry], changes: dict[str, Any], cloud: bool
) -> None:
    assert entry(**changes).cloud is cloud


def test_protected_files_are_known_by_the_mark_or_the_name(entry: Callable[..., LibraryEntry]) -> None:
    assert entry(Protected=True).protected
    assert entry(Location="file:///x.M4P").protected


def test_loved_has_two_names(entry: Callable[..., LibraryEntry]) -> None:
    assert entry(Loved=None, Favorited=True).loved
    assert not entry(Loved=False).loved
    assert entry(Loved=None, Disliked=True).disliked


def test_an_entry_without_a_name_is_called_like_its_file(entry: Callable[..., LibraryEntry]) -> None:
    assert entry(Name=None).tags.title == "02 Jo\u0301ga"
    assert entry(Name=" ", Location="file:///caf%E9.mp3").tags.title == "caf?"
    assert entry(Name=None, Location=None).tags.title == "Untitled"
    assert entry(Name=1999).tags.title == "1999"


@pytest.mark.parametrize(
    ("changes", "year", "size"),
    [
        ({"Year": "1997", "Size": " 12 "}, 1997, 12),
        ({"Year": 1997.0, "Size": 12.5}, 1997, None),
        ({"Year": "c. 1997", "Size": "big"}, None, None),
        ({"Year": 0, "Size": 0}, None, None),
        ({"Year": -1, "Size": -12}, None, None),
        ({"Year": 2**63, "Size": 2**63 - 1}, None, 2**63 - 1),
        ({"Year": True, "Size": {"a": 1}}, None, None),
        ({"Year": datetime(1997, 1, 1), "Size": b"12"}, None, None),
    ],
)
def test_fields_of_another_type_are_read_where_they_make_sense(
    entry: Callable[..., LibraryEntry], changes: dict[str, Any], year: int | None, size: int | None
) -> None:
    song = entry(**changes)
    assert (song.tags.year, song.size) == (year, size)


def test_odd_texts_and_dates_are_left_out(entry: Callable[..., LibraryEntry]) -> None:
    song = entry(Artist=["a"], Album="  ", Genre=True, Date_Added="2014-04-24T11:28:38+02:00", Persistent_ID="12")
    assert (song.tags.artist, song.tags.album, song.tags.genre) == (None, None, None)
    assert (song.date_added, song.persistent_id) == ("2014-04-24T09:28:38+00:00", None)
    assert entry(Date_Added="long ago").date_added is entry(Date_Added=5).date_added is None
    assert entry(Total_Time=0).tags.duration is None


@pytest.mark.parametrize("address", ["file:///a%00b.mp3", "file://", "somewhere"])
def test_a_location_that_is_no_path_is_kept_as_written(entry: Callable[..., LibraryEntry], address: str) -> None:
    song = entry(Location=address)
    assert (song.location, song.path, song.kind, song.cloud) == (address, None, "music", False)


def test_plain_paths_are_understood_too(entry: Callable[..., LibraryEntry]) -> None:
    assert entry(Location="/Music/100%25.mp3").path == "/Music/100%25.mp3"
    assert entry(Location="C:\\Music\\x.mp3").path == "C:\\Music\\x.mp3"


def test_broken_entries_do_not_hide_the_others(library: Callable[..., AppleLibrary]) -> None:
    tracks = {"1": "x", "2": {"Name": "b"}, "c": {"Name": "c"}, "4": SONG | {"Track ID": "4"}, "5": [], "6": SONG}
    read = library(tracks)
    assert [(entry.number, entry.tags.title) for entry in read.entries] == [(2, "b"), (4, "Jóga"), (105, "Jóga")]
    assert [reason for _, reason in read.skipped] == [f"“{key}” in Tracks cannot be understood" for key in "1c5"]
    assert all(line > 4 for line, _ in read.skipped)


def test_no_two_entries_have_one_number(library: Callable[..., AppleLibrary]) -> None:
    read = library({key: {"Name": key, "Track ID": number} for key, number in [("1", 1), ("2", 1), ("x", 2)]})
    assert [(entry.number, entry.tags.title) for entry in read.entries] == [(1, "1"), (2, "2")]
    assert [reason for _, reason in read.skipped] == ["“x” in Tracks has the Track ID of another"]


def test_playlists_keep_their_folders_and_order(library: Callable[..., AppleLibrary]) -> None:
    items = [{"Track ID": 3}, {"Track ID": 1}, {"Track ID": "2"}, {}, 5, {"Track ID": 3}]
    playlists = [
        {"Name": "Biblioteca", "Master": True, "Playlist Persistent ID": "A" * 16},
        {"Name": "Música", "Distinguished Kind": 4, "Music": True},
        {"Name": "Trips", "Folder": True, "Playlist Persistent ID": "b" * 16},
        {"Name": "Iceland", "Parent Persistent ID": "b" * 16, "Playlist Items": items},
        {"Name": "Top", "Smart Info": b"x", "Smart Criteria": b"y", "Playlist Items": 7},
        {"Playlist Items": []},
        "broken",
    ]
    read = library({}, playlists)
    assert [(p.name, p.kind, p.built_in) for p in read.playlists] == [
        ("Biblioteca", "list", True),
        ("Música", "list", True),
        ("Trips", "folder", False),
        ("Iceland", "list", False),
        ("Top", "smart", False),
        ("Untitled", "list", False),
    ]
    assert read.playlists[2].persistent_id == read.playlists[3].parent_id == "B" * 16
    assert read.playlists[3].numbers == (3, 1, 2, 3)
    assert [reason for _, reason in read.skipped] == ["“6” in Playlists cannot be understood"]


@pytest.mark.parametrize(
    ("root", "what"),
    [
        ({}, r"line 1: .*no “Tracks”"),
        ({"Playlists": [{"Name": "x"}]}, r"line \d+: .*no “Tracks”"),
        ({"Tracks": "x"}, r"line 6: “Tracks” is not a dictionary"),
        ({"Tracks": [SONG]}, r"line 6: “Tracks” is not a dictionary"),
        ({"Tracks": {}, "Playlists": {"Name": "x"}}, r"line 8: “Playlists” is not an array"),
    ],
)
def test_what_is_no_library_is_refused_with_its_line(tmp_path: Path, root: dict[str, Any], what: str) -> None:
    (tmp_path / "x.xml").write_bytes(plistlib.dumps(root, sort_keys=False))
    for read in (read_library, itunes.read):
        with pytest.raises(EarmarkError, match=what):
            read(tmp_path / "x.xml")


def test_a_library_without_playlists_is_a_library(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_bytes(plistlib.dumps({"Tracks": {"105": SONG}}))
    assert len(read_library(tmp_path / "x.xml").entries) == 1


def test_of_two_parts_of_one_name_the_last_counts(tmp_path: Path) -> None:
    part = "<key>Tracks</key><dict><key>{0}</key><dict><key>Track ID</key><integer>{0}</integer></dict></dict>"
    (tmp_path / "x.xml").write_text(f"<plist><dict>{part.format(1)}{part.format(2)}</dict></plist>")
    assert [entry.number for entry in read_library(tmp_path / "x.xml").entries] == [2]


def test_numbers_beyond_all_bounds_are_left_out(tmp_path: Path) -> None:
    number = f"<integer>{'9' * 400}</integer>"
    track = f"<key>7</key><dict><key>Track ID</key>{number}<key>Year</key>{number}<key>Name</key>{number}</dict>"
    (tmp_path / "x.xml").write_text(f"<plist><dict><key>Tracks</key><dict>{track}</dict></dict></plist>")
    (song,) = read_library(tmp_path / "x.xml").entries
    assert (song.number, song.tags.year, song.tags.title) == (7, None, "Untitled")


def test_what_was_written_is_a_library_too(tmp_path: Path) -> None:
    itunes.write(tmp_path / "x.xml", "liked", [itunes.Entry("/a b.mp3", "x"), itunes.Entry("", "y", track_id=7)])
    read = read_library(tmp_path / "x.xml")
    assert [(entry.path, entry.kind, entry.cloud) for entry in read.entries] == [
        ("/a b.mp3", "music", False),
        (None, "music", True),
    ]
    assert [(p.name, p.numbers, p.built_in) for p in read.playlists] == [("liked", (1001, 7), False)]
    assert not read.whole


def test_progress_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_bytes(plistlib.dumps({"Tracks": {"105": SONG}}))
    shares: list[float] = []
    read_library(tmp_path / "x.xml", progress=shares.append)
    assert shares[-1] == 1.0


fields = st.sampled_from([*SONG, "Podcast", "Has Video", "Protected", "Playlist Items", "Master"])
odd = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
    | st.sampled_from(["file://%", "file:///%ff", "1" * 30, b"", [], [{}], {}, {"Track ID": 1}])
    | st.datetimes().map(lambda date: date.replace(microsecond=0))
)
tracks = st.dictionaries(fields, odd.filter(lambda value: value is not None))


@given(st.dictionaries(st.sampled_from("1234ab"), tracks | odd.filter(lambda value: value is not None)), tracks)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_the_fields_the_entries_are_sound(
    library: Callable[..., AppleLibrary], written: dict[str, Any], playlist: dict[str, Any]
) -> None:
    read = library(written, [playlist])
    assert len({entry.number for entry in read.entries}) == len(read.entries)
    assert len(read.entries) + len(read.skipped) == len(written)
    for entry in read.entries:
        assert entry.tags.title and entry.tags.title.encode()
        assert entry.stars in (None, 1, 2, 3, 4, 5)
        assert not (entry.cloud and entry.path)
        numbers = (entry.number, entry.size, entry.play_count, entry.tags.year, entry.tags.track_number)
        assert all(number is None or 0 <= number < 2**63 for number in numbers)


ONE = plistlib.dumps({"Tracks": {"105": SONG}, "Playlists": [{"Name": "x", "Playlist Items": [{"Track ID": 105}]}]})


@given(st.lists(st.tuples(st.integers(0, len(ONE) - 1), st.binary(max_size=2)), max_size=4), st.integers(0, len(ONE)))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_library_is_read_or_refused_and_nothing_else(
    tmp_path: Path, changes: list[tuple[int, bytes]], end: int
) -> None:
    damaged = bytearray(ONE)
    for place, piece in changes:
        damaged[place : place + 1] = piece
    for content in (damaged, damaged[:end]):
        (tmp_path / "x.xml").write_bytes(content)
        for read in (read_library, itunes.read):
            with suppress(EarmarkError):
                read(tmp_path / "x.xml")


@pytest.mark.parametrize("name", REAL)
def test_a_real_library_is_read_as_it_was_counted(shared: Callable[[str], Path], name: str) -> None:
    read = read_library(shared("itunes") / f"{name}.xml")
    kinds = Counter(entry.kind for entry in read.entries)
    marks = [(entry.cloud, entry.protected, entry.stars is not None, entry.loved) for entry in read.entries]
    counted, marked, playlists = COUNTED[name]
    assert (kinds["music"], kinds["podcast"], kinds["video"]) == counted and kinds.total() == sum(counted)
    assert tuple(sum(column) for column in zip(*marks, strict=True)) == (marked if marks else ())
    assert sum(not playlist.built_in for playlist in read.playlists) == playlists
    assert read.skipped == ()


@pytest.mark.parametrize("name", REAL)
def test_a_real_library_says_what_another_program_reads(shared: Callable[[str], Path], name: str) -> None:
    path = shared("itunes") / f"{name}.xml"
    root = plistlib.loads(path.read_bytes())
    read = read_library(path)
    tracks = list(root["Tracks"].values())
    assert [entry.number for entry in read.entries] == [track["Track ID"] for track in tracks]
    assert [entry.tags.title for entry in read.entries] == [track["Name"] for track in tracks]
    for field, key in [("artist", "Artist"), ("album", "Album"), ("genre", "Genre"), ("year", "Year")]:
        assert [getattr(entry.tags, field) for entry in read.entries] == [track.get(key) for track in tracks]
    for field, key in [("location", "Location"), ("persistent_id", "Persistent ID"), ("size", "Size")]:
        assert [getattr(entry, field) for entry in read.entries] == [track.get(key) for track in tracks]
    given = [track.get("Rating") for track in tracks if not track.get("Rating Computed")]
    assert Counter(entry.stars for entry in read.entries if entry.stars) == Counter(r // 20 for r in given if r)
    assert read.whole == any(playlist.get("Master") for playlist in root["Playlists"])
    assert [(p.name, list(p.numbers)) for p in read.playlists] == [
        (p["Name"], [item["Track ID"] for item in p.get("Playlist Items", [])]) for p in root["Playlists"]
    ]


def test_a_real_list_of_columns_is_refused(shared: Callable[[str], Path]) -> None:
    with pytest.raises(EarmarkError, match=r"plist_without_tracks.xml, line 3: .*no “Tracks”"):
        read_library(shared("itunes") / "plist_without_tracks.xml")
