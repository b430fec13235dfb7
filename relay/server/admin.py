"""The admin port: metrics, health, the spool, the playground, and a page that says what is here.

Law of this file: routes only; what they show is made elsewhere, and the gate decides for whom. The
health routes stand on the ingest port too, because that is where load balancers look.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from aiohttp import hdrs, web

from relay import metrics as metrics_module
from relay.audit import Audit
from relay.clock import SystemClock
from relay.config import Admin
from relay.errors import SpoolUnavailableError
from relay.health import Health
from relay.metrics import Metrics
from relay.playground.process import Texts
from relay.playground.routes import add_playground_routes
from relay.ports import Clock, Spool
from relay.rulefiles import shipped
from relay.server.admin_gate import Gate
from relay.server.admin_spool import MAX_BODY, add_spool_routes
from relay.server.answers import json_answer

HEALTH: Final = web.AppKey("health", Health)
METRICS: Final = web.AppKey("metrics", Metrics)
SPOOL: Final = web.AppKey("spool", Spool)
REFRESH: Final[web.AppKey[Callable[[], None]]] = web.AppKey("refresh")

LIVE: Final = "/api/relay/healthcheck/live/"
READY: Final = "/api/relay/healthcheck/ready/"

_INDEX: Final = f"""scrub-relay, admin port

/metrics        counters in Prometheus' text format
{LIVE}   the process answers
{READY}  it should get traffic

/playground/    a page: write a rule, try it on a sample; saves, logs and sends nothing
/playground/rules    the loaded rules
/playground/samples  samples at hand
/playground/try      POST rules and a sample: what comes out
/playground/suggest  POST a sample and a place in it: selectors and a rule
/playground/{{file}}   what the page is made of

With a token that has the scope spool, as `Authorization: Bearer …`:

/spool          how much waits, and how many dead letters
/spool/dead     dead letters: ?limit=, after=, reason=, project=
/spool/dead/{{number}}           one of them
/spool/dead/{{number}}/envelope  its envelope, scrubbed
/spool/retry    POST {{"numbers": […]}} or {{"all": true}}: make them due
/spool/purge    POST the same, and "yes": true with all: delete them
"""


def add_health_routes(app: web.Application, health: Health) -> None:
    """Mount liveness and readiness, with and without the final slash."""
    app[HEALTH] = health
    for path, handler in ((LIVE, _live), (READY, _ready)):
        app.router.add_get(path, handler)
        app.router.add_get(path.rstrip("/"), handler)


def build_admin_app(
    *,
    metrics: Metrics,
    health: Health,
    spool: Spool,
    max_bytes: int = 1,
    admin: Admin | None = None,
    clock: Clock | None = None,
    refresh: Callable[[], None] = lambda: None,
    texts: Texts | None = None,
) -> web.Application:
    """Wire the admin port. The caller may add further routes before it is started.

    Args:
        metrics: what `/metrics` shows.
        health: what the health routes answer.
        spool: its gauges are read at each scrape.
        max_bytes: what it may hold.
        admin: tokens, what is open without one, names of the port, the audit log.
        clock: the time.
        refresh: called at each scrape, to set what it knows.
        texts: gives the files of the rules that are loaded; by default those that ship.
    """
    admin, clock = admin or Admin(), clock or SystemClock()
    audit = Audit(admin.audit, clock)
    gate = Gate(admin, metrics, audit, clock)
    app = web.Application(middlewares=[gate.middleware], client_max_size=MAX_BODY)
    app[METRICS] = metrics
    app[SPOOL] = spool
    app[REFRESH] = refresh
    app.router.add_get("/", _index)
    app.router.add_get("/metrics", gate.guarded("metrics", _metrics))
    add_health_routes(app, health)
    add_spool_routes(app, gate, spool, audit, max_bytes)
    add_playground_routes(app, gate.guarded, texts or cache(shipped))
    return app


async def refresh_spool_gauges(metrics: Metrics, spool: Spool) -> None:
    """Set the gauges from a spool's status; one that does not answer leaves them as they were."""
    try:
        status = await spool.status()
    except SpoolUnavailableError:
        return
    for state in ("ready", "claimed", "buried"):
        metrics.gauge("relay_spool_envelopes", getattr(status, state), state=state)
    metrics.gauge("relay_spool_bytes", status.bytes)
    metrics.gauge("relay_spool_oldest_seconds", status.oldest_age)


async def _index(_: web.Request) -> web.Response:
    return web.Response(text=_INDEX)


async def _live(_: web.Request) -> web.Response:
    return json_answer({"is_healthy": True})


async def _ready(request: web.Request) -> web.Response:
    well = await request.app[HEALTH].ready()
    return json_answer({"is_healthy": well}, 200 if well else 503)


async def _metrics(request: web.Request, _: str) -> web.Response:
    metrics = request.app[METRICS]
    request.app[REFRESH]()
    await refresh_spool_gauges(metrics, request.app[SPOOL])
    return web.Response(
        body=metrics.render(), headers={hdrs.CONTENT_TYPE: metrics_module.CONTENT_TYPE}
    )
