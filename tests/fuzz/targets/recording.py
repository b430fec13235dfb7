"""Replay recordings: what rrweb recorded of a page, whole or broken, with a secret in it."""

import json
import zlib
from random import Random
from typing import Any

from relay import jsonio
from relay.errors import ScrubError
from relay.scrub.recording import scrub_recording
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import SAMPLES, broken, says_nothing, some, word
from tests.fuzz.targets.minidump import scrubber

SECRET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
HEAD = b'{"segment_id":0}\n'
MOST = 1_000_000


def by_rules(value: Any, size: int) -> Any:
    return scrubber().scrub_value(value, size, "replay_recording", write_remarks=False)[0]


def run_recording(data: bytes) -> None:
    """Any bytes are refused, or come out without the secret; twice is once."""
    try:
        clean = scrub_recording(data, by_rules, MOST)
    except (ScrubError, jsonio.JsonError) as error:
        says_nothing(error, secret=SECRET)
        return
    head, _, body = clean.partition(b"\n")
    assert ["segment_id"] == list(jsonio.loads(head))
    opened = zlib.decompress(body) if body[:1] == b"\x78" else body
    document = jsonio.loads(opened)
    assert SECRET.encode() not in opened
    assert SECRET not in json.dumps(document, ensure_ascii=False)
    assert clean == scrub_recording(clean, by_rules, MOST)
    assert clean == scrub_recording(data, by_rules, MOST)


def draw_recording(random: Random) -> bytes:
    document = some(random, _event, 6)
    text = json.dumps(random.choice((document, document, document[:1] or {}, {"a": document})))
    body = text.encode("utf-8", "replace")
    body = broken(body, random, _TOKENS) if random.random() < 0.2 else body
    body = zlib.compress(body, 1) if random.random() < 0.5 else body
    head = random.choice((HEAD, HEAD, HEAD, b'{"segment_id":"1"}\n', b"{}\n", b""))
    return broken(head + body, random) if random.random() < 0.15 else head + body


def _text(random: Random) -> str:
    half = len(SECRET) // 2
    return random.choice((
        "", " ", "a", "Send 5", SECRET, f"to {SECRET} now", SECRET[:half], SECRET[half:], "</p>",
        word(random), f"https://x.example/?a={SECRET}", "M 0 0 L 1 1", "data:image/png;base64,AAAA",
    ))  # fmt: skip


def _id(random: Random) -> Any:
    return random.choice((*range(10), -1, None, "x", 1.5, True))


def _attributes(random: Random) -> Any:
    names = ("value", "style", "d", "href", "src", "contenteditable", "type", "class", "rr_dataURL")
    given = {random.choice(names): _text(random) for _ in range(random.randrange(4))}
    return random.choice((given, given, given, None, [], {"style": {"color": _text(random)}}))


def _node(random: Random, levels: int = 4) -> Any:
    kind = random.choice((0, 2, 2, 2, 3, 3, 3, 4, 5, 9, None))
    node: dict[str, Any] = {"type": kind, "id": _id(random)}
    if kind in (0, 2, 9):
        tags = (
            "p",
            "b",
            "svg",
            "path",
            "input",
            "textarea",
            "canvas",
            "style",
            "script",
            "option",
            None,
        )
        node |= {"tagName": random.choice(tags), "attributes": _attributes(random)}
        children = [_node(random, levels - 1) for _ in range(random.randrange(4))] if levels else []
        node["childNodes"] = random.choice((children, children, children, children, None, "x"))
    else:
        node["textContent"] = random.choice((_text(random), _text(random), None, 1))
    return node


def _event(random: Random) -> Any:
    texts = [{"id": _id(random), "value": _text(random)} for _ in range(random.randrange(5))]
    adds = [
        {"parentId": _id(random), "nextId": _id(random), "node": _node(random, 2)}
        for _ in range(random.randrange(5))
    ]
    changes = [
        {"id": _id(random), "attributes": _attributes(random)} for _ in range(random.randrange(3))
    ]
    data = random.choice((
        {"node": _node(random), "initialOffset": {"top": 0}},
        {"source": random.randrange(17), "adds": adds, "texts": texts, "attributes": changes,
         "removes": [{"id": _id(random),
         "parentId": _id(random)} for _ in range(random.randrange(3))]},
        {"source": 5, "id": _id(random), "text": _text(random), "isChecked": False},
        {"source": random.choice((9, 8, 15)), "id": _id(random),
        "commands": [{"property": "fillText",
         "args": [_text(random)]}], "adds": [{"rule": _text(random)}]},
        {"tag": "breadcrumb", "payload": {"message": _text(random),
        "data": {"url": _text(random)}}},
        {"href": f"https://x.example/{_text(random)}", "width": 1, "height": 1}, _text(random),
        None,
    ))  # fmt: skip
    return random.choice((
        {"type": random.randrange(8), "data": data, "timestamp": 1_700_000_000_000}, data,
        _text(random),
    ))  # fmt: skip


def _seeds() -> list[bytes]:
    page = {
        "type": 2, "timestamp": 1,
        "data": {"node": {"type": 0, "id": 1, "childNodes": [
            {"type": 2, "id": 2, "tagName": "p", "attributes": {}, "childNodes": [
                {"type": 3, "id": 3, "textContent": SECRET[:20]},
                {"type": 3, "id": 4, "textContent": SECRET[20:]},
            ]},
        ]}},
    }  # fmt: skip
    body = json.dumps([page]).encode()
    return [HEAD + body, HEAD + zlib.compress(body), *_captured()]


def _captured() -> list[bytes]:
    """Return the recordings inside of captured envelopes."""
    found: list[bytes] = []
    for path in sorted(SAMPLES.glob("browser-*/*replay*.bin")):
        data = path.read_bytes()
        at = data.find(b'{"segment_id"')
        while at >= 0 and len(found) < 6:
            end = data.find(b"\n{", data.find(b"\n", at) + 1)
            found.append(data[at : end if end > 0 else len(data)])
            at = data.find(b'{"segment_id"', at + 1)
    return found


_TOKENS = (
    b'{"segment_id":0}\n', b'"type":', b'"data":{', b'"node":{', b'"childNodes":[',
    b'"textContent":"',
    b'"tagName":"', b'"attributes":{', b'"id":', b'"source":', b'"adds":[', b'"texts":[',
    b'"removes":[',
    b'"parentId":', b'"nextId":', b'"value":"', b'"isStyle":true', b'"svg"', b'"input"', b"null",
    b"}", b"]",
    b",", SECRET.encode(), SECRET[:20].encode(), SECRET[20:].encode(), b"\x78\x9c",
)  # fmt: skip

TARGETS = (Target("recording", run_recording, draw_recording, _seeds, _TOKENS),)
