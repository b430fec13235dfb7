"""One connection: what aiohttp would answer by itself is answered in our form, without an echo.

Law of this file: no byte of what came in goes into an answer or a log; aiohttp's own answers to
malformed requests quote them.
"""

import logging
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import hdrs, web
from aiohttp.streams import EMPTY_PAYLOAD

from relay.errors import ExpectationError, MalformedError, RelayError
from relay.server.answers import error_answer

log = logging.getLogger("relay.server")

Refuse = Callable[[web.BaseRequest, RelayError], web.Response]
"""Makes the answer to what is no request, and counts it."""

_Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# We decompress ourselves, counting; and no access log, for it would show addresses and keys.
_OPTIONS: Final[dict[str, Any]] = {"access_log": None, "auto_decompress": False}


def plain_refusal(_: web.BaseRequest, error: RelayError) -> web.Response:
    """Answer without counting."""
    return error_answer(error)


class Connection(web.RequestHandler):
    """aiohttp's handler of a connection, with the answers that it makes by itself replaced."""

    __slots__ = ("_body", "_closed", "_refuse")

    def __init__(
        self,
        server: web.Server,
        refuse: Refuse,
        loop: AbstractEventLoop,
        closed: Callable[[], None] | None = None,
    ) -> None:
        """Set up.

        Args:
            server: whose connection it is.
            refuse: answers what is malformed.
            loop: the running loop.
            closed: called when the connection has ended.
        """
        super().__init__(server, loop=loop, **_OPTIONS)
        self._closed = closed
        self._refuse = refuse
        self._body = EMPTY_PAYLOAD

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell that the connection has ended."""
        super().connection_lost(exc)
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()

    def data_received(self, data: bytes) -> None:
        """Take bytes; end a body at once that turns out to be broken.

        aiohttp queues its error behind the request, whose body then would never end.
        """
        waiting = len(self._messages)
        super().data_received(data)
        if len(self._messages) == waiting:
            return
        body = self._body
        if body.is_eof():
            self._body = self._messages[-1][1]
            return
        # What follows a body that has not ended is no message, but that error.
        self._messages.pop()
        body.set_exception(web.RequestPayloadError())
        body.feed_eof()
        self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes the request
    ) -> web.StreamResponse:
        """Answer what did not get as far as a route, and end the connection."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        if status < 500:
            answer = self._refuse(request, MalformedError("bad request"))
        else:
            answer = error_answer(
                exc if isinstance(exc, Exception) else RelayError("internal error")
            )
        answer.set_status(status)
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ARG002 - they quote the request
        """Log what breaks outside of a route, by its class alone."""
        error = kw.get("exc_info")
        if not isinstance(error, web.RequestPayloadError):  # that one is ours, and answered
            log.error("connection_failed", extra={"error": type(error).__name__})


def expecting(handle: _Handle, refuse: Refuse) -> _Handle:
    """Wrap a server's handler: an `Expect` that is not known is refused (RFC 9110, 10.1.1)."""

    async def checked(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get(hdrs.EXPECT, "100-continue").lower() != "100-continue":
            answer = refuse(request, ExpectationError("bad request"))
            answer.force_close()
            return answer
        return await handle(request)

    return checked
