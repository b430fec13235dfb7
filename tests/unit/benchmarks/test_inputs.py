"""What is measured with is what it is said to be."""

import json

import pytest
from sentry_relay.processing import validate_pii_config

import relay
from benchmarks import peer
from benchmarks.custom_rules import custom_rules, with_custom_rules
from benchmarks.events import AMOUNTS, SIZES, event_of
from relay.rules.examples import run_examples
from relay.rules.loading import load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber

SCRUBBER = relay.load_scrubber(verify=False)


def scrub(document: bytes) -> bytes:
    return SCRUBBER.scrub_json(document).body


@pytest.mark.parametrize("size", SIZES)
def test_events_have_their_size_and_amount(size: str) -> None:
    """The size is right within a tenth, and there is more to scrub where there shall be."""
    events = [event_of(size, amount, scrub) for amount in AMOUNTS]
    number, unit = size.split()
    wanted = int(number) * {"kB": 1_000, "MB": 1_000_000}[unit]
    assert [abs(len(event) - wanted) <= wanted / 10 for event in events] == [True, True, True]
    much, little, nothing = (len(SCRUBBER.scrub_json(event).remarks) for event in events)
    assert much >= little > nothing
    assert 0 == nothing


def test_events_are_the_same_every_time() -> None:
    assert event_of("200 kB", "much", scrub) == event_of("200 kB", "much", scrub)


def test_texts_grow_with_the_size() -> None:
    """A larger event holds more different texts, about as many more as it is larger."""
    small, large = (
        len(set(_texts(json.loads(event_of(size, "nothing", scrub)))))
        for size in ("200 kB", "1 MB")
    )
    assert large / small > 4


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) and len(value) > 20 else []


@pytest.mark.parametrize("config", [peer.LEAN, peer.GENEROUS])
def test_the_peer_gets_ten_rules_that_it_takes(config: str) -> None:
    validate_pii_config(config)
    assert [10] == [len(rules) for rules in json.loads(config)["applications"].values()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa, x", "pay [base58], x"),
        ("é 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa_é", "é [base58]_é"),
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "[bech32]"),
        ("id 4a5e1e4baab89f3a32518a88c31bc87f", "id 4a5e1e4baab89f3a32518a88c31bc87f"),
        ("id 1a5e1e4baab89f3a32518a88c31bc87f", "id 1a5e1e4baab89f3a32518a88c31bc87f"),
        ("m/44'/0'/0'/0/5", "[uri]"),
        ("from 203.0.113.7", "from [ip]"),
        ("12:34:56 the device is ready", "12:34:56 the device is ready"),
    ],
)
def test_the_peer_does_what_it_can(text: str, expected: str) -> None:
    got = json.loads(peer.scrub(json.dumps({"message": text}).encode()))
    assert {"formatted": expected} == got["logentry"]


def test_custom_rules_pass_their_own_examples() -> None:
    """They are rules as a company would write them: a hundred, each right."""
    rules = load_rules(custom_rules())
    keys = HashKeys(b"test" * 8)
    results = list(run_examples(rules, lambda some: Scrubber.from_rules(some, keys)))
    assert 100 == len(rules)
    assert [] == [(r.rule.id, r.problem, r.got) for r in results if not r.passed]


def test_custom_rules_work_beside_the_shipped_ones() -> None:
    scrubber = with_custom_rules()
    text = "BILL-12345 of 203.0.113.7"
    assert "[billing-ticket] of [ip]" == scrubber.scrub_text(text)
