"""Stores of usage events for tests: settings of one in a bucket of `tests.s3`, what is in one."""

from relay.config import UsageStore
from relay.usage.objects import decode
from relay.usage.store import Store
from tests.s3 import KEY, KEY_ID, S3Server


def settings_of(
    server: S3Server,
    bucket: str,
    *,
    prefix: str = "usage",
    port: int | None = None,
    timeout: float = 10,
) -> UsageStore:
    """Return the settings of a store in a bucket.

    Args:
        server: holds the bucket.
        bucket: from `server.bucket()`.
        prefix: of everything in it.
        port: of a proxy before the server.
        timeout: seconds for one request.
    """
    return UsageStore(
        url=f"s3://{bucket}/{prefix}",
        endpoint=f"http://127.0.0.1:{port or server.port}",
        region="us-east-1",
        access_key_id=KEY_ID,
        secret_access_key=KEY,
        allow_http=True,
        timeout=timeout,
    )


async def paths(store: Store, prefix: str = "") -> list[str]:
    """Return the paths of all objects, sorted."""
    return sorted([one.path async for one in store.list(prefix)])


async def records(store: Store, prefix: str = "") -> list[bytes]:
    """Return the records of all objects below a folder, sorted: each as often as it is there."""
    found: list[bytes] = []
    for path in await paths(store, prefix):
        if path.endswith(".ndjson.zst"):
            data = await store.get(path)
            assert data is not None
            found += decode(data).splitlines()
    return sorted(found)
