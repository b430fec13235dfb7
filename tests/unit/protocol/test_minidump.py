"""Crash reports."""

import bz2
import gzip
import lzma
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
import zstandard

from relay import jsonio
from relay.errors import BodyError, TooLargeError, UnsupportedMediaError
from relay.protocol.envelope import Item, parse
from relay.protocol.limits import DEFAULT, KIB
from relay.protocol.minidump import crash_envelope, files_envelope, open_dump
from tests.unit.protocol.test_multipart import TYPE, form

DUMP = b"MDMP\x93\xa7\0\0 a dump"
ID = "ab" * 16
UPLOAD = '; name="upload_file_minidump"; filename="x.dmp.gz"'
PACKERS = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def items(body: bytes) -> list[Item]:
    """Return the items of a crash report in a form."""
    return list(parse(crash_envelope(body, TYPE, ID, DEFAULT)).items)


def headers(item: Item) -> dict[str, Any]:
    return {key: value for key, value in item.headers.items() if key != "length"}


def test_a_dump_alone() -> None:
    """It is one attachment for an event that Sentry makes."""
    envelope = parse(crash_envelope(DUMP, "application/x-dmp", ID, DEFAULT))
    assert ID == envelope.headers["event_id"]
    (item,) = envelope.items
    expected = {
        "type": "attachment",
        "attachment_type": "event.minidump",
        "content_type": "application/x-dmp",
        "filename": "Minidump",
    }
    assert (DUMP, expected) == (item.payload, headers(item))


def test_a_form() -> None:
    """Fields become the event, under the id that is answered; files become attachments."""
    event, dump, view, log = items(
        form(
            ('; name="sentry"', b'{"event_id":"other","tags":{"allowReport":true}}'),
            (UPLOAD, gzip.compress(DUMP)),
            ('; name="view-hierarchy.json"; filename="v.json"', b"{}"),
            ('; name="log"; filename="a.log"\r\nContent-Type: text/plain', b"line"),
            ('; name="__sentry-breadcrumb1"; filename="b"', b""),
        )
    )
    assert {
        "event_id": ID,
        "tags": {"allowReport": True},
        "platform": "native",
        "level": "fatal",
    } == jsonio.loads(event.payload)
    assert (DUMP, "x.dmp") == (dump.payload, dump.headers["filename"])
    assert "event.view_hierarchy" == view.headers["attachment_type"]
    assert {
        "type": "attachment",
        "attachment_type": "event.attachment",
        "content_type": "text/plain",
        "filename": "a.log",
    } == headers(log)


def test_a_form_with_nothing_but_a_dump() -> None:
    """No event is made up."""
    assert ["attachment"] == [item.kind for item in items(form((UPLOAD, DUMP)))]


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"", "application/x-dmp", BodyError),
        (b"no dump", "application/x-dmp", BodyError),
        (form(), TYPE, BodyError),
        (form(('; name="upload_file_minidump"', DUMP)), TYPE, BodyError),
        (form((UPLOAD, b"no dump")), TYPE, BodyError),
        (form((UPLOAD, gzip.compress(DUMP)[:-4])), TYPE, BodyError),
        (form((UPLOAD, DUMP)), "multipart/form-data", UnsupportedMediaError),
    ],
)
def test_no_crash_report(body: bytes, kind: str, error: type[Exception]) -> None:
    """Without a minidump in it, it is refused, and no word of it is repeated."""
    with pytest.raises(error) as caught:
        crash_envelope(body, kind, ID, DEFAULT)
    assert "no dump" not in str(caught.value)


@pytest.mark.parametrize("packer", list(PACKERS))
def test_containers(packer: str) -> None:
    """A container is opened up to the limit of a file; a broken one, or a bomb, is refused."""
    pack = PACKERS[packer]
    assert DUMP == open_dump(pack(DUMP), DEFAULT)
    assert b"PMDM" == open_dump(pack(b"PMDM"), DEFAULT)
    small = replace(DEFAULT, attachment=KIB)
    assert KIB == len(open_dump(pack(b"MDMP" + bytes(KIB - 4)), small))
    with pytest.raises(TooLargeError):
        open_dump(pack(b"MDMP" + bytes(KIB - 3)), small)
    with pytest.raises(TooLargeError):
        open_dump(pack(b"MDMP" + bytes(8 * KIB * KIB)), DEFAULT)
    with pytest.raises(BodyError):
        open_dump(pack(DUMP)[:-5], DEFAULT)
    with pytest.raises(BodyError):
        open_dump(pack(pack(DUMP)), DEFAULT)


@pytest.mark.parametrize("packer", ["bz2", "xz"])
def test_a_bomb_takes_little_memory(packer: str) -> None:
    """No more is opened than may be kept."""
    bomb = PACKERS[packer](b"MDMP" + bytes(16 * KIB * KIB))
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match="for type 'attachment'"):
            open_dump(bomb, DEFAULT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 14 * KIB * KIB  # xz has a dictionary of 8 MiB of its own


@pytest.mark.parametrize(("name", "kept"), [("a.dmp", "a.dmp"), ("a.dmp.gz", "a.dmp")])
def test_the_name_of_a_dump_is_that_of_what_was_in_the_container(name: str, kept: str) -> None:
    """The ending of a container goes with it, and a name without one stays."""
    said = f'; name="upload_file_minidump"; filename="{name}"'
    (dump,) = items(form((said, DUMP)))
    assert kept == dump.headers["filename"]


def test_the_event_of_a_form_is_one() -> None:
    """Its item says so, and a file without a name has an empty one."""
    event, _, file = items(
        form(
            ('; name="sentry"', b'{"dist":"1"}'), (UPLOAD, DUMP), ('; name="a"; filename=""', b"1")
        )
    )
    assert ("event", "") == (event.kind, file.headers["filename"])


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/x-dmp"])
def test_types_of_a_dump_alone(kind: str) -> None:
    """Either says that the body is the dump."""
    (dump,) = parse(crash_envelope(DUMP, kind, ID, DEFAULT)).items
    assert DUMP == dump.payload


def test_a_form_in_a_form() -> None:
    """Old Electron on Linux sends the whole form again as the file."""
    assert DUMP == open_dump(form((UPLOAD, DUMP)), DEFAULT)
    with pytest.raises(BodyError):
        open_dump(form(('; name="x"; filename="y"', DUMP)), DEFAULT)


def test_files_for_an_event() -> None:
    """Each file is an attachment; fields that are none are left out."""
    body = form(('; name="a"; filename="a.txt"', b"1"), ('; name="b"', b"2"))
    envelope = parse(files_envelope(body, TYPE, ID, DEFAULT))
    assert (ID, [b"1"]) == (envelope.headers["event_id"], [i.payload for i in envelope.items])
