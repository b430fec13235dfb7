"""Who may do what on the admin port, and how every answer of it looks.

Law of this file: a refusal says why in words of ours, and repeats nothing of the request. Tokens
are compared in constant time, all of them at each request. No cookie is ever a credential, and no
header lets other origins read an answer.
"""

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from relay.audit import UNKNOWN, Action, Audit, Entry, Outcome, Via
from relay.config import Admin, AdminToken, Listen
from relay.config.model import is_loopback
from relay.errors import RelayError, RequestError
from relay.metrics import Metrics
from relay.ports import Clock
from relay.server.answers import json_answer
from relay.server.watch import Watch

log = logging.getLogger("relay.server")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Guarded = Callable[[web.Request, str], Awaitable[web.StreamResponse]]
"""Gets a request that was let through, and the name of who sent it."""

MIN_TOKEN: Final = 16
"""Characters that a token has at least: of a shorter one the SHA-256 could be undone."""

OPEN_LOCALLY: Final = frozenset({"metrics", "playground"})
"""Scopes that need no token on the loopback, where none are configured. The spool always does."""

ANYONE: Final = "anyone"
NOBODY: Final = "nobody"
NO_SCOPE: Final = "none"

HEADERS: Final = {
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    hdrs.SERVER: "scrub-relay",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer, unless a route has its own of them."""

SECRET_NAMES: Final = frozenset({
    "access_token", "api_key", "apikey", "auth", "authorization", "bearer", "key", "password",
    "secret", "token",
})  # fmt: skip
"""Names in a URL that look as if a token were there, where proxies and histories keep it."""

REFUSALS: Final = 20
"""Lines about refused tokens in `PERIOD`; what is more is counted in the next one."""

PERIOD: Final = 60.0
"""Seconds."""

MAX_CONNECTIONS: Final = 128
"""The rest of what the system lets a process open is for clients."""

_DETAILS: Final = {
    400: "bad request",
    404: "not found",
    405: "method not allowed",
    408: "the body did not come in time",
    413: "too large",
    415: "the Content-Type must be application/json, and the body not packed",
    421: "this is no name of the admin port: admin.hosts",
}

HEALTH: Final = "/api/relay/healthcheck/"
"""Paths that begin so are asked for all the time, under any name, and tell nothing."""


class Gate:
    """Stands before every route of the admin port."""

    def __init__(self, admin: Admin, metrics: Metrics, audit: Audit, clock: Clock) -> None:
        """Set up.

        Args:
            admin: tokens, what is open, names of the port.
            metrics: counts requests.
            audit: notes refused tokens.
            clock: bounds how many of these a minute has.
        """
        self._admin = admin
        self._metrics = metrics
        self._audit = audit
        self._clock = clock
        self._scopes: dict[Handler, str] = {}
        self._since = -PERIOD
        self._noted = 0
        self._passed_over = 0

    def guarded(self, scope: str, handler: Guarded) -> Handler:
        """Wrap a route's handler: it gets what has a token with the scope, if it needs one."""

        async def checked(request: web.Request) -> web.StreamResponse:
            return await handler(request, await self._authorize(request, scope))

        self._scopes[checked] = scope
        return checked

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer any request, errors in our form; count it."""
        health = request.path.startswith(HEALTH)
        try:
            if not health:
                self._check(request)
            answer = await handler(request)
        except web.HTTPException as error:
            answer = _refusal(error)
        except RelayError as error:
            answer = _answer(error.status, error.detail)
        except Exception as error:  # noqa: BLE001 - a text of it may hold anything
            log.error("request_failed", extra={"error": type(error).__name__})  # noqa: TRY400
            answer = _answer(500, "internal error")
        if not health:
            self._metrics.count(
                "relay_admin_requests_total",
                scope=self._scopes.get(request.match_info.handler, NO_SCOPE),
                outcome=_outcome(answer.status),
            )
        return with_headers(answer)

    def _check(self, request: web.Request) -> None:
        """Refuse what is meant for another host, or shows a token to proxies and histories."""
        names = request.headers.getall(hdrs.HOST, [])
        if len(names) != 1 or not self._is_ours(host_name(names[0])):
            raise web.HTTPMisdirectedRequest
        # What names a host itself means that one, whatever the header says (RFC 9112, 3.2.2).
        if authority(request.raw_path) not in (None, names[0].strip().lower()):
            raise web.HTTPMisdirectedRequest
        if not SECRET_NAMES.isdisjoint(name.lower() for name in request.query):
            raise RequestError("a token goes into the header Authorization, never into a URL")

    def _is_ours(self, name: str) -> bool:
        """Return whether a name is one of this port.

        A page of a stranger can make its own name point to the loopback (DNS rebinding), and then
        read what the port answers. Beyond the loopback names are known only where they are listed.
        """
        admin = self._admin
        if is_loopback(name) or name in (*admin.hosts, admin.host.lower()):
            return True
        return not admin.local and not admin.hosts

    async def _authorize(self, request: web.Request, scope: str) -> str:
        """Return who it is.

        Raises:
            HTTPUnauthorized: no token, or one that is not configured.
            HTTPForbidden: a token without the scope.
        """
        admin = self._admin
        found = find_token(admin.tokens, request.headers.getall(hdrs.AUTHORIZATION, []))
        if found is not None and scope in found.scopes:
            return found.name
        alone = not admin.tokens and admin.local and scope in OPEN_LOCALLY
        if alone or scope in admin.open:
            return found.name if found is not None else ANYONE
        if found is not None:
            await self._refused(found.name, scope)
            raise web.HTTPForbidden
        named = hdrs.AUTHORIZATION in request.headers
        await self._refused(UNKNOWN if named else NOBODY, scope)
        raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: "Bearer"})

    async def _refused(self, who: str, scope: str) -> None:
        """Note a refusal, unless there were too many just now: they must not fill a disk."""
        now = self._clock.now()
        if not 0 <= now - self._since < PERIOD:
            self._since, self._noted = now, 0
        if self._noted >= REFUSALS:
            self._passed_over += 1
            return
        self._noted += 1
        count, self._passed_over = self._passed_over + 1, 0
        entry = Entry(Action.ACCESS, who, Via.HTTP, Outcome.REFUSED, scope=scope, count=count)
        await asyncio.to_thread(self._audit.try_note, entry)


def find_token(tokens: tuple[AdminToken, ...], given: list[str]) -> AdminToken | None:
    """Return the token that `Authorization` headers carry as `Bearer …`, if it is configured.

    As much is computed whatever is given: how long it takes tells of no token, and of no form.
    """
    scheme, _, secret = (given[0] if given else "").partition(" ")
    secret = secret.strip(" ")
    digest = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest().encode()
    found: AdminToken | None = None
    for token in tokens:
        if hmac.compare_digest(token.sha256.encode(), digest):
            found = token
    well_formed = len(given) == 1 and scheme.lower() == "bearer" and len(secret) >= MIN_TOKEN
    return found if well_formed else None


def host_name(header: str) -> str:
    """Return the name or address in a `Host` header, without the port, in lower case."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].removesuffix(".")


def authority(target: str) -> str | None:
    """Return the host and port in a request's target, in lower case; None if it is a path alone."""
    if target.startswith("/"):
        return None
    rest = target.partition("://")[2]
    return re.split("[/?#]", rest, maxsplit=1)[0].lower()


def with_headers(answer: web.StreamResponse) -> web.StreamResponse:
    """Add what stands on every answer."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def refuse(_: web.BaseRequest, error: RelayError) -> web.Response:
    """Answer what is no request."""
    answer = _answer(error.status, error.detail)
    with_headers(answer)
    return answer


def watch_of(listen: Listen) -> Watch:
    """Make the watch over the port's connections: slow ones are cut off here too, and are few."""
    return Watch(listen, most=MAX_CONNECTIONS)


def _refusal(error: web.HTTPException) -> web.Response:
    detail = _DETAILS.get(error.status, "refused")
    if error.status == 401:
        detail = (
            f"a token is needed, as 'Authorization: Bearer …', of {MIN_TOKEN} characters or more"
        )
    elif error.status == 403:
        detail = "the token has not the scope for this"
    answer = _answer(error.status, detail)
    for name in (hdrs.ALLOW, hdrs.WWW_AUTHENTICATE):
        if name in error.headers:
            answer.headers[name] = error.headers[name]
    return answer


def _answer(status: int, detail: str) -> web.Response:
    return json_answer({"detail": detail, "causes": []}, status)


def _outcome(status: int) -> str:
    """Return one word for a status."""
    known = {401: "unauthorized", 403: "forbidden", 421: "misdirected"}
    if status in known:
        return known[status]
    if status < 400:
        return "done"
    return "refused" if status < 500 else "failed"
