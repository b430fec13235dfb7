"""The admin port: metrics, health, the spool, the playground, and a page that says what is here.

Law of this file: routes only; what they show is made elsewhere, and the gate decides for whom. The
health routes stand on the ingest port too, because that is where load balancers look.
"""

import html
from collections.abc import Callable
from functools import cache
from typing import Final

from aiohttp import hdrs, web

from relay import metrics as metrics_module
from relay.audit import Audit
from relay.clock import SystemClock
from relay.config import Admin
from relay.errors import SpoolUnavailableError
from relay.health import LIVE, READY, Health
from relay.metrics import Metrics
from relay.playground.pages import HEADERS
from relay.playground.routes import add_playground_routes
from relay.ports import Clock, Spool
from relay.rulefiles import shipped
from relay.server.admin_gate import Gate
from relay.server.admin_requests import MAX_BODY
from relay.server.admin_rules import add_rules_routes
from relay.server.admin_shadow import add_shadow_routes
from relay.server.admin_spool import add_spool_routes
from relay.server.answers import json_answer
from relay.server.board import Board
from relay.server.overview import Overview, add_overview_routes
from relay.server.rules_reloading import Reloader
from relay.shadow_hits import ShadowMemory

HEALTH: Final = web.AppKey("health", Health)
METRICS: Final = web.AppKey("metrics", Metrics)
SPOOL: Final = web.AppKey("spool", Spool)
OVERVIEW: Final = web.AppKey("overview", Overview)
REFRESH: Final[web.AppKey[Callable[[], None]]] = web.AppKey("refresh")


_INDEX: Final = f"""scrub-relay, admin port

/metrics        counters in Prometheus' text format
{LIVE}   the process answers
{READY}  it should get traffic

/overview/      a page: what came in and went on, as small plots
/overview/data  its numbers: ?range=1h or 24h
/overview/{{file}}     what the page is made of
/playground/    a page: write a rule, try it on a sample; saves, logs and sends nothing
/playground/rules    the loaded rules
/playground/samples  samples at hand
/playground/try      POST rules and a sample: what comes out
/playground/suggest  POST a sample and a place in it: selectors and a rule
/playground/{{file}}   what the page is made of
/rules          which rules hold, which worker uses which, mistakes of refused ones
/rules/shadow   what shadow rules would have redacted, by rule, path and hour
/shadow/        a page of it
/shadow/{{file}}       what the page is made of

With a token that has the scope rules, as `Authorization: Bearer …`:

/rules/reload   POST {{}}: read them now, verify them, take them up

With a token that has the scope spool, as `Authorization: Bearer …`:

/spool          how much waits, and how many dead letters
/spool/dead     dead letters: ?limit=, after=, reason=, project=
/spool/dead/{{number}}           one of them
/spool/dead/{{number}}/envelope  its envelope, scrubbed
/spool/retry    POST {{"numbers": […]}} or {{"all": true}}: make them due
/spool/purge    POST the same, and "yes": true with all: delete them
"""


_INDEX_PAGE: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Admin port · scrub-relay</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/playground/style.css">
</head>
<body>
<header class="top">
<h1>Admin port</h1>
<nav aria-label="Admin port">
<ul>
<li><a href="/overview/">Overview</a></li>
<li><a href="/playground/">Playground</a></li>
<li><a href="/shadow/">Shadow rules</a></li>
<li><a href="/metrics">Metrics</a></li>
</ul>
</nav>
</header>
<main class="pane">
<h2>All that is here</h2>
<pre tabindex="0" role="region" aria-label="Routes">{html.escape(_INDEX)}</pre>
</main>
</body>
</html>
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
    rules: tuple[Reloader, Board] | None = None,
    shadow: ShadowMemory | None = None,
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
        rules: what sees to changes of the rules, and where processes say which they use.
        shadow: what shadow rules would have redacted.
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
    if rules is not None:
        add_rules_routes(app, gate, *rules)
    texts = cache(shipped) if rules is None else rules[0].files
    add_shadow_routes(app, gate, shadow or ShadowMemory(clock.now()), clock)
    add_playground_routes(app, gate.guarded, texts)

    async def look() -> None:
        refresh()
        await refresh_spool_gauges(metrics, spool)

    app[OVERVIEW] = Overview(metrics, health=health, clock=clock, refresh=look)
    add_overview_routes(app, gate, app[OVERVIEW])
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


async def _index(request: web.Request) -> web.Response:
    """Say what is here: to a browser with links."""
    if "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        return web.Response(text=_INDEX_PAGE, content_type="text/html", headers=HEADERS)
    return web.Response(text=_INDEX)


async def _live(_: web.Request) -> web.Response:
    return json_answer({"is_healthy": True})


async def _ready(request: web.Request) -> web.Response:
    health = request.app[HEALTH]
    well = await health.ready()
    return json_answer({"is_healthy": well, **health.notes()}, 200 if well else 503)


async def _metrics(request: web.Request, _: str) -> web.Response:
    metrics = request.app[METRICS]
    request.app[REFRESH]()
    await refresh_spool_gauges(metrics, request.app[SPOOL])
    return web.Response(
        body=metrics.render(), headers={hdrs.CONTENT_TYPE: metrics_module.CONTENT_TYPE}
    )
