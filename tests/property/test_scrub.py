"""The promise itself, over documents that hypothesis makes: nothing planted survives."""

import json
import random
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import relay
from relay import jsonio
from relay.errors import RequestError, ScrubError
from relay.rules.examples import ExampleScrubber
from relay.scrub.budget import budget_for
from relay.scrub.search import search
from tests.inline_rules import DEVICE, EMAIL, HASHED, IP, MASKED, NUMBER, rules, scrubber
from tests.strategies import (
    HIDINGS,
    KEYED,
    SECRETS,
    SYNTAX,
    Secret,
    hidings,
    json_documents,
    planted,
    secrets,
)
from tests.work import growth

SLOW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


@cache
def small() -> relay.Scrubber:
    """A few rules, one of each method."""
    return scrubber(NUMBER, IP, DEVICE, EMAIL, HASHED, MASKED)


def shows(result: relay.ScrubResult) -> str:
    """Everything that leaves: the bytes, parsed and as they are, and all that can be printed."""
    value = jsonio.loads(result.body)
    remarks = [(r.path, r.rule_id, r.kind, r.span) for r in result.remarks]
    return "\n".join([
        result.body.decode(), json.dumps(value, ensure_ascii=False), repr(result), repr(remarks),
        repr(shipped()),
    ])  # fmt: skip


@pytest.mark.parametrize("how", sorted(HIDINGS))
@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.name)
def test_each_secret_in_each_hiding(secret: Secret, how: str) -> None:
    """Each secret is found in each hiding, in text and in a document."""
    hidden = HIDINGS[how](secret.text)
    documents = [{"message": hidden}, {hidden: 1}, [["a", hidden]], {"message": f"a\n{hidden}\nb"}]
    for document in documents:
        result = shipped().scrub_json(json.dumps(document).encode())
        assert hidden not in shows(result)
        assert json.dumps(hidden)[1:-1] not in shows(result)
        for word in secret.forbidden:
            assert word not in shows(result)


@SLOW
@given(st.data(), secrets, hidings)
def test_nothing_planted_survives(data: st.DataObject, secret: Secret, how: str) -> None:
    """A secret planted anywhere in any document is in no byte, remark or repr that leaves."""
    hidden = HIDINGS[how](secret.text)
    document = data.draw(planted(hidden))
    result = shipped().scrub_json(json.dumps(document).encode())
    shown = shows(result)
    for word in (hidden, json.dumps(hidden)[1:-1], *secret.forbidden):
        assert word not in shown


@SLOW
@given(
    st.sampled_from(
        ["device_id", "deviceId", "DEVICE-ID", "walletLabel", "account_label", "label"]
    ),
    st.integers(0, 3),
    st.integers(0, 7),
    json_documents,
)
def test_nothing_under_a_secret_key_survives(key: str, levels: int, form: int, beside: Any) -> None:
    """A value that only its key gives away goes in each form that keys and values have."""
    held: Any = [
        {key: KEYED, "b": beside},
        {"b": beside, key: [KEYED, [KEYED]]},
        {key: 12345678},
        {f"a.{key}": KEYED},
        {key: KEYED, "c": {"d": [{key: KEYED}]}},
        {"x": [[key, KEYED], ["y", beside]]} if levels == 0 else {key: KEYED},
        {"x": {"key": key, "value": KEYED}} if levels == 0 else {key: KEYED},
        {"arguments": [key, KEYED]} if levels == 0 else {key: KEYED},
    ][form]
    for _ in range(levels):
        held = {"m": json.dumps(held)}
    shown = shows(shipped().scrub_json(json.dumps(held).encode()))
    assert KEYED not in shown
    assert "12345678" not in shown


@SLOW
@given(json_documents)
def test_scrubbing_twice_is_scrubbing_once(document: Any) -> None:
    """A second scrub changes nothing, with the rules that ship and with a few."""
    data = json.dumps(document).encode()
    for made in (shipped(), small()):
        try:
            once = made.scrub_json(data).body
        except (jsonio.JsonError, ScrubError):
            continue
        assert once == made.scrub_json(once).body


@SLOW
@given(st.data(), secrets, hidings)
def test_scrubbing_a_planted_document_twice(data: st.DataObject, secret: Secret, how: str) -> None:
    """What a redaction leaves behind is not redacted again."""
    document = data.draw(planted(HIDINGS[how](secret.text)))
    once = shipped().scrub_json(json.dumps(document).encode()).body
    assert once == shipped().scrub_json(once).body


@SLOW
@given(
    st.lists(st.text(SYNTAX, max_size=30) | st.sampled_from([s.text for s in SECRETS]), max_size=6)
)
@example(["1", "92.168.10.2", "3"])
def test_texts_twice(pieces: list[str]) -> None:
    """A second scrub of any text changes nothing."""
    for made in (shipped(), small()):
        once = made.scrub_text("".join(pieces))
        assert once == made.scrub_text(once)


@SLOW
@given(json_documents)
def test_a_document_without_a_match_comes_back_equal(document: Any) -> None:
    """Where nothing was redacted, nothing has changed, and no `_meta` has come."""
    if isinstance(document, dict):
        document.pop("_meta", None)
    data = json.dumps(document).encode()
    result = small().scrub_json(data)
    if not result.remarks:
        assert jsonio.loads(data) == jsonio.loads(result.body)
    else:
        assert jsonio.loads(data) != jsonio.loads(result.body)


