"""The order in which a dump is made clean, stream by stream.

Law of this file: a stream goes out if it is named here. Sources: see `layout`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from relay.errors import ScrubError
from relay.scrub.minidump.copying import Copying
from relay.scrub.minidump.keep import number as keep_number
from relay.scrub.minidump.keep import ranges
from relay.scrub.minidump.layout import (
    ARCHITECTURES,
    BREAKPAD,
    DIRECTORY,
    HEADER,
    MISC,
    MISC_PROCESS_TIMES,
    SIGNATURE,
    SYSTEM,
    VENDOR,
    VENDORS,
    VERSION,
    Architecture,
    Stream,
)
from relay.scrub.minidump.modules import copy_modules, copy_unloaded_modules
from relay.scrub.minidump.names import Names
from relay.scrub.minidump.strings import Texts, runs
from relay.scrub.minidump.threads import (
    Threads,
    copy_memory,
    copy_thread_names,
    read_regions,
    thread_id,
)

MAX_STREAMS: Final = 1024
"""Entries of a directory. Dumps have some dozens."""

Places = Mapping[Stream, tuple[int, int]]


def scrub_minidump(data: bytes, scrub_text: Callable[[str], str]) -> bytes:
    """Return a dump, as long as before, from which a stack trace can be made and nothing else.

    Args:
        data: a minidump, little-endian.
        scrub_text: returns a text without what rules find. It gets names, one at a time.

    Returns:
        The dump with threads, exception, modules, names and system, all else zeros. Scrubbing it
        again changes nothing.

    Raises:
        ScrubError: it is no minidump, of an unknown processor, cut off, contradicts itself, or
            holds in its numbers what rules find.
    """
    copying = Copying(data)
    places = _open(copying)
    texts = Texts(scrub_text)
    names = Names(copying, texts)
    sizes = _copy_all(copying, names, places)
    copying.check()
    if any(map(texts.changes, runs(copying.out))):
        raise ScrubError("a minidump with a text where numbers should be")
    names.write()
    _write_directory(copying, sizes)
    return bytes(copying.out)


def _open(copying: Copying) -> dict[Stream, tuple[int, int]]:
    """Return size and place of each stream that is read; write the header."""
    copying.claim(0, HEADER.size, "header")
    signature, version, count, rva, _, time, _ = HEADER.unpack_from(copying.data)
    if signature != SIGNATURE or version & 0xFFFF != VERSION:
        raise ScrubError("no minidump, or one of another byte order")
    if count > MAX_STREAMS:
        raise ScrubError("a minidump with too many streams")
    copying.claim(rva, count * DIRECTORY.size, "directory")
    copying.write(0, HEADER.pack(signature, VERSION, count, rva, 0, time, 0))
    places: dict[Stream, tuple[int, int]] = {}
    read = {stream.value: stream for stream in Stream if stream is not Stream.UNUSED}
    for kind, size, place in _directory(copying):
        stream = read.get(kind)
        if stream is None:
            continue
        if stream in places:
            raise ScrubError("a minidump that has a stream twice")
        copying.within(place, size)
        places[stream] = (place, size)
    return places


def _directory(copying: Copying) -> list[tuple[int, int, int]]:
    _, _, count, rva, *_ = HEADER.unpack_from(copying.data)
    return [DIRECTORY.unpack_from(copying.data, rva + at * DIRECTORY.size) for at in range(count)]


def _copy_all(copying: Copying, names: Names, places: Places) -> dict[Stream, int]:
    """Copy all streams that are kept, but for names; return the bytes of each."""
    if Stream.SYSTEM not in places:
        raise ScrubError("a minidump that does not name its processor")
    sizes = {stream: size for stream, (_, size) in places.items()}
    sizes.pop(Stream.MEMORY_64, None)
    sizes[Stream.SYSTEM] = SYSTEM.size
    architecture = _copy_system(copying, names, *places[Stream.SYSTEM])
    modules: list[tuple[int, int]] = []
    if place := places.get(Stream.MODULES):
        modules = copy_modules(copying, names, *place, architecture)
    if place := places.get(Stream.UNLOADED_MODULES):
        sizes[Stream.UNLOADED_MODULES] = copy_unloaded_modules(copying, names, *place, architecture)
    if place := places.get(Stream.THREAD_NAMES):
        sizes[Stream.THREAD_NAMES] = copy_thread_names(copying, names, *place)
    threads = Threads(copying, architecture)
    if place := places.get(Stream.THREADS):
        whole = places.get(Stream.MEMORY_64)
        threads.read(*place, read_regions(copying, *whole) if whole else [])
    stacks = threads.stacks()
    addresses = ranges(architecture, modules, ((stack.start, stack.size) for stack in stacks))
    threads.write(addresses)
    if place := places.get(Stream.EXCEPTION):
        threads.write_exception(addresses, *place)
    if place := places.get(Stream.MEMORY):
        sizes[Stream.MEMORY] = copy_memory(copying, stacks, *place)
    if place := places.get(Stream.MISC):
        sizes[Stream.MISC] = _copy_misc(copying, *place)
    if place := places.get(Stream.BREAKPAD):
        sizes[Stream.BREAKPAD] = _copy_breakpad(copying, *place)
    return sizes


def _copy_system(copying: Copying, names: Names, start: int, size: int) -> Architecture:
    """Copy a MINIDUMP_SYSTEM_INFO; its text is the version of a kernel or a service pack."""
    if size < SYSTEM.size:
        raise ScrubError("a system of a minidump that is cut off")
    number, *rest = SYSTEM.unpack_from(copying.data, start)
    architecture = ARCHITECTURES.get(number)
    if architecture is None:
        raise ScrubError("a minidump of an unknown processor")
    copying.claim(start, SYSTEM.size, "system")
    rest[5:8] = map(keep_number, rest[5:8])
    rest[8] = names.wide(rest[8])
    vendor = rest[-1][:VENDOR]
    rest[-1] = vendor if vendor in VENDORS else b""
    copying.write(start, SYSTEM.pack(number, *rest))
    return architecture


def _copy_misc(copying: Copying, start: int, size: int) -> int:
    """Copy of a MINIDUMP_MISC_INFO when the process began: it says how long it ran.

    The rest is the process id, the speed of the processor, the time zone, and the system's build.
    """
    if size < MISC.size:
        raise ScrubError("a part of a minidump that is cut off")
    copying.claim(start, MISC.size, "misc")
    _, flags, _, began, _, _ = MISC.unpack_from(copying.data, start)
    flags &= MISC_PROCESS_TIMES
    copying.write(start, MISC.pack(MISC.size, flags, 0, began if flags else 0, 0, 0))
    return MISC.size


def _copy_breakpad(copying: Copying, start: int, size: int) -> int:
    """Copy an MDRawBreakpadInfo: which thread wrote the dump, and which asked for it."""
    if size < BREAKPAD.size:
        raise ScrubError("a part of a minidump that is cut off")
    copying.claim(start, BREAKPAD.size, "breakpad")
    valid, wrote, asked = BREAKPAD.unpack_from(copying.data, start)
    copying.write(start, BREAKPAD.pack(valid & 3, thread_id(wrote), thread_id(asked)))
    return BREAKPAD.size


def _write_directory(copying: Copying, sizes: Mapping[Stream, int]) -> None:
    """Write the directory; a stream that is not kept leaves an unused entry."""
    kept = {stream.value: size for stream, size in sizes.items()}
    _, _, _, rva, *_ = HEADER.unpack_from(copying.data)
    for at, (kind, _, place) in enumerate(_directory(copying)):
        entry = (kind, kept[kind], place) if kind in kept else (0, 0, 0)
        copying.write(rva + at * DIRECTORY.size, DIRECTORY.pack(*entry))
