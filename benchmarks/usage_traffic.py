"""Clients of usage events, as a program: Suite's own requests, on connections that stay open.

It is told `{"port", "connections", "count", "seed"}` by a line of JSON, makes the requests, says
that it is ready, and sends them after the next line. Law of this file: no two requests have a
message in common, and what they say is drawn from the allow-list that ships.
"""

import asyncio
import json
import random
import string
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from relay.rulefiles import read_events
from relay.server.loop import run_loop
from relay.usage.attributes import Attribute, EventType, Type
from relay.usage.catalogue import load_catalogue
from relay.usage.model import OPT_OUT_TYPES

APP = "suite"
TYPES = 60
"""Types of events that are sent: there are more, but few of them make most of the traffic."""
_LARGEST = ("suite-ready", "device-connect", "accounts/status")
"""Say most, with each start, device and account: one event in so many is one of them."""
_ONE_IN = 8
_PEOPLE = 5_000
_COMMITS = 6
"""Builds that are in use at one time."""
_VERSIONS = ("1.10.5", "1.12.1", "2.4.3", "2.6.0", "2.7.2", "2.8.1", "2.8.7", "2.9.0")
_LANGUAGES = ("en", "cs", "de", "es", "fr", "it", "ja", "pt-BR", "ru", "tr", "uk", "zh")
_LETTERS = string.ascii_letters + string.digits
_HEAD = (
    "GET /suite/log/{place}/stable.log?{query} HTTP/1.1\r\n"
    "Host: data.example.com\r\nConnection: keep-alive\r\nAccept: */*\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "TrezorSuite/24.11.2 Chrome/128.0.6613.162 Electron/32.1.2 Safari/537.36\r\n"
    "Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: cross-site\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-US\r\n\r\n"
)


def make_requests(count: int, seed: int) -> Iterator[bytes]:
    """Yield requests; another seed gives others, of the same people and builds."""
    fixed, fresh = random.Random(8), random.Random(seed)
    known = load_catalogue(read_events(())).events.values()
    sent = {one.name: one for one in known if not one.apps or APP in one.apps}
    largest = [sent.pop(name) for name in _LARGEST]
    types = [*largest, *fixed.sample(list(sent.values()), TYPES - len(largest))]
    small = [1 / (rank + 1) for rank in range(TYPES - len(largest))]
    each = sum(small) / (_ONE_IN - 1) / len(largest)
    weights = [*([each] * len(largest)), *small]
    commits = [f"{fixed.getrandbits(160):040x}" for _ in range(_COMMITS)]
    people = [_id(fixed) for _ in range(_PEOPLE)]
    for event in fresh.choices(types, weights, k=count):
        pairs = {
            "c_v": "1.27",
            "c_type": event.name,
            "c_commit": fresh.choice(commits),
            "c_instance_id": fresh.choice(people),
            "c_session_id": _id(fresh),
            "c_timestamp": str(int(time.time() * 1_000)),
            "c_message_id": _id(fresh),
            "c_consent": "true",
            **_payload(event, fresh),
        }
        place = fresh.choice(("desktop", "web"))
        yield _HEAD.format(place=place, query=urlencode(pairs)).encode()


def _payload(event: EventType, fresh: random.Random) -> dict[str, str]:
    payload = {name: _value(one, fresh) for name, one in event.attributes.items()}
    decides = OPT_OUT_TYPES.get(event.name)
    return payload if decides is None else {**payload, decides: "true"}


def _value(attribute: Attribute, fresh: random.Random) -> str:
    match attribute.type:
        case Type.BOOLEAN:
            return fresh.choice(("true", "false"))
        case Type.INTEGER | Type.NUMBER:
            most = int(attribute.buckets[-1]) if attribute.buckets else attribute.max
            return str(fresh.randrange(most + 1))
        case Type.WORD:
            return fresh.choice(sorted(attribute.values))
        case Type.WORDS:
            return ",".join(fresh.sample(sorted(attribute.values), min(4, len(attribute.values))))
        case Type.VERSION:
            return fresh.choice(_VERSIONS)
        case Type.LANGUAGE:
            return fresh.choice(_LANGUAGES)
        case Type.TEXT:
            return f"Device {fresh.randrange(10_000)}"


def _id(fresh: random.Random) -> str:
    return "".join(fresh.choices(_LETTERS, k=10))


class Connection(asyncio.Protocol):
    """One client: sends the next request when the last one has been answered."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[str]) -> None:
        """Set up; all clients share the requests, and where answers are counted."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._statuses = statuses
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the way."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        del exc
        if not self.done.done():
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Count an answer, which has no body and comes in one piece."""
        self._statuses[data[9:12].decode()] += 1
        self.send()

    def send(self) -> None:
        """Send the next request; end where there is none."""
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)


async def send_all(port: int, connections: int, requests: list[bytes]) -> dict[str, Any]:
    """Send requests, and return what was answered and how long it took."""
    loop = asyncio.get_running_loop()
    statuses: Counter[str] = Counter()
    rest = iter(requests)
    clients: list[Connection] = []
    for _ in range(connections):
        _, one = await loop.create_connection(lambda: Connection(rest, statuses), "127.0.0.1", port)
        clients.append(one)
    begun = time.perf_counter()
    for one in clients:
        one.send()
    await asyncio.wait([one.done for one in clients])
    return {"seconds": time.perf_counter() - begun, "statuses": dict(statuses)}


async def main() -> None:
    """Do what the lines on standard input say."""
    for line in iter(sys.stdin.readline, ""):
        told = json.loads(line)
        requests = list(make_requests(told["count"], told["seed"]))
        print(json.dumps({"ready": len(requests)}), flush=True)
        sys.stdin.readline()
        found = await send_all(told["port"], told["connections"], requests)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    run_loop(main())
