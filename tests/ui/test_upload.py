"""What a session and all sessions may upload: the accounting, the HTTP before it, and a real server."""

from __future__ import annotations

import asyncio
import http.client
import tomllib
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from maskdemo.audit.resource_limits import MAX_FILE_MB
from maskdemo.ui.upload_middleware import (
    MAX_SERVER_BYTES,
    SENTENCES,
    UploadLimits,
    UploadMiddleware,
    UploadRefused,
)
from maskdemo.uploads.limits import MAX_FILE_BYTES
from tests.bench.memory import own_mb
from tests.bench.viewer import Viewer
from tests.browser.server import NO_TENSORFLOW, running_server
from tests.server.fakes import Clock

MB = 2**20
#: Twice as many as all sessions may hold together.
FILES = 8


class Files:
    """Streamlit's store of files, as much of it as the limits know."""

    def __init__(self) -> None:
        self.held: set[tuple[str, str]] = set()

    def get_files(self, session_id, file_ids):
        return [each for each in file_ids if (session_id, each) in self.held]

    def remove_file(self, session_id, file_id):
        self.held.discard((session_id, file_id))


def refusal(limits: UploadLimits, session: str, file: str, files: Files) -> int:
    with pytest.raises(UploadRefused) as refused:
        limits.begin(session, file, files)
    assert str(refused.value) == SENTENCES[refused.value.status]
    return refused.value.status


def uploaded(limits: UploadLimits, files: Files, session: str, file: str, size: int) -> None:
    upload = limits.begin(session, file, files)
    limits.receive(upload, size)
    files.held.add((session, file))
    limits.end(upload, files)


def test_only_a_session_whose_page_asks_may_upload():
    limits, files = UploadLimits(), Files()
    assert refusal(limits, "ann", "1", files) == 403
    limits.allow("ann")
    uploaded(limits, files, "ann", "1", 5)
    assert refusal(limits, "ben", "1", files) == 403
    limits.forbid("ann")
    assert refusal(limits, "ann", "2", files) == 403
    limits.allow("ann")
    limits.allow("ben", is_active=lambda session: session != "ann")
    assert refusal(limits, "ann", "2", files) == 403, "a session that is gone is forgotten"


def test_a_session_holds_two_files_until_its_page_takes_one():
    limits, files = UploadLimits(), Files()
    limits.allow("ann")
    uploaded(limits, files, "ann", "1", 5)
    on_its_way = limits.begin("ann", "2", files)
    assert refusal(limits, "ann", "3", files) == 429
    files.remove_file("ann", "1")
    uploaded(limits, files, "ann", "3", 7)
    assert refusal(limits, "ann", "4", files) == 429
    limits.end(on_its_way, files)
    uploaded(limits, files, "ann", "4", 9)
    assert limits.held_bytes == 16


def test_all_sessions_hold_so_many_bytes_together_and_what_is_not_taken_makes_room():
    clock = Clock()
    limits, files = UploadLimits(max_server_bytes=100, max_held_s=60, clock=clock), Files()
    for each in ("ann", "ben", "cem"):
        limits.allow(each)
    uploaded(limits, files, "ann", "1", 60)
    upload = limits.begin("ben", "1", files)
    limits.receive(upload, 40)
    with pytest.raises(UploadRefused) as refused:
        limits.receive(upload, 1)
    assert refused.value.status == 503 and limits.held_bytes == 100
    limits.end(upload, files)
    assert limits.held_bytes == 60, "a refused file takes no room"
    clock.now = 59.9
    uploaded(limits, files, "ben", "2", 40)
    clock.now = 60.0
    uploaded(limits, files, "cem", "1", 60)
    assert files.held == {("ben", "2"), ("cem", "1")} and limits.held_bytes == 100


def answered(
    chunks: list[bytes], *, path: str, stall: bool = False
) -> tuple[int, bytes, int, UploadLimits]:
    """Status and body of an upload, how many bytes the app behind it read, and the limits after it."""
    limits, files, read = UploadLimits(max_server_bytes=100), Files(), 0
    limits.allow("ann")
    sent: list[dict] = []
    coming = iter(enumerate(chunks, start=1))

    async def app(scope, receive, send):
        nonlocal read
        more = True
        while more:
            message = await receive()
            read += len(message["body"])
            more = message["more_body"]
        files.held.add(("ann", "1"))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        found = next(coming, None)
        if found is None:
            assert stall
            await asyncio.Event().wait()
        assert found is not None
        last = found[0] == len(chunks) and not stall
        return {"type": "http.request", "body": found[1], "more_body": not last}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": path, "headers": []}
    timeout_s = 0 if stall else 60
    guarded = UploadMiddleware(app, limits=limits, files=lambda: files, timeout_s=timeout_s)
    asyncio.run(guarded(scope, receive, send))
    assert next(coming, None) is None, "all of it is read, or a browser would not see the answer"
    return sent[0]["status"], sent[1]["body"], read, limits


