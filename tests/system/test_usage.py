"""Usage events as Suite's clients send them, to the program that runs."""

import http.client
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import zstandard

from tests.system.running import FEW_RULES, Client, Headers, Relay, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("usage")]

PATH = "/suite/log/desktop/stable.log"
PAGE = "https://suite.trezor.io"
INSTANCE, SESSION = "InStAnCe01", "SeSsIoN001"
BROWSER = [
    ("Origin", PAGE),
    ("Referer", f"{PAGE}/web/?referrer-of-somebody"),
    ("User-Agent", "Mozilla/5.0 agent-of-somebody"),
    ("X-Forwarded-For", "203.0.113.77"),
    ("Sec-Fetch-Mode", "no-cors"),
    ("Accept", "*/*"),
    ("Accept-Language", "cs-CZ,language-of-somebody"),
]
"""What a browser says of itself and of whoever uses it."""
PLANTED = (INSTANCE, SESSION, "of-somebody", "203.0.113.77", "198.51.100.9", "planted")

EVENTS = """\
events:
  suite/ready:
    description: The app has started.
    attributes:
      number: {type: integer, max: 1000, description: Of the event.}
      osName: {type: word, values: [linux, macos], description: Of the system.}
      enabledNetworks: {type: words, values: [btc, eth, sol], description: That are shown.}
      theme: {type: text, max_length: 60, description: Of its looks.}
    examples:
      - {query: 'number=1&osName=linux', keeps: {number: 1, osName: linux}}
  settings/analytics:
    description: Somebody shares usage data.
    attributes:
      value: {type: boolean, description: Whether.}
    examples:
      - {query: 'value=true', keeps: {value: true}}
"""


def config(folder: Path, workers: int) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.yaml").write_text(EVENTS)
    return {
        "listen": {"port": 0, "workers": workers},
        "rules": FEW_RULES,
        "usage": {
            "apps": [{"name": "suite"}, {"name": "connect", "consent": "implied"}],
            "events": ["events.yaml"],
            "hash": {"secret": "0123456789abcdef"},
            "batch": {"every": "1h"},
        },
    }


def query(message: str | None, kind: str = "suite/ready", **more: str) -> str:
    """What URLSearchParams makes of an event."""
    pairs = {
        "c_v": "1.27",
        "c_type": kind,
        "c_commit": "0aab3c64474477ea81290907f0c13187043fdd10",
        "c_instance_id": INSTANCE,
        "c_session_id": SESSION,
        "c_timestamp": f"{int(time.time() * 1_000)}",
        "c_message_id": message,
        **more,
    }
    return urlencode({name: value for name, value in pairs.items() if value is not None})


def records(folder: Path, record: str) -> list[dict[str, Any]]:
    """All records of a set in the store, a local folder."""
    found = []
    for path in sorted((folder / "usage-data").glob(f"{record}/**/*.ndjson.zst")):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
        found += [json.loads(line) for line in data.splitlines()]
    return found


