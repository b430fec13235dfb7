"""Limits that relays tell each other, in a key-value bucket.

Law of this file: a longer limit is never overwritten by a shorter one, whoever is faster; keys tell
nothing. What others wrote is read by its sequence, from where the last reading ended.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from relay.limit_memory import KeyLimit
from relay.spool.jetstream_letters import pack_limit, unpack_limit
from relay.spool.jetstream_streams import Names, is_missing, unavailable

TRIES: Final = 5
"""So often a limit is written again after others were faster; then theirs stays."""


class Limits:
    """The limits that are known to all."""

    def __init__(self, js: JetStreamContext, names: Names) -> None:
        self._bucket = KeyValue(
            name=names.limits,
            stream=names.limits_stream,
            pre=f"$KV.{names.limits}.",
            js=js,
            direct=False,
        )
        self._js = js
        self._names = names
        self._read = 0
        self._known: dict[str, KeyLimit] = {}

    async def check(self) -> None:
        """Write something, and wait until it is stored.

        Raises:
            SpoolUnavailableError: it cannot be.
        """
        with unavailable():
            await self._bucket.put(self._names.check_key, b"")

    def forget(self) -> None:
        """Read everything again the next time."""
        self._read = 0

    async def share(self, learned: Sequence[KeyLimit], now: float) -> Sequence[KeyLimit]:
        """Tell limits; return all that are in force.

        Raises:
            SpoolUnavailableError: no server answers.
        """
        with unavailable():
            await self._catch_up()
            news = [(key_of(one), one) for one in learned if one.limit.until > now]
            for key, one in news:
                if not self._is_longer(key, one):
                    continue
                await self._write(key, one)
        self._known = {k: one for k, one in self._known.items() if one.limit.until > now}
        return tuple(self._known.values())

    async def _catch_up(self) -> None:
        """Read what was written since the last time."""
        while True:
            try:
                message = await self._js.get_msg(
                    self._names.limits_stream,
                    seq=self._read + 1,
                    subject=self._names.limits_subject + "*",
                    next=True,
                )
            except Exception as error:
                if is_missing(error):
                    return
                raise
            self._read = message.seq or self._read + 1
            one = unpack_limit(message.data or b"")
            if one is not None and self._is_longer(key_of(one), one):
                self._known[key_of(one)] = one

    async def _write(self, key: str, one: KeyLimit) -> None:
        for _ in range(TRIES):
            last = 0
            try:
                entry = await self._bucket.get(f"limit.{key}")
                last = entry.revision or 0
                there = unpack_limit(entry.value or b"")
                if there is not None and there.limit.until >= one.limit.until:
                    self._known[key] = there
                    return
            except KeyNotFoundError:
                pass
            try:
                await self._bucket.update(f"limit.{key}", pack_limit(one), last=last)
            except KeyWrongLastSequenceError:
                continue
            self._known[key] = one
            return

    def _is_longer(self, key: str, one: KeyLimit) -> bool:
        there = self._known.get(key)
        return there is None or one.limit.until > there.limit.until


def key_of(one: KeyLimit) -> str:
    """Return the key of a limit: a hash, for a public key has no business in a name."""
    parts = (*one.where, one.limit.category, one.limit.namespace)
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "replace")
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.hexdigest()