@pytest.mark.parametrize("base", ["", "/app/base"])
def test_the_middleware_passes_on_what_is_within_the_limits(base):
    path = f"{base}/_stcore/upload_file/ann/1"
    status, _, read, limits = answered([b"x" * 60, b"x" * 40], path=path)
    assert (status, read, limits.held_bytes) == (204, 100, 100)
    status, words, read, limits = answered([b"x" * 60, b"x" * 41, b"x"], path=path)
    assert (status, read, limits.held_bytes) == (503, 60, 0)
    assert words.decode() == SENTENCES[503]
    stranger = path.replace("ann", "nobody")
    status, words, read, limits = answered([b"x" * 60, b"x"], path=stranger)
    assert (status, read, limits.held_bytes) == (403, 0, 0)
    status, _, _, limits = answered([], path=path, stall=True)
    assert (status, limits.held_bytes) == (408, 0)


def sent(method: str, url: str, session: str, content: bytes = b"", *, file: str | None = None) -> int:
    """The status of an upload, or of taking it back, as a browser sends it."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="mine.csv"; filename="mine.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode()
    body = head + content + f"\r\n--{boundary}--\r\n".encode()
    address = url.removeprefix("http://")
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        connection.request("GET", "/_stcore/health")
        health = connection.getresponse()
        health.read()
        cookie = (health.getheader("Set-Cookie") or "").partition(";")[0]
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Cookie": cookie,
            "X-Xsrftoken": cookie.partition("=")[2],
        }
        path = f"/_stcore/upload_file/{session}/{file or uuid.uuid4()}"
        connection.request(method, path, body, headers)
        return connection.getresponse().status


async def uploads(url: str, sessions: list[str], files: list[str]) -> Counter[int]:
    """The statuses of one file of 19 MB after another, from these sessions in turn."""
    found = Counter[int]()
    for at, file in enumerate(files):
        session = sessions[at % len(sessions)]
        found[await asyncio.to_thread(sent, "PUT", url, session, bytes(19 * MB), file=file)] += 1
    return found


async def attack(url: str, pid: int) -> None:
    files = [str(uuid.uuid4()) for _ in range(FILES)]
    viewers = [Viewer(url) for _ in range(6)]
    first, *others, honest = viewers
    for each in viewers:
        await each.open()
    before = own_mb(pid)
    assert await uploads(url, ["no-session"], files) == {403: FILES}
    assert await uploads(url, [first.session], files) == {403: FILES}
    assert own_mb(pid) - before < 19, "what is refused is thrown away as it comes"
    for each in viewers:
        await each.press("Your own sequences")
        await each.until(lambda each=each: each.elements("file_uploader"))
    drawn = own_mb(pid)
    found = await uploads(url, [first.session], files)
    assert set(found) == {204, 429}
    # What is held, and one file more while it is copied.
    assert own_mb(pid) - drawn < 3 * 20
    found = await uploads(url, [each.session for each in others], files)
    assert set(found) == {204, 503}
    assert own_mb(pid) - drawn < MAX_SERVER_BYTES / MB + 20
    # Two of its files are let go, as by the cross beside their names: then there is room.
    for file in files:
        assert await asyncio.to_thread(sent, "DELETE", url, first.session, file=file) == 204
    table = b"id,x,label\n" + b"".join(b"%d,%d,%d\n" % (at // 2, at, at // 2 % 2) for at in range(80))
    assert await asyncio.to_thread(sent, "PUT", url, honest.session, table, file="mine") == 204
    await honest.give("mine", "mine.csv", len(table))
    await honest.until(lambda: "What the columns are for" in honest.words())
    for each in viewers:
        assert not each.exceptions
        await each.close()


# What refuses each of them is tried alone above.
@pytest.mark.fuzz
def test_a_server_grows_by_what_it_allows_and_no_more(tmp_path: Path):
    """Eight files of 19 MB: from no session, from one without and with an uploader, and from many."""
    with running_server(at_start=NO_TENSORFLOW, log=tmp_path / "server.log") as server:
        asyncio.run(attack(server.url, server.pid))


def test_streamlit_takes_files_as_large_as_the_pages_say():
    """Else a page offers a size that Streamlit's server refuses without the page's sentence."""
    config = tomllib.loads(Path(".streamlit/config.toml").read_text())
    assert config["server"]["maxUploadSize"] >= max(MAX_FILE_MB, MAX_FILE_BYTES / MB)
