"""What a serving process is made of."""

from pathlib import Path

from relay.config import parse
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.server.parts import open_spool
from relay.spool.memory import MemorySpool
from relay.spool.sqlite import SqliteSpool
from tests.fakes import FakeClock


async def test_spools(tmp_path: Path) -> None:
    """The spool is the one that is configured."""
    for backend, kind in (("memory", MemorySpool), ("sqlite", SqliteSpool)):
        text = f"spool: {{backend: {backend}, path: '{tmp_path / 'spool.db'}'}}\n"
        spool = await open_spool(
            parse(text, "r.yaml", {}).spool, FakeClock(), Metrics(), LossCounter()
        )
        assert kind is type(spool)
        await spool.close()
