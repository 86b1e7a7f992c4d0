"""Locations: addresses of every system, folders that moved, and files found again by name, folder and size."""

from __future__ import annotations

import os
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EarmarkError
from data.exchange import itunes
from data.exchange.locations import Finder, Found, apply_maps, loose_text, parse_map, path_of, same_text

EXAMPLES = 200
quickly = settings(max_examples=EXAMPLES, deadline=None)
file_names = st.binary(min_size=1, max_size=30).map(
    lambda name: os.fsdecode(name.replace(b"/", b"").replace(b"\0", b""))
)
few = st.sampled_from(["a", "b", "A", "é", "e\u0301", "x.mp3", "X.MP3", "y.mp3"])
paths = st.lists(few, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
sizes = st.none() | st.integers(1, 3)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///Users/a/Music/x%20y.mp3", "/Users/a/Music/x y.mp3"),
        ("file://localhost/Users/a/x.mp3", "/Users/a/x.mp3"),
        ("FILE://LOCALHOST/Users/a/x.mp3", "/Users/a/x.mp3"),
        ("file:////Music/x.mp3", "/Music/x.mp3"),
        ("file:/Music/x.mp3", "/Music/x.mp3"),
        ("file:///C:/Music/x.mp3", "C:/Music/x.mp3"),
        ("file:////C:/Music/x.mp3", "C:/Music/x.mp3"),
        ("file://localhost/G:/Music/x.mp3", "G:/Music/x.mp3"),
        ("file://C:/Music/x.mp3", "C:/Music/x.mp3"),
        ("file://nas/music/x%20y.mp3", "//nas/music/x y.mp3"),
        ("file://localhost//nas/music/x.mp3", "//nas/music/x.mp3"),
        ("file:///a+b%2Bc.mp3", "/a+b+c.mp3"),
        ("file:///what?#1;2.mp3", "/what?#1;2.mp3"),
        ("file:///100%.mp3", "/100%.mp3"),
        ("file:///J%C3%B3ga.mp3", "/J\u00f3ga.mp3"),
        ("file:///Jo%CC%81ga.mp3", "/Jo\u0301ga.mp3"),
        ("file:///caf%E9.mp3", "/caf\udce9.mp3"),
        ("file:///a%0Ab.mp3", "/a\nb.mp3"),
        ("file:///c:x.mp3", "/c:x.mp3"),
        ("file://localhost/", "/"),
        ("file://", ""),
        ("", ""),
        ("/plain/100%25.mp3", "/plain/100%25.mp3"),
        ("http://a/b%20c", "http://a/b%20c"),
    ],
)
def test_an_address_is_understood(address: str, path: str) -> None:
    assert path_of(address) == path


@given(file_names)
@quickly
def test_every_file_name_survives_its_address(name: str) -> None:
    path = f"/Music/{name}"
    address = itunes.location(path)
    assert address.isascii() and path_of(address) == path


@given(file_names)
@quickly
def test_every_file_name_on_a_drive_survives_its_address(name: str) -> None:
    name = os.fsdecode(os.fsencode(name).replace(b"\\", b""))
    assert path_of(itunes.location(f"C:\\Music\\{name}")) == f"C:/Music/{name}"


def test_two_spellings_of_a_path_are_one() -> None:
    nfc, nfd = (unicodedata.normalize(form, "C:\\Björk\\Jóga") for form in ("NFC", "NFD"))
    assert same_text(nfc) == same_text(nfd) == "C:/Björk/Jóga"
    assert same_text("C:/A") != same_text("C:/a")
    assert loose_text("STRASSE Jo\u0301ga") == loose_text("straße JÓGA")


@pytest.mark.parametrize(
    ("old", "path", "result"),
    [
        ("/Users/a/Music", "/Users/a/Music/x/y.mp3", "/new/x/y.mp3"),
        ("/Users/a/Music/", "/Users/a/Music/x.mp3", "/new/x.mp3"),
        ("/Users/a/Mus", "/Users/a/Music/x.mp3", None),
        ("/Users/a/Music/x.mp3", "/Users/a/Music/x.mp3", "/new"),
        ("/Users/a/Music/x.mp3/y", "/Users/a/Music/x.mp3", None),
        ("/users/A/Music", "/Users/a/Music/x.mp3", None),
        ("/", "/x.mp3", "/new/x.mp3"),
        ("", "/x.mp3", None),
        ("C:\\Users\\Me\\Music\\", "c:/users/me/music/X.mp3", "/new/X.mp3"),
        ("c:/users/me", "C:\\Users\\Me\\a\\b.mp3", "/new/a/b.mp3"),
        ("G:", "G:/Music/x.mp3", "/new/Music/x.mp3"),
        ("G:\\", "G:/Music/x.mp3", "/new/Music/x.mp3"),
        ("\\\\nas\\music", "//nas/music/x.mp3", "/new/x.mp3"),
        ("file://localhost/C:/Music%20of%20mine/", "C:/Music of mine/x.mp3", "/new/x.mp3"),
        ("file:///Users/a", "/Users/a/x.mp3", "/new/x.mp3"),
        ("/Bj\u00f6rk", "/Bjo\u0308rk/Jo\u0301ga.mp3", "/new/Jo\u0301ga.mp3"),
        ("/Bjo\u0308rk", "/Bj\u00f6rk/x.mp3", "/new/x.mp3"),
        ("/Users", "/Users/back\\slash.mp3", "/new/back\\slash.mp3"),
    ],
)
def test_a_folder_that_moved_is_followed(old: str, path: str, result: str | None) -> None:
    assert apply_maps(path, [("/elsewhere", "/wrong"), (old, "/new/")]) == result


