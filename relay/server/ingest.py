"""The ingest port: which paths there are, and how a request becomes bytes and facts for intake.

Law of this file: HTTP only. It reads no item and decides nothing about one. The client's address is
not looked at.
"""

import asyncio
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from relay.consent import PATH_PREFIX, read_request_evidence
from relay.errors import BodyError, ProjectError, RelayError, RequestError
from relay.health import Health
from relay.intake import Intake, Taken
from relay.metrics import Metrics
from relay.pipeline import ProjectPolicy, RequestFacts
from relay.protocol.auth import read_request_auth
from relay.protocol.body import make_decoder
from relay.protocol.limits import Limits
from relay.protocol.store import as_envelope, decode_store
from relay.server import answers
from relay.server.admin import add_health_routes

BODY_TIMEOUT: Final = 60.0
"""Seconds that a whole body may take."""

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


class Ingest:
    """Answers the ingest routes."""

    def __init__(
        self, intake: Intake, metrics: Metrics, cors: answers.Cors, limits: Limits
    ) -> None:
        """Set up.

        Args:
            intake: takes what was read.
            metrics: counts requests.
            cors: what pages of other origins may do.
            limits: for bodies whose project is not known yet.
        """
        self._intake = intake
        self._metrics = metrics
        self._cors = cors
        self._limits = limits
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
            answer = (
                await self._answer(request, target) if target is not None else answers.not_found()
            )
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

    async def _answer(self, request: web.Request, target: Target) -> web.Response:
        methods = _METHODS[target.route]
        if request.method == hdrs.METH_OPTIONS:
            return self._cors.preflight(request, ", ".join(methods))
        if request.method not in methods:
            return answers.method_not_allowed(", ".join((*methods, "OPTIONS")))
        try:
            return await self._take(request, target)
        except RelayError as error:
            return answers.error_answer(error)
        except TimeoutError:
            return answers.request_timeout()
        except ConnectionError:
            # The client went away; nobody reads this.
            return answers.error_answer(BodyError("the body ended too early"))
        except Exception as error:  # noqa: BLE001 - one request must not end the connection's others
            return answers.internal_error(error)

    async def _take(self, request: web.Request, target: Target) -> web.Response:
        try:
            facts, policy = self._facts(request, target)
            limits = policy.limits if policy is not None else self._limits
            if target.route == "store":
                if request.method == hdrs.METH_GET:
                    body = request.query.get("sentry_data", "").encode()
                else:
                    body = await self._read(request, limits.body, limits)
                body = as_envelope(decode_store(body, limits))
            else:
                body = await self._read(request, limits.envelope, limits)
        except RequestError as error:
            self._intake.count_refused(error, target.project)
            raise
        taken = await self._intake.take(body, facts)
        if request.method == hdrs.METH_GET:
            return web.Response(body=PIXEL, content_type="image/gif")
        return _accepted(taken)

    def _facts(
        self, request: web.Request, target: Target
    ) -> tuple[RequestFacts, ProjectPolicy | None]:
        """Read all but the body; refuse an unknown project before the body is read."""
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

    async def _read(self, request: web.Request, max_size: int, limits: Limits) -> bytes:
        """Read and decompress the body, counting as it comes."""
        decoder = make_decoder(request.headers.get(hdrs.CONTENT_ENCODING), max_size, limits.ratio)
        pieces: list[bytes] = []
        async with asyncio.timeout(BODY_TIMEOUT):
            # One by one: a chunk over the limit must end the reading.
            async for chunk in request.content.iter_any():
                pieces.append(decoder.feed(chunk))  # noqa: PERF401
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
