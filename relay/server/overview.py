"""The overview's routes: a page of small plots, and the numbers that it draws.

Law of this file: all that it shows stands in the metrics, or is made of them. What it remembers is
in memory, bounded, and gone with the process.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from relay import __version__
from relay.health import Health
from relay.metrics import Metrics
from relay.playground.pages import add_page
from relay.ports import Clock
from relay.server.admin_gate import Gate
from relay.server.answers import json_answer
from relay.server.history import PLOTS, STEP, STEPS_TOGETHER, History, Plot

log = logging.getLogger("relay.server")

SCOPE: Final = "metrics"

FILES: Final = ("overview.html", "overview.css", "overview.js", "plots.js")
"""What the page is made of, in the folder `static`."""

RANGES: Final = ("1h", "24h")

UNITS: Final = {
    "relay_spool_bytes": "bytes",
    "relay_spool_oldest_seconds": "seconds",
    "relay_usage_oldest_seconds": "seconds",
    "relay_scrub_seconds": "seconds",
    "relay_delivery_seconds": "seconds",
}
"""Of metrics that are not numbers of things."""

_FACTS: Final = {
    "relay_rules_loaded": "rules",
    "relay_rules_stale": "stale",
    "relay_spool_max_bytes": "spool_max_bytes",
    "relay_workers": "workers",
    "relay_start_time_seconds": "started",
}
_DIGESTS: Final = "relay_rules_workers"

Refresh = Callable[[], Awaitable[None]]
"""Sets the gauges that are only set when somebody looks."""

_HERE: Final = Path(__file__).parent


class Overview:
    """Looks at the metrics now and then, and answers what the page asks."""

    def __init__(self, metrics: Metrics, *, health: Health, clock: Clock, refresh: Refresh) -> None:
        """Set up.

        Args:
            metrics: what it shows.
            health: what is ready.
            clock: the time.
            refresh: called before each look.
        """
        self._metrics = metrics
        self._health = health
        self._clock = clock
        self._refresh = refresh
        self._history = History()
        self._last = 0.0
        self._facts: dict[str, Any] = {}

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(STEP)

    async def look(self) -> None:
        """Take one sample; what cannot be read leaves a step out."""
        await self._refresh()
        started = time.perf_counter()
        try:
            samples = list(self._metrics.samples())
        except OSError:  # a worker's file that went in between
            log.warning("overview_skipped")
            return
        self._history.add(samples)
        self._facts = {
            fact: value for name, _, value in samples if (fact := _FACTS.get(name)) is not None
        }
        self._facts["digests"] = sorted(
            labels["digest"] for name, labels, value in samples if name == _DIGESTS and value
        )
        self._last = self._clock.now()
        log.debug("overview", extra={"seconds": time.perf_counter() - started})

    async def data(self, request: web.Request, _: str) -> web.StreamResponse:
        """Give the numbers: `?range=1h` (the default) or `24h`.

        Raises:
            web.HTTPBadRequest: it is another range.
        """
        wanted = request.query.get("range", RANGES[0])
        if wanted not in RANGES:
            raise web.HTTPBadRequest
        day = wanted == RANGES[1]
        ready = await self._health.parts()
        return json_answer({
            "range": wanted,
            "now": self._last,
            "step": STEP * STEPS_TOGETHER if day else STEP,
            "steps": self._history.length(day=day),
            "version": __version__,
            "ready": ready,
            **self._facts,
            "plots": self._plots(day=day),
        })  # fmt: skip

    def _plots(self, *, day: bool) -> list[dict[str, Any]]:
        """Return all plots; optional ones only if something was counted by a label in one of them.

        Gauges without a label are 0 from the start, whatever is configured.
        """
        made = [(plot, self._plot(plot, day=day)) for plot in PLOTS]
        wanted = any(shown["series"] for plot, shown in made if plot.optional and plot.by)
        return [shown for plot, shown in made if wanted or not plot.optional]

    def _plot(self, plot: Plot, *, day: bool) -> dict[str, Any]:
        return {
            "id": plot.id,
            "title": plot.title,
            "kind": plot.kind,
            "unit": UNITS.get(plot.metric, ""),
            "metric": plot.metric,
            "by": plot.by,
            "series": [
                {"label": one.label, "total": one.total, "points": one.points}
                for one in self._history.series(plot, day=day)
            ],
        }


def add_overview_routes(app: web.Application, gate: Gate, overview: Overview) -> None:
    """Mount the routes.

    Args:
        app: the admin port's.
        gate: asks for the token.
        overview: what they show; who serves the app has it look, by `looking`.
    """
    app.router.add_get("/overview/data", gate.guarded(SCOPE, overview.data))
    add_page(app, "/overview", _HERE / "static", FILES)


@asynccontextmanager
async def looking(overview: Overview) -> AsyncIterator[None]:
    """Look again and again inside the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(overview.run())
        try:
            yield
        finally:
            task.cancel()
