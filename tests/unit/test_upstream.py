"""What goes out to a Sentry, and what comes back."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Literal

import pytest
from multidict import CIMultiDict

from relay.delivery import UpstreamResponse
from relay.errors import UpstreamError
from relay.upstream import AGENT, HttpOptions, SentryUpstream
from tests.fakes import KEY, Answer, MiniSentry, envelope

REAL_KEY = "a" * 32
LARGE = envelope(payload=b'{"a":"' + b"x" * 5_000 + b'"}')


@pytest.fixture
async def sentry() -> AsyncIterator[MiniSentry]:
    async with MiniSentry().serve() as mini:
        yield mini


@pytest.fixture
async def upstream(sentry: MiniSentry) -> AsyncIterator[SentryUpstream]:
    upstream = SentryUpstream(f"{sentry.base}/api/99/envelope/", REAL_KEY)
    yield upstream
    await upstream.close()


async def test_the_envelope_arrives_as_it_is(sentry: MiniSentry, upstream: SentryUpstream) -> None:
    """Path, key and bytes are those of the project; the client's key stays here."""
    one = envelope()
    assert UpstreamResponse(200) == await upstream.send(one)
    (received,) = sentry.received
    assert "/api/99/envelope/" == received.path
    assert one.body == received.body
    assert (
        f"Sentry sentry_key={REAL_KEY}, sentry_version=7,"
        " sentry_client=sentry.javascript.electron/5.0.0"
    ) == received.headers["x-sentry-auth"]
    assert KEY not in str(received.headers)


async def test_only_these_headers_go_out(sentry: MiniSentry, upstream: SentryUpstream) -> None:
    """No header but ours is sent: nothing that could tell of the client."""
    await upstream.send(LARGE)
    headers = sentry.received[0].headers
    assert {
        "host", "content-type", "content-length", "content-encoding", "x-sentry-auth",
        "user-agent", "accept", "accept-encoding",
    } == set(headers)  # fmt: skip
    assert [AGENT, "application/x-sentry-envelope", "*/*", "identity"] == [
        headers[name] for name in ("user-agent", "content-type", "accept", "accept-encoding")
    ]


async def test_a_catch_all_keeps_project_and_key(sentry: MiniSentry) -> None:
    """Without a key only the host changes."""
    upstream = SentryUpstream(f"{sentry.base}/baseX/")
    await upstream.send(envelope(project="4711"))
    await upstream.close()
    assert "/baseX/api/4711/envelope/" == sentry.received[0].path
    assert f"sentry_key={KEY}," in sentry.received[0].headers["x-sentry-auth"]


async def test_a_catch_all_cannot_be_led_elsewhere(sentry: MiniSentry) -> None:
    """A project that is no number stays one segment of the path."""
    upstream = SentryUpstream(sentry.base)
    await upstream.send(envelope(project="../1?x#"))
    await upstream.close()
    assert "/api/..%2F1%3Fx%23/envelope/" == sentry.received[0].path


@pytest.mark.parametrize(
    "client", ["", "a, sentry_key=b", "line\r\nbreak/1", "ünicode/1", "x" * 101]
)
async def test_a_strange_client_is_not_named(
    sentry: MiniSentry, upstream: SentryUpstream, client: str
) -> None:
    """A client's name that is not of the usual shape is replaced by ours."""
    await upstream.send(envelope(client=client))
    assert sentry.received[0].headers["x-sentry-auth"].endswith(f" sentry_client={AGENT}")


@pytest.mark.parametrize("client", ["x" * 100, "a", "sentry.python/2.0+a_b-c@d"])
async def test_an_ordinary_client_is_named(
    sentry: MiniSentry, upstream: SentryUpstream, client: str
) -> None:
    """Of up to a hundred characters."""
    await upstream.send(envelope(client=client))
    assert sentry.received[0].headers["x-sentry-auth"].endswith(f" sentry_client={client}")


