"""Health: whether this process should get traffic.

Law of this file: ready means that every part says so now. A part that fails, raises or does not
answer in time makes the process not ready; it never ends it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from relay.errors import RelayError
from relay.ports import Spool

log = logging.getLogger(__name__)

TIME_LIMIT: Final = 2.0
"""Seconds that one part may take to answer."""

Check = Callable[[], Awaitable[bool]]


class Health:
    """Adds up what the parts say."""

    def __init__(self, checks: Mapping[str, Check] | None = None) -> None:
        self._checks = dict(checks or {})
        self._reported: dict[str, bool] = {}

    def report(self, part: str, *, ok: bool) -> None:
        """Take a part's own word, such as `spool` after a write, or `serving` when stopping.

        It stands until the part reports again.
        """
        before = self._reported.get(part, True)
        self._reported[part] = ok
        if before and not ok:
            log.warning("a part is not well", extra={"component": part})
        elif ok and not before:
            log.info("a part is well again", extra={"component": part})

    async def parts(self) -> dict[str, bool]:
        """Return every part's state, asking those that have a check."""
        states = dict(self._reported)
        for part, check in self._checks.items():
            well = await _ask(check)
            states[part] = well and states.get(part, True)
        return states

    async def ready(self) -> bool:
        """Return whether all parts are well."""
        return all((await self.parts()).values())


def spool_check(spool: Spool) -> Check:
    """Make a check that a spool answers."""

    async def check() -> bool:
        await spool.status()
        return True

    return check


def flag_check(is_well: Callable[[], bool]) -> Check:
    """Make a check of a plain function, such as whether the forwarder's task runs."""

    async def check() -> bool:
        return is_well()

    return check


async def _ask(check: Check) -> bool:
    try:
        async with asyncio.timeout(TIME_LIMIT):
            return await check()
    except (RelayError, OSError, TimeoutError):
        return False
