"""The addresses beside Streamlit's: sound with Range, covers, and the rating desk's messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from core.errors import EarmarkError
from services import sound
from services.cards import MIME
from services.engine import engine
from services.sound import Signer

CHUNK = 512 * 1024  # bytes in one answer: a browser then never holds a connection for a whole file
BLOCK = 64 * 1024
MESSAGE = 256 * 1024  # bytes a tab may send at once
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
PLAYABLE_TYPE = "audio/flac"  # of services.sound.playable_copy


def audio(request: Request) -> Response:
    """Send a part of a track's file; `?as=playable` sends the copy that every browser plays."""
    workspace = engine().workspace
    try:
        track_id = Signer(workspace).track_id(request.path_params["token"])
        if request.query_params.get("as") == "playable":
            return part_of(sound.playable_copy(workspace, track_id), PLAYABLE_TYPE, request.headers.get("range"))
        path = sound.file_of(workspace, track_id)
    except EarmarkError as error:
        return PlainTextResponse(str(error), 404)
    mime = MIME.get(path.suffix.lower(), "application/octet-stream").split(";")[0]
    return part_of(path, mime, request.headers.get("range"))


def part_of(path: Path, mime: str, wanted: str | None) -> Response:
    """Answer a Range request with at most CHUNK bytes; without one, send the whole file."""
    size = path.stat().st_size
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600"}
    if wanted is None:
        return StreamingResponse(_read(path, 0, size), 200, {**headers, "Content-Length": str(size)}, mime)
    span = byte_range(wanted, size)
    if span is None:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    start, end = span
    end = min(end, start + CHUNK - 1)
    headers |= {"Content-Range": f"bytes {start}-{end}/{size}", "Content-Length": str(end - start + 1)}
    return StreamingResponse(_read(path, start, end - start + 1), 206, headers, mime)


def byte_range(text: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte of a Range header, None where it cannot be served.

    >>> byte_range("bytes=10-", 100), byte_range("bytes=-20", 100), byte_range("bytes=200-", 100)
    ((10, 99), (80, 99), None)
    """
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", text.strip())
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    return (start, end) if start <= end and start < size else None


def cover(request: Request) -> Response:
    """Send a track's cover picture."""
    workspace = engine().workspace
    try:
        picture = sound.cover(workspace, Signer(workspace).track_id(request.path_params["token"]))
    except EarmarkError:
        picture = None
    if picture is None:
        return Response(status_code=204)  # no cover is no error
    content, mime = picture
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(content, 200, headers, mime if mime in PICTURES else "application/octet-stream")


async def desk(request: Request) -> Response:
    """Take a tab's answers and say what it shows next."""
    refusal = foreign(request)
    if refusal is not None:
        return refusal
    body = await request.body()
    if len(body) > MESSAGE:
        return PlainTextResponse("This message is too long.", 413)
    try:
        message = await request.json()
        if not isinstance(message, dict):
            raise ValueError
    except ValueError:
        return PlainTextResponse("This message is not JSON.", 400)
    opened = engine()
    if message.get("home", opened.home_id) != opened.home_id:
        return PlainTextResponse("These answers belong to another library; they wait in the browser for it.", 409)
    return JSONResponse(await run_in_threadpool(opened.desk.sync, message))


async def leave(request: Request) -> Response:
    """Take note that a tab was closed."""
    refusal = foreign(request)
    if refusal is None:
        tab = (await request.body())[:100].decode(errors="replace")
        await run_in_threadpool(engine().desk.leave, tab)
    return refusal or Response(status_code=204)


def foreign(request: Request) -> Response | None:
    """Refuse a message that a page of another site sent through this browser."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return PlainTextResponse("Only Earmark's own page may answer.", 403)
    return None


def _read(path: Path, start: int, length: int) -> Iterator[bytes]:
    with open(path, "rb") as file:
        file.seek(start)
        while length > 0 and (block := file.read(min(BLOCK, length))):
            length -= len(block)
            yield block


def whose(request: Request) -> Response:
    """Name the home this server has open, for the launcher."""
    return JSONResponse({"home": engine().home_id})


ROUTES = [
    Route("/earmark/home", whose),
    Route("/earmark/audio/{token}", audio),
    Route("/earmark/cover/{token}", cover),
    Route("/earmark/desk", desk, methods=["POST"]),
    Route("/earmark/leave", leave, methods=["POST"]),
]
