"""Kinds that are dropped by default, where a project has them scrubbed: replays and minidumps."""

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import ours
from tests.conformance.target import NEEDLE, PROJECT, Target, event, new_id
from tests.conformance.upstream import listening
from tests.system import planted

rows = pytest.mark.rows
pytestmark = pytest.mark.ours

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A relay of ours that scrubs replays."""
    with _scrubbing(tmp_path_factory.mktemp("replays"), "replay") as own:
        yield own


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A relay of ours that scrubs minidumps."""
    with _scrubbing(tmp_path_factory.mktemp("dumps"), "minidump") as own:
        yield own


@contextmanager
def _scrubbing(folder: Path, kind: str) -> Iterator[Target]:
    with (
        listening(0) as upstream,
        ours(folder / "relay", upstream, {PROJECT: {}}, items={kind: "scrub"}) as own,
    ):
        yield own


# --- recordings ----------------------------------------------------------------------------------


def _node(number: int, text: str) -> dict[str, Any]:
    return {"type": 3, "id": number, "textContent": text}


def _element(number: int, tag: str, *children: dict[str, Any], **attributes: str) -> dict[str, Any]:
    return {
        "type": 2,
        "id": number,
        "tagName": tag,
        "attributes": attributes,
        "childNodes": list(children),
    }


SPLIT = ("203.0.", "113.42")
RECORDING = [
    {"type": 4, "timestamp": 1, "data": {"href": f"http://{NEEDLE}/", "width": 1, "height": 2}},
    {
        "type": 2,
        "timestamp": 2,
        "data": {
            "node": {
                "type": 0,
                "id": 1,
                "childNodes": [
                    _element(
                        2,
                        "p",
                        _node(3, f"connected to {NEEDLE}"),
                        _element(4, "span", _node(5, SPLIT[0]), _node(6, SPLIT[1])),
                        title=f"at {NEEDLE}",
                    ),
                    _element(7, "input", value=NEEDLE),
                ],
            },
            "initialOffset": {"top": 0, "left": 17},
        },
    },
    {"type": 3, "timestamp": 3, "data": {"source": 5, "id": 7, "text": NEEDLE, "isChecked": False}},
    {
        "type": 5,
        "timestamp": 4,
        "data": {
            "tag": "breadcrumb",
            "payload": {"category": "console", "message": f"to {NEEDLE}", "level": "info"},
        },
    },
]
PACKINGS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "JSON": (bytes, bytes),
    "zlib(JSON)": (zlib.compress, zlib.decompress),
}


@rows("kinds/replay_recording-scrub")
@pytest.mark.parametrize("packing", list(PACKINGS))
def test_a_recording_is_scrubbed(replays: Target, packing: str) -> None:
    """Every string of every node; compressed as it came; what shows the page stays."""
    pack, unpack = PACKINGS[packing]
    replay_id = new_id()
    replay = {"type": "replay_event", "replay_id": replay_id, "event_id": replay_id}
    replay |= {"segment_id": 0, "timestamp": 1.0, "replay_type": "session"}
    payload = b'{"segment_id":0}\n' + pack(json.dumps(RECORDING).encode())
    items = (("replay_event", replay), ("replay_recording", payload))
    arrival = replays.deliver({"event_id": replay_id}, *items)
    head, _, body = arrival.one("replay_recording").payload.partition(b"\n")
    assert {"segment_id": 0} == json.loads(head)
    text = unpack(body).decode()
    assert NEEDLE not in text
    arrived = json.loads(text)
    assert [part["type"] for part in RECORDING] == [part["type"] for part in arrived]
    assert {"top": 0, "left": 17} == arrived[1]["data"]["initialOffset"]
    paragraph = arrived[1]["data"]["node"]["childNodes"][0]
    assert ("p", "connected to ") == (
        paragraph["tagName"],
        paragraph["childNodes"][0]["textContent"][:13],
    )
    shown = "".join(node["textContent"] for node in paragraph["childNodes"][1]["childNodes"])
    assert NEEDLE not in shown


