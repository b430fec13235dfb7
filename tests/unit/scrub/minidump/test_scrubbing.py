import re
import struct
from io import BytesIO

import pytest

from relay.errors import ScrubError
from relay.scrub.minidump import scrub_minidump
from tests.minidumps import (
    AMD64,
    ARM64,
    BASE,
    SECRETS,
    STACK,
    X86,
    Builder,
    forget,
    leaked,
    reals,
    streams,
    windows,
)
from tests.work import growth

REAL = reals()
MADE = {"amd64": windows(AMD64), "x86": windows(X86), "arm64": windows(ARM64),
        "whole": windows(AMD64, whole=True)}  # fmt: skip
ALL = REAL | MADE
KEPT = {3, 4, 5, 6, 7, 14, 15, 24, 0x47670001}


@pytest.mark.parametrize("name", ALL)
def test_what_is_planted_is_gone(name: str) -> None:
    assert leaked(ALL[name]), "the dump holds nothing to find"
    clean = scrub_minidump(ALL[name], forget)
    assert len(ALL[name]) == len(clean)
    assert [] == leaked(clean)
    assert KEPT & set(streams(ALL[name])) == set(streams(clean))


@pytest.mark.parametrize("name", ALL)
def test_a_stream_that_is_not_kept_leaves_an_unused_entry(name: str) -> None:
    """All zero, as the format has it for one to be passed over."""
    clean = scrub_minidump(ALL[name], forget)
    count, rva = struct.unpack_from("<II", clean, 8)
    entries = [struct.unpack_from("<III", clean, rva + 12 * at) for at in range(count)]
    assert {(0, 0, 0)} == {entry for entry in entries if entry[0] not in KEPT}


@pytest.mark.parametrize("name", ALL)
def test_twice_changes_nothing(name: str) -> None:
    clean = scrub_minidump(ALL[name], forget)
    assert clean == scrub_minidump(clean, forget)


@pytest.mark.parametrize("name", REAL)
def test_an_independent_reader_sees_the_same(name: str) -> None:
    reader = pytest.importorskip("minidump.minidumpfile")

    def seen(dump: bytes) -> object:
        parsed = reader.MinidumpFile.parse_buff(BytesIO(dump))
        modules = [
            (re.split(r"[\\/]", module.name)[-1], module.baseaddress, module.size, module.timestamp)
            for module in parsed.modules.modules
        ]
        threads = [(thread.ThreadId, thread.Stack.StartOfMemoryRange) for thread in
                   parsed.threads.threads]  # fmt: skip
        raised = [
            (record.ThreadId, record.ExceptionRecord.ExceptionCode_raw,
             record.ExceptionRecord.ExceptionAddress)
            for record in parsed.exception.exception_records
        ]  # fmt: skip
        system = parsed.sysinfo
        return modules, threads, raised, system.ProcessorArchitecture, system.BuildNumber

    assert seen(ALL[name]) == seen(scrub_minidump(ALL[name], forget))


@pytest.mark.parametrize("architecture", [AMD64, X86, ARM64])
def test_addresses_stay_on_the_stack_and_nothing_else(architecture: int) -> None:
    base, start = BASE[architecture], STACK[architecture]
    words = (base + 0x1081, 0, 0x1234_5678, start + 16, base + 0x0009_0001, 0)
    dump = windows(architecture, words=words)
    clean = scrub_minidump(dump, forget)
    _, threads = streams(clean)[3]
    size, rva = struct.unpack_from("<II", clean, threads + 4 + 32)
    width = 4 if architecture == X86 else 8
    kept = [clean[rva + at : rva + at + width] for at in range(0, 5 * width, width)]
    expected = (words[0], 0, 0, words[3], words[4])
    assert [word.to_bytes(width, "little") for word in expected] == kept
    assert bytes(size - 5 * width) == clean[rva + 5 * width : rva + size]


def test_signed_return_addresses_lose_their_signature() -> None:
    address = BASE[ARM64] + 0x1080
    clean = scrub_minidump(windows(ARM64, words=(address | 0xAB << 56,)), forget)
    _, threads = streams(clean)[3]
    _, rva = struct.unpack_from("<II", clean, threads + 4 + 32)
    assert address == int.from_bytes(clean[rva : rva + 8], "little")


def test_a_stack_of_a_full_dump_is_found_by_its_pointer() -> None:
    address = BASE[AMD64] + 0x1081
    clean = scrub_minidump(windows(AMD64, words=(address,), whole=True), forget)
    _, threads = streams(clean)[3]
    start, _, rva = struct.unpack_from("<QII", clean, threads + 4 + 24)
    assert STACK[AMD64] == start
    assert address == int.from_bytes(clean[rva : rva + 8], "little")


@pytest.mark.parametrize("name", ["wallet-64", "amd64", "x86"])
def test_a_cut_dump_is_clean_or_refused(name: str) -> None:
    for size in range(0, len(ALL[name]), 64):
        _clean_or_refused(ALL[name][:size])


