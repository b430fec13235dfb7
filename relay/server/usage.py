"""Usage events over HTTP: how a request is read and answered.

Law of this file: path, query and one header are looked at, and nothing else of a request: not who
sends it, not from which page, not with which program. No answer says anything about an event. It
stands before all other routes, for these requests are the most by far and the smallest.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from relay.config import UsageApp
from relay.errors import MethodError
from relay.metrics import Metrics
from relay.server import answers
from relay.server.connection import Handler
from relay.usage.intake import UsageIntake
from relay.usage.model import Target
from relay.usage.requests import find_target

_NO_CONTENT: Final = int(HTTPStatus.NO_CONTENT)

ROUTE: Final = "usage"
"""What metrics call it."""


class UsageIngest:
    """Answers the paths of usage events."""

    def __init__(
        self,
        intake: UsageIntake,
        apps: Mapping[str, UsageApp],
        header: str,
        *,
        cors: answers.Cors,
        metrics: Metrics,
    ) -> None:
        """Set up.

        Args:
            intake: takes what was read.
            apps: those that are configured, by name.
            header: the name of the header that carries consent.
            cors: what pages of other origins may do.
            metrics: counts requests.
        """
        self._intake = intake
        self._apps = apps
        self._header = header
        self._cors = cors
        self._metrics = metrics

    def before(self, others: Handler) -> Handler:
        """Return a handler that answers usage events itself, and leaves the rest to others."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            path, _, query = request.raw_path.partition("?")
            target = find_target(path, self._apps)
            if target is None:
                return await others(request)
            return await self._handle(request, target, query)

        return handle

    async def _handle(self, request: web.BaseRequest, target: Target, query: str) -> web.Response:
        if request.method == hdrs.METH_OPTIONS:
            answer = self._cors.preflight(request, hdrs.METH_GET)
        else:
            try:
                answer = await self._take(request, target, query)
            except Exception as error:  # noqa: BLE001 - one request must not end the connection's others
                answer = answers.error_answer(error)
            self._cors.add(request, answer)
        answer.headers[hdrs.CACHE_CONTROL] = "no-store"
        if request.content.exception() is not None:
            answer.force_close()
        self._metrics.count("relay_requests_total", route=ROUTE, status=str(answer.status))
        return answer

    async def _take(self, request: web.BaseRequest, target: Target, query: str) -> web.Response:
        if request.method != hdrs.METH_GET:
            raise MethodError((hdrs.METH_GET,))
        consent = tuple(request.headers.getall(self._header, ()))
        await self._intake.take(target, query, consent)
        return web.Response(status=_NO_CONTENT)
