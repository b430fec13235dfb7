"""The store of usage events: a folder, S3 or what speaks its protocol, Google's, Azure's.

The library is an extra, and is looked for here only.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """One object in a store: its path below the store's prefix, its size in bytes."""

    path: str
    size: int


class Store(Protocol):
    """Where objects are kept. Paths are relative to the prefix that is configured."""

    async def put(self, path: str, data: bytes) -> None:
        """Write an object, all of it or nothing, durable when this returns; over what is there.

        Raises:
            StoreError: it was not written, or nobody knows whether it was.
        """
        ...

    async def get(self, path: str) -> bytes | None:
        """Return an object; None if there is none.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def size(self, path: str) -> int | None:
        """Return the size of an object in bytes; None if there is none.

        Raises:
            StoreError: nobody knows.
        """
        ...

    def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        """Yield all objects below a folder, in no particular order.

        Raises:
            StoreError: they cannot be listed.
        """
        ...

    async def delete(self, paths: Sequence[str]) -> None:
        """Delete objects; those that are not there are no mistake.

        Raises:
            StoreError: some may be left.
        """
        ...
