"""Property lists: every value is handed out, and what is no property list refused with its line."""

from __future__ import annotations

import os
import plistlib
import random
import tracemalloc
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import EarmarkError
from data.exchange import plist
from data.exchange.plist import read_plist

EXAMPLES = 150
in_one_folder = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# What XML can hold, without the carriage return that every XML parser makes a line feed.
texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff", include_characters="\n\t"),
    max_size=12,
)
scalars = (
    texts
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.datetimes().map(lambda date: date.replace(microsecond=0))
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)
VALID = plistlib.dumps(
    {
        "Major Version": 1,
        "Date": datetime(2020, 1, 2, 3, 4, 5),
        "Tracks": {"1": {"Name": "Jóga & <1>", "Rating": 80, "Loved": True}, "2": {"Name": "日本", "Gain": -1.5}},
        "Playlists": [{"Name": "x", "Smart Info": b"abc", "Playlist Items": [{"Track ID": 1}]}],
    }
)


def a_list(inside: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n{inside}\n</dict>\n</plist>'.encode()
    )


def whole(path: Path, split: Collection[str] = ()) -> dict[str, Any]:
    """Put a list together again from its items."""
    root: dict[str, Any] = {}
    for item in read_plist(path, split=split):
        if not item.section:
            root[item.key] = item.value
        elif isinstance(root[item.section], list):
            assert item.key == str(len(root[item.section]))
            root[item.section].append(item.value)
        else:
            root[item.section][item.key] = item.value
    return root


