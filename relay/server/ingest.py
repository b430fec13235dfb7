"""The ingest port: how a request becomes envelopes and facts for the intake, and is answered.

Law of this file: HTTP only. It reads no item and decides nothing about one. The client's address is
not looked at.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from aiohttp import hdrs, web

from relay.consent import read_request_evidence
from relay.errors import (
    AuthError,
    BodyError,
    MethodError,
    ProjectError,
    RateLimitedError,
    RelayError,
    RouteError,
)
from relay.health import Health
from relay.intake import Intake, Taken
from relay.metrics import Metrics
from relay.pipeline import ProjectPolicy, RequestFacts
from relay.protocol import check_ins
from relay.protocol.auth import join_auth, read_request_auth
from relay.protocol.dsn import DsnError, parse_project
from relay.protocol.envelope import parse
from relay.protocol.limits import Limits
from relay.server import answers
from relay.server.admin import add_health_routes
from relay.server.bodies import IN_FLIGHT, Count, Load, read_body
from relay.server.routes import PIXEL, Posted, Route, Target, find_target

OFF_LOOP: Final = 256 * 1024
"""Bodies from this size on are taken apart in a thread; where one may be packed, any is."""

CONVERTING: Final = 2
"""Bodies that are taken apart in threads at one time: each may open to 200 MiB."""


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
        self._converting = asyncio.Semaphore(CONVERTING)
        self._stopping = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def drained(self) -> None:
        """Return when no request is under way; from now on, each answer ends its connection."""
        self._stopping = True
        await self._idle.wait()

    def refuse(self, request: web.BaseRequest, error: RelayError) -> web.Response:
        """Answer and count what is no request: bytes that are not HTTP as it is taken here."""
        self._intake.count_refused(error, None)
        answer = answers.error_answer(error)
        self._cors.add(request, answer)
        self._metrics.count("relay_requests_total", route="unknown", status=str(answer.status))
        return answer

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
        if self._stopping or request.content.exception() is not None:
            answer.force_close()
        route = target.route.name if target is not None else "unknown"
        self._metrics.count("relay_requests_total", route=route, status=str(answer.status))
        return answer

    async def _answer(
        self, request: web.Request, target: Target | None, count: Count
    ) -> web.Response:
        """Answer, and see to it that the request is counted: here, or by the intake."""
        if target is not None and request.method == hdrs.METH_OPTIONS:
            return self._cors.preflight(request, ", ".join(target.route.methods))
        try:
            route, envelopes, facts = await self._receive(request, target, count)
        except Exception as error:  # noqa: BLE001 - one request must not end the connection's others
            self._intake.count_refused(error, target.project if target is not None else None)
            return answers.error_answer(error)
        try:
            taken = await self._take(route, envelopes, facts)
            if request.method == hdrs.METH_GET and route.name == "store":
                answer = web.Response(body=PIXEL, content_type="image/gif")
            else:
                answer = route.answer(taken)
        except Exception as error:  # noqa: BLE001 - as above
            return answers.error_answer(error)
        if taken.limits and route.limited:
            answer.headers[answers.RATE_LIMITS] = taken.limits
        return answer

    async def _take(self, route: Route, envelopes: Sequence[bytes], facts: RequestFacts) -> Taken:
        """Take one envelope after the other; raise the first error only if none was taken."""
        last: Taken | None = None
        first: Exception | None = None
        for number, envelope in enumerate(envelopes):
            own = facts if number == 0 else replace(facts, new_id=secrets.token_hex(16))
            try:
                last = await self._intake.take(envelope, own)
            except RateLimitedError as error:
                if route.limited:
                    first = first or error
                else:
                    last = Taken(None)
            except RelayError as error:
                first = first or error
        if last is not None:
            return last
        raise first if first is not None else RelayError("nothing was posted")

    async def _receive(
        self, request: web.Request, target: Target | None, count: Count
    ) -> tuple[Route, Sequence[bytes], RequestFacts]:
        """Read all of a request: the body as envelopes, and the facts beside it."""
        if target is None:
            raise RouteError("not found")
        route = target.route
        if request.method not in route.methods:
            raise MethodError(route.methods)
        facts, policy = self._facts(request, target)
        limits = policy.limits if policy is not None else self._limits
        if route.convert is None:
            learn = partial(self._named_in, facts) if policy is None else None
            body, limits = await read_body(request, limits.envelope, limits, count, learn)
            return route, (body,), replace(facts, limits=limits)
        content_type = request.headers.get(hdrs.CONTENT_TYPE, "")
        if route.check is not None:
            route.check(content_type)
        if request.method == hdrs.METH_GET:
            given = request.query.getall("sentry_data", [""])
            if len(given) > 1:
                raise BodyError("sentry_data is given twice")
            body = given[0].encode()
        else:
            body, _ = await read_body(request, getattr(limits, route.limit), limits, count)
        query = {name: request.query[name] for name in request.query}
        posted = Posted(body, content_type, query, target.parameters, facts.new_id, limits)
        if len(body) < OFF_LOOP and not route.packed:
            envelopes = route.convert(posted)
        else:
            async with self._converting:
                envelopes = await asyncio.to_thread(route.convert, posted)
        count(sum(map(len, envelopes)))
        return route, envelopes, facts

    def _facts(
        self, request: web.Request, target: Target
    ) -> tuple[RequestFacts, ProjectPolicy | None]:
        """Read all but the body; refuse an unknown project before the body is read.

        The policy is None where only the envelope's `dsn` can name project or key.
        """
        for name in ("X-Sentry-Auth", hdrs.AUTHORIZATION):
            if len(request.headers.getall(name, ())) > 1:
                raise AuthError("multiple authorization payloads detected")
        query = [(name, value) for name, value in request.query.items()]
        headers = {name.lower(): value for name, value in request.headers.items()}
        credentials = read_request_auth(headers, query, target.parameters.get("key"))
        project = _checked_project(target.project)
        if target.route.convert is not None:
            credentials = join_auth(credentials, project)  # what is no envelope has no `dsn`
            if target.route.name == "cron" and not credentials.client:
                credentials = replace(credentials, client=check_ins.CLIENT)
            project = project or self._intake.project_of_key(credentials.key) or ""
        policy = None
        if credentials is not None and project is not None:
            policy = self._known(project, credentials.key)
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

    def _named_in(self, facts: RequestFacts, line: bytes) -> Limits:
        """Return the limits of the project that an envelope's header line names."""
        headers = parse(line, self._limits).headers
        caller = join_auth(facts.credentials, facts.project, headers.get("dsn"))
        return self._known(caller.project or "", caller.key).limits

    def _known(self, project: str, key: str) -> ProjectPolicy:
        policy = self._intake.find_project(project, key)
        if policy is None:
            raise ProjectError("unknown project or key")
        return policy


def _checked_project(project: str | None) -> str | None:
    """Return the project id of a path, if it has one; a strange one is nobody's."""
    try:
        return parse_project(project) if project is not None else None
    except DsnError:
        raise ProjectError("unknown project or key") from None


def build_ingest_app(ingest: Ingest, health: Health) -> web.Application:
    """Wire the ingest port: health, then everything else to `ingest`."""
    app = web.Application()
    add_health_routes(app, health)
    # Not ".*": a path may hold an escaped end of line.
    app.router.add_route("*", r"/{path:[\s\S]*}", ingest.handle)
    return app
