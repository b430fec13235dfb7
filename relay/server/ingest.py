"""The ingest port: which paths there are, and how a request becomes bytes and facts for intake.

Law of this file: HTTP only. It reads no item and decides nothing about one. The client's address is
not looked at.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from relay.consent import PATH_PREFIX, read_request_evidence
from relay.errors import (
    AuthError,
    BodyError,
    LateBodyError,
    MethodError,
    OverloadedError,
    ProjectError,
    RouteError,
)
from relay.health import Health
from relay.intake import Intake, Taken
from relay.metrics import Metrics
from relay.pipeline import ProjectPolicy, RequestFacts
from relay.protocol.auth import read_request_auth
from relay.protocol.body import make_decoder
from relay.protocol.limits import MIB, Limits
from relay.protocol.store import as_envelope, decode_store
from relay.server import answers
from relay.server.admin import add_health_routes

BODY_TIMEOUT: Final = 60.0
"""Seconds that a whole body may take."""

IN_FLIGHT: Final = 1024 * MIB
"""Bytes of bodies, decompressed, that may be under way in all."""

PIXEL: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""A transparent GIF of one pixel, the answer to a GET on store (GIF89a specification)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path leads: the route's name, the project in it, whether it began as consented."""

    route: str
    project: str | None
    prefixed: bool


_METHODS: Final = {"envelope": ("POST",), "store": ("POST", "GET"), "tunnel": ("POST",)}


def find_target(path: str) -> Target | None:
    """Return where a path leads, or None; doubled and missing final slashes do not matter."""
    parts = [part for part in path.split("/") if part]
    prefixed = bool(parts) and parts[0] == PATH_PREFIX
    match parts[1:] if prefixed else parts:
        case ["api", project, ("envelope" | "store") as route]:
            return Target(route, project, prefixed)
        case ["api", "store"]:
            return Target("store", None, prefixed)
        case ["tunnel"]:
            return Target("tunnel", None, prefixed)
        case _:
            return None


class Load:
    """Counts the bytes of all bodies under way, from their arrival to their answer."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0

    @contextmanager
    def body(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that counts bytes of one body; at the end they are given back.

        The function raises OverloadedError where they are too many, unless no other is under way.
        """
        own = 0

        def count(size: int) -> None:
            nonlocal own
            if self._bytes + size > self._limit and self._bytes > own:
                raise OverloadedError("too many reports at one time")
            own += size
            self._bytes += size

        try:
            yield count
        finally:
            self._bytes -= own


