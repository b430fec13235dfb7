"""The spool on the admin port: what `relay spool` does, for a token with the scope `spool`.

Law of this file: nothing is changed that is not noted first. A request that changes something is
JSON, which no page of another origin can send by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

from aiohttp import hdrs, web

from relay.audit import Action, Audit, Entry, Outcome, Via
from relay.errors import RelayError
from relay.outcomes import Reason
from relay.ports import Spool
from relay.server.admin_gate import Gate
from relay.server.admin_requests import only, read_body, wrong
from relay.server.answers import json_answer
from relay.spool.inspecting import all_facts, facts, find_dead, read_dead, tell_status

SCOPE: Final = "spool"
MAX_NUMBERS: Final = 1_000
"""Dead letters that one request may name, and that one answer lists."""

LIMIT: Final = 50
"""Dead letters in a list that does not say how many."""

TOP: Final = 2**53
ENVELOPE: Final = "application/x-sentry-envelope"


def add_spool_routes(
    app: web.Application, gate: Gate, spool: Spool, audit: Audit, max_bytes: int
) -> None:
    """Mount the routes.

    Args:
        app: the admin port's.
        gate: asks for the token.
        spool: what it is about.
        audit: notes each action.
        max_bytes: what the spool may hold.
    """
    routes = SpoolRoutes(spool, audit, max_bytes)
    for path, handler in (
        ("/spool", routes.status),
        ("/spool/dead", routes.list),
        ("/spool/dead/{number}", routes.show),
        ("/spool/dead/{number}/envelope", routes.envelope),
    ):
        app.router.add_get(path, gate.guarded(SCOPE, handler))
    app.router.add_post("/spool/retry", gate.guarded(SCOPE, routes.retry))
    app.router.add_post("/spool/purge", gate.guarded(SCOPE, routes.purge))


class SpoolRoutes:
    """Answers them."""

    def __init__(self, spool: Spool, audit: Audit, max_bytes: int) -> None:
        self._spool = spool
        self._audit = audit
        self._max_bytes = max_bytes

    async def status(self, request: web.Request, who: str) -> web.StreamResponse:
        """Tell how much is held."""
        only(request.query)
        told = await tell_status(self._spool, self._max_bytes)
        await self._looked(who, Action.SPOOL_STATUS)
        return json_answer(told)

    async def list(self, request: web.Request, who: str) -> web.StreamResponse:
        """List dead letters, the lowest number first."""
        query = request.query
        only(query, "limit", "after", "reason", "project")
        letters = await find_dead(
            self._spool,
            _number(query.get("limit", str(LIMIT)), "limit", MAX_NUMBERS),
            after=_number(query.get("after", "0"), "after", TOP, low=0),
            reason=_reason(query.get("reason")),
            project=query.get("project"),
        )
        await self._looked(who, Action.SPOOL_LIST, count=len(letters))
        return json_answer([facts(letter) for letter in letters])

    async def show(self, request: web.Request, who: str) -> web.StreamResponse:
        """Tell of one."""
        number, letter, envelope = await self._read(request)
        await self._looked(who, Action.SPOOL_SHOW, number=number)
        return json_answer(all_facts(letter, envelope))

    async def envelope(self, request: web.Request, who: str) -> web.StreamResponse:
        """Give the envelope of one, which is scrubbed."""
        number, _, envelope = await self._read(request)
        await self._looked(who, Action.SPOOL_SHOW, number=number)
        disposition = f'attachment; filename="{number}.envelope"'
        return web.Response(
            body=envelope.body,
            content_type=ENVELOPE,
            headers={hdrs.CONTENT_DISPOSITION: disposition},
        )

    async def retry(self, request: web.Request, who: str) -> web.StreamResponse:
        """Make some due, or all."""
        numbers = _numbers(await read_body(request, "numbers", "all"))
        return await self._change(
            who, Action.SPOOL_RETRY, "retried", numbers, self._spool.dead.retry
        )

    async def purge(self, request: web.Request, who: str) -> web.StreamResponse:
        """Delete some, or all, which takes a `yes` too."""
        body = await read_body(request, "numbers", "all", "yes")
        numbers = _numbers(body)
        if numbers is None and body.get("yes") is not True:
            wrong('all deletes every dead letter: say "yes": true too')
        return await self._change(
            who, Action.SPOOL_PURGE, "purged", numbers, self._spool.dead.purge
        )

    async def _read(self, request: web.Request) -> tuple[int, Any, Any]:
        only(request.query)
        text = request.match_info["number"]
        found = None
        if _is_number(text) and 0 < int(text) < TOP:
            found = await read_dead(self._spool, int(text))
        if found is None:
            raise web.HTTPNotFound
        return (int(text), *found)

    async def _looked(
        self,
        who: str,
        action: Action,
        *,
        count: int | None = None,
        number: int | None = None,
    ) -> None:
        """Note what changed nothing."""
        entry = Entry(action, who, Via.HTTP, Outcome.DONE, SCOPE, count=count, number=number)
        await asyncio.to_thread(self._audit.try_note, entry)

    async def _change(
        self,
        who: str,
        action: Action,
        what: str,
        numbers: Collection[int] | None,
        change: Callable[[Collection[int] | None], Awaitable[int]],
    ) -> web.Response:
        """Change the spool, if that can be noted."""
        asked = None if numbers is None else len(numbers)

        async def note(outcome: Outcome, count: int | None, missing: int | None = None) -> None:
            entry = Entry(action, who, Via.HTTP, outcome, SCOPE, count=count, missing=missing)
            write = self._audit.note if outcome is Outcome.BEGUN else self._audit.try_note
            await asyncio.to_thread(write, entry)

        await note(Outcome.BEGUN, asked)
        try:
            count = await change(numbers)
        except RelayError:
            await note(Outcome.FAILED, None)
            raise
        missing = 0 if asked is None else asked - count
        await note(Outcome.DONE, count, missing)
        return json_answer({what: count, "missing": missing})


def _numbers(body: dict[str, Any]) -> Collection[int] | None:
    """Return the numbers that a body names; None for all."""
    numbers, everything = body.get("numbers"), body.get("all")
    if everything is True and numbers is None:
        return None
    if everything not in (None, False) or not isinstance(numbers, list) or not numbers:
        wrong('say "numbers": […], one or more, or "all": true')
    if len(numbers) > MAX_NUMBERS:
        wrong(f"numbers holds more than {MAX_NUMBERS}")
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < TOP:
            wrong("numbers holds what is no number from 1 on")
    return frozenset(numbers)


def _number(text: str, name: str, top: int, *, low: int = 1) -> int:
    if not _is_number(text) or not low <= int(text) <= top:
        wrong(f"{name} must be a whole number from {low} to {top}")
    return int(text)


def _reason(text: str | None) -> Reason | None:
    try:
        return None if text is None else Reason(text)
    except ValueError:
        wrong("reason is no reason of a dead letter")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16
