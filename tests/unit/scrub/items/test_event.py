"""What the protocol demands of events, whatever the rules say."""

import json
from typing import Any

import pytest

from relay.protocol.envelope import Item
from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import period_keys
from relay.scrub.scrubber import Scrubber

GREEDY = """
id: test/greedy
description: Takes away whatever speaks of addresses
why: The worst that a rule can do to the answer to "infer?".
status: enforce
match: {key: [infer_ip, settings]}
redact: {method: remove}
examples:
  scrubs:
    - {event: {infer_ip: auto}, becomes: {}}
    - {event: {settings: 1}, becomes: {}}
  leaves:
    - {event: {infer: auto}}
    - {event: {setting: 1}}
"""


def scrub(event: dict[str, Any], kind: str = "event") -> dict[str, Any]:
    rules = load_rules([RuleText("test/greedy", "greedy.yaml", GREEDY)])
    scrubber = Scrubber.from_rules(rules, period_keys(b"s" * 32, 0))
    item = Item.make({"type": kind}, json.dumps(event).encode())
    done = scrubber.scrub_item(0, item).item
    assert done is not None
    return json.loads(done.payload)


@pytest.mark.parametrize("kind", ["event", "transaction", "feedback", "replay_event"])
@pytest.mark.parametrize("sdk", [None, {}, {"settings": {"infer_ip": "auto"}}, {"settings": []}])
def test_sentry_is_told_never_to_infer_an_address(sdk: Any, kind: str) -> None:
    """`sdk.settings.infer_ip` is `never` at the end, even where a rule removes such a key."""
    clean = scrub({} if sdk is None else {"sdk": sdk}, kind)
    assert {"infer_ip": "never"} == clean["sdk"]["settings"]


def test_the_clients_address_is_forgotten_without_any_rule() -> None:
    """`user.ip_address` goes, `{{auto}}` too, and the remark names the protocol."""
    clean = scrub({"user": {"ip_address": "{{auto}}", "id": "1"}})
    assert {"id": "1"} == clean["user"]
    assert [["protocol/client-address", "x"]] == clean["_meta"]["user"]["ip_address"][""]["rem"]


def test_fields_by_the_names_of_old_clients() -> None:
    """Sentry reads them, so they are read here too; where both are there, the new name counts."""
    clean = scrub({
        "sentry.interfaces.User": {"ip_address": "{{auto}}", "id": "1"},
        "sentry.interfaces.Http": {"url": "http://a"},
        "request": {"url": "http://b"},
    })  # fmt: skip
    expected = {"user": {"id": "1"}, "request": {"url": "http://b"}}
    assert expected == {key: clean[key] for key in clean if key not in ("sdk", "_meta")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User", "user"), ("Http", "request"), ("Contexts", "contexts"), ("Csp", "csp"),
        ("Breadcrumbs", "breadcrumbs"), ("Exception", "exception"), ("Message", "logentry"),
        ("Stacktrace", "stacktrace"), ("Template", "template"),
    ],
)  # fmt: skip
def test_each_name_of_old_clients(old: str, new: str) -> None:
    """As Sentry's own schema has them: a rule that names the place of today finds it."""
    clean = scrub({f"sentry.interfaces.{old}": {"a": 1}})
    assert {new: {"a": 1}} == {key: clean[key] for key in clean if key not in ("sdk", "_meta")}
