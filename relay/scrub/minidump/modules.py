"""The modules of a dump: where each was loaded, its build, and its name without folders."""

from relay.errors import ScrubError
from relay.scrub.minidump.copying import MAX_RECORDS, Copying
from relay.scrub.minidump.layout import (
    MODULE,
    MODULE_OUT,
    UNLOADED,
    UNLOADED_HEADER,
    VERSION_INFO,
    Architecture,
)
from relay.scrub.minidump.names import Names


def copy_modules(
    copying: Copying, names: Names, start: int, size: int, architecture: Architecture
) -> list[tuple[int, int]]:
    """Copy a MINIDUMP_MODULE_LIST and return the base address and size of each module.

    Raises:
        ScrubError: it is cut off, or a module lies outside of the addresses that there are.
    """
    count, first = copying.count(start, size, MODULE.size)
    copying.claim(start, first - start + count * MODULE.size, "modules")
    copying.write(start, count.to_bytes(4, "little"))
    ranges = []
    for rva in range(first, first + count * MODULE.size, MODULE.size):
        base, image, checksum, time, name, version, debug_size, debug, _, _ = MODULE.unpack_from(
            copying.data, rva
        )
        if base + image > 1 << (8 * architecture.word):
            raise ScrubError("a module of a minidump outside of all addresses")
        ranges.append((base, image))
        if not version.startswith(VERSION_INFO):
            version = b""
        record = names.debug_record(debug_size, debug)
        copying.write(
            rva,
            MODULE_OUT.pack(base, image, checksum, time, names.wide(name), version, *record),
        )
    return ranges


def copy_unloaded_modules(copying: Copying, names: Names, start: int, size: int) -> int:
    """Copy a MINIDUMP_UNLOADED_MODULE_LIST and return the bytes of the stream.

    Raises:
        ScrubError: it is cut off, or longer than its stream.
    """
    if size < UNLOADED_HEADER.size:
        raise ScrubError("a list of a minidump that is cut off")
    header, entry, count = UNLOADED_HEADER.unpack_from(copying.data, start)
    whole: int = header + entry * count
    if (
        header < UNLOADED_HEADER.size
        or entry < UNLOADED.size
        or count > MAX_RECORDS
        or whole > size
    ):
        raise ScrubError("a list of a minidump that is longer than its stream")
    copying.claim(start, whole, "unloaded modules")
    copying.write(start, UNLOADED_HEADER.pack(header, entry, count))
    for rva in range(start + header, start + whole, entry):
        base, image, checksum, time, name = UNLOADED.unpack_from(copying.data, rva)
        copying.write(rva, UNLOADED.pack(base, image, checksum, time, names.wide(name)))
    return whole
