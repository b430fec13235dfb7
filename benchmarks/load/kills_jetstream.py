"""What is lost and what comes twice when relays and NATS servers are killed under load.

Two relays share a stream with three copies on a cluster of three servers; clients send to one of
them. Each kill is SIGKILL of that relay, of the other one, or of one of the servers, at a random
moment; what was killed is started again before the next. The measure is as in `kills`.

`python -m benchmarks.load.kills_jetstream 50` prints what came of so many kills.
"""

import dataclasses
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.load.client import Spec
from benchmarks.load.kills import DELAY, LONGEST, RUN, SHORTEST, Kills, under_kills
from benchmarks.load.programs import Relay, upstream
from benchmarks.load.traffic import Kind, make_pool
from tests.nats import NatsServer, nats_cluster

SETTLED = 1.0
"""Seconds from a server's start until the next kill may come: two of three are always there."""

DRAIN = 120.0
VARIANTS = 20


def measure(folder: Path, pool: Path, kills: int, seed: int) -> Kills:
    """Kill relays and servers so often, and count."""
    chance = random.Random(seed)
    with nats_cluster(folder / "nats") as cluster, upstream() as sink:
        spool = {"backend": "jetstream", "servers": [one.url for one in cluster], "replicas": 3}
        one = Relay(folder / "one", sink, spool=spool)
        two = Relay(folder / "two", sink, spool=spool)
        with one, two:
            sink.ask("answer", delay=DELAY)

            def kill(_: int) -> None:
                victim: Relay | NatsServer = chance.choice([one, two, *cluster])
                time.sleep(chance.uniform(SHORTEST, LONGEST))
                victim.kill()
                victim.start()
                if isinstance(victim, NatsServer):
                    victim.until_current()
                    time.sleep(SETTLED)

            def drain() -> None:
                one.drain(DRAIN)

            spec = Spec(one.port, str(pool), RUN, keep_on=True, warm=1)
            return under_kills(spec, sink, kills, kill, drain)


def main(kills: int) -> Kills:
    """Measure in a folder that is gone afterwards, and print what came of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = measure(folder, make_pool(folder, Kind("2 kB"), VARIANTS), kills, seed=1)
    print(json.dumps(dataclasses.asdict(found)))
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])).lost)