class Ingest:
    """Answers the ingest routes."""

    def __init__(
        self,
        intake: Intake,
        metrics: Metrics,
        cors: answers.Cors,
        limits: Limits,
        in_flight: int = IN_FLIGHT,
    ) -> None:
        """Set up.

        Args:
            intake: takes what was read.
            metrics: counts requests.
            cors: what pages of other origins may do.
            limits: for bodies whose project is not known yet.
            in_flight: bytes of bodies, decompressed, that may be under way in all.
        """
        self._intake = intake
        self._metrics = metrics
        self._cors = cors
        self._limits = limits
        self._load = Load(in_flight)
        self._stopping = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def drained(self) -> None:
        """Return when no request is under way; from now on, each answer ends its connection."""
        self._stopping = True
        await self._idle.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer any request that is not about health."""
        target = find_target(request.path)
        self._under_way += 1
        self._idle.clear()
        try:
            with self._load.body() as count:
                answer = await self._answer(request, target, count)
        finally:
            self._under_way -= 1
            if self._under_way == 0:
                self._idle.set()
        self._cors.add(request, answer)
        if self._stopping:
            answer.force_close()
        route = target.route if target is not None else "unknown"
        self._metrics.count("relay_requests_total", route=route, status=str(answer.status))
        return answer

    async def _answer(
        self, request: web.Request, target: Target | None, count: Callable[[int], None]
    ) -> web.Response:
        """Answer, and see to it that the request is counted once: here, or by the intake."""
        if target is not None and request.method == hdrs.METH_OPTIONS:
            return self._cors.preflight(request, ", ".join(_METHODS[target.route]))
        try:
            body, facts = await self._receive(request, target, count)
        except Exception as error:  # noqa: BLE001 - one request must not end the connection's others
            self._intake.count_refused(error, target.project if target is not None else None)
            return answers.error_answer(error)
        try:
            taken = await self._intake.take(body, facts)
        except Exception as error:  # noqa: BLE001 - as above
            return answers.error_answer(error)
        if request.method == hdrs.METH_GET:
            return web.Response(body=PIXEL, content_type="image/gif")
        return _accepted(taken)

    async def _receive(
        self, request: web.Request, target: Target | None, count: Callable[[int], None]
    ) -> tuple[bytes, RequestFacts]:
        """Read all of a request: the body as an envelope, and the facts beside it."""
        if target is None:
            raise RouteError("not found")
        if request.method not in _METHODS[target.route]:
            raise MethodError(_METHODS[target.route])
        facts, policy = self._facts(request, target)
        limits = policy.limits if policy is not None else self._limits
        if target.route != "store":
            return await self._read(request, limits.envelope, limits, count), facts
        if request.method == hdrs.METH_GET:
            body = request.query.get("sentry_data", "").encode()
        else:
            body = await self._read(request, limits.body, limits, count)
        body = as_envelope(decode_store(body, limits))
        count(len(body))
        return body, facts

    def _facts(
        self, request: web.Request, target: Target
    ) -> tuple[RequestFacts, ProjectPolicy | None]:
        """Read all but the body; refuse an unknown project before the body is read."""
        for name in ("X-Sentry-Auth", hdrs.AUTHORIZATION):
            if len(request.headers.getall(name, ())) > 1:
                raise AuthError("multiple authorization payloads detected")
        query = [(name, value) for name, value in request.query.items()]
        headers = {name.lower(): value for name, value in request.headers.items()}
        credentials = read_request_auth(headers, query)
        project = target.project
        if project is None and target.route == "store":
            project = self._intake.project_of_key(credentials.key if credentials else "")
        policy = None
        if credentials is not None and project is not None:
            policy = self._intake.find_project(project, credentials.key)
            if policy is None:
                raise ProjectError("unknown project or key")
        pairs = list(request.headers.items())
        facts = RequestFacts(
            credentials=credentials,
            project=project,
            evidence=lambda consent: read_request_evidence(
                consent, pairs, query, prefixed=target.prefixed
            ),
            new_id=secrets.token_hex(16),
            limits=self._limits,
        )
        return facts, policy

    async def _read(
        self, request: web.Request, max_size: int, limits: Limits, count: Callable[[int], None]
    ) -> bytes:
        """Read and decompress the body, counting as it comes."""
        # A repeated header is a list (RFC 9110, 5.3), and a list of encodings is not taken.
        encoding = ",".join(request.headers.getall(hdrs.CONTENT_ENCODING, ()))
        decoder = make_decoder(encoding, max_size, limits.ratio)
        pieces: list[bytes] = []
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                # One by one: a chunk over a limit must end the reading.
                async for chunk in request.content.iter_any():
                    piece = decoder.feed(chunk)
                    count(len(piece))
                    pieces.append(piece)
        except TimeoutError:
            raise LateBodyError("the body did not arrive in time") from None
        except ConnectionError:
            # The client went away; nobody reads the answer.
            raise BodyError("the body ended too early") from None
        pieces.append(decoder.finish())
        return b"".join(pieces)


def _accepted(taken: Taken) -> web.Response:
    body = {"id": taken.event_id} if taken.event_id is not None else {}
    return answers.json_answer(body, HTTPStatus.OK)


def build_ingest_app(ingest: Ingest, health: Health) -> web.Application:
    """Wire the ingest port: health, then everything else to `ingest`."""
    app = web.Application()
    add_health_routes(app, health)
    app.router.add_route("*", "/{path:.*}", ingest.handle)
    return app
