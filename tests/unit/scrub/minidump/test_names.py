"""Names: UTF-16 strings and CodeView records, without folders and without what rules find."""

import struct

import pytest

from relay.errors import ScrubError
from relay.scrub.minidump.copying import Copying
from relay.scrub.minidump.names import Names
from relay.scrub.minidump.strings import Texts
from tests.minidumps import forget

GUID = bytes(range(0x80, 0x90))


def read(content: bytes, *, at: int = 8) -> tuple[Names, Copying]:
    copying = Copying(bytes(at) + content)
    return Names(copying, Texts(forget)), copying


def wide(text: str) -> bytes:
    content = text.encode("utf-16-le")
    return struct.pack("<I", len(content)) + content


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("C:\\Users\\jane\\Suite.exe", "Suite.exe"),
        ("/home/jane/libjane.so", "*******.so"),
        ("ünï.dll", "ünï.dll"),
        ("a.so\0/home/jane", "a.so"),
        ("/home/jane/", ""),
    ],
)
def test_a_name_loses_folders_and_keeps_its_place(path: str, name: str) -> None:
    names, copying = read(wide(path))
    assert 8 == names.wide(8)
    assert bytes(len(copying.data)) == bytes(copying.out), "names are written last"
    names.write()
    expected = wide(name)
    assert expected == copying.out[8 : 8 + len(expected)]
    assert not any(copying.out[8 + len(expected) :])


def test_a_name_that_two_share_is_written_once() -> None:
    names, copying = read(wide("/x/suite"))
    assert [8, 8] == [names.wide(8), names.wide(8)]
    names.write()
    assert wide("suite") == copying.out[8 : 8 + 14]
    copying.check()


def test_names_that_share_some_bytes_are_refused() -> None:
    names, copying = read(wide("\4\0\0\0\4\0\0\0"))
    names.wide(8)
    names.wide(12)
    with pytest.raises(ScrubError):
        copying.check()


@pytest.mark.parametrize("content", [b"", b"\3\0\0\0abc", b"\x08\0\0\0ab", b"\xff\xff\xff\xff"])
def test_what_is_no_string_is_refused(content: bytes) -> None:
    names, _ = read(content)
    with pytest.raises(ScrubError):
        names.wide(8)


@pytest.mark.parametrize(
    ("head", "path", "name"),
    [
        (b"RSDS" + GUID + struct.pack("<I", 3), b"C:\\jane\\suite.pdb\0", b"suite.pdb\0"),
        (b"NB10" + struct.pack("<III", 0, 0x8912_3456, 2), b"/home/jane/a.pdb\0", b"a.pdb\0"),
        (b"LEpB" + GUID + b"\x90\x91\x92\x93", b"", b""),
        (b"LEpB" + b"abcdefgh" + GUID[:12], b"", b""),
    ],
)
def test_a_debug_record_keeps_build_id_and_base_name(head: bytes, path: bytes, name: bytes) -> None:
    names, copying = read(head + path)
    assert (len(head + name), 8) == names.debug_record(len(head + path), 8)
    names.write()
    assert head + name == copying.out[8 : 8 + len(head + name)]
    assert not any(copying.out[8 + len(head + name) :])


@pytest.mark.parametrize(
    "record",
    [
        b"RSDS" + b"wallet of miss J" + struct.pack("<I", 1) + b"a.pdb\0",
        b"RSDS" + "miss J. ".encode("utf-16-le") + struct.pack("<I", 1) + b"a.pdb\0",
        b"RSDS" + "miss J. ".encode("utf-16-be") + struct.pack("<I", 1) + b"a.pdb\0",
        b"RSDS" + GUID + b"jane" + b"a.pdb\0",
        b"NB10" + b"jane" + struct.pack("<II", 0, 1) + b"a.pdb\0",
        b"NB10" + struct.pack("<II", 0, 1) + b"jane" + b"a.pdb\0",
        b"LEpB" + b"hunter2-secret-token",
        b"LEpB" + bytes(33),
        b"LEpB",
        b"????" + GUID,
    ],
)
def test_a_debug_record_that_is_a_text_or_unknown_goes(record: bytes) -> None:
    names, copying = read(record)
    assert (0, 0) == names.debug_record(len(record), 8)
    names.write()
    assert not any(copying.out)


@pytest.mark.parametrize("record", [b"RSDS" + GUID, b"NB10" + bytes(8)])
def test_a_debug_record_that_is_cut_off_is_refused(record: bytes) -> None:
    names, _ = read(record)
    with pytest.raises(ScrubError):
        names.debug_record(len(record), 8)
