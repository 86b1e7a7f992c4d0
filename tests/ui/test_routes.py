"""The addresses beside Streamlit's: sound in parts, covers, and messages only from our own page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from audio.decode import decode
from services.engine import Engine
from services.sound import Signer
from ui.routes import CHUNK, MESSAGE, ROUTES, byte_range

PICTURE = b"\xff\xd8\xff\xe0" + bytes(200)


@pytest.fixture
def client(opened: Engine) -> TestClient:
    return TestClient(Starlette(routes=ROUTES), base_url="http://127.0.0.1:8501")


@pytest.fixture
def track(opened: Engine, song: Callable[..., Any]) -> Callable[..., tuple[str, bytes]]:
    """Give a function that takes in a song and returns its token and its bytes."""

    def take(name: str, seconds: float = 1.0, **options: bytes) -> tuple[str, bytes]:
        file = song(name, seconds, **options)
        [track_id] = opened.workspace.tracks.add([file]).added
        opened.workspace.tracks.mark_analysed(track_id, name, duration=seconds, note=None)
        return Signer(opened.workspace).token(track_id), Path(file.path).read_bytes()

    return take


def listen(client: TestClient, token: str, wanted: str | None = None, query: str = "") -> Any:
    return client.get(f"/earmark/audio/{token}{query}", headers={} if wanted is None else {"Range": wanted})


# -- sound ------------------------------------------------------------------------------------------


def test_without_a_range_the_whole_file_comes(client: TestClient, track: Any) -> None:
    token, content = track("song.flac")
    answer = listen(client, token)
    assert answer.status_code == 200 and answer.content == content
    assert answer.headers["content-type"] == "audio/flac" and answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(content)


def test_a_range_is_answered_in_parts_that_make_the_whole(client: TestClient, track: Any) -> None:
    token, content = track("song.wav", seconds=20.0)
    assert len(content) > 2 * CHUNK
    read = b""
    while len(read) < len(content):
        answer = listen(client, token, f"bytes={len(read)}-")
        assert answer.status_code == 206 and 0 < len(answer.content) <= CHUNK == 512 * 1024
        last = len(read) + len(answer.content) - 1
        assert answer.headers["content-range"] == f"bytes {len(read)}-{last}/{len(content)}"
        read += answer.content
    assert read == content


@pytest.mark.parametrize(
    ("wanted", "first", "last"), [("bytes=10-19", 10, 20), ("bytes=-7", -7, None), ("bytes=5-99999999", 5, None)]
)
def test_any_piece_can_be_had(client: TestClient, track: Any, wanted: str, first: int, last: int | None) -> None:
    token, content = track("song.mp3")
    answer = listen(client, token, wanted)
    assert answer.status_code == 206 and answer.content == content[first:last]


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0", "bytes=-", "bytes=5-2", "seconds=1-2", "nonsense"])
def test_a_range_that_is_not_there_is_said_with_the_size(client: TestClient, track: Any, wanted: str) -> None:
    token, content = track("song.mp3")
    answer = listen(client, token, wanted)
    assert answer.status_code == 416 and answer.headers["content-range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("text", ["bytes=0-0", "bytes=0-", "bytes=-1", "bytes=99-", "bytes=0-1000", "bytes=-1000"])
def test_a_range_lies_inside_the_file(text: str) -> None:
    span = byte_range(text, 100)
    assert span is not None and 0 <= span[0] <= span[1] <= 99
    assert byte_range(text, 0) is None


def test_what_the_browser_cannot_play_comes_as_a_copy_it_can(client: TestClient, track: Any, tmp_path: Path) -> None:
    token, content = track("song.ogg", seconds=2.0)
    answer = listen(client, token, query="?as=playable")
    assert answer.status_code == 200 and answer.content != content
    assert answer.headers["content-type"] == "audio/flac"
    copy = tmp_path / "copy.flac"
    copy.write_bytes(answer.content)
    assert decode(copy).duration == pytest.approx(2.0, abs=0.1)
    assert listen(client, token, "bytes=0-99", "?as=playable").content == answer.content[:100]


def test_a_forged_name_and_a_file_that_is_gone_are_not_found(
    client: TestClient, track: Any, opened: Engine, tmp_path: Path
) -> None:
    token, _ = track("song.mp3")
    (tmp_path / "song.mp3").unlink()
    assert listen(client, token).status_code == 404 and "not there now" in listen(client, token).text
    for forged in ("1", token[:-1] + ("A" if token[-1] != "A" else "B"), "..%2F..%2Fetc%2Fpasswd"):
        assert listen(client, forged).status_code == 404


# -- covers -----------------------------------------------------------------------------------------


def test_a_cover_is_sent_and_none_is_no_error(client: TestClient, track: Any) -> None:
    with_cover, _ = track("with.mp3", cover=PICTURE)
    without, _ = track("without.mp3")
    answer = client.get(f"/earmark/cover/{with_cover}")
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/jpeg" and answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"/earmark/cover/{without}").status_code == 204
    assert client.get("/earmark/cover/forged").status_code == 204


def test_a_cover_that_is_no_picture_is_not_sent_as_one(client: TestClient, track: Any) -> None:
    token, _ = track("song.flac", cover=b"\xff\xd8\xff<script>alert(1)</script>" + bytes(100))
    answer = client.get(f"/earmark/cover/{token}")
    assert "html" not in answer.headers["content-type"] and answer.headers["x-content-type-options"] == "nosniff"


# -- messages ---------------------------------------------------------------------------------------


def test_a_tabs_message_is_kept_and_answered(client: TestClient, track: Any, opened: Engine) -> None:
    track("song.mp3")
    reply = client.post("/earmark/desk", json={"tab": "t", "events": [], "showing": None}).json()
    [card] = reply["queue"]
    assert client.get(card["src"]).status_code == 200
    event = {"id": "e1", "type": "label", "track": card["id"], "target": "rating", "value": "liked"}
    reply = client.post("/earmark/desk", json={"tab": "t", "events": [event], "showing": card["id"]}).json()
    assert reply["acked"] == ["e1"] and reply["queue"] == []
    assert opened.workspace.labels.current("rating")[card["id"]].value == "liked"


def test_a_closed_tab_is_forgotten(client: TestClient, track: Any) -> None:
    track("song.mp3")
    client.post("/earmark/desk", json={"tab": "one"})
    assert client.post("/earmark/desk", json={"tab": "two"}).json()["queue"] == []
    assert client.post("/earmark/leave", content=b"one").status_code == 204
    assert len(client.post("/earmark/desk", json={"tab": "two"}).json()["queue"]) == 1


@pytest.mark.parametrize("address", ["/earmark/desk", "/earmark/leave"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1"])
def test_a_page_of_another_site_may_not_answer(client: TestClient, address: str, origin: str) -> None:
    answer = client.post(address, json={"tab": "t"}, headers={"Origin": origin})
    assert (answer.status_code, answer.text) == (403, "Only Earmark's own page may answer.")
    own = client.post(address, json={"tab": "t"}, headers={"Origin": "http://127.0.0.1:8501"})
    assert own.status_code in (200, 204)


def test_a_message_that_is_too_long_or_no_json_is_refused(client: TestClient) -> None:
    assert client.post("/earmark/desk", content=b" " * (MESSAGE + 1)).status_code == 413
    for content in (b"", b"{", b"[1, 2]", b'"text"', b"\xff\xfe"):
        assert client.post("/earmark/desk", content=content).status_code == 400
    assert client.get("/earmark/desk").status_code == 405