@pytest.mark.parametrize(
    ("options", "encoding"),
    [
        (HttpOptions(), "gzip"),
        (HttpOptions(compress="zstd"), "zstd"),
        (HttpOptions(compress="none"), None),
        (HttpOptions(compress_from=len(LARGE.body)), "gzip"),
        (HttpOptions(compress_from=len(LARGE.body) + 1), None),
    ],
)
async def test_large_bodies_are_compressed(
    sentry: MiniSentry, options: HttpOptions, encoding: str | None
) -> None:
    """Bodies from the configured size on are compressed, and arrive whole."""
    upstream = SentryUpstream(f"{sentry.base}/api/1/envelope/", REAL_KEY, options)
    await upstream.send(LARGE)
    await upstream.close()
    (received,) = sentry.received
    assert (LARGE.body, encoding) == (received.body, received.headers.get("content-encoding"))


@pytest.mark.parametrize("how", ["gzip", "zstd", None])
async def test_a_huge_body_arrives_whole(
    sentry: MiniSentry, how: Literal["gzip", "zstd"] | None
) -> None:
    """A body of a megabyte, compressed off the loop or sent in pieces."""
    upstream = SentryUpstream(
        f"{sentry.base}/api/1/envelope/", REAL_KEY, HttpOptions(compress=how or "none")
    )
    huge = envelope(payload=b"y" * 1_000_000)
    await upstream.send(huge)
    await upstream.close()
    (received,) = sentry.received
    assert (huge.body, how) == (received.body, received.headers.get("content-encoding"))
    assert (how is None) == (int(received.headers["content-length"]) == len(huge.body))


async def test_what_does_not_shrink_goes_as_it_is(sentry: MiniSentry) -> None:
    """Compression that helps nothing is left out."""
    upstream = SentryUpstream(
        f"{sentry.base}/api/1/envelope/", REAL_KEY, HttpOptions(compress_from=1)
    )
    random_bytes = b"".join(sha256(bytes([i])).digest() for i in range(64))
    one = envelope(payload=random_bytes)
    await upstream.send(one)
    await upstream.close()
    (received,) = sentry.received
    assert (one.body, False) == (received.body, "content-encoding" in received.headers)


@pytest.mark.parametrize("status", [200, 302, 400, 403, 413, 429, 500, 503])
async def test_the_status_is_returned(
    sentry: MiniSentry, upstream: SentryUpstream, status: int
) -> None:
    """Any status is an answer; redirects are not followed."""
    sentry.script.append(Answer(status, {"Location": f"{sentry.base}/elsewhere"}))
    assert UpstreamResponse(status) == await upstream.send(envelope())
    assert 1 == len(sentry.received)


async def test_only_limits_are_kept_of_an_answer(
    sentry: MiniSentry, upstream: SentryUpstream
) -> None:
    """Retry-After and the rate limits are returned, in lower case; cookies are not sent back."""
    sentry.script.append(
        Answer(
            429,
            {
                "Retry-After": "60",
                "X-Sentry-Rate-Limits": "60:error:key",
                "Set-Cookie": "sid=1; Path=/",
                "X-Other": "1",
            },
        )
    )
    kept = {"retry-after": "60", "x-sentry-rate-limits": "60:error:key"}
    assert UpstreamResponse(429, kept) == await upstream.send(envelope(1))
    await upstream.send(envelope(2))
    assert "cookie" not in sentry.received[1].headers


async def test_limits_in_several_headers_are_joined(
    sentry: MiniSentry, upstream: SentryUpstream
) -> None:
    """As a list in one; of a wait that stands twice the first counts."""
    names = ("X-Sentry-Rate-Limits", "Retry-After")
    headers = CIMultiDict((name, value) for name in names for value in ("60::key", "9::key"))
    sentry.script.append(Answer(429, headers))  # type: ignore[arg-type]
    kept = {"retry-after": "60::key", "x-sentry-rate-limits": "60::key, 9::key"}
    assert UpstreamResponse(429, kept) == await upstream.send(envelope(1))


async def test_a_long_answer_is_not_read(sentry: MiniSentry, upstream: SentryUpstream) -> None:
    """An answer of megabytes is cut off, and the next send works."""
    sentry.script.append(Answer(200, body=b"z" * 5_000_000))
    assert UpstreamResponse(200) == await upstream.send(envelope(1))
    assert UpstreamResponse(200) == await upstream.send(envelope(2))


