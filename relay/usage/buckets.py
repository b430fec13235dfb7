"""The store that is a bucket: S3 or what speaks its protocol, Google's, Azure's, by obstore.

Law of this file: nothing else imports the library. Its errors hold URLs, keys and what servers have
answered: none of that leaves this file. It writes nothing where a redirect leads; the library would
read there, without credentials, and there is no way to tell it not to.
"""

import asyncio
import atexit
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import obstore
from obstore import exceptions
from obstore.store import AzureStore, GCSStore, S3Store

from relay.config import UsageStore
from relay.errors import RelayError, StoreError
from relay.usage.objects import check_path
from relay.usage.store import Stored

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

BATCH: Final = 1_000
"""So many objects are deleted, or listed, at one time: what S3 takes."""

RETRIES: Final = 3
"""So often the library asks again by itself, for as long as one request may take."""

CONNECT_SECONDS: Final = 5.0

LAST_SECONDS: Final = 0.1
"""For how long a process waits at its end. See `_let_go`."""

_AWAY: Final = "the store cannot be reached, or does not answer as it should"
_NO_BUCKET: Final = "the store has no such bucket"
_REFUSED: Final = "the store refuses the credentials"
_NO_CREDENTIALS: Final = "no credentials: neither the environment nor the machine gives any"
_KEPT: Final = "the store does not let go of what is there: a lease, or a rule of its own"
_STRANGE: Final = "the store holds a name with an empty part, such as a//b: nothing can be listed"

_TOLD: Final = (
    (_NO_CREDENTIALS, ("token request", "federated token", "/latest/api/token", "/meta-data/iam/")),
    (_REFUSED, ("401 Unauthorized", "403 Forbidden", "code: 403", "code: AccessDenied")),
    (_KEPT, ("code: 409", "code: 412")),
    (_NO_BUCKET, ("404 Not Found",)),
)
"""How failures are told that have no error of their own: of tokens, of lists, of batches."""

_TOLD_AT_START: Final = (
    ("AZURE_STORAGE_ACCOUNT_NAME is not set", ("Account must be specified",)),
    ("AZURE_STORAGE_ACCOUNT_KEY is no key", ("Invalid Access Key",)),
    ("AZURE_STORAGE_SAS_KEY is no signature", ("SAS query",)),
    ("the file of Google's account cannot be read", ("Unable to open service account",)),
    (
        "the file of Google's account is no service account's",
        ("Unable to decode service account", "pem file", "RSA key", "No RSA key"),
    ),
)
_WRONG: Final = "the library refuses the URL, or what the environment says"

T = TypeVar("T")


class Bucket:
    """A `store.Store` in a bucket. `open` makes it."""

    def __init__(self, store: "ObjectStore", timeout: float) -> None:
        """Set up.

        Args:
            store: of the library.
            timeout: seconds for one request.
        """
        self._store = store
        self._patience = 3 * timeout + 10  # a last try may begin at the end of `retry_timeout`

    @classmethod
    def open(cls, settings: UsageStore) -> "Bucket":
        """Set up what is configured; no server is asked.

        Raises:
            RelayError: the library refuses the settings.
        """
        try:
            return cls(_opened(settings), settings.timeout)
        except Exception as error:  # noqa: BLE001 - its text may hold keys
            word = _word(str(error), _TOLD_AT_START, _WRONG)
        raise RelayError(f"usage.store: {word}")

    async def put(self, path: str, data: bytes) -> None:
        """Write an object over what is there. See `store.Store.put`."""
        check_path(path)
        await self._write(obstore.put_async(self._store, path, data, use_multipart=False))

    async def create(self, path: str, data: bytes) -> bool:
        """Write an object where there is none. See `store.Store.create`."""
        check_path(path)
        put = obstore.put_async(self._store, path, data, use_multipart=False, mode="create")
        try:
            await self._write(put, new=True)
        except FileExistsError:
            return False
        return True

    async def get(self, path: str) -> bytes | None:
        """Return an object. See `store.Store.get`."""
        check_path(path)

        async def read() -> bytes:
            found = await obstore.get_async(self._store, path)
            return bytes(await found.bytes_async())

        try:
            return await self._ask(read())
        except FileNotFoundError:
            return None

    async def size(self, path: str) -> int | None:
        """Return the size of an object. See `store.Store.size`."""
        check_path(path)
        try:
            return (await self._ask(obstore.head_async(self._store, path)))["size"]
        except FileNotFoundError:
            return None

    async def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        """Yield all objects below a folder. See `store.Store.list`."""
        if prefix:
            check_path(prefix)
        pages = obstore.list(self._store, prefix or None, chunk_size=BATCH)
        while True:
            try:
                page = await self._ask(anext(pages))
            except StopAsyncIteration:
                return
            except FileNotFoundError:
                raise StoreError(_NO_BUCKET) from None
            for one in page:
                yield Stored(one["path"], one["size"], one["last_modified"].timestamp())

    async def delete(self, paths: Sequence[str]) -> None:
        """Delete objects. See `store.Store.delete`."""
        for path in paths:
            check_path(path)
        for start in range(0, len(paths), BATCH):
            batch = list(paths[start : start + BATCH])
            try:
                await self._ask(obstore.delete_async(self._store, batch))
            except FileNotFoundError:  # some stores stop at the first that is not there
                for path in batch:
                    with suppress(FileNotFoundError):
                        await self._ask(obstore.delete_async(self._store, path))

    async def tidy(self) -> None:
        """Do nothing: an object is sent in one request, and is whole or not there."""

    async def _write(self, request: Awaitable[object], *, new: bool = False) -> None:
        try:
            await self._ask(request, new=new)
        except FileNotFoundError:  # an object to be written needs not be there
            raise StoreError(_NO_BUCKET) from None

    async def _ask(self, request: Awaitable[T], *, new: bool = False) -> T:
        """Wait for an answer.

        Args:
            request: what is asked.
            new: whether it is to make what is not there yet.

        Raises:
            FileNotFoundError: there is no such object, or no such bucket.
            FileExistsError: there is one already, where one is to be made.
            StoreError: anything else; it says what kind of failure it is, and no more.
        """
        try:
            async with asyncio.timeout(self._patience):
                return await request
        except FileNotFoundError:
            raise FileNotFoundError from None
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            if new:
                raise FileExistsError from None
            word = _KEPT
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError):
            word = _REFUSED
        except exceptions.InvalidPathError:
            word = _STRANGE
        except StopAsyncIteration:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its text stays here
            word = _word(str(error), _TOLD, _AWAY)
        raise StoreError(word)


