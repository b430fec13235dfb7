"""What was redacted in a sample: rules, paths, spans; dropped items, and what no rule asked for."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.outcomes import Reason
from relay.rules.model import Method
from relay.workbench.explaining import Explanation, Redaction, as_plain, explain
from relay.workbench.trying import Kind
from relay.workbench.watching import Target
from tests.inline_rules import DEVICE, EMAIL, IP, NUMBER, scrubber
from tests.strategies import json_documents

SCRUBBER = scrubber(NUMBER, IP, DEVICE, EMAIL)
SHADOW = scrubber(NUMBER, f"{EMAIL}\nstatus: shadow")


def of_event(value: Any) -> Explanation:
    return explain(SCRUBBER, json.dumps(value).encode(), Kind.EVENT)


def test_an_event() -> None:
    """Each redaction has its rule, path, method and span."""
    (part,) = of_event({"message": "at 12345", "extra": {"label": "Jo"}}).parts
    assert (
        Redaction("t/device", "extra.label", Method.REPLACE, Target.WHOLE, None, None, "", "Jo"),
        Redaction("t/number", "message", Method.REPLACE, Target.PART, (3, 8), (3, 6), "", "12345"),
    ) == tuple(sorted(part.redactions, key=lambda r: r.path))


def test_what_no_rule_asks_for() -> None:
    """A field without its shape, and the client's address, have names of their own."""
    event = {"event_id": "none", "user": {"ip_address": "{{auto}}", "name": "x"}}
    payload = json.dumps(event)
    envelope = f'{{"zone":"x"}}\n{{"type":"event","zone":1}}\n{payload}\n'.encode()
    explanation = explain(SCRUBBER, envelope, Kind.ENVELOPE)
    header, item = explanation.parts
    assert {("protected/shape", "event_id"), ("protocol/client-address", "user.ip_address")} == {
        (r.rule, r.path) for r in item.redactions
    }
    assert (1, 1, "item 1, event") == (
        header.headers_left_out, item.headers_left_out, item.title,
    )  # fmt: skip
    assert not explanation.broken


def test_dropped_items() -> None:
    """An item that is broken is named, with the reason in a word."""
    envelope = b'{}\n{"type":"event"}\n{"a":\n{"type":"session"}\n{}\n'
    explanation = explain(SCRUBBER, envelope, Kind.ENVELOPE)
    assert [None, Reason.INVALID] == [part.dropped for part in explanation.parts][:2]
    assert explanation.broken


def test_what_is_none() -> None:
    """What is no JSON or no envelope is a problem, told without a part of it."""
    assert "no JSON" in explain(SCRUBBER, b'{"secret', Kind.EVENT).problem
    assert "secret" not in explain(SCRUBBER, b"secret\n", Kind.ENVELOPE).problem
    assert explain(SCRUBBER, b"secret\n", Kind.ENVELOPE).broken


def test_a_text() -> None:
    """A text has no path."""
    (part,) = explain(SCRUBBER, b"see 12345", Kind.TEXT).parts
    assert [("", (4, 9))] == [(r.path, r.span) for r in part.redactions]


def test_shadow_rules_hide_keys() -> None:
    """What a shadow rule would redact is told, and in no path."""
    document = {"jo@example.org": "at 12345", "a": "x@example.org"}
    (part,) = explain(SHADOW, json.dumps(document).encode(), Kind.EVENT).parts
    assert ["''"] == [r.path for r in part.redactions]
    assert {("t/email", "event/*"), ("t/email", "event/a")} == set(part.shadow)


def test_an_event_of_sentry() -> None:
    """An answer of Sentry's API is read as the event that it is about."""
    value = {"entries": [{"type": "message", "data": {"formatted": "at 12345"}}]}
    explanation = of_event(value)
    assert explanation.from_sentry
    assert ["logentry.formatted"] == [r.path for r in explanation.parts[0].redactions]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(document=json_documents, where=st.sampled_from(["key", "value", "both"]))
def test_a_secret_is_never_told(document: Any, where: str) -> None:
    """A secret in a key or a value is in nothing that a script is given, or that is printed."""
    key = "janeroe@example.org" if where != "value" else "a"
    value = "203.0.113.77" if where != "key" else "b"
    explanation = of_event({"extra": {key: {"data": [document, value]}}})
    shown = f"{json.dumps(as_plain(explanation))} {explanation!r}"
    assert not [word for word in ("jane", "203.0.113.77") if word in shown]