async def test_a_broken_connection_is_an_error(
    sentry: MiniSentry, upstream: SentryUpstream
) -> None:
    """A connection that breaks off raises, with nothing of the envelope in the error."""
    sentry.script.append(Answer(drop=True))
    with pytest.raises(UpstreamError) as caught:
        await upstream.send(envelope())
    assert "the upstream could not be reached" == caught.value.detail
    assert caught.value.__cause__ is None


async def test_a_kept_connection_that_is_gone_is_no_failure(
    sentry: MiniSentry, upstream: SentryUpstream
) -> None:
    """What breaks off where the send before was answered is sent again at once, one time."""
    await upstream.send(envelope(1))
    sentry.script.append(Answer(drop=True))
    assert UpstreamResponse(200) == await upstream.send(envelope(2))
    assert [envelope(n).body for n in (1, 2, 2)] == [r.body for r in sentry.received]
    sentry.script.extend([Answer(drop=True)] * 9)
    for _ in range(2):
        with pytest.raises(UpstreamError):
            await upstream.send(envelope(3))
    assert 3 + 2 + 1 == len(sentry.received)


async def test_an_upstream_that_went_away_is_not_asked_twice() -> None:
    """Where no connection can be made, one failed try is enough, though it had answered."""
    async with MiniSentry().serve() as sentry:
        upstream = SentryUpstream(f"{sentry.base}/api/1/envelope/", REAL_KEY)
        await upstream.send(envelope(1))
    with pytest.raises(UpstreamError):
        await upstream.send(envelope(2))
    await upstream.close()
    assert 1 == len(sentry.received)


async def test_connections_are_kept(sentry: MiniSentry, upstream: SentryUpstream) -> None:
    """Sends one after the other go through one connection."""
    for number in range(5):
        await upstream.send(envelope(number))
    assert 1 == len({r.peer for r in sentry.received})


async def test_a_large_body_gets_more_time(sentry: MiniSentry) -> None:
    """A second for each megabyte is added to the time of a send."""
    upstream = SentryUpstream(
        f"{sentry.base}/api/1/envelope/", REAL_KEY, HttpOptions(timeout=0.05, compress="none")
    )
    sentry.script.append(Answer(hang=True))
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(upstream.send(envelope(payload=b"x" * 3_000_000)))
        await sentry.arrival()
        await asyncio.sleep(0.1)  # twice the time of a small one
        sentry.release()
    assert UpstreamResponse(200) == sending.result()
    await upstream.close()


async def test_nobody_there_is_an_error() -> None:
    """A port on which nobody listens raises."""
    async with MiniSentry().serve() as gone:
        url = f"{gone.base}/api/1/envelope/"
    upstream = SentryUpstream(url, REAL_KEY)
    with pytest.raises(UpstreamError):
        await upstream.send(envelope())
    await upstream.close()


async def test_no_answer_in_time_is_an_error(sentry: MiniSentry) -> None:
    """An upstream that does not answer in time raises."""
    sentry.script.append(Answer(hang=True))
    upstream = SentryUpstream(f"{sentry.base}/api/1/envelope/", REAL_KEY, HttpOptions(timeout=0.05))
    with pytest.raises(UpstreamError):
        await upstream.send(envelope())
    await upstream.close()


async def test_the_environment_names_no_proxy(
    sentry: MiniSentry, upstream: SentryUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy in the environment is not used."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert UpstreamResponse(200) == await upstream.send(envelope())


async def test_concurrent_sends_share_a_bounded_pool(sentry: MiniSentry) -> None:
    """More sends than connections all arrive."""
    upstream = SentryUpstream(
        f"{sentry.base}/api/1/envelope/", REAL_KEY, HttpOptions(connections=2)
    )
    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(upstream.send(envelope(number)))
    await upstream.close()
    await upstream.close()
    assert 10 == len({r.body for r in sentry.received})
