"""XML property lists, read value by value: a library of any size needs no more memory than its largest part."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate, errors

from core.errors import EarmarkError

AGAIN = "Export it again: in Music choose File > Library > Export Library..."
CHUNK = 1 << 16  # bytes handed to the parser at once
NESTING = 64  # Apple's own files need seven
LONGEST = 10_000_000  # characters of one text; beyond it a file is damaged or meant to fill the memory
_MEANINGS = {
    "XML_ERROR_NO_ELEMENTS": "the file ends too early",
    "XML_ERROR_UNCLOSED_TOKEN": "the file ends too early",
    "XML_ERROR_PARTIAL_CHAR": "the file ends too early",
    "XML_ERROR_UNCLOSED_CDATA_SECTION": "the file ends too early",
    "XML_ERROR_INVALID_TOKEN": "this is not XML, or a character that XML does not allow",
    "XML_ERROR_BAD_CHAR_REF": "this is not XML, or a character that XML does not allow",
    "XML_ERROR_TAG_MISMATCH": "an element is closed that is not open",
    "XML_ERROR_JUNK_AFTER_DOC_ELEMENT": "something follows the end of the property list",
    "XML_ERROR_UNDEFINED_ENTITY": "an entity is used that XML does not know",
}
_SAID = {getattr(errors, name): meaning for name, meaning in _MEANINGS.items()}
_INTEGER = re.compile(r"\s*([+-]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a property list, and where it stands."""

    section: str  # the key of the part it was taken out of, "" for what stands at the top
    key: str  # its own key, or its place in an array
    value: Any
    line: int


def read_plist(
    path: Path, *, split: Collection[str] = (), progress: Callable[[float], None] | None = None
) -> Iterator[Item]:
    """Yield the values at the top of a property list, and those inside the parts to split, as soon as each is whole.

    Dates are aware and in UTC. Binary data is left out: its value is None, as is that of a
    number or date that cannot be understood. A key that stands twice comes twice.

    Parameters
    ----------
    path : Path
        An XML property list whose outermost value is a dictionary.
    split : collection of str
        Keys at the top whose values come one by one. Such a part first comes itself, as an empty dict or list.
    progress : callable, optional
        Called with the share of the file read so far, 0 to 1.

    Raises
    ------
    EarmarkError
        The file cannot be read or is not such a list; the message names the line.
    """
    reader = _Reader(path, split)
    with _opened(path) as file:
        size = max(1, os.fstat(file.fileno()).st_size)
        done = 0
        while chunk := _chunk(path, file):
            if not done:
                _refuse_binary(path, chunk)
            yield from reader.feed(chunk)
            done += len(chunk)
            if progress is not None:
                progress(min(1.0, done / size))
    if not done:
        raise EarmarkError(f"{path}, line 1: the file is empty. {AGAIN}")
    yield from reader.feed(b"", last=True)


def wrong(path: Path, line: int, what: str) -> EarmarkError:
    """Return the error that names a file, the line and what is wrong there."""
    return EarmarkError(f"{path}, line {line}: {what}. {AGAIN}")


def _opened(path: Path) -> BinaryIO:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a FIFO would wait for ever
            raise EarmarkError(f"{path} is not a file. Choose the exported XML file itself.")
        return open(path, "rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise EarmarkError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}).") from error


def _chunk(path: Path, file: BinaryIO) -> bytes:
    try:
        return file.read(CHUNK)
    except OSError as error:
        raise EarmarkError(f"{path} cannot be read ({error.strerror or error}).") from error


def _refuse_binary(path: Path, chunk: bytes) -> None:
    if chunk.startswith(b"bplist"):
        raise wrong(path, 1, "this is a binary property list, not the XML one that Music exports")


class _Frame:
    """An open dictionary or array."""

    __slots__ = ("handed_out", "key", "line", "section", "values")

    def __init__(self, values: dict | list, line: int, section: str | None = None) -> None:
        self.values = values
        self.key: str | None = None  # of the value to come
        self.line = line
        self.section = section  # not None: its values are handed out instead of kept
        self.handed_out = 0


