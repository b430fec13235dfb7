"""The store of usage events: a folder, S3 or what speaks its protocol, Google's, Azure's.

Law of this file: what a store is, and the door to each. The library for buckets is an extra, and is
looked for here only.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from relay.config import UsageStore
from relay.errors import RelayError

if TYPE_CHECKING:
    from relay.usage.buckets import Bucket

FOLDER: Final = "file:"


@dataclass(frozen=True, slots=True)
class Stored:
    """One object in a store.

    Attributes:
        path: below the store's prefix.
        size: in bytes.
        modified: when it was written, in seconds since the Unix epoch by the store's own clock.
    """

    path: str
    size: int
    modified: float = 0.0


class Store(Protocol):
    """Where objects are kept. Paths are relative to the prefix that is configured.

    A path is words joined by `/`; one that leads elsewhere, such as with `..`, is a ValueError.
    Lists and sizes tell of everything that was written before, by whomever.
    """

    async def put(self, path: str, data: bytes) -> None:
        """Write an object, all of it or nothing, durable when this returns; over what is there.

        Raises:
            StoreError: it was not written, or nobody knows whether it was.
        """
        ...

    async def create(self, path: str, data: bytes) -> bool:
        """Write an object where there is none, all of it or nothing; durable when this returns.

        Of several who create the same object at one time one succeeds.

        Returns:
            False when there is one already; it may be of an earlier try whose answer was lost.

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

    async def tidy(self) -> None:
        """Delete what crashes have left, of which no list tells.

        Raises:
            StoreError: some may be left.
        """
        ...


def open_store(settings: UsageStore) -> Store:
    """Open the store that is configured; nothing is written, and no server is asked.

    Raises:
        RelayError: the extra is not installed, or the library refuses the settings.
    """
    if settings.url.startswith(FOLDER):
        from relay.usage.folder import FolderStore  # noqa: PLC0415 - it imports this module

        return FolderStore(_folder(settings.url))
    return _library().open(settings)


def _folder(url: str) -> Path:
    """Return the folder of `file:./usage`, `file:/var/usage` or `file:///var/usage`."""
    path = url.removeprefix(FOLDER)
    return Path("/" + path.lstrip("/") if path.startswith("//") else path)


def _library() -> "type[Bucket]":
    try:
        from relay.usage.buckets import Bucket  # noqa: PLC0415
    except ModuleNotFoundError:
        message = "usage.store in a bucket needs: pip install 'scrub-relay[usage]'"
        raise RelayError(message) from None
    return Bucket