def at(value: Any, path: str) -> Any:
    """Return what stands at a remark's path, read as a selector of quoted and plain keys."""
    parts: list[str] = []
    rest = path
    while rest:
        if rest[0] == "'":
            part, rest = "", rest[1:]
            while True:
                head, _, rest = rest.partition("'")
                part += head
                if rest[:1] != "'":
                    break
                part, rest = part + "'", rest[1:]
            rest = rest[1:]
        else:
            part, _, rest = rest.partition(".")
        parts.append(part)
    for part in parts:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


@SLOW
@given(
    st.lists(st.sampled_from([*"é漢🙂 x\n", "%20", "\\n", "&amp;", '"']), max_size=6),
    st.lists(
        st.sampled_from(["203.0.113.77", "12345", "%31%32%33%34", "\\u0031234", "１２３４"]),
        min_size=1,
        max_size=4,
    ),
)
def test_spans_of_remarks(around: list[str], hits: list[str]) -> None:
    """Each remark's span holds its redaction in the new text, whatever stands around it."""
    text = "".join(around) + " ".join(f"{hit} {''.join(around)}" for hit in hits)
    result = small().scrub_json(json.dumps({"a b": [{"it's": text}]}).encode())
    value = jsonio.loads(result.body)
    written = {"t/ip": "[ip]", "t/number": "[n]"}
    assert result.remarks
    for remark in result.remarks:
        assert remark.span is not None
        assert written[remark.rule_id] == at(value, remark.path)[slice(*remark.span)]


@SLOW
@given(st.lists(st.text(SYNTAX + "device_id1234", max_size=40), max_size=8, unique=True))
def test_joined_search_agrees_with_each_string_alone(strings: list[str]) -> None:
    """Strings that are searched together give what each gives alone."""
    for made in (small(), shipped()):
        compiled = made.compiled
        together = search(compiled, strings, budget_for(10_000))
        for number, text in enumerate(strings):
            alone = search(compiled, [text], budget_for(10_000)).get(0, [])
            assert sorted(alone) == sorted(together.get(number, []))


@SLOW
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are scrubbed or refused, with the errors that are documented."""
    with suppress(jsonio.JsonError, ScrubError):
        jsonio.loads(shipped().scrub_json(data).body)
    with suppress(RequestError):
        shipped().scrub_envelope(data)


HOSTILE = {
    "nested lists": b"[" * 100_000,
    "nested maps": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "long integer": b'{"a":' + b"1" * 5_000 + b"}",
    "infinity": b'{"a":1e999,"b":-1e999}',
    "lone surrogate": rb'{"a\ud800":"b\udfff"}',
    "NUL": rb'{"a\u0000":"b\u0000203.0.113.77"}',
    "duplicate keys": b'{"a":"203.0.113.77","a":"203.0.113.78"}',
    "byte-order mark": b'\xef\xbb\xbf{"a":"203.0.113.77"}',
    "not UTF-8": b'{"a":"\xff203.0.113.77"}',
    "NaN": b'{"a":NaN,"b":Infinity}',
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_documents(data: bytes) -> None:
    """What breaks parsers is scrubbed or refused."""
    try:
        body = shipped().scrub_json(data).body
    except (jsonio.JsonError, ScrubError):
        return
    assert b"203.0.113" not in body


def _random(alphabet: str, size: int) -> str:
    return "".join(random.Random(1).choices(alphabet, k=size))


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
WALLS = {
    "base58": lambda n: _random(BASE58, n),
    "base58 words": lambda n: _random(BASE58 + " ", n),
    "hex": lambda n: _random("0123456789abcdef", n),
    "percent": lambda n: "%" * n,
    "percent 25": lambda n: "%25" * (n // 3),
    "backslashes": lambda n: "\\" * n,
    "escaped quotes": lambda n: '\\"' * (n // 2),
    "quotes": lambda n: '"' * n,
    "brackets": lambda n: "[{" * (n // 2),
    "deep json": lambda n: "[" * (n // 2) + '"ip_address":1,' * (n // 30),
    "hot keys": lambda n: "device_id=" * (n // 10),
    "hot keys open": lambda n: "device_id=[" * (n // 11),
    "hot keys quoted": lambda n: '"device_id":"' * (n // 13),
    "hot key, escaped quotes": lambda n: "device_id={" + '\\"' * (n // 2) + "\\",
    "candidates": lambda n: "1.1.1.1 é " * (n // 10),
    "mails": lambda n: "a@b.co " * (n // 7),
    "words": lambda n: "abandon " * (n // 8),
    "spaces": lambda n: " " * n,
    "look-alikes": lambda n: "１" * (n // 3),
    "random": lambda n: _random(SYNTAX, n // 2),
}


@pytest.mark.parametrize("wall", WALLS.values(), ids=WALLS)
def test_walls_of_text(wall: Any) -> None:
    """Text that is made to be slow is scrubbed, or refused, with work that grows with its size."""

    def run(size: int) -> None:
        data = json.dumps({"a": wall(size)}, ensure_ascii=False).encode()
        with suppress(ScrubError):
            shipped().scrub_json(data)

    assert growth(run, 12_000) < 2.8


def test_the_shipped_scrubber_is_what_examples_need() -> None:
    """Examples run against the scrubber itself."""
    made: ExampleScrubber = small()
    assert "[ip]" == made.scrub_text("203.0.113.77")
    assert 6 == len(rules(NUMBER, IP, DEVICE, EMAIL, HASHED, MASKED))
