"""The spool in memory; what it promises is in tests/contract/test_spool.py."""

import pytest

from relay.errors import SpoolUnavailableError
from relay.spool import MemorySpool
from tests.fakes import FakeClock, envelope


async def test_a_closed_spool_refuses_everything() -> None:
    """After close no call is answered as if all were well."""
    spool = MemorySpool(FakeClock())
    await spool.close()
    for call in (
        spool.put(envelope()),
        spool.claim(1),
        spool.settle([]),
        spool.wait(1),
        spool.status(),
    ):
        with pytest.raises(SpoolUnavailableError):
            await call
