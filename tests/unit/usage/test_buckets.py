"""The store that is a bucket: what becomes of failures, and of answers that are lost."""

import asyncio
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from relay.config import UsageStore
from relay.errors import StoreError
from relay.usage.store import Store, open_store
from tests.azure import KEY as AZURE_KEY
from tests.s3 import KEY, KEY_ID, LossyProxy, S3Server, Server, closed_port
from tests.usage_store import paths, settings_of

ROOT = Path(__file__).parents[3]
SECRET = "answered-with-a-secret"

BUCKETS = ["s3", pytest.param("azure", marks=pytest.mark.long), "google"]
"""For the fixture `server`."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
At = Callable[[int], Store]


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[int]:
    """A server on the loopback that answers everything in one way; its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        assert server.port is not None
        yield server.port


def store_at(port: int, timeout: float = 2, **more: object) -> Store:
    keys = {"access_key_id": KEY_ID, "secret_access_key": KEY, "allow_http": True}
    endpoint = f"http://127.0.0.1:{port}"
    settings: Mapping[str, object] = {"endpoint": endpoint, "timeout": timeout} | keys | more
    return open_store(UsageStore(**{"url": "s3://some-bucket/some-prefix", **settings}))  # type: ignore[arg-type]


@pytest.fixture(params=["s3", "az", "gs"])
def answered_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> At:
    """Opens a store of each provider, with keys, on a port of the loopback."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "some-account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", AZURE_KEY)
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "some-token")
    keys = {} if request.param == "s3" else {"access_key_id": None, "secret_access_key": None}
    url = f"{request.param}://some-bucket/some-prefix"
    return lambda port: store_at(port, url=url, **keys)


async def failures(store: Store) -> dict[str, StoreError]:
    """Do everything, which all fails."""
    calls = {
        "put": store.put("a/path", b"payload"),
        "create": store.create("a/path", b"payload"),
        "get": store.get("a/path"),
        "size": store.size("a/path"),
        "list": paths(store, "a"),
        "delete": store.delete(["a/path"]),
    }
    found: dict[str, StoreError] = {}
    for name, call in calls.items():
        with pytest.raises(StoreError) as caught:
            await call
        found[name] = caught.value
    return found


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (403, "the store refuses the credentials"),
        (400, "the store cannot be reached, or does not answer as it should"),
        (307, "the store cannot be reached, or does not answer as it should"),
    ],
)
async def test_an_answer_stays_out_of_errors(answered_by: At, status: int, word: str) -> None:
    """Neither URL nor key nor what was answered stands in an error, nor in its traceback."""
    text = f"<Error><Code>{SECRET}</Code></Error>"

    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    async with answering(refuse) as port:
        found = await failures(answered_by(port))
    assert {word} == {str(error) for error in found.values()}
    told = "".join("".join(traceback.format_exception(error)) for error in found.values())
    parts = [SECRET, KEY_ID, KEY, AZURE_KEY, "some-", "a/path", str(port)]
    assert [] == [part for part in parts if part in told]


@pytest.mark.parametrize("server", BUCKETS, indirect=True)
async def test_a_bucket_that_is_not_there_is_a_failure(server: Server) -> None:
    """What is written to no bucket, or listed there, fails, and the error says why."""
    store = open_store(settings_of(server, "no-such-bucket"))
    for call in (store.put("a/one", b"x"), store.create("a/one", b"x"), paths(store)):
        with pytest.raises(StoreError, match="the store has no such bucket"):
            await call


@pytest.mark.parametrize("server", BUCKETS, indirect=True)
async def test_a_name_that_ends_lists_is_told_as_what_it_is(server: Server) -> None:
    """Another program may put `a//b` there; the library tells nothing of what comes after it."""
    bucket = server.bucket()
    server.put(bucket, "usage/a//b", b"x")
    store = store_direct(server, bucket)
    with pytest.raises(StoreError, match="a name with an empty part"):
        await paths(store)
    assert [] == await paths(store, "b")


@pytest.mark.long
@pytest.mark.parametrize("server", ["azure"], indirect=True)
async def test_azure_lists_more_than_a_page_and_deletes_more_than_a_batch(server: Server) -> None:
    """Azure's pages have 5,000 names, and its batches 256; no setting makes them smaller."""
    # The server takes a second for a few dozen of a batch.
    store = open_store(settings_of(server, server.bucket(), timeout=60))
    names = [f"many/{number:04}" for number in range(5_010)]
    turns = iter(names)

    async def put_some() -> None:
        for name in turns:
            await store.put(name, b"")

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(put_some())
    assert names == await paths(store, "many")
    await store.delete(names[:260])
    assert names[260:] == await paths(store)


async def test_nothing_is_written_where_a_redirect_leads(answered_by: At) -> None:
    """No event is sent elsewhere; what the library asks there, it asks without credentials."""
    elsewhere: list[web.Request] = []

    async def take(request: web.Request) -> web.Response:
        elsewhere.append(request)
        return web.Response(headers={"ETag": '"x"'})

    async with answering(take) as other:

        async def lead(_request: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"http://127.0.0.1:{other}/x"})

        async with answering(lead) as port:
            store = answered_by(port)
            for write in (store.put, store.create):
                with pytest.raises(StoreError):
                    await write("a/path", b"payload")
            assert [] == elsewhere
            with suppress(StoreError):
                await store.size("a/path")
    assert [] == [one for one in elsewhere if "Authorization" in one.headers]


async def test_nobody_there_is_told_soon() -> None:
    """A server that is not there is asked a few times, and not for long."""
    async with asyncio.timeout(30):
        with pytest.raises(StoreError):
            await store_at(closed_port()).put("a/one", b"x")


