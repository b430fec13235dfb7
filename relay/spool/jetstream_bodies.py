"""Bodies that are too large for a message: an object store, which the library cuts into chunks.

Law of this file: a body is there before anything names it, and goes after nothing does any more;
what is left over by a crash in between ends by its age.
"""

import asyncio
import io
import secrets
from contextlib import suppress
from typing import Final

from nats.js import JetStreamContext
from nats.js.errors import BadObjectMetaError, DigestMismatchError, NotFoundError
from nats.js.object_store import ObjectStore

from relay.spool.jetstream_streams import FAILURES, Names, unavailable

MOST_INLINE: Final = 1024 * 1024
"""No message is larger, whatever a server would take: pulls bring several at once."""

OVERHEAD: Final = 8 * 1024
"""Room in a message for what is not the body."""

SECONDS: Final = 60.0
"""For storing or reading one body."""


class Bodies:
    """Stores, reads and deletes large bodies."""

    def __init__(self, js: JetStreamContext, names: Names) -> None:
        self._store = ObjectStore(name=names.bodies, stream=names.bodies_stream, js=js)

    async def put(self, body: bytes) -> str:
        """Store a body; return its name.

        Raises:
            SpoolFullError: there is no room.
            SpoolUnavailableError: no server answers.
        """
        name = secrets.token_hex(16)
        with unavailable():
            async with asyncio.timeout(SECONDS):
                await self._store.put(name, body)
        return name

    async def get(self, name: str) -> bytes | None:
        """Return a body; None when it is not there, or not whole.

        Raises:
            SpoolUnavailableError: no server answers.
        """
        into = io.BytesIO()
        with unavailable():
            try:
                async with asyncio.timeout(SECONDS):
                    await self._store.get(name, into)
            except (NotFoundError, BadObjectMetaError, DigestMismatchError):
                return None
        return into.getvalue()

    async def delete(self, name: str) -> None:
        """Delete a body; one that cannot be deleted now ends by its age."""
        if name:
            with suppress(*FAILURES):
                await self._store.delete(name)