@atexit.register
def _let_go() -> None:
    """Let the library's threads let go of Python's objects, before a process ends.

    They hold some for a moment after an answer, and abort a process whose interpreter is gone by
    then. The library has no end to be called. A moment is a thousandth of a second.
    """
    time.sleep(LAST_SECONDS)


def _word(told: str, words: Iterable[tuple[str, Sequence[str]]], other: str) -> str:
    """Return our own word for what the library told."""
    return next((word for word, parts in words if any(part in told for part in parts)), other)


def _opened(settings: UsageStore) -> "ObjectStore":
    url = urlsplit(settings.url)
    if not url.netloc or url.query or url.fragment or "@" in url.netloc:
        raise ValueError
    prefix = url.path.strip("/")
    if prefix:
        check_path(prefix)
    timeout = timedelta(seconds=settings.timeout)
    client: ClientConfig = {
        "timeout": timeout,
        "connect_timeout": min(timeout, timedelta(seconds=CONNECT_SECONDS)),
    }
    if settings.allow_http:  # else the environment may say so
        client["allow_http"] = True
    retry: RetryConfig = {
        "max_retries": RETRIES,
        "retry_timeout": timeout,
        "backoff": {
            "init_backoff": timedelta(seconds=0.1),
            "max_backoff": timedelta(seconds=2),
            "base": 2,
        },
    }
    more: dict[str, Any] = {"client_options": client, "retry_config": retry}
    if prefix:
        more["prefix"] = prefix
    match url.scheme:
        case "s3":
            return S3Store(url.netloc, **more, **_s3(settings, url.netloc))
        case "gs":
            if settings.endpoint is not None:
                more["base_url"] = settings.endpoint
            return GCSStore(url.netloc, **more)
        case "az":
            if settings.endpoint is not None:
                more["endpoint"] = settings.endpoint
            return AzureStore(url.netloc, **more)
        case _:
            raise ValueError


def _s3(settings: UsageStore, bucket: str) -> dict[str, Any]:
    """Return what only S3 takes; the library reads the rest from the environment."""
    found: dict[str, Any] = {}
    if settings.endpoint is not None:
        found["endpoint"] = settings.endpoint
        if settings.virtual_hosted:
            scheme, _, host = settings.endpoint.partition("://")
            found["endpoint"] = f"{scheme}://{bucket}.{host}"
    if settings.virtual_hosted:
        found["virtual_hosted_style_request"] = True
    if settings.region is not None:
        found["region"] = settings.region
    if settings.access_key_id is not None and settings.secret_access_key is not None:
        # A provider, for keys beside a session token of the environment would be no pair.
        keys = {
            "access_key_id": settings.access_key_id,
            "secret_access_key": settings.secret_access_key,
            "expires_at": None,
        }
        found["credential_provider"] = lambda: dict(keys)
    return found
