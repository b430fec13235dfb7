"""Answers: every error as `{"detail", "causes"}`, and what browsers need to see of them (CORS).

Law of this file: an answer never echoes a payload. Source: Sentry Relay's endpoints, and the Fetch
standard (CORS protocol).
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import hdrs, web

from relay import jsonio
from relay.errors import (
    MethodError,
    OverloadedError,
    RateLimitedError,
    RelayError,
    SpoolFullError,
    SpoolUnavailableError,
)

log = logging.getLogger("relay.server")

RETRY_AFTER: Final = "30"
"""Seconds after which a client may come again when there is no room, or the spool is away."""

ALLOWED_HEADERS: Final = (
    "x-sentry-auth", "x-requested-with", "origin", "referer", "accept", "content-type",
    "authentication", "authorization", "content-encoding", "transfer-encoding",
)  # fmt: skip
EXPOSED_HEADERS: Final = "x-sentry-error, x-sentry-rate-limits, retry-after"
MAX_AGE: Final = "3600"
RATE_LIMITS: Final = "X-Sentry-Rate-Limits"

_ANYBODY: Final = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: EXPOSED_HEADERS,
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def json_answer(body: Any, status: int = HTTPStatus.OK) -> web.Response:
    """Return a JSON answer."""
    return web.Response(body=jsonio.dumps(body), status=status, content_type="application/json")


def error_answer(error: Exception) -> web.Response:
    """Return an error as the protocol has it; of an error that is not ours, only that it is one."""
    if not isinstance(error, RelayError):
        # The log gets the error's class, never its text: that could hold a part of a payload.
        log.error("request_failed", extra={"error": type(error).__name__})
        error = RelayError("internal error")
    answer = json_answer({"detail": error.detail, "causes": list(error.causes)}, error.status)
    answer.headers["X-Sentry-Error"] = error.detail
    if isinstance(error, SpoolFullError | SpoolUnavailableError | OverloadedError):
        answer.headers[hdrs.RETRY_AFTER] = RETRY_AFTER
    if isinstance(error, RateLimitedError):
        answer.headers[hdrs.RETRY_AFTER] = str(error.retry_after)
        answer.headers[RATE_LIMITS] = error.limits
    if isinstance(error, MethodError):
        answer.headers[hdrs.ALLOW] = ", ".join((*error.allowed, hdrs.METH_OPTIONS))
    return answer


class Cors:
    """Adds the headers that let pages of other origins send, and read the answer."""

    def __init__(self, origins: Iterable[str], consent_headers: Iterable[str]) -> None:
        """Set up.

        Args:
            origins: those allowed; `*` is any.
            consent_headers: names of headers that carry consent, allowed beside the protocol's.
        """
        self._origins = frozenset(origins)
        self.same = _ANYBODY if "*" in self._origins else None
        """The headers for everybody; None where it depends on who asks."""
        names = dict.fromkeys((*ALLOWED_HEADERS, *(name.lower() for name in consent_headers)))
        self._headers = ", ".join(names)

    def add(self, request: web.BaseRequest, answer: web.StreamResponse) -> None:
        """Add them to an answer."""
        if self.same is not None:
            answer.headers.update(self.same)
            return
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        answer.headers[hdrs.VARY] = hdrs.ORIGIN
        origin = request.headers.get(hdrs.ORIGIN)
        if origin not in self._origins:
            return
        answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        answer.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED_HEADERS

    def preflight(self, request: web.BaseRequest, methods: str) -> web.Response:
        """Answer a preflight request: 200, no body."""
        answer = web.Response(status=HTTPStatus.OK)
        self.add(request, answer)
        if hdrs.ACCESS_CONTROL_ALLOW_ORIGIN in answer.headers:
            answer.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = methods
            answer.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = self._headers
            answer.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = MAX_AGE
        return answer
