"""The admin port: metrics, health, and a page that says what is here.

Law of this file: routes only; what they show is made elsewhere. The health routes stand on the
ingest port too, because that is where load balancers look.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import hdrs, web

from relay import metrics as metrics_module
from relay.config import AdminToken
from relay.errors import SpoolUnavailableError
from relay.health import Health
from relay.metrics import Metrics
from relay.ports import Spool
from relay.server.answers import json_answer

HEALTH: Final = web.AppKey("health", Health)
METRICS: Final = web.AppKey("metrics", Metrics)
SPOOL: Final = web.AppKey("spool", Spool)
REFRESH: Final[web.AppKey[Callable[[], None]]] = web.AppKey("refresh")
TOKENS: Final = web.AppKey("tokens", tuple[AdminToken, ...])

LIVE: Final = "/api/relay/healthcheck/live/"
READY: Final = "/api/relay/healthcheck/ready/"

_INDEX: Final = f"""scrub-relay, admin port

/metrics        counters in Prometheus' text format
{LIVE}   the process answers
{READY}  it should get traffic
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
    tokens: Sequence[AdminToken] = (),
    refresh: Callable[[], None] = lambda: None,
) -> web.Application:
    """Wire the admin port. The caller may add further routes before it is started.

    Args:
        metrics: what `/metrics` shows.
        health: what the health routes answer.
        spool: its gauges are read at each scrape.
        refresh: called at each scrape, to set what it knows.
        tokens: with any, `/metrics` asks for one with the scope `metrics`.
    """
    app = web.Application()
    app[METRICS] = metrics
    app[SPOOL] = spool
    app[TOKENS] = tuple(tokens)
    app[REFRESH] = refresh
    app.router.add_get("/", _index)
    app.router.add_get("/metrics", _metrics)
    add_health_routes(app, health)
    return app


def authorize(request: web.Request, scope: str) -> None:
    """Let a request pass that has a token with this scope, or any if no tokens are configured.

    The token comes as `Authorization: Bearer …`; only its SHA-256 is configured.

    Raises:
        HTTPUnauthorized: no token, or one that is not configured.
        HTTPForbidden: a token without the scope.
    """
    tokens = request.app[TOKENS]
    if not tokens:
        return
    scheme, _, secret = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    given = hashlib.sha256(secret.strip().encode("utf-8", "surrogateescape")).hexdigest()
    found = [t for t in tokens if hmac.compare_digest(t.sha256, given)]
    if scheme.lower() != "bearer" or not found:
        raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
    if not any(scope in token.scopes for token in found):
        raise web.HTTPForbidden


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


async def _metrics(request: web.Request) -> web.Response:
    authorize(request, "metrics")
    metrics = request.app[METRICS]
    request.app[REFRESH]()
    await refresh_spool_gauges(metrics, request.app[SPOOL])
    return web.Response(
        body=metrics.render(), headers={hdrs.CONTENT_TYPE: metrics_module.CONTENT_TYPE}
    )
