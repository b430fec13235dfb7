"""One connection: what aiohttp would answer by itself is answered in our form, without an echo.

Law of this file: no byte of what came in goes into an answer or a log; aiohttp's own answers to
malformed requests quote them. aiohttp waits for ever for the rest of a header, and for an answer to
be read: what the watch asks about is noted here.
"""

import logging
from asyncio import AbstractEventLoop, BaseTransport, Transport
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from aiohttp import hdrs, web
from aiohttp.streams import EMPTY_PAYLOAD

from relay.errors import ExpectationError, MalformedError, RelayError
from relay.server.answers import error_answer
from relay.server.watch import ANSWER_SECONDS, Cut, Watch

log = logging.getLogger("relay.server")

Refuse = Callable[[web.BaseRequest, RelayError], web.Response]
"""Makes the answer to what is no request, and counts it."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# We decompress ourselves, counting; and no access log, for it would show addresses and keys.
_OPTIONS: Final[dict[str, Any]] = {
    "access_log": None,
    "auto_decompress": False,
    "read_bufsize": 64 * 1024,  # what may lie unread, twice that, is taken by each that waits
}

PROGRAM: Final = "scrub-relay"
"""What answers say that they are from."""

MAX_HEADER: Final = 64 * 1024
"""Bytes that a header may take in all, where it comes in several pieces."""

_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def plain_refusal(_: web.BaseRequest, error: RelayError) -> web.Response:
    """Answer without counting."""
    return error_answer(error)


class Connection(web.RequestHandler):
    """aiohttp's handler of a connection, with the answers that it makes by itself replaced."""

    __slots__ = (
        "_began",
        "_body",
        "_closed",
        "_closing",
        "_header_size",
        "_refuse",
        "_unread",
        "_watch",
        "_wire",
    )

    def __init__(
        self,
        server: web.Server,
        refuse: Refuse,
        loop: AbstractEventLoop,
        closed: Callable[[], None] | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Set up.

        Args:
            server: whose connection it is.
            refuse: answers what is malformed.
            loop: the running loop.
            closed: called when the connection has ended.
            watch: cuts it off where it is too slow; None for nobody.
        """
        options = _OPTIONS
        if watch is not None:
            options = {**_OPTIONS, "keepalive_timeout": watch.listen.keep_alive}
        super().__init__(server, loop=loop, **options)
        self._closed = closed
        self._refuse = refuse
        self._body = EMPTY_PAYLOAD
        self._watch = watch
        self._wire: Transport | None = None
        self._began: float | None = None  # when the header began that is not all here
        self._header_size = 0
        self._unread: float | None = None  # since when answers find no room on the wire
        self._closing: float | None = None  # when it was first seen to close

    @property
    def peername(self) -> None:
        """Nobody asks who is at the other end: aiohttp would note it with each request."""

    # --- the wire --------------------------------------------------------------------------------

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin; a header is awaited from now on."""
        super().connection_made(transport)
        self._wire = cast("Transport", transport)
        self._began = self._loop.time()
        if self._watch is not None and not self._watch.add(self):
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell that the connection has ended."""
        super().connection_lost(exc)
        self._wire = None
        if self._watch is not None:
            self._watch.remove(self)
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()

    def pause_writing(self) -> None:
        """Note since when the client does not read."""
        super().pause_writing()
        self._unread = self._loop.time()

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._unread = None

    def data_received(self, data: bytes) -> None:
        """Take bytes; end a body at once that turns out to be broken.

        aiohttp queues its error behind the request, whose body then would never end.
        """
        if self._close or self._force_close:
            return  # aiohttp reads nothing either, once an answer is to be the last one
        waiting = len(self._messages)
        body = self._body
        in_body = not body.is_eof()
        super().data_received(data)
        if len(self._messages) == waiting:
            if data and not in_body:
                self._part_of_header(len(data))
            return
        self._began = None
        self._header_size = 0
        if not in_body or body.is_eof():
            self._body = self._messages[-1][1]
            return
        # What follows a body that has not ended is no message, but that error.
        self._messages.pop()
        body.set_exception(web.RequestPayloadError())
        body.feed_eof()
        self.close()

    def _part_of_header(self, size: int) -> None:
        if self._began is None:
            self._began = self._loop.time()
        self._header_size += size
        if self._header_size > MAX_HEADER and self._watch is not None:
            self._watch.count(Cut.HEADER)
            self.cut(Cut.HEADER)

    # --- for the watch ---------------------------------------------------------------------------

    def overdue(self, now: float) -> Cut | None:
        """See `watch.Watched`."""
        assert self._watch is not None
        if self._wire is not None and self._wire.is_closing():
            self._closing = self._closing or now
            return Cut.ANSWER if now - self._closing > ANSWER_SECONDS else None
        if self._unread is not None and now - self._unread > ANSWER_SECONDS:
            return Cut.ANSWER
        if self._began is not None and now - self._began > self._watch.listen.header_timeout:
            return Cut.HEADER
        return None

    def unused_since(self) -> float | None:
        """See `watch.Watched`."""
        if self._busy:
            return None
        idle = self._next_keepalive_close_time - self._keepalive_timeout
        return self._began if self._began is not None else idle

    def cut(self, reason: Cut) -> None:
        """See `watch.Watched`."""
        if reason is Cut.ANSWER:
            if self._wire is not None:
                self._wire.abort()
        elif self._busy:
            self._began = None
            self.close()
        else:
            if self._header_size and self.transport is not None:
                self.transport.write(_LATE)
            self.force_close()

    def close_unused(self) -> None:
        """See `watch.Watched`."""
        if self._busy:
            self.close()
        else:
            self.force_close()

    def stop_reading(self, reason: Cut) -> None:
        """Do not wait for the rest of a body that is too slow; the answer ends the connection."""
        self._lingering_time = 0.0
        if self._watch is not None:
            self._watch.count(reason)

    @property
    def _busy(self) -> bool:
        return bool(self._messages) or self._request_in_progress

    def _process_keepalive(self) -> None:
        closing = self._force_close
        super()._process_keepalive()
        if self._force_close and not closing and self._watch is not None:
            self._watch.count(Cut.IDLE)

    # --- answers ---------------------------------------------------------------------------------

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer, without aiohttp's versions; while the port is being closed it says so."""
        resp.headers.setdefault(hdrs.SERVER, PROGRAM)
        if self._watch is not None and self._watch.stopping:
            resp.force_close()
        return await super().finish_response(request, resp, start_time)

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


def strict(handle: Handler, refuse: Refuse) -> Handler:
    """Wrap a server's handler: what a proxy before it may have read in another way is refused.

    An `Expect` that is not known (RFC 9110, 10.1.1), a tunnel, and a coding of the transfer other
    than `chunked` alone, which aiohttp passes on undone (RFC 9112, 6.1). Who asks for another
    protocol is answered, and no more: aiohttp forgets what comes behind such a request.
    """

    def checked(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        error = _fault(request)
        if error is None and hdrs.UPGRADE not in request.headers:
            return handle(request)
        return last(request, error)

    async def last(request: web.BaseRequest, error: RelayError | None) -> web.StreamResponse:
        answer = await handle(request) if error is None else refuse(request, error)
        answer.force_close()
        return answer

    return checked


def _fault(request: web.BaseRequest) -> RelayError | None:
    if _differs(request, hdrs.EXPECT, "100-continue"):
        return ExpectationError("bad request")
    if request.method == hdrs.METH_CONNECT or _differs(request, hdrs.TRANSFER_ENCODING, "chunked"):
        return MalformedError("bad request")
    return None


def _differs(request: web.BaseRequest, name: str, known: str) -> bool:
    """Return whether a header, if it is there, says anything but the one word that is known."""
    headers = request.headers
    return name in headers and any(value.lower() != known for value in headers.getall(name))
