"""Playlist files: as Apple and the players write them, and read back as they were meant."""

from __future__ import annotations

import os
import plistlib
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from core.errors import EarmarkError
from data.exchange import files as exchange
from data.exchange import itunes, m3u, playlist_csv
from data.exchange.files import Entry
from data.exchange.locations import path_of

FORMATS = [itunes, m3u, playlist_csv]
NAMES = [
    "plain.mp3",
    "R&B <1>.mp3",
    "Don't (Go), now! +1 = 2.mp3",
    "#1 hit.mp3",
    "100%.mp3",
    "%41.mp3",
    "a;b?c*d.mp3",
    'say "hi".mp3',
    " outer blanks .mp3",
    "日本語 🎵.mp3",
    unicodedata.normalize("NFC", "Björk - Jóga.mp3"),
    unicodedata.normalize("NFD", "Björk - Jóga.mp3"),
    "line\u2028separator\x85.mp3",
]
GOLDEN_XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Major Version</key><integer>1</integer>
	<key>Minor Version</key><integer>1</integer>
	<key>Date</key><date>2026-01-02T03:04:05Z</date>
	<key>Application Version</key><string>1.2.5.7</string>
	<key>Features</key><integer>5</integer>
	<key>Show Content Ratings</key><true/>
	<key>Library Persistent ID</key><string>70B7EFAAE0C84061</string>
	<key>Tracks</key>
	<dict>
		<key>105</key>
		<dict>
			<key>Track ID</key><integer>105</integer>
			<key>Name</key><string>Don't &#38; Won't</string>
			<key>Artist</key><string>Simon &#38; G.</string>
			<key>Album Artist</key><string>Various</string>
			<key>Album</key><string>A &#60; B</string>
			<key>Genre</key><string>Folk</string>
			<key>Kind</key><string>AAC audio file</string>
			<key>Size</key><integer>8211928</integer>
			<key>Total Time</key><integer>232251</integer>
			<key>Year</key><integer>2017</integer>
			<key>Persistent ID</key><string>2FC2180814B90BD1</string>
			<key>Track Type</key><string>File</string>
			<key>Location</key><string>file:///Music/R&#38;B/Don't%20(Go)%20%231.m4a</string>
		</dict>
		<key>1001</key>
		<dict>
			<key>Track ID</key><integer>1001</integer>
			<key>Name</key><string>x</string>
			<key>Kind</key><string>FLAC audio file</string>
			<key>Persistent ID</key><string>1C75609C7A64EF31</string>
			<key>Track Type</key><string>File</string>
			<key>Location</key><string>file:///Music/x.flac</string>
		</dict>
	</dict>
	<key>Playlists</key>
	<array>
		<dict>
			<key>Name</key><string>liked</string>
			<key>Description</key><string></string>
			<key>Playlist ID</key><integer>1002</integer>
			<key>Playlist Persistent ID</key><string>A717C841B7D6E76F</string>
			<key>All Items</key><true/>
			<key>Playlist Items</key>
			<array>
				<dict>
					<key>Track ID</key><integer>105</integer>
				</dict>
				<dict>
					<key>Track ID</key><integer>1001</integer>
				</dict>
			</array>
		</dict>
	</array>