class Shared:
    """A relay with two workers, whose output is looked at when it has ended."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.client = Client(relay.port)

    def get(self, target: str, headers: Headers = ()) -> int:
        return self.client.send("GET", target, [*BROWSER, *headers]).status


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    folder = tmp_path_factory.mktemp("usage") / "relay"
    relay = Relay(folder, None)
    relay.configure(config(folder, 2))
    with relay.running():
        shared = Shared(relay)
        yield shared
        shared.client.close()
        relay.stop()
    _look_at_all_that_is_left(relay)


def _look_at_all_that_is_left(relay: Relay) -> None:
    """Everything that the tests have sent is in the store once, and nothing personal anywhere."""
    events = records(relay.folder, "events")
    numbers = Counter(one["attributes"].get("number") for one in events if one["attributes"])
    assert Counter({1: 1, 2: 1, 3: 1, 4: 1, 5: 1, None: 1}) == numbers
    opt_outs = [tuple(one.items()) for one in records(relay.folder, "opt_outs")]
    named = (("decision", "opt_out"), ("app", "suite"), ("version", "1.27"))
    assert [named] * 2 == [tuple(p for p in one if p[0] != "day") for one in opt_outs]
    files = [path for path in relay.folder.rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files if path.name != "relay.yaml")
    kept += json.dumps(events).encode()
    assert [] == [text for text in PLANTED if text.encode() in kept]
    assert b"suite/ready" in kept


def test_an_event_of_suite_is_taken(shared: Shared) -> None:
    """With all its parameters, and 204 without a body, however the page asks."""
    more = {"osName": "linux", "enabledNetworks": "btc,eth", "number": "1", "c_consent": "true"}
    answer = shared.client.send("GET", f"{PATH}?{query('m1', **more)}", BROWSER)
    assert (204, b"") == (answer.status, answer.body)
    named = ("access-control-allow-origin", "cache-control", "cross-origin-resource-policy")
    assert ["*", "no-store", "cross-origin"] == [answer.headers[name] for name in named]


def test_a_retry_is_the_same_event(shared: Shared) -> None:
    """A second later, with the same address."""
    target = f"{PATH}?{query('m2', number='2', c_consent='true')}"
    assert [204, 204] == [shared.get(target) for _ in range(2)]


def test_old_clients_are_taken_too(shared: Shared) -> None:
    """Without a message id, and with consent in a header."""
    target = f"/suite/log/develop.log?{query(None, number='3')}"
    assert 204 == shared.get(target, [("X-Suite-Consent", "true")])


def test_personal_things_in_an_event_are_not_kept(shared: Shared) -> None:
    """In a text that is kept, in a value, under a name, in a type that nobody knows."""
    more = {"theme": "from 198.51.100.9", "osName": "planted", "planted": "1", "number": "4"}
    assert 204 == shared.get(f"{PATH}?{query('m4', c_consent='true', **more)}")
    assert 204 == shared.get(f"{PATH}?{query('m5', kind='a/planted', c_consent='true')}")


def test_a_client_that_may_be_believed_is(shared: Shared) -> None:
    """Unless it says no."""
    path = "/connect/log/stable.log"
    assert 204 == shared.get(f"{path}?{query('m6', number='5')}")
    assert 403 == shared.get(f"{path}?{query('m7', number='6', c_consent='false')}")


@pytest.mark.parametrize("more", [{}, {"c_consent": "false"}, {"c_consent": "planted"}])
def test_without_consent_nothing_is_taken(shared: Shared, more: dict[str, str]) -> None:
    """The reason is one word."""
    answer = shared.client.send("GET", f"{PATH}?{query('m8', number='7', **more)}", BROWSER)
    reason = "consent_denied" if more else "consent_missing"
    assert (403, [reason]) == (answer.status, answer.json()["causes"])


@pytest.mark.parametrize(
    "target",
    [
        f"{PATH}",
        f"{PATH}?",
        f"{PATH}?planted",
        f"{PATH}?{query('m9', c_commit='planted')}",
        f"{PATH}?{query('m9')}&c_type=planted",
        f"{PATH}?{query('m9')}&planted=%zz",
        f"{PATH}?{query('m9')}&planted=%00",
        f"{PATH}?{query('m9')}&planted=" + "1" * 5_000,
        f"{PATH}?{query('m9', kind='settings/analytics', value='planted')}",
        f"{PATH}?{'&'.join(['planted=1'] * 200)}",
    ],
)
def test_nonsense_is_refused(shared: Shared, target: str) -> None:
    """The answer says what is wrong, and nothing of what was sent."""
    answer = shared.client.send("GET", target, BROWSER)
    assert 400 == answer.status
    assert b"planted" not in answer.body + json.dumps(answer.headers).encode()


def test_other_methods_and_paths_are_refused(shared: Shared) -> None:
    """A page may ask what it may do."""
    target = f"{PATH}?{query('m9', c_consent='true')}"
    send = shared.client.send
    assert [405, 405] == [send(method, target, BROWSER).status for method in ("HEAD", "POST")]
    assert 404 == send("GET", f"/other/log/stable.log?{query('m9', c_consent='true')}").status
    asked = [*BROWSER, ("Access-Control-Request-Headers", "X-Suite-Consent")]
    answer = send("OPTIONS", target, asked)
    assert (200, "GET") == (answer.status, answer.headers["access-control-allow-methods"])
    assert "x-suite-consent" in answer.headers["access-control-allow-headers"]


def test_a_decision_to_share_nothing_is_recorded_without_a_trace(shared: Shared) -> None:
    """Whatever is said of consent; to share needs it like any event."""
    decision = {"kind": "settings/analytics", "c_consent": "false"}
    target = f"{PATH}?{query('m10', value='false', **decision)}"
    assert [204, 204] == [shared.get(target) for _ in range(2)]
    assert 204 == shared.get(f"{PATH}?{query('m11', value='0', **decision)}")
    yes = {"kind": "settings/analytics", "value": "true"}
    assert 403 == shared.get(f"{PATH}?{query('m12', **yes)}")
    assert 204 == shared.get(f"{PATH}?{query('m12', c_consent='true', **yes)}")


def test_what_was_taken_and_refused_is_counted(shared: Shared) -> None:
    """Over both workers; no name in it comes from a request."""
    events = shared.relay.count("relay_usage_events_total")
    assert (1, True) == (events["suite", "unknown_item"], events["suite", "invalid"] > 5)
    assert 2 == shared.relay.count("relay_usage_opt_outs_total")["suite",]
    assert "planted" not in shared.relay.metrics()


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_answered_is_there_once_after_a_power_cut(tmp_path: Path, workers: int) -> None:
    """Killed in the middle of many events: each that was answered is stored, and none twice."""
    folder = tmp_path / "relay"
    relay = Relay(folder, None)
    relay.configure(config(folder, workers))
    answered: list[int] = []
    sent = iter(range(1_000))
    lock = threading.Lock()

    def send() -> None:
        client = Client(relay.port)
        with suppress(OSError, http.client.HTTPException):
            while True:
                with lock:
                    number = next(sent, None)
                if number is None:
                    break
                target = f"{PATH}?{query(f'k{number}', number=f'{number}', c_consent='true')}"
                if client.once("GET", target, BROWSER).status == 204:
                    answered.append(number)
        client.close()

    relay.start()
    threads = [threading.Thread(target=send, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(answered) >= 60, "answers")
    kill_all(relay)
    for thread in threads:
        thread.join()
    taken = set(answered)
    with relay.running():
        pass
    numbers = Counter(one["attributes"]["number"] for one in records(folder, "events"))
    assert (set(), set()) == (
        taken - set(numbers),
        {n for n, count in numbers.items() if count > 1},
    )


def kill_all(relay: Relay) -> None:
    """End a relay and its workers at once."""
    children = Path(f"/proc/{relay.pid}/task/{relay.pid}/children").read_text().split()
    relay.kill()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGKILL)
