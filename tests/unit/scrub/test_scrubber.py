"""The scrubber's contracts: documents, texts, items and envelopes."""

# ruff: noqa: E501 - a table is read best in rows

import json
from typing import Any

import pytest

from relay import jsonio
from relay.errors import EnvelopeError, ScrubError
from relay.outcomes import Reason
from relay.protocol.envelope import Item, parse
from relay.protocol.item_kinds import Policy
from relay.scrub.budget import Budget
from relay.scrub.hashing import HashKeys
from relay.scrub.shadow import GIVEN_UP
from tests.inline_rules import DEVICE, HASHED, IP, NUMBER, scrubber

ADDRESS = "203.0.113.77"
ID = "0123456789abcdef0123456789abcdef"
MADE = scrubber(IP, DEVICE, NUMBER)


def scrubbed(document: Any) -> Any:
    """Scrub a document as bytes."""
    return jsonio.loads(MADE.scrub_json(json.dumps(document).encode()).body)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (ADDRESS, "[ip]"), (12345, "[n]"), (1.5, 1.5), (None, None), (True, True), ("", ""),
        ([ADDRESS, [ADDRESS]], ["[ip]", ["[ip]"]]), ([], []), ({}, {}), (["label", "x"], ["label", "[d]"]),
        ([["label", "x"]], [["label", "[d]"]]), (f'{{"label":"{ADDRESS}"}}', '{"label":"[d]"}'),
    ],
)  # fmt: skip
def test_any_root(document: Any, expected: Any) -> None:
    """A document may be a list or a bare value."""
    assert expected == scrubbed(document)


def test_remarks_are_written_into_meta() -> None:
    """Sentry shows what was redacted: under the value's path, with rule, kind, span and length."""
    result = MADE.scrub_json(json.dumps({"a": [f"x {ADDRESS}"], "label": 5}).encode())
    expected = {
        "a": ["x [ip]"],
        "label": "[d]",
        "_meta": {
            "a": {"0": {"": {"rem": [["t/ip", "s", 2, 6]], "len": 14}}},
            "label": {"": {"rem": [["t/device", "s", 0, 3]], "len": 1}},
        },
    }
    assert expected == jsonio.loads(result.body)
    assert {("t/ip", "a.0", (2, 6)), ("t/device", "label", (0, 3))} == {
        (r.rule_id, r.path, r.span) for r in result.remarks
    }


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"a": {"": {"val": "my only secret", "rem": [["@x", "s", 0, 3]]}}}, {"a": {"": {"rem": [["@x", "s", 0, 3]]}}}),
        ({ADDRESS: {"": {"len": 3}}}, {"[ip]": {"": {"len": 3}}}),
        ({"a": {"": {"len": 123456}}}, None),
        ({"a": {"": {"rem": [[ADDRESS, "s"], ["@x", "s"]]}}}, {"a": {"": {"rem": [["@x", "s"]]}}}),
        ({"label": {"": {"len": 3}}}, {"label": {"": {"len": 3}}}),
        ("text", None), (["x"], None), ({"a": {"": {"chunks": ["my only secret"]}}}, None),
    ],
)  # fmt: skip
def test_a_clients_meta(meta: Any, expected: Any) -> None:
    """Of a client's `_meta` no value stays; a name or length that a rule has changed is none."""
    once = scrubbed({"_meta": meta, "b": 1})
    assert expected == once.get("_meta")
    assert once == scrubbed(once)


def test_text() -> None:
    """A text is scrubbed as a string of a document is; lone surrogates do no harm."""
    assert "at [ip] ?" == MADE.scrub_text(f"at {ADDRESS} \ud800")
    assert "" == MADE.scrub_text("")


@pytest.mark.parametrize("data", [b"", b"{", b"nope"])
def test_broken_json_is_told(data: bytes) -> None:
    """What is no JSON raises JsonError."""
    with pytest.raises(jsonio.JsonError):
        MADE.scrub_json(data)


def test_a_deep_document_is_refused() -> None:
    """What is nested too deeply raises ScrubError."""
    with pytest.raises(ScrubError):
        MADE.scrub_json(b"[" * 300 + b"]" * 300)