async def test_a_silent_server_is_not_waited_for() -> None:
    """A request that nobody answers ends by itself."""
    silence = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await silence.wait()
        return web.Response()

    async with answering(hang) as port:
        try:
            async with asyncio.timeout(30):
                with pytest.raises(StoreError):
                    await store_at(port, timeout=0.3).get("a/one")
        finally:
            silence.set()


async def test_a_short_failure_is_not_told() -> None:
    """What fails once and then goes well has gone well."""
    answers = [503, 500, 200]

    async def fail(_request: web.Request) -> web.Response:
        return web.Response(status=answers.pop(0), headers={"ETag": '"x"'})

    async with answering(fail) as port:
        await store_at(port, timeout=10).put("a/one", b"x")
    assert [] == answers


async def test_http_is_asked_only_where_that_is_said(s3: S3Server) -> None:
    """Without `allow_http` nothing goes out without TLS."""
    bucket = s3.bucket()
    with pytest.raises(StoreError):
        await store_at(s3.port, timeout=0.5, allow_http=False, url=f"s3://{bucket}").put("a", b"x")


async def test_a_bucket_may_be_in_the_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `virtual_hosted` the bucket is a part of the host, and not of the path."""
    asked: list[tuple[str, str]] = []

    async def note(request: web.Request) -> web.Response:
        asked.append((request.host, request.path))
        return web.Response(headers={"ETag": '"x"'})

    async with answering(note) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")  # who looks up no name
        endpoint = "http://store.example"
        await store_at(port, endpoint=endpoint, virtual_hosted=True).put("a/one", b"x")
    assert [("some-bucket.store.example", "/some-prefix/a/one")] == asked


async def test_keys_may_come_from_the_environment(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without keys in the configuration, those of the process's environment sign."""
    signed: list[str] = []

    async def note(request: web.Request) -> web.Response:
        signed.append(request.headers["Authorization"])
        return web.Response(headers={"ETag": '"x"'})

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "FROMENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    async with answering(note) as port:
        store = store_at(port, access_key_id=None, secret_access_key=None, region="eu-north-1")
        await store.put("a/one", b"x")
    assert ["FROMENVIRONMENT"] == [one.split("Credential=")[1].split("/")[0] for one in signed]
    assert "/eu-north-1/s3/" in signed[0]


async def test_configured_keys_are_not_mixed_with_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A session token of the environment does not go with keys of the configuration."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-another")
    seen: list[Mapping[str, str]] = []

    async def note(request: web.Request) -> web.Response:
        seen.append(request.headers)
        return web.Response(headers={"ETag": '"x"'})

    async with answering(note) as port:
        await store_at(port).put("a/one", b"x")
    assert [None] == [one.get("x-amz-security-token") for one in seen]
    assert KEY_ID in seen[0]["Authorization"]


@pytest.mark.parametrize("server", BUCKETS, indirect=True)
async def test_a_lost_answer_to_a_put_is_made_up_for(server: Server) -> None:
    """The put arrives, its answer does not: the library asks again, and the object is whole."""
    proxy, bucket = LossyProxy(), server.bucket()
    with proxy.before(server.port):
        store = open_store(settings_of(server, bucket, port=proxy.port))
        proxy.lose = 1
        await store.put("a/one", b"content")
    assert (1, b"content") == (proxy.lost, await store_direct(server, bucket).get("a/one"))


@pytest.mark.parametrize("server", BUCKETS, indirect=True)
async def test_a_lost_answer_to_a_create_leaves_one_object(server: Server) -> None:
    """Whether it is told as made, as there, or not at all, the object is what was sent."""
    proxy, bucket = LossyProxy(), server.bucket()
    with proxy.before(server.port):
        store = open_store(settings_of(server, bucket, port=proxy.port))
        proxy.lose = 1
        with suppress(StoreError):
            await store.create("a/one", b"content")
        assert not await store.create("a/one", b"another")
    assert (1, b"content") == (proxy.lost, await store_direct(server, bucket).get("a/one"))


@pytest.mark.parametrize("server", BUCKETS, indirect=True)
async def test_a_lost_answer_to_a_delete_is_made_up_for(server: Server) -> None:
    """What was deleted is deleted again, and is no mistake."""
    proxy, bucket = LossyProxy((b"POST ", b"DELETE ")), server.bucket()
    with proxy.before(server.port):
        store = open_store(settings_of(server, bucket, port=proxy.port))
        await store.put("a/one", b"content")
        proxy.lose = 1
        await store.delete(["a/one"])
    assert (1, []) == (proxy.lost, await paths(store_direct(server, bucket)))


ONE_PUT = """
import asyncio, sys
from relay.config import UsageStore
from relay.usage.store import open_store
store = open_store(UsageStore(url=sys.argv[1], endpoint=sys.argv[2], allow_http=True))
asyncio.run(store.put("a/one", b"x"))
"""


@pytest.mark.long
@pytest.mark.parametrize("server", ["google"], indirect=True)
def test_a_process_may_end_at_once(server: Server) -> None:
    """A command whose last act is a request ends well: no thread of the library aborts it."""
    told = server.store(server.bucket())
    command = [sys.executable, "-c", ONE_PUT, told["url"], told["endpoint"]]
    ended = [subprocess.run(command, cwd=ROOT, check=False).returncode for _ in range(30)]
    assert [0] * 30 == ended


def store_direct(server: Server, bucket: str) -> Store:
    return open_store(settings_of(server, bucket))