UNREADABLE = {
    "nothing": b"",
    "no header": b"nonsense",
    "a header alone": b'{"segment_id":0}\n',
    "neither JSON nor zlib": b'{"segment_id":0}\nnonsense',
    "zlib that breaks off": b'{"segment_id":0}\n' + zlib.compress(b"[{}]")[:-3],
}


@rows("kinds/replay_recording-scrub")
@pytest.mark.parametrize("what", list(UNREADABLE))
def test_a_recording_that_cannot_be_read(replays: Target, what: str) -> None:
    """It is dropped; what stands beside it arrives."""
    event_id = new_id()
    items = (("replay_recording", UNREADABLE[what]), ("event", event(event_id)))
    arrival = replays.deliver({"event_id": event_id}, *items)
    assert ["event"] == [item.kind for item in arrival.items]


@rows("limits/replay")
def test_a_recording_that_opens_to_too_much(replays: Target) -> None:
    """Over 100 MiB when it is opened: it is dropped, and not opened further."""
    event_id = new_id()
    page = b'[{"type":4,"data":{"href":"' + b"a" * (100 * 1024 * 1024) + b'"}}]'
    payload = b'{"segment_id":0}\n' + zlib.compress(page)
    items = (("replay_recording", payload), ("event", event(event_id)))
    arrival = replays.deliver({"event_id": event_id}, *items)
    assert ["event"] == [item.kind for item in arrival.items]


# --- minidumps -----------------------------------------------------------------------------------

THREADS, MODULES, EXCEPTION, SYSTEM = 3, 4, 6, 7
"""Streams of a minidump (MINIDUMP_STREAM_TYPE) that a stack trace needs."""


def _dump() -> bytes:
    """The minidump in a form that crashpad has sent."""
    form = (SAMPLES / "crashpad" / "minidump-multipart-plain-01.bin").read_bytes()
    start = form.index(b"MDMP")
    boundary = form[: form.index(b"\r\n")]
    return form[start : form.index(b"\r\n" + boundary, start)]


def _streams(dump: bytes) -> dict[int, int]:
    """The size of each stream, by its type."""
    count, at = struct.unpack_from("<II", dump, 8)
    found = (struct.unpack_from("<III", dump, at + 12 * index) for index in range(count))
    return {kind: size for kind, size, _ in found if kind}


@rows("kinds/minidump-scrub")
def test_a_minidump_is_scrubbed(dumps: Target) -> None:
    """Threads, modules, exception and system are there; nothing of the person is."""
    dump = _dump()
    needles = planted.load(SAMPLES)
    assert needles.find("as it came", dump)
    event_id = new_id()
    document = event(event_id, platform="native", level="fatal")
    header = {"filename": "a.dmp", "attachment_type": "event.minidump"}
    items = (("event", document), ("attachment", dump, header))
    arrival = dumps.deliver({"event_id": event_id}, *items)
    assert ["event", "attachment"] == [item.kind for item in arrival.items]
    arrived = arrival.one("attachment").payload
    assert b"MDMP" == arrived[:4]
    before, after = _streams(dump), _streams(arrived)
    for stream in (THREADS, MODULES, EXCEPTION, SYSTEM):
        assert (stream, before[stream]) == (stream, after.get(stream))
    assert [] == needles.find("as it arrived", arrived)
    assert b"jane" not in arrived
    assert "jane".encode("utf-16-le") not in arrived


@rows("kinds/minidump-scrub")
@pytest.mark.parametrize("what", ["of zeros", "of four bytes", "none"])
def test_a_minidump_that_cannot_be_read(dumps: Target, what: str) -> None:
    """It is dropped; the event beside it arrives."""
    contents = {"of zeros": b"MDMP" + bytes(60), "of four bytes": b"MDMP", "none": b"no dump"}
    content = contents[what]
    event_id = new_id()
    header = {"filename": "a.dmp", "attachment_type": "event.minidump"}
    items = (("event", event(event_id)), ("attachment", content, header))
    arrival = dumps.deliver({"event_id": event_id}, *items)
    assert ["event"] == [item.kind for item in arrival.items]
