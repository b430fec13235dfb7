"""Shadow rules on the admin port: what they would have redacted in the last hours, and a page.

Law of this file: what is shown are ids of rules, paths as `scrub.shadow` lets them be seen, and
numbers; nothing of a value.
"""

from pathlib import Path
from typing import Final

from aiohttp import web

from relay.playground.pages import add_page
from relay.ports import Clock
from relay.server.admin_gate import Gate
from relay.server.admin_requests import only
from relay.server.answers import json_answer
from relay.shadow_hits import ShadowMemory

SCOPE: Final = "playground"
"""As the rules have: paths say what events are made of."""

FILES: Final = ("shadow.html", "shadow.css", "shadow.js")
"""What the page is made of, in the folder `static`."""

_HERE: Final = Path(__file__).parent


def add_shadow_routes(app: web.Application, gate: Gate, memory: ShadowMemory, clock: Clock) -> None:
    """Mount the routes.

    Args:
        app: the admin port's.
        gate: asks for the token.
        memory: what was found.
        clock: the time.
    """

    async def show(request: web.Request, _: str) -> web.StreamResponse:
        only(request.query)
        return json_answer(memory.view(clock.now()))

    app.router.add_get("/rules/shadow", gate.guarded(SCOPE, show))
    add_page(app, "/shadow", _HERE / "static", FILES)