</dict>
</plist>
"""
GOLDEN_M3U = """#EXTM3U
#PLAYLIST:My list
#EXTINF:232,Simon & G. - Don't & Won't
/Music/R&B/Don't (Go) #1.m4a
#EXTINF:-1,x
/Music/x.flac
"""
GOLDEN_CSV = """path,title,artist,album,genre,year,duration
/Music/R&B/Don't (Go) #1.m4a,Don't & Won't,Simon & G.,A < B,Folk,2017,232.251
/Music/x.flac,x,,,,,
"""
ENTRIES = [
    Entry(
        "/Music/R&B/Don't (Go) #1.m4a",
        "Don't & Won't",
        artist="Simon & G.",
        album="A < B",
        album_artist="Various",
        genre="Folk",
        year=2017,
        duration=232.251,
        size=8211928,
        track_id=105,
        persistent_id="2FC2180814B90BD1",
    ),
    Entry("/Music/x.flac", "x"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lists"


def test_the_apple_file_is_letter_by_letter_what_apple_would_write(folder: Path) -> None:
    itunes.write(folder / "a.xml", "liked", ENTRIES, date=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert (folder / "a.xml").read_text(encoding="utf-8") == GOLDEN_XML


def test_the_m3u_file_is_as_players_expect_it(folder: Path) -> None:
    m3u.write(folder / "a.m3u8", "My\nlist", ENTRIES)
    assert (folder / "a.m3u8").read_bytes() == GOLDEN_M3U.encode()


def test_the_table_has_one_row_for_each_track(folder: Path) -> None:
    playlist_csv.write(folder / "a.csv", "liked", ENTRIES)
    assert (folder / "a.csv").read_bytes() == GOLDEN_CSV.encode()


def test_everything_apple_wrote_is_read_again(folder: Path) -> None:
    itunes.write(folder / "a.xml", "liked", ENTRIES)
    name, entries = itunes.read(folder / "a.xml")
    written = replace(ENTRIES[0], location="file:///Music/R&B/Don't%20(Go)%20%231.m4a")
    assert (name, entries[0]) == ("liked", written)


@pytest.mark.parametrize("module", FORMATS, ids=lambda module: module.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_every_name_survives(folder: Path, module: ModuleType, name: str) -> None:
    path = str(folder / "music & more" / name)
    module.write(folder / f"list{module.EXTENSION}", name, [Entry(path, name)])
    assert [entry.path for entry in module.read(folder / f"list{module.EXTENSION}")[1]] == [path]


@pytest.mark.parametrize("name", NAMES)
def test_relative_paths_lead_to_the_same_files(folder: Path, name: str) -> None:
    paths = [str(folder / name), str(folder.parent / "music" / name)]
    m3u.write(folder / "list.m3u8", "list", [Entry(path, "x") for path in paths], relative=True)
    lines = [line for line in (folder / "list.m3u8").read_text().split("\n") if line and not line.startswith("#")]
    assert not any(line.startswith("/") for line in lines)
    assert [entry.path for entry in m3u.read(folder / "list.m3u8")[1]] == paths


def test_relative_paths_are_right_in_a_folder_that_is_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "deep" / "down").mkdir(parents=True)
    folder.symlink_to(tmp_path / "deep" / "down")
    song = tmp_path / "song.mp3"
    song.touch()
    m3u.write(folder / "list.m3u8", "list", [Entry(str(song), "x")], relative=True)
    line = (folder / "list.m3u8").read_text().splitlines()[-1]
    assert os.path.samefile(folder / line, song)


def test_a_name_that_begins_with_a_hash_is_not_a_comment(folder: Path) -> None:
    m3u.write(folder / "list.m3u8", "list", [Entry(str(folder / "#1.mp3"), "x")], relative=True)
    assert (folder / "list.m3u8").read_text().splitlines()[-1] == "./#1.mp3"


@pytest.mark.parametrize("module", FORMATS, ids=lambda module: module.__name__)
def test_control_characters_in_tags_are_cleaned(folder: Path, module: ModuleType) -> None:
    entry = Entry("/a.mp3", "A\x00B\x1b[1m\r\nC\ufffe", artist="D\tE\x85", album="\x07", genre="F\ud800")
    module.write(folder / f"x{module.EXTENSION}", "N\x01\n", [entry, entry])
    text = (folder / f"x{module.EXTENSION}").read_bytes().decode()
    assert "AB[1m C" in text
    assert not set(text) & set("\x00\x01\x07\x1b\r\x85\ufffe")
    assert len(module.read(folder / f"x{module.EXTENSION}")[1]) == 2


@pytest.mark.parametrize("module", FORMATS, ids=lambda module: module.__name__)
def test_an_empty_playlist_is_a_file_too(folder: Path, module: ModuleType) -> None:
    module.write(folder / f"x{module.EXTENSION}", "nothing", [])
    assert module.read(folder / f"x{module.EXTENSION}")[1] == []


@pytest.mark.parametrize("module", FORMATS, ids=lambda module: module.__name__)
def test_a_file_that_reads_back_wrongly_never_takes_the_name(
    folder: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = folder / f"x{module.EXTENSION}"
    module.write(target, "first", ENTRIES)
    before = target.read_bytes()

    def lose_the_end(path: Path, text: str) -> None:
        exchange.write_text(path, text.replace("/Music/x.flac", "/Music/y.flac"))

    monkeypatch.setattr(module, "write_text", lose_the_end)
    with pytest.raises(EarmarkError, match="was not written"):
        module.write(target, "second", ENTRIES)
    assert target.read_bytes() == before
    assert list(folder.iterdir()) == [target]


@pytest.mark.parametrize("module", FORMATS, ids=lambda module: module.__name__)
def test_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path, module: ModuleType) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EarmarkError, match="cannot be written"):
        module.write(tmp_path / "file" / "x", "x", ENTRIES)


def test_ids_are_unique_stable_and_apples_own_stay(folder: Path) -> None:
    own = [Entry("/a.mp3", "a", track_id=1001), Entry("/b.mp3", "b"), Entry("/c.mp3", "c"), Entry("/b.mp3", "b")]
    itunes.write(folder / "one.xml", "x", own)
    itunes.write(folder / "two.xml", "x", own[::-1])
    one, two = (plistlib.loads((folder / name).read_bytes()) for name in ("one.xml", "two.xml"))
    assert one["Tracks"]["1001"]["Name"] == "a"
    assert len(one["Tracks"]) == 3
    assert [item["Track ID"] for item in one["Playlists"][0]["Playlist Items"]] == [1001, 1002, 1003, 1002]
    ids = [{t["Name"]: t["Persistent ID"] for t in library["Tracks"].values()} for library in (one, two)]
    assert ids[0] == ids[1]
    assert all(len(i) == 16 and set(i) <= set("0123456789ABCDEF") for i in ids[0].values())


def test_what_apple_wrote_as_a_location_is_written_again_byte_for_byte(folder: Path) -> None:
    odd = [
        "file://localhost/C:/a%2fb%7E.mp3",
        "file:////Music/J%c3%b3ga;1?.mp3",
        "file:///a\r\n\x85 .mp3 ",
        "http://radio/a",
    ]
    itunes.write(folder / "x.xml", "x", [Entry(f"/here/{i}.mp3", "x", location=odd[i]) for i in range(4)])
    tracks = plistlib.loads((folder / "x.xml").read_bytes())["Tracks"].values()
    assert [track["Location"] for track in tracks] == odd
    assert [track["Track Type"] for track in tracks] == ["File", "File", "File", "URL"]


def test_a_track_of_the_cloud_is_written_without_a_location(folder: Path) -> None:
    cloud = [
        Entry("", "a", track_id=7, persistent_id="2FC2180814B90BD1"),
        Entry("", "b", track_id=8),
        Entry("", "c"),
        Entry("", "d"),
    ]
    itunes.write(folder / "x.xml", "x", [*cloud, cloud[0]])
    tracks = plistlib.loads((folder / "x.xml").read_bytes())["Tracks"]
    assert [track["Name"] for track in tracks.values()] == ["a", "b", "c", "d"]
    assert len({track["Persistent ID"] for track in tracks.values()}) == 4
    assert all(track["Track Type"] == "Remote" and "Location" not in track for track in tracks.values())
    assert [entry.title for entry in itunes.read(folder / "x.xml")[1]] == ["a", "b", "c", "d", "a"]


def test_files_of_two_libraries_with_one_number_both_stay(folder: Path) -> None:
    own = [
        Entry("/a.mp3", "a", track_id=1001),
        Entry("/b.mp3", "b", track_id=1001),
        Entry("/c.mp3", "c", track_id=1002),
    ]
    itunes.write(folder / "x.xml", "x", [*own, own[1]])
    entries = itunes.read(folder / "x.xml")[1]
    assert [(entry.title, entry.track_id) for entry in entries] == [("a", 1001), ("b", 1003), ("c", 1002), ("b", 1003)]


@pytest.mark.parametrize(
    ("old", "new"), [("Don't", "Do"), ("2FC2180814B90BD1", "2FC2180814B90BD2"), (">105<", ">106<")]
)
def test_a_name_or_id_that_reads_back_wrongly_is_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    monkeypatch.setattr(itunes, "write_text", lambda path, text: exchange.write_text(path, text.replace(old, new)))
    with pytest.raises(EarmarkError, match="was not written"):
        itunes.write(folder / "x.xml", "x", ENTRIES)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("path", ["C:\\Music\\a b.mp3", "\\\\nas\\music\\a.mp3", "//double/a.mp3", "/a\udce9.mp3"])
def test_paths_of_every_system_survive(folder: Path, path: str) -> None:
    itunes.write(folder / "x.xml", "x", [Entry(path, "x")])
    read = itunes.read(folder / "x.xml")[1][0].path
    assert read in (path.replace("\\", "/"), path.replace("//", "/"))


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///Users/a/Music/x%20y.mp3", "/Users/a/Music/x y.mp3"),
        ("file://localhost/Users/a/x.mp3", "/Users/a/x.mp3"),
        ("file://localhost/C:/Music/x.mp3", "C:/Music/x.mp3"),
        ("file:///Music/Jo%CC%81ga.mp3", "/Music/Jo\u0301ga.mp3"),
    ],
)
def test_old_and_new_addresses_are_understood(address: str, path: str) -> None:
    assert path_of(address) == path
    assert path_of(itunes.location(path)) == path


def test_windows_addresses_are_written_as_itunes_does() -> None:
    assert itunes.location("C:\\Music\\a b.mp3") == "file://localhost/C:/Music/a%20b.mp3"


def test_m3u_files_of_others_are_read(folder: Path) -> None:
    folder.mkdir()
    text = '\ufeff#EXTM3U\r\n#EXTINF:12 tvg="1",A - B\r\nsub/x.mp3\r\n\r\n# note\r\nfile:///a%20b.mp3\r\n'
    (folder / "x.m3u8").write_bytes(text.encode())
    name, entries = m3u.read(folder / "x.m3u8")
    assert name == "x"
    assert [entry.path for entry in entries] == [str(folder / "sub/x.mp3"), "/a b.mp3"]
    assert (entries[0].artist, entries[0].title, entries[0].duration) == ("A", "B", 12.0)


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (itunes.read, b"", "line 1: the file is empty"),
        (itunes.read, b"<plist><array/></plist>", "line 1: a library is a dictionary"),
        (itunes.read, b'<plist version="1.0"><dict/></plist>', "no “Tracks”"),
        (itunes.read, b"<plist><dict><key>Tracks</key><dict/></dict></plist>", "holds no playlist"),
        (itunes.read, b"<plist><dict><key>", "line 1: the file ends too early"),
        (m3u.read, b"caf\xe9.mp3", "not UTF-8"),
        (playlist_csv.read, b"title\nx\n", "no column called path"),
    ],
)
def test_files_that_are_something_else_are_named(
    tmp_path: Path, read: Callable[[Path], object], content: bytes, message: str
) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(EarmarkError, match=message):
        read(tmp_path / "x")


def test_a_line_break_in_a_file_name_cannot_stand_in_m3u(folder: Path) -> None:
    with pytest.raises(EarmarkError, match="line break"):
        m3u.write(folder / "x.m3u8", "x", [Entry("/a\nb.mp3", "x")])
    itunes.write(folder / "x.xml", "x", [Entry("/a\nb.mp3", "x")])
    assert itunes.read(folder / "x.xml")[1][0].path == "/a\nb.mp3"


def test_real_playlists_of_apple_are_read(shared: Callable[[str], Path]) -> None:
    name, entries = itunes.read(shared("itunes") / "mac_music_1.2_small.xml")
    assert name
    assert len(entries) == 17