def aware(value: Any) -> Any:
    """Return what plistlib was given with its dates in UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, dict):
        return {key: aware(inner) for key, inner in value.items()}
    return [aware(inner) for inner in value] if isinstance(value, list) else value


@given(st.dictionaries(texts, values, max_size=5), st.data())
@in_one_folder
def test_whatever_another_program_writes_is_read_as_it_was_meant(
    tmp_path: Path, root: dict, data: st.DataObject
) -> None:
    (tmp_path / "x").write_bytes(plistlib.dumps(root, sort_keys=False))
    split = data.draw(st.sets(st.sampled_from(sorted(root)))) if root else set()
    assert whole(tmp_path / "x", split) == aware(root)


@given(st.integers(0, len(VALID) - 1))
@in_one_folder
def test_a_file_cut_off_anywhere_is_refused_with_its_line(tmp_path: Path, end: int) -> None:
    (tmp_path / "x").write_bytes(VALID[:end])
    if VALID[:end].rstrip().endswith(b"</plist>"):
        return
    with pytest.raises(EarmarkError, match=r"x, line \d+: "):
        whole(tmp_path / "x", {"Tracks"})


@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@in_one_folder
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(VALID)
    for place, byte in flips:
        damaged[place] = byte
    (tmp_path / "x").write_bytes(damaged)
    with suppress(EarmarkError):
        whole(tmp_path / "x", {"Tracks", "Playlists"})


def test_values_come_one_by_one_with_their_lines(tmp_path: Path) -> None:
    tracks = "<key>T</key><dict>\n<key>k</key>\n<dict/>\n</dict>\n"
    inside = f"<key>A</key><integer>1</integer>\n{tracks}<key>L</key><array><true/></array>"
    (tmp_path / "x").write_bytes(a_list(inside))
    items = [(i.section, i.key, i.value, i.line) for i in read_plist(tmp_path / "x", split={"T", "L"})]
    assert items == [
        ("", "A", 1, 4),
        ("", "T", {}, 5),
        ("T", "k", {}, 7),
        ("", "L", [], 9),
        ("L", "0", True, 9),
    ]


def test_a_part_to_split_that_is_no_container_comes_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(a_list("<key>T</key><string>x</string>"))
    assert whole(tmp_path / "x", {"T"}) == {"T": "x"}


def test_only_the_top_is_split(tmp_path: Path) -> None:
    root = {"T": {"T": {"T": {"a": [1]}}}}
    (tmp_path / "x").write_bytes(plistlib.dumps(root))
    assert list(read_plist(tmp_path / "x", split={"T"}))[1].value == {"T": {"a": [1]}}


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("<integer>0x1F</integer>", 31),
        ("<integer>-0Xff</integer>", -255),
        ("<integer> +7\n</integer>", 7),
        ("<integer>" + "9" * 400 + "</integer>", int("9" * 400)),
        ("<real>-1e3</real>", -1000.0),
        ("<real>inf</real>", float("inf")),
        ("<date>2020-01-02T03:04:05Z</date>", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("<date>2020-01-02T03:04:05+02:00</date>", datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("<date>2020-01-02T03:04:05</date>", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("<string>  a\u2028&#38;&amp;<![CDATA[<b>]]> </string>", "  a\u2028&&<b> "),
        ("<string></string>", ""),
        ("<string/>", ""),
        ("<true> </true>", True),
        ("<data>!!! not base64 !!!</data>", None),
        ("<!-- a comment --><false/>", False),
    ],
)
def test_a_value_is_understood(tmp_path: Path, element: str, value: object) -> None:
    (tmp_path / "x").write_bytes(a_list(f"<key>k</key>{element}"))
    assert whole(tmp_path / "x") == {"k": value}


@pytest.mark.parametrize(
    "element",
    [
        "<integer>abc</integer>",
        "<integer>1_000</integer>",
        "<integer>٣</integer>",
        "<integer></integer>",
        "<integer>" + "9" * 5000 + "</integer>",
        "<real>1,5</real>",
        "<date>yesterday</date>",
        "<date>0000-99-99T99:99:99Z</date>",
        "<date>2020-13-01T00:00:00Z</date>",
        "<date>0001-01-01T00:00:00+05:00</date>",
    ],
)
def test_one_wrong_number_or_date_is_left_blank_and_the_rest_is_read(tmp_path: Path, element: str) -> None:
    (tmp_path / "x").write_bytes(a_list(f"<key>a</key>{element}<key>b</key><string>c</string>"))
    assert whole(tmp_path / "x") == {"a": None, "b": "c"}


def test_of_two_values_under_one_key_the_last_counts(tmp_path: Path) -> None:
    twice = "<key>a</key><dict><key>b</key><true/><key>b</key><false/></dict>"
    (tmp_path / "x").write_bytes(a_list(twice))
    assert whole(tmp_path / "x") == {"a": {"b": False}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_every_encoding_of_xml_is_read(tmp_path: Path, encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    text = f"{head}<plist><dict><key>k</key><string>é</string></dict></plist>"
    (tmp_path / "x").write_bytes(text.encode(encoding))
    assert whole(tmp_path / "x") == {"k": "é"}


LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE plist [
<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
]>
<plist><dict><key>&lol2;</key><true/></dict></plist>"""
OUTSIDE = (
    b'<!DOCTYPE plist [\n<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<plist><dict><key>&x;</key><true/></dict></plist>'
)
APPLE = b'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"", 1, "the file is empty"),
        (b"   \n ", 2, "ends too early"),
        (b"{}", 1, "not XML"),
        (b"\x00" * 500, 1, "not XML"),
        (b"bplist00\xd1\x01\x02", 1, "binary property list"),
        (b"\xff\xd8\xff\xe0JFIF", 1, "not XML"),
        (b"<!DOCTYPE html>\n<html><body>\n<p>Not found", 2, "<html> stands here"),
        (b"<html></html>", 1, "must begin with <plist>"),
        (b"<plist>\n</plist>", 2, "holds nothing"),
        (b"<plist><array/></plist>", 1, "is a dictionary"),
        (b"<plist><string>x</string></plist>", 1, "is a dictionary"),
        (b"<plist><dict/>\n<dict/></plist>", 2, "a second dictionary"),
        (b"<plist><dict/></plist>\n<plist/>", 2, "follows the end"),
        (b"<plist>hello<dict/></plist>", 1, "text where none belongs"),
        (b"<plist><plist/></plist>", 1, "once"),
        (LAUGHS, 3, "declares the entity “lol”"),
        (OUTSIDE, 2, "declares the entity “x”"),
        (b"<plist><dict><key>&x;</key></dict></plist>", 1, "entity is used"),
        (APPLE + b"<plist><dict><key>&nbsp;</key></dict></plist>", 2, "&nbsp;"),
        (b'<?xml version="1.0" encoding="klingon"?><plist/>', 1, "encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><plist/>', 1, "encoding"),
        (a_list("<key>a</key>\n<true>no</true>"), 5, "“no” is not what <true> may hold"),
        (a_list("<key>a</key><string>x<b/></string>"), 4, "holds text only"),
        (a_list("<key>a</key>\n<uid>1</uid>"), 5, "<uid> is not known"),
        (a_list("<key>a</key>"), 5, "“a” has no value"),
        (a_list("<key>a</key><key>b</key><true/>"), 4, "“a” has no value"),
        (a_list("\n<true/>"), 5, "has no key"),
        (a_list("<dict/>"), 4, "has no key"),
        (a_list("<key>a</key><array><key>b</key></array>"), 4, "stands in an array"),
        (a_list("<key>a</key><string>\x07</string>"), 4, "not XML, or a character"),
        (a_list("<key>a</key><string>&#0;</string>"), 4, "character that XML does not allow"),
        (a_list("<key>a</key><string>&#xD800;</string>"), 4, "character that XML does not allow"),
        (a_list("<key>a</key><true></false>"), 4, "closed that is not open"),
        (a_list("<key>a</key>" + "<array>" * 5000), 4, "inside each other"),
        (a_list("<key>a</key><string>caf\u00e9</string>").replace(b"\xc3\xa9", b"\xe9"), 4, "not XML, or a character"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: bytes, line: int, what: str) -> None:
    (tmp_path / "x.xml").write_bytes(content)
    with pytest.raises(EarmarkError) as refusal:
        whole(tmp_path / "x.xml", {"Tracks"})
    message = str(refusal.value)
    assert message.startswith(f"{tmp_path / 'x.xml'}, line {line}: ")
    assert what in message
    assert "File > Library > Export Library" in message
    assert len(message) < 400 + len(str(tmp_path))


def test_a_text_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plist, "LONGEST", 1000)
    (tmp_path / "x").write_bytes(a_list("<key>a</key><string>" + "x" * 100_000 + "</string>"))
    with pytest.raises(EarmarkError, match="line 4: a text is longer than 1,000"):
        whole(tmp_path / "x")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(EarmarkError, match="is not a file"):
            whole(path)
    for path in (tmp_path / "gone", tmp_path / "nul\0"):
        with pytest.raises(EarmarkError, match="cannot be read"):
            whole(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(VALID)
    (tmp_path / "x").chmod(0)
    with pytest.raises(EarmarkError, match="cannot be read"):
        whole(tmp_path / "x")


def test_a_disk_that_fails_while_reading_is_said(tmp_path: Path) -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(EarmarkError, match="Input/output error"):
        plist._chunk(tmp_path, Broken())


def test_progress_rises_to_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plist, "CHUNK", 100)
    (tmp_path / "x").write_bytes(VALID)
    shares: list[float] = []
    list(read_plist(tmp_path / "x", progress=shares.append))
    assert len(shares) > 5 and shares == sorted(shares) and shares[-1] == 1.0


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    text = "x" * 1000
    tracks = {str(number): {"Name": text, "Place": random.Random(number).random()} for number in range(10_000)}
    (tmp_path / "x").write_bytes(plistlib.dumps({"Tracks": tracks}))
    del tracks
    tracemalloc.start()
    count = sum(1 for _ in read_plist(tmp_path / "x", split={"Tracks"}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 10_001 and peak < 2_000_000 < (tmp_path / "x").stat().st_size