def envelope(*items: tuple[dict[str, Any], bytes], **headers: Any) -> bytes:
    """Write an envelope."""
    lines = [json.dumps(headers).encode()]
    for head, payload in items:
        lines += [json.dumps({**head, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines) + b"\n"


def test_envelope() -> None:
    """Each item is scrubbed by its kind; what is broken or unknown is left out, alone."""
    data = envelope(
        ({"type": "event"}, json.dumps({"message": ADDRESS, "user": {"ip_address": "x"}}).encode()),
        ({"type": "session"}, b'{"did":"x","attrs":{"ip_address":"203.0.113.77"}}'),
        ({"type": "session"}, b"{broken 203.0.113.77"),
        ({"type": "session"}, b'"203.0.113.77"'),
        ({"type": "session"}, b'{"a":' * 300 + b"1" + b"}" * 300),
        ({"type": "attachment", "filename": f"{ADDRESS}.txt"}, b"203.0.113.77"),
        ({"type": "attachment"}, b"\0\1\2"),
        ({"type": ADDRESS}, b"203.0.113.77"),
        ({}, b"203.0.113.77"),
        event_id=ID,
        dsn="https://203.0.113.77/1",
        trace={"transaction": f"/a/{ADDRESS}"},
        sdk={"name": f"x {ADDRESS}"},
    )
    result = MADE.scrub_envelope(data)
    assert ADDRESS.encode() not in result.body
    assert ADDRESS not in repr(result) + repr([r.path for r in result.remarks])
    expected = [
        ("event", Reason.ACCEPTED),
        ("session", Reason.ACCEPTED),
        ("session", Reason.INVALID),
        ("session", Reason.INVALID),
        ("session", Reason.SCRUB_FAILED),
        ("attachment", Reason.ACCEPTED),
        ("attachment", Reason.ITEM_POLICY),
        ("unknown", Reason.UNKNOWN_ITEM),
        ("unknown", Reason.UNKNOWN_ITEM),
    ]
    assert expected == [(outcome.kind, outcome.reason) for outcome in result.outcomes]
    assert list(range(9)) == [outcome.index for outcome in result.outcomes]
    clean = parse(result.body)
    assert ["event", "session", "attachment"] == [item.kind for item in clean.items]
    expected_headers = {
        "event_id": ID,
        "trace": {"transaction": "/a/[ip]"},
        "sdk": {"name": "x [ip]"},
    }
    assert expected_headers == clean.headers
    assert result.body == MADE.scrub_envelope(result.body).body


@pytest.mark.parametrize("data", [b"", b"x", b"[]\n", b'{}\n{"type":"event","length":99}\n{}'])
def test_no_envelope(data: bytes) -> None:
    """What is no envelope raises EnvelopeError."""
    with pytest.raises(EnvelopeError):
        MADE.scrub_envelope(data)


def test_text_attachments() -> None:
    """Text attachments go on scrubbed, file names too; binary and unwanted ones do not."""
    item = Item.make({"type": "attachment", "filename": f"{ADDRESS}.log"}, f"a {ADDRESS}".encode())
    done = MADE.scrub_item(0, item)
    assert done.item is not None
    assert (b"a [ip]", "[ip].log") == (done.item.payload, done.item.headers["filename"])
    binary = Item.make({"type": "attachment"}, b"\0\1\2")
    assert Reason.ITEM_POLICY is MADE.scrub_item(0, binary).outcome.reason
    unwanted = MADE.scrub_item(0, item, policies={"attachment": Policy.DROP})
    assert (None, Reason.ITEM_POLICY) == (unwanted.item, unwanted.outcome.reason)


def test_a_policy_holds_for_what_an_item_really_is() -> None:
    """A transaction that comes as an event is not forwarded where transactions are not wanted."""
    item = Item.make({"type": "event"}, b'{"type":"transaction"}')
    done = MADE.scrub_item(0, item, policies={"transaction": Policy.DROP})
    assert (None, "transaction", Reason.ITEM_POLICY) == (
        done.item,
        done.outcome.kind,
        done.outcome.reason,
    )


def test_headers_that_need_too_much_work_do_not_take_the_envelope_along() -> None:
    """Of headers that cannot be scrubbed within bounds only id and time go on."""
    heavy = {
        "trace": {"transaction": "device_id=[" * 60_000},
        "event_id": ID,
        "sent_at": "203.0.113.77",
    }
    kept, done = MADE.scrub_envelope_headers(heavy, None)
    assert ({"event_id": ID}, []) == (kept, done.notes)


def test_of_headers_without_a_budget_id_and_time_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each where it has its shape."""
    monkeypatch.setattr("relay.scrub.scrubber.budget_for", lambda _: Budget(0))
    headers = {"event_id": ID, "sent_at": "2026-11-23T17:23:09.077Z", "sdk": {"name": "x y"}}
    kept, done = MADE.scrub_envelope_headers(headers, None)
    del headers["sdk"]
    assert (headers, []) == (kept, done.notes)


@pytest.mark.parametrize("depth", [200, 900])
def test_deep_headers(depth: int) -> None:
    """Headers that are nested deeply lose what is nested."""
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    kept, _ = MADE.scrub_envelope_headers(
        {"trace": {"trace_id": deep}, "sdk": {"packages": deep}}, None
    )
    assert {"trace": {}, "sdk": {}} == kept


def test_keys_of_another_period() -> None:
    """Another period's pseudonyms do not join; the rules stay the same."""
    made = scrubber(HASHED)
    other = made.with_keys(HashKeys(b"o" * 32))
    assert made.digest == other.digest
    assert made.scrub_plain({"who": "jane"}) != other.scrub_plain({"who": "jane"})
    assert made.scrub_plain({"who": "jane"}) == made.scrub_plain({"who": "jane"})


def test_a_mistake_of_ours_drops_the_item() -> None:
    """Whatever goes wrong while an item is scrubbed, it does not go on as it came."""
    broken = scrubber(IP)
    object.__setattr__(broken, "keys", None)
    item = Item.make({"type": "event"}, b'{"who":"x","a":"203.0.113.77"}')
    made = scrubber(HASHED)
    object.__setattr__(made, "keys", None)
    done = made.scrub_item(0, item)
    assert (None, Reason.SCRUB_FAILED) == (done.item, done.outcome.reason)


TRIED = scrubber(NUMBER + "\nstatus: shadow", IP)


def test_what_shadow_rules_would_do_is_told() -> None:
    """By rule and by path; nothing is changed."""
    done = TRIED.scrub_json(b'{"a":"1234 and 5678","b":"x"}')
    assert {"t/number": 2} == done.shadow
    assert {("t/number", "event/a"): 2} == done.shadow_paths
    assert b'{"a":"1234 and 5678","b":"x"}' == done.body


def test_shadow_rules_look_everywhere() -> None:
    """Into headers, `_meta`, attachments as text and as documents, and what only has text."""
    head = {"event_id": ID, "trace": {"transaction": "1234"}}
    event = {"a": [1234], "_meta": {"b": {"": {"len": 12345}}}}
    items = [
        ({"type": "event"}, json.dumps(event)),
        ({"type": "attachment", "filename": "1234.txt"}, "log 1234 and 5678"),
        ({"type": "attachment", "filename": "1234.txt"}, '{"c": "1234"}'),
        ({"type": "log"}, '{"items":[{"body":"1234"},{"body":"5678"}]}'),
    ]
    lines = [json.dumps(head)]
    for header, payload in items:
        lines += [json.dumps({**header, "length": len(payload)}), payload]
    data = "\n".join(lines).encode()
    expected = {
        "envelope_header/trace.transaction": 1,
        "event/a.*": 1,
        "event _meta/b.*.len": 1,
        "item_header/filename": 2,
        "attachment/*": 2,
        "attachment/c": 1,
        "log/items.*.body": 2,
    }
    for _ in range(2):
        done = TRIED.scrub_envelope(data)
        assert expected == {path: count for (_, path), count in done.shadow_paths.items()}


def test_a_second_reading_is_not_counted() -> None:
    """An attachment in UTF-16 is read twice, and its hits are one."""
    text = "log 1234 and words to go on with".encode("utf-16")
    done = TRIED.scrub_item(0, Item.make({"type": "attachment"}, text))
    assert {("t/number", "attachment/*"): 1} == done.shadow_paths
    assert done.item is not None


def test_a_shadow_rule_that_fails_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted as given up, and the others do what they do."""
    monkeypatch.setattr("relay.scrub.shadow.budget_for", lambda _: Budget(0))
    done = TRIED.scrub_json(b'{"a":"1234 203.0.113.7"}')
    assert b'{"a":"1234 [ip]"' == done.body[: len(b'{"a":"1234 [ip]"')]
    assert {("t/number", GIVEN_UP): 1} == done.shadow_paths
    assert {} == done.shadow


def test_without_shadow_rules_there_is_nothing_to_look_for() -> None:
    """A set without any costs nothing more."""
    assert ((), ("t/number",)) == (MADE.tried, TRIED.tried)
    assert MADE.shadow is None
    assert {} == MADE.scrub_json(b'{"a":"1234"}').shadow_paths


def test_shadow_rules_stay_in_another_period() -> None:
    """With other keys the same rules are tried."""
    other = TRIED.with_keys(HashKeys(b"o" * 32))
    assert {"t/number": 1} == other.scrub_json(b'{"a":"1234"}').shadow
