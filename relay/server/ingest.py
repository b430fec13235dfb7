"""The ingest port: how a request becomes envelopes and facts for the intake, and is answered.

Law of this file: HTTP only. It reads no item and decides nothing about one. The client's address is
not looked at.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from aiohttp import hdrs, web

from relay.config import Listen
from relay.consent import ConsentPolicy, Evidence, read_request_evidence
from relay.errors import (
    AuthError,
    BodyError,
    LateBodyError,
    MethodError,
    OverloadedError,
    ProjectError,
    RateLimitedError,
    RelayError,
    RouteError,
    StalledBodyError,
)
from relay.health import Health
from relay.intake import ASIDE, Intake, Taken
from relay.metrics import Metrics
from relay.pipeline import ProjectPolicy, RequestFacts
from relay.protocol import check_ins
from relay.protocol.auth import join_auth, read_request_auth
from relay.protocol.dsn import DsnError, parse_project
from relay.protocol.envelope import parse
from relay.protocol.limits import Limits
from relay.server import answers
from relay.server.admin import add_health_routes
from relay.server.bodies import read_body
from relay.server.connection import Connection
from relay.server.listening import FIRST
from relay.server.room import Load, Room
from relay.server.routes import PIXEL, Convert, Posted, Route, Target, find_target
from relay.server.usage import UsageIngest
from relay.server.watch import Cut, Watch
from relay.side import work as side
from relay.side.body import Body


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Reads the consent evidence of a request; it can be pickled."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(repr=False)
    prefixed: bool

    def __call__(self, policy: ConsentPolicy) -> Sequence[Evidence]:
        return read_request_evidence(policy, self.headers, self.query, prefixed=self.prefixed)


@dataclass(slots=True)
class _Caller:
    """What is known of who sends; the policy is None where only the envelope's `dsn` can tell."""

    facts: RequestFacts = field(repr=False)
    policy: ProjectPolicy | None
    limits: Limits


@dataclass(frozen=True, slots=True)
class _Post:
    """One body for the intake, and what makes an envelope of it."""

    body: Body = field(repr=False)
    convert: side.Convert | None = field(default=None, repr=False)