class _Reader:
    """The state between two chunks: what is open, and the items ready to be handed out."""

    def __init__(self, path: Path, split: Collection[str]) -> None:
        self.path = path
        self.split = frozenset(split) - {""}  # "" stands for the top itself
        self.items: list[Item] = []
        self.frames: list[_Frame] = []
        self.scalar: str | None = None  # the open element that holds text
        self.text: list[str] = []
        self.length = 0
        self.depth = 0  # of elements, 0 before <plist>
        self.complete = False  # the outermost value is whole
        self.parser = ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._entity_declared  # a few of them can expand to gigabytes
        self.parser.SkippedEntityHandler = self._entity_skipped  # or it would silently be missing from the text

    def feed(self, chunk: bytes, *, last: bool = False) -> list[Item]:
        """Return the items that a chunk completes."""
        try:
            self.parser.Parse(chunk, last)
        except ExpatError as error:
            message = _SAID.get(ErrorString(error.code)) or f"this is not valid XML ({ErrorString(error.code)})"
            raise wrong(self.path, error.lineno, message) from error
        except (LookupError, ValueError) as error:  # an encoding Python does not know
            raise wrong(self.path, 1, f"the encoding of the text is not understood ({error})") from error
        items, self.items = self.items, []
        return items

    def _wrong(self, what: str) -> EarmarkError:
        return wrong(self.path, self.parser.CurrentLineNumber, what)

    def _entity_declared(self, name: str, *_: object) -> None:
        raise self._wrong(f"it declares the entity “{name[:40]}”, which is refused because it can do harm")

    def _entity_skipped(self, name: str, *_: object) -> None:
        raise self._wrong(f"an entity is used that XML does not know (&{name[:40]};)")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.scalar is not None:
            raise self._wrong(f"<{name[:40]}> stands inside <{self.scalar}>, which holds text only")
        if self.depth == 1 or name == "plist":
            self._begin_plist(name)
        elif name in _SCALARS:
            self._begin_scalar(name)
        elif name in _CONTAINERS:
            self._begin_container(name)
        else:
            raise self._wrong(f"<{name[:40]}> is not known in a property list")

    def _begin_plist(self, name: str) -> None:
        if name != "plist" or self.depth != 1:
            raise self._wrong(f"<{name[:40]}> stands here; the file must begin with <plist>, once")

    def _begin_scalar(self, name: str) -> None:
        if not self.frames:
            raise self._wrong(f"a library is a dictionary <dict>, not <{name}>")
        self.scalar = name
        self.text = []
        self.length = 0

    def _begin_container(self, name: str) -> None:
        frame = _Frame(_CONTAINERS[name](), self.parser.CurrentLineNumber)
        if not self.frames:
            self._begin_outermost(name, frame)
        else:
            self._expect_value(self.frames[-1])
            if len(self.frames) == 1 and self.frames[0].key in self.split:
                frame.section = self.frames[0].key
                self._add(_CONTAINERS[name](), frame.line)
        if len(self.frames) == NESTING:
            raise self._wrong(f"more than {NESTING} dictionaries or arrays stand inside each other")
        self.frames.append(frame)

    def _begin_outermost(self, name: str, frame: _Frame) -> None:
        if name != "dict":
            raise self._wrong(f"a library is a dictionary <dict>, not <{name}>")
        if self.complete:
            raise self._wrong("a second dictionary follows the library")
        frame.section = ""

    def _characters(self, text: str) -> None:
        if self.scalar is not None:
            self.length += len(text)
            if self.length > LONGEST and self.scalar != "data":
                raise self._wrong(f"a text is longer than {LONGEST:,} characters")
            if self.scalar != "data":
                self.text.append(text)
        elif not text.isspace():
            raise self._wrong(f"there is text where none belongs (“{text.strip()[:40]}”)")

    def _end(self, name: str) -> None:
        self.depth -= 1
        if self.scalar is not None:
            text = "".join(self.text) if len(self.text) != 1 else self.text[0]
            self.scalar = None
            if name == "key":
                self._set_key(text)
            else:
                self._end_scalar(name, text)
        elif name == "plist":
            if not self.complete:
                raise self._wrong("the property list holds nothing")
        else:
            self._end_container()

    def _set_key(self, text: str) -> None:
        frame = self.frames[-1]
        if isinstance(frame.values, list):
            raise self._wrong(f"the key “{text[:40]}” stands in an array")
        if frame.key is not None:
            raise self._wrong(f"the key “{frame.key[:40]}” has no value")
        frame.key = text

    def _end_scalar(self, name: str, text: str) -> None:
        self._expect_value(self.frames[-1])
        try:
            value = _SCALARS[name](text)
        except (ValueError, OverflowError) as error:
            if name not in _FORGIVEN:
                raise self._wrong(f"“{text[:40]}” is not what <{name}> may hold") from error
            value = None
        self._add(value, self.parser.CurrentLineNumber if self.frames[-1].section is not None else 0)

    def _end_container(self) -> None:
        frame = self.frames.pop()
        if frame.key is not None:
            raise self._wrong(f"the key “{frame.key[:40]}” has no value")
        if not self.frames:
            self.complete = True
        elif frame.section is None:
            self._add(frame.values, frame.line)

    def _expect_value(self, frame: _Frame) -> None:
        if frame.key is None and isinstance(frame.values, dict):
            raise self._wrong("a value in a dictionary has no key")

    def _add(self, value: object, line: int) -> None:
        frame = self.frames[-1]
        key = frame.key or ""
        if frame.section is not None:
            key = key if isinstance(frame.values, dict) else str(frame.handed_out)
            self.items.append(Item(frame.section, key, value, line))
            frame.handed_out += 1
        elif isinstance(frame.values, dict):
            frame.values[key] = value
        else:
            frame.values.append(value)
        frame.key = None


def _integer(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    found = _INTEGER.fullmatch(text)
    if found is None:
        raise ValueError(text[:40])
    sign, hexadecimal, decimal = found.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return -number if sign == "-" else number


def _date(text: str) -> datetime:
    date = datetime.fromisoformat(text.strip())
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _nothing(text: str) -> None:
    if text.strip():
        raise ValueError(text[:40])


def _true(text: str) -> bool:
    _nothing(text)
    return True


def _false(text: str) -> bool:
    _nothing(text)
    return False


_FORGIVEN = ("integer", "real", "date")  # one wrong value becomes None: it must not keep a whole library out
_CONTAINERS: dict[str, Callable[[], dict | list]] = {"dict": dict, "array": list}
_SCALARS: dict[str, Callable[[str], object]] = {
    "key": str,
    "string": str,
    "integer": _integer,
    "real": float,
    "true": _true,
    "false": _false,
    "date": _date,
    "data": _nothing,
}