def test_the_first_fitting_map_counts_and_home_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    maps = [("/a", "~/Music"), ("/a/b", "/never"), ("/c", "/"), ("/d", "file:///My%20Music/")]
    assert [apply_maps(f"/{top}/b/x.mp3", maps) for top in "acd"] == [
        "/home/me/Music/b/x.mp3",
        "/b/x.mp3",
        "/My Music/b/x.mp3",
    ]
    assert apply_maps("/z", maps) is None and apply_maps("/z", []) is None


def test_a_map_is_read_and_a_wrong_one_explained() -> None:
    assert parse_map("C:\\Music=~/Music") == ("C:\\Music", "~/Music")
    assert parse_map("/a=/b=c") == ("/a", "/b=c")
    for text in ("", "/a", "=/b", "/a=", " = "):
        with pytest.raises(EarmarkError, match="OLD=NEW"):
            parse_map(text)


def test_name_and_size_find_a_file() -> None:
    finder = Finder([("/m/A/One/01 x.mp3", 10), ("/m/A/Two/01 x.mp3", 20), ("/m/y.mp3", 10)])
    assert finder.find("C:\\old\\01 X.MP3", 20) == Found("/m/A/Two/01 x.mp3", "tail and size")
    assert finder.find("/old/y.mp3", 11) == Found(None, "none")
    assert finder.find("/old/z.mp3", 10) == Found(None, "none")


def test_the_longest_common_tail_decides_between_equals() -> None:
    finder = Finder([("/m/A/One/x.mp3", 10), ("/m/B/One/x.mp3", 10), ("/m/B/Two/x.mp3", 10)])
    assert finder.find("/old/B/One/x.mp3", 10).path == "/m/B/One/x.mp3"
    assert finder.find("/old/Two/x.mp3", 10).path == "/m/B/Two/x.mp3"
    assert finder.find("/old/One/x.mp3", 10) == Found(None, "several")
    assert finder.find("/old/x.mp3", 10) == Found(None, "several")


def test_without_a_size_the_folder_must_fit_too() -> None:
    finder = Finder([("/m/A/One/x.mp3", 10), ("/m/A/Two/y.mp3", None), ("/n/A/Two/z.mp3", 1), ("/m/A/Two/z.mp3", 2)])
    assert finder.find("/old/one/x.mp3") == Found("/m/A/One/x.mp3", "tail")
    assert finder.find("/old/two/y.mp3", 99) == Found("/m/A/Two/y.mp3", "tail")
    assert finder.find("/old/Four/x.mp3") == Found(None, "none")
    assert finder.find("/A/Two/z.mp3") == Found(None, "several")
    assert finder.find("/m/A/Two/z.mp3") == Found("/m/A/Two/z.mp3", "tail")
    assert finder.find("x.mp3") == finder.find("") == finder.find("/") == Found(None, "none")
    assert Finder([("/x.mp3", None)]).find("/x.mp3") == Found(None, "none")


def test_accents_are_the_same_however_they_are_encoded() -> None:
    finder = Finder([("/m/Bj\u00f6rk/J\u00f3ga.mp3", 10)])
    assert finder.find("/old/Bjo\u0308rk/Jo\u0301ga.mp3").how == "tail"


def test_a_file_named_twice_is_one_file() -> None:
    assert Finder([("/a/x.mp3", 1), ("/a/x.mp3", 1)]).find("/b/x.mp3", 1).path == "/a/x.mp3"


@given(st.lists(st.tuples(paths, sizes), max_size=8), paths, sizes)
@quickly
def test_a_found_file_has_the_name_and_no_other_size(
    files: list[tuple[str, int | None]], path: str, size: int | None
) -> None:
    found = Finder(files).find(path, size)
    assert (found.path is None) == (found.how in ("several", "none"))
    if found.path is not None:
        assert loose_text(Path(found.path).name) == loose_text(Path(path).name)
        here = {known for file, known in files if file == found.path}
        assert size is None or here & {size, None}
        assert found.how == "tail" or size in here


@given(st.sets(paths, max_size=8), paths)
@quickly
def test_the_order_of_the_files_does_not_matter(files: set[str], path: str) -> None:
    ordered = [(file, 1) for file in sorted(files)]
    assert Finder(ordered).find(path, 1) == Finder(ordered[::-1]).find(path, 1)


def test_a_large_library_is_found_at_once() -> None:
    files = [(f"/m/Artist {i // 120}/Album {i // 12}/{i % 12:02} Track.mp3", i % 900) for i in range(12_000)]
    start = time.perf_counter()
    finder = Finder(files)
    found = [finder.find(f"C:\\old\\{path[3:]}", size) for path, size in files]
    again = [finder.find(f"C:\\old\\{path[3:]}") for path, _ in files]
    assert time.perf_counter() - start < 3  # 0.2 s on a quiet machine
    assert [one.path for one in found] == [one.path for one in again] == [path for path, _ in files]
