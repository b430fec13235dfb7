"""Usage events over HTTP: how a request is read and answered.

Law of this file: path, query and one header are looked at, and nothing else of a request: not who
sends it, not from which page, not with which program. No answer says anything about an event. It
stands before all other routes, for these requests are the most by far and the smallest.
"""

from collections.abc import Awaitable, Iterable
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from multidict import istr

from relay.config import UsageApp
from relay.errors import MethodError
from relay.metrics import Metrics
from relay.ports import Clock
from relay.server import answers
from relay.server.connection import PROGRAM, Handler
from relay.server.usage_answer import Head, Taken
from relay.usage.intake import UsageIntake
from relay.usage.model import Target
from relay.usage.requests import targets_of

_NO_STORE: Final = {str(hdrs.CACHE_CONTROL): "no-store"}

ROUTE: Final = "usage"
"""What metrics call it."""


class UsageIngest:
    """Answers the paths of usage events."""

    def __init__(
        self,
        intake: UsageIntake,
        apps: Iterable[UsageApp],
        header: str,
        *,
        cors: answers.Cors,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        """Set up.

        Args:
            intake: takes what was read.
            apps: those that are configured.
            header: the name of the header that carries consent.
            cors: what pages of other origins may do.
            metrics: counts requests.
            clock: the time.
        """
        self._intake = intake
        self._targets = targets_of(apps)
        self._header = istr(header)
        self._cors = cors
        self._metrics = metrics
        self._head: Head | None = None
        if cors.same is not None:
            headers = {**cors.same, **_NO_STORE, str(hdrs.SERVER): PROGRAM}
            self._head = Head(headers, clock.now)

    def before(self, others: Handler) -> Handler:
        """Return a handler that answers usage events itself, and leaves the rest to others."""

        def handle(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
            path, _, query = request.raw_path.partition("?")
            target = self._targets.get(path)
            if target is None and not path.startswith("/"):
                target = self._targets.get(_path_of(path))
            return others(request) if target is None else self._handle(request, target, query)

        return handle

    async def _handle(
        self, request: web.BaseRequest, target: Target, query: str
    ) -> web.StreamResponse:
        try:
            if request.method == hdrs.METH_GET:
                consent = tuple(request.headers.getall(self._header, ()))
                await self._intake.take(target, query, consent)
                answer = self._taken(request)
            else:
                answer = self._asked(request)
        except Exception as error:  # noqa: BLE001 - one request must not end the connection's others
            answer = self._whole(request, answers.error_answer(error))
        if request.content.exception() is not None:
            answer.force_close()
        self._metrics.count("relay_requests_total", route=ROUTE, status=str(answer.status))
        return answer

    def _taken(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._head is not None:
            return Taken(self._head)
        return self._whole(request, web.Response(status=HTTPStatus.NO_CONTENT))

    def _asked(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer what is not GET: a preflight request, or nothing that is taken here."""
        if request.method != hdrs.METH_OPTIONS:
            raise MethodError((hdrs.METH_GET,))
        answer = self._cors.preflight(request, hdrs.METH_GET)
        answer.headers.update(_NO_STORE)
        return answer

    def _whole(self, request: web.BaseRequest, answer: web.Response) -> web.Response:
        self._cors.add(request, answer)
        answer.headers.update(_NO_STORE)
        return answer


def _path_of(target: str) -> str:
    """Return the path of an absolute target, which a server has to take, too (RFC 9112, 3.2.2)."""
    return "/" + target.partition("://")[2].partition("/")[2]