@pytest.mark.parametrize("name", ["wallet-64", "wallet-32", "amd64", "x86"])
def test_a_flipped_byte_leaves_it_clean_or_refused(name: str) -> None:
    dump = ALL[name]
    structures = {at for size, rva in streams(dump).values() for at in range(rva, rva + size, 3)}
    for at in sorted(structures | set(range(256)))[:1500]:
        flipped = bytearray(dump)
        flipped[at] ^= 0xFF if at % 2 else 1 << at % 8
        _clean_or_refused(bytes(flipped))


def _clean_or_refused(dump: bytes) -> None:
    try:
        clean = scrub_minidump(dump, forget)
    except ScrubError:
        return
    assert [] == leaked(clean)


def _with(kind: int, content: bytes) -> bytes:
    made = Builder()
    made.stream(7, struct.pack("<HHHBBIIIIIHH24s", 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b""))
    made.stream(kind, content)
    return made.build()


@pytest.mark.parametrize(
    "dump",
    [
        b"", b"MDMP", b"PMDM" + windows()[4:], b"MDMP" + bytes(28), bytes(4096),
        windows()[:8] + b"\xff\xff\xff\xff" + windows()[12:],
        _with(3, b"\xff\xff\xff\xff"), _with(4, b"\xff\xff\xff\xff"), _with(4, b""),
        _with(9, struct.pack("<QQ", 1 << 60, 0) + bytes(64)) [:-1],
        _with(3, struct.pack("<I", 1) + struct.pack("<IIIIQQIIII", 1, 0, 0, 0, 0, 0, 64, 0, 0, 0)),
        _with(7, bytes(56)), _with(6, bytes(20)), _with(14, b"\0" * 12 + b"\xff"),
        _with(24, struct.pack("<I", 1) + struct.pack("<IQ", 1, 1 << 40)),
        _with(24, struct.pack("<I", 2) + struct.pack("<IQIQ", 1, 32, 2, 34)),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(dump: bytes) -> None:
    with pytest.raises(ScrubError) as refused:
        scrub_minidump(dump, forget)
    assert not any(secret in str(refused.value) for secret in SECRETS)


def test_of_breakpads_word_the_threads_stay() -> None:
    """Which wrote the dump and which asked for it; what could be text, or is none of it, goes."""
    kind = 0x47670001
    clean = scrub_minidump(_with(kind, struct.pack("<III", 0xFFFF_FFFF, 77, 78)), forget)
    size, place = streams(clean)[kind]
    assert struct.pack("<III", 3, 77, 78) == clean[place : place + size]
    with pytest.raises(ScrubError):
        scrub_minidump(_with(kind, struct.pack("<I4sI", 3, b"jane", 78)), forget)
    with pytest.raises(ScrubError):
        scrub_minidump(_with(kind, struct.pack("<II", 3, 77)), forget)


def test_the_work_is_linear() -> None:
    def run(modules: int) -> None:
        made = Builder()
        made.stream(7, struct.pack("<HHHBBIIIIIHH24s", 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b""))
        records = [
            struct.pack("<QIIII52sIIII16s", 1 << 30 | at << 12, 1, 0, 0,
                        made.text(f"/home/jane/{at}.so"), b"", 0, 0, 0, 0, b"")
            for at in range(modules)
        ]  # fmt: skip
        made.stream(4, struct.pack("<I", modules) + b"".join(records))
        dumps[modules] = made.build()

    dumps: dict[int, bytes] = {}
    for modules in (200, 400):
        run(modules)
    assert growth(lambda size: scrub_minidump(dumps[size], forget), 200) < 2.3


@pytest.mark.parametrize(
    ("flags", "kept"), [(2, (24, 2, 0, 0x656E616A, 0, 0)), (0xFD, (24, 0, 0, 0, 0, 0))]
)
def test_when_a_process_began_stays_where_it_is_said(flags: int, kept: tuple[int, ...]) -> None:
    """A field that no flag names is anything."""
    dump = bytearray(MADE["amd64"])
    _, rva = streams(bytes(dump))[15]
    struct.pack_into("<IIII", dump, rva, 1364, flags, 4242, 0x656E616A)
    clean = scrub_minidump(bytes(dump), forget)
    _, rva = streams(clean)[15]
    assert kept == struct.unpack_from("<IIIIII", clean, rva)


@pytest.mark.parametrize(
    ("maker", "kept"), [(b"AuthenticAMD", b"AuthenticAMD"), (b"janes wallet", b"")]
)
def test_the_maker_of_a_processor_is_one_that_there_is(maker: bytes, kept: bytes) -> None:
    """What else the field holds is features, or a text, and goes."""
    dump = bytearray(MADE["amd64"])
    _, rva = streams(bytes(dump))[7]
    dump[rva + 32 : rva + 56] = maker + b"and features"
    clean = scrub_minidump(bytes(dump), forget)
    _, rva = streams(clean)[7]
    assert kept.ljust(24, b"\0") == clean[rva + 32 : rva + 56]
