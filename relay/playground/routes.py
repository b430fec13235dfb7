"""The playground's routes: a page that anybody may load, and what it asks for with a token.

Law of this file: a request's body goes to the playground's own process as it came, and the answer
comes from there. Nothing is saved, logged, or sent on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from relay import jsonio
from relay.playground.pages import add_page
from relay.playground.process import Texts, TryingProcess
from relay.playground.work import Op

SCOPE: Final = "playground"
MAX_BODY: Final = 1_048_576
"""Bytes of a request's body: a rule is a page of text, a sample an event or some."""

BODY_SECONDS: Final = 10.0

FILES: Final = (
    "index.html",
    "style.css",
    "playground.js",
    "editor.js",
    "results.js",
    "server.js",
    "page.js",
)
"""What the page is made of, in the folder `static`; what all pages share is among it."""

SAMPLES: Final = (
    ("Suite on the desktop, a message", "event", "suite-message.json"),
    ("Suite on the web, an exception", "envelope", "suite-exception.envelope"),
    ("A log of Suite", "text", "suite-log.txt"),
)
"""Name, kind and file of each sample, in the folder `samples`. All in there is invented."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Guarded = Callable[[web.Request, str], Awaitable[web.StreamResponse]]

_HERE: Final = Path(__file__).parent


def add_playground_routes(
    app: web.Application, guarded: Callable[[str, Guarded], Handler], texts: Texts
) -> TryingProcess:
    """Mount the routes; the process ends with the app.

    Args:
        app: the admin port's.
        guarded: wraps a handler, so that it gets what has a token with a scope.
        texts: gives the rules that the service has loaded.

    Returns:
        The way to the process that tries rules.
    """
    process = TryingProcess(texts)
    routes = PlaygroundRoutes(process)
    app.router.add_get("/playground/rules", guarded(SCOPE, routes.rules))
    app.router.add_get("/playground/samples", guarded(SCOPE, routes.samples))
    app.router.add_post("/playground/try", guarded(SCOPE, routes.try_))
    app.router.add_post("/playground/suggest", guarded(SCOPE, routes.suggest))
    add_page(app, "/playground", _HERE / "static", FILES)

    async def close(_: web.Application) -> None:
        await process.close()

    app.on_cleanup.append(close)
    return process


class PlaygroundRoutes:
    """Answers them."""

    def __init__(self, process: TryingProcess) -> None:
        self._process = process
        self._samples = jsonio.dumps([
            {"name": name, "kind": kind, "text": (_HERE / "samples" / file).read_text("utf-8")}
            for name, kind, file in SAMPLES
        ])  # fmt: skip

    async def samples(self, _: web.Request, __: str) -> web.StreamResponse:
        """Give the samples at hand."""
        return _json(HTTPStatus.OK, self._samples)

    async def rules(self, _: web.Request, __: str) -> web.StreamResponse:
        """Give the loaded rules, and the words that a rule may use."""
        return await self._ask(Op.RULES)

    async def try_(self, request: web.Request, _: str) -> web.StreamResponse:
        """Try rules on a sample."""
        return await self._ask(Op.TRY, await _body(request))

    async def suggest(self, request: web.Request, _: str) -> web.StreamResponse:
        """Suggest selectors, and a rule, for a value in a sample."""
        return await self._ask(Op.SUGGEST, await _body(request))

    async def _ask(self, op: Op, body: bytes = b"") -> web.Response:
        answer = await self._process.ask(op, body)
        return _json(answer.status, answer.body)


async def _body(request: web.Request) -> bytes:
    """Read a body that says it is JSON, which no page of another origin can send by itself."""
    if request.content_type != "application/json" or hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType
    if (request.content_length or 0) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > MAX_BODY:
                    raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)


def _json(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")
