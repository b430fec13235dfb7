"""Shadow rules on the admin port: what they would have redacted in the last hours, and a page.

Law of this file: what is shown are ids of rules, paths as `scrub.shadow` lets them be seen, and
numbers; nothing of a value.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from relay.playground.routes import HEADERS
from relay.ports import Clock
from relay.server.admin_gate import Gate
from relay.server.admin_requests import only
from relay.server.answers import json_answer
from relay.shadow_hits import ShadowMemory

SCOPE: Final = "playground"
"""As the rules have: paths say what events are made of."""

FILES: Final = {
    "shadow.html": "text/html",
    "shadow.css": "text/css",
    "shadow.js": "text/javascript",
}
"""What the page is made of, in the folder `static`, with the media type."""

_HERE: Final = Path(__file__).parent


def add_shadow_routes(app: web.Application, gate: Gate, memory: ShadowMemory, clock: Clock) -> None:
    """Mount the routes.

    Args:
        app: the admin port's.
        gate: asks for the token.
        memory: what was found.
        clock: the time.
    """
    pages = {name: (_HERE / "static" / name).read_bytes() for name in FILES}

    async def show(request: web.Request, _: str) -> web.StreamResponse:
        only(request.query)
        return json_answer(memory.view(clock.now()))

    async def page(request: web.Request) -> web.StreamResponse:
        # It holds no number, and so wants no token.
        name = request.match_info.get("file", "shadow.html")
        if name not in FILES:
            raise web.HTTPNotFound
        return web.Response(
            body=pages[name], content_type=FILES[name], charset="utf-8", headers=HEADERS
        )

    app.router.add_get("/rules/shadow", gate.guarded(SCOPE, show))
    app.router.add_get("/shadow", _moved)
    app.router.add_get("/shadow/", page)
    app.router.add_get("/shadow/{file}", page)


async def _moved(_: web.Request) -> web.StreamResponse:
    """Send to where relative addresses of the page hold."""
    return web.Response(status=HTTPStatus.PERMANENT_REDIRECT, headers={hdrs.LOCATION: "/shadow/"})
