"""Attachments that are text, with the rules that ship: what is planted is gone, the rest stays."""

from typing import Any

import pytest

import relay
from relay.jsonio import dumps, loads
from relay.protocol.envelope import Item
from relay.scrub.scrubber import Scrubber
from tests.unit.scrub.items.documents import (
    PHRASE,
    PLANTS,
    Spot,
    at,
    changed,
    forms,
    planted,
    texts,
    without,
)

BEFORE = "2026-11-23 17:17:33.768 [info] für alle: gestartet, Version 24.11.1"
AFTER = "    at Object.sign (app:///static/js/main.js:12:3)"
ENCODINGS = {
    "UTF-8": (b"", "utf-8"),
    "UTF-8 with a mark": (b"\xef\xbb\xbf", "utf-8"),
    "UTF-16 LE": (b"", "utf-16-le"),
    "UTF-16 LE with a mark": (b"\xff\xfe", "utf-16-le"),
    "UTF-16 BE": (b"", "utf-16-be"),
    "UTF-16 BE with a mark": (b"\xfe\xff", "utf-16-be"),
    "Windows 1252": (b"", "cp1252"),
}
PLANTED = {name: plant for name, (plant, _) in PLANTS.items()} | {"phrase": PHRASE[0]}
SECRETS = {name: secret for name, (_, secret) in PLANTS.items()} | {"phrase": PHRASE[1]}
LINES: list[Any] = [
    {"level": 30, "time": 1795454582505, "msg": "started", "module": "suite", "data": {"a": "b"}},
    {
        "level": 50,
        "time": "2026-11-23T17:17:33Z",
        "err": {"stack": "Error: no\n    at main.js:1:2"},
    },
    ["words", {"note": "fine"}],
]


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(verify=False)


def clean(scrubber: Scrubber, payload: bytes) -> bytes:
    headers = {"type": "attachment", "filename": "app.log", "content_type": "text/plain"}
    done = scrubber.scrub_item(0, Item.make(headers, payload)).item
    assert done is not None
    return done.payload


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", PLANTED)
def test_a_line_of_a_log(scrubber: Scrubber, encoding: str, name: str) -> None:
    """In any encoding what it holds is gone, and the lines around it are as they were."""
    bom, codec = ENCODINGS[encoding]
    lines = [BEFORE, f"[error] cannot read {PLANTED[name]}", AFTER, ""]
    payload = bom + "\r\n".join(lines).encode(codec)
    once = clean(scrubber, payload)
    assert once.startswith(bom)
    found = once[len(bom) :].decode(codec).split("\r\n")
    assert [BEFORE, AFTER, ""] == [found[0], *found[2:]]
    assert SECRETS[name] not in found[1]
    assert found[1].startswith("[error] cannot read ")
    assert once == clean(scrubber, once)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_log_that_is_nobodys_stays(scrubber: Scrubber, encoding: str) -> None:
    """Byte for byte."""
    bom, codec = ENCODINGS[encoding]
    payload = bom + f"{BEFORE}\n{AFTER}\n\n".encode(codec)
    assert payload == clean(scrubber, payload)


def as_lines(documents: list[Any]) -> bytes:
    return b"\n".join(map(dumps, documents)) + b"\n"


def test_json_lines_that_are_nobodys_stay(scrubber: Scrubber) -> None:
    """A document a line, each as it was."""
    assert as_lines(LINES) == clean(scrubber, as_lines(LINES))


@pytest.mark.parametrize("spot", list(texts(LINES)), ids=lambda spot: ".".join(map(str, spot)))
def test_a_field_in_json_lines(scrubber: Scrubber, spot: Spot) -> None:
    """Each line is a document, in which keys count."""
    for name, plant in PLANTED.items():
        for value in forms(at(LINES, spot), plant):
            once = clean(scrubber, as_lines(planted(LINES, spot, value)))
            assert SECRETS[name] not in once.decode()
            found = [loads(line) for line in once.splitlines()]
            assert {} == changed(without(LINES, spot), without(found, spot))


def test_what_goes_by_its_key_in_json_lines(scrubber: Scrubber) -> None:
    """Names of machines and accounts, as loggers of Node write them."""
    given = [{"hostname": "janes-pc", "msg": "x"}, {"user": {"username": "jane"}, "msg": "y"}]
    found = clean(scrubber, as_lines(given))
    assert (True, True, True) == (b"jane" not in found, b'"x"' in found, b'"y"' in found)