class Ingest:
    """Answers the ingest routes."""

    def __init__(
        self,
        intake: Intake,
        metrics: Metrics,
        cors: answers.Cors,
        limits: Limits,
        listen: Listen | None = None,
    ) -> None:
        """Set up.

        Args:
            intake: takes what was read.
            metrics: counts requests.
            cors: what pages of other origins may do.
            limits: for bodies whose project is not known yet.
            listen: how much may be under way in all, and how long what may take.
        """
        self._intake = intake
        self._metrics = metrics
        self._cors = cors
        self._limits = limits
        listen = listen or Listen()
        self._load = Load(listen.in_flight)
        self._body_timeout = listen.body_timeout
        self.watch = Watch(listen, metrics, self._show)
        """Over the connections of the port."""

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
        try:
            with self._load.body() as room:
                answer = await self._answer(request, target, room)
        except OverloadedError as error:  # there is no room for so much as a look at it
            self._intake.count_refused(error, target.project if target is not None else None)
            answer = answers.error_answer(error)
        self._cors.add(request, answer)
        if request.content.exception() is not None:
            answer.force_close()
        route = target.route.name if target is not None else "unknown"
        self._metrics.count("relay_requests_total", route=route, status=str(answer.status))
        return answer

    async def _answer(
        self, request: web.Request, target: Target | None, room: Room
    ) -> web.Response:
        """Answer, and see to it that the request is counted: here, or by the intake."""
        if target is not None and request.method == hdrs.METH_OPTIONS:
            return self._cors.preflight(request, ", ".join(target.route.methods))
        try:
            route, posts, facts = await self._receive(request, target, room)
        except Exception as error:  # noqa: BLE001 - one request must not end the connection's others
            self._intake.count_refused(error, target.project if target is not None else None)
            answer = answers.error_answer(error)
            if isinstance(error, LateBodyError):
                _stop_reading(request, error)
                answer.force_close()
            return answer
        try:
            taken = await self._take(route, posts, facts, room)
            if request.method == hdrs.METH_GET and route.name == "store":
                answer = web.Response(body=PIXEL, content_type="image/gif")
            else:
                answer = route.answer(taken)
        except Exception as error:  # noqa: BLE001 - as above
            return answers.error_answer(error)
        if taken.limits and route.limited:
            answer.headers[answers.RATE_LIMITS] = taken.limits
        return answer

    async def _take(
        self, route: Route, posts: Sequence[_Post], facts: RequestFacts, room: Room
    ) -> Taken:
        """Take one envelope after the other; raise the first error only if none was taken."""
        last: Taken | None = None
        first: Exception | None = None
        for number, post in enumerate(posts):
            own = facts if number == 0 else replace(facts, new_id=secrets.token_hex(16))
            try:
                last = await self._intake.take(post.body, own, post.convert, room.hold)
            except RateLimitedError as error:
                if route.limited:
                    first = first or error
                else:
                    last = Taken(None)
            except RelayError as error:
                first = first or error
        if last is not None:
            return last
        try:
            raise first if first is not None else RelayError("nothing was posted")
        finally:
            first = None  # else the error would hold its own frame, and that what it holds

    async def _receive(
        self, request: web.Request, target: Target | None, room: Room
    ) -> tuple[Route, Sequence[_Post], RequestFacts]:
        """Read all of a request: the body as envelopes, and the facts beside it."""
        if target is None:
            raise RouteError("not found")
        route = target.route
        if request.method not in route.methods:
            raise MethodError(route.methods)
        caller = self._caller(request, target)
        if route.convert is None:
            body = await self._envelope(request, caller, room)
            return route, (_Post(body),), caller.facts
        content_type = request.headers.get(hdrs.CONTENT_TYPE, "")
        if route.check is not None:
            route.check(content_type)
        if request.method == hdrs.METH_GET:
            given = request.query.getall("sentry_data", [""])
            if len(given) > 1:
                raise BodyError("sentry_data is given twice")
            body = Body(given[0].encode())
        else:
            size = getattr(caller.limits, route.limit)
            body, _ = await read_body(request, size, caller.limits, room, self._body_timeout)
        query = {name: request.query[name] for name in request.query}
        new_id = caller.facts.new_id
        posted = Posted(b"", content_type, query, target.parameters, new_id, caller.limits)
        if route.single and (body.size >= ASIDE or route.packed):
            return route, (_Post(body, partial(_one, route.convert, posted)),), caller.facts
        envelopes = route.convert(replace(posted, body=body.whole()))
        room.hold(sum(map(len, envelopes)))
        return route, [_Post(Body(envelope)) for envelope in envelopes], caller.facts

    async def _envelope(self, request: web.Request, caller: _Caller, room: Room) -> Body:
        """Read a body that is an envelope; who sends it may stand only there."""
        learn = partial(self._learn, caller) if caller.policy is None else None
        size = caller.limits.envelope
        body, limits = await read_body(
            request, size, caller.limits, room, self._body_timeout, learn
        )
        caller.facts = replace(caller.facts, limits=limits)
        return body

    def _caller(self, request: web.Request, target: Target) -> _Caller:
        """Read all but the body; refuse an unknown project before the body is read."""
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
        pairs = tuple(request.headers.items())
        facts = RequestFacts(
            credentials=credentials,
            project=project,
            evidence=_Evidence(pairs, tuple(query), target.prefixed),
            new_id=secrets.token_hex(16),
            limits=self._limits,
        )
        return _Caller(facts, policy, policy.limits if policy is not None else self._limits)

    def _learn(self, caller: _Caller, line: bytes) -> Limits:
        """Learn who is calling from an envelope's header line; return the limits that hold."""
        headers = parse(line, self._limits).headers
        named = join_auth(caller.facts.credentials, caller.facts.project, headers.get("dsn"))
        limits = self._known(named.project or "", named.key).limits
        caller.facts = replace(caller.facts, credentials=named, project=named.project)
        return limits

    def _known(self, project: str, key: str) -> ProjectPolicy:
        policy = self._intake.find_project(project, key)
        if policy is None:
            raise ProjectError("unknown project or key")
        return policy

    def _show(self) -> None:
        self._metrics.gauge("relay_bodies_in_flight_bytes", self._load.bytes)
        self._metrics.gauge("relay_requests_under_way", self._load.requests)
        self._metrics.gauge("relay_requests_waiting", self._load.waiting)


def _one(convert: Convert, posted: Posted, body: bytes) -> bytes:
    """Make the one envelope of what was posted, wherever that is done."""
    (envelope,) = convert(replace(posted, body=body))
    return envelope


def _stop_reading(request: web.BaseRequest, error: LateBodyError) -> None:
    if isinstance(request.protocol, Connection):
        late = Cut.STALL if isinstance(error, StalledBodyError) else Cut.BODY
        request.protocol.stop_reading(late)


def _checked_project(project: str | None) -> str | None:
    """Return the project id of a path, if it has one; a strange one is nobody's."""
    try:
        return parse_project(project) if project is not None else None
    except DsnError:
        raise ProjectError("unknown project or key") from None


def build_ingest_app(
    ingest: Ingest, health: Health | None, usage: UsageIngest | None = None
) -> web.Application:
    """Wire the ingest port: health, if it is to be seen there, then everything else to `ingest`.

    Usage events come first, where they are taken; they do not pay for the routes.
    """
    app = web.Application()
    if usage is not None:
        app[FIRST] = usage.before
    if health is not None:
        add_health_routes(app, health)
    # Not ".*": a path may hold an escaped end of line.
    app.router.add_route("*", r"/{path:[\s\S]*}", ingest.handle)
    return app
