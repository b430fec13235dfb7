"""Where a secret could have come to lie, and how each of these places is read.

Law of this file: a place yields names and bytes, and knows nothing of what is looked for. What is
stored packed is opened too.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import zstandard

Found = Iterator[tuple[str, bytes]]
"""What a place holds: a name, and bytes."""

SHARED = Path("/dev/shm")
MOST_PAGES = 200
_STREAMS = {b"\x1f\x8b\x08": 31, b"\x78\x01": 15, b"\x78\x9c": 15, b"\x78\xda": 15}
_ZSTD = b"\x28\xb5\x2f\xfd"
_LINK = re.compile(r"""(?:^|[\s"'(=])(/[A-Za-z0-9_.~/-]*)""")
_LARGE = 64 * 1024 * 1024
_PART = 1024 * 1024
"""Bytes of something packed that are opened."""


def files(folder: Path) -> Found:
    """Yield the name and the bytes of every file below a folder, and of what is packed in it."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        yield "name of a file", os.fsencode(name)
        with suppress(OSError):  # it has gone meanwhile, or is no file
            if path.is_symlink():
                yield f"link {name}", os.fsencode(path.readlink())
            elif path.is_file():
                yield from opened(name, path.read_bytes())


def opened(name: str, data: bytes) -> Found:
    """Yield bytes, and whatever gzip, zlib or zstd has packed inside of them."""
    yield name, data
    for mark, bits in _STREAMS.items():
        for found in re.finditer(re.escape(mark), data):
            with suppress(zlib.error):
                part = data[found.start() : found.start() + _PART]
                inside = zlib.decompressobj(bits).decompress(part, _LARGE)
                if len(inside) > 16:
                    yield f"packed in {name}", inside
    for found in re.finditer(re.escape(_ZSTD), data):
        with suppress(zstandard.ZstdError):
            part = data[found.start() : found.start() + _PART]
            yield f"packed in {name}", zstandard.ZstdDecompressor().decompressobj().decompress(part)


def rows(folder: Path) -> Found:
    """Yield each value of each table of the SQLite files in a folder: a page may cut one in two."""
    for path in sorted(folder.glob("*.db*")):
        if path.name.endswith(("-wal", "-shm", "-journal")):
            continue
        with suppress(sqlite3.DatabaseError), closing(_reading(path)) as base:
            tables = [
                row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            for table in tables:
                for row in base.execute(f'SELECT * FROM "{table}"'):
                    values = [v if isinstance(v, bytes) else str(v).encode() for v in row]
                    yield from opened(f"{path.name}, {table}", b"\0".join(values))


def pages(port: int) -> Found:
    """Yield what an admin port serves: its index, and all that is linked from there."""
    todo, seen = ["/", "/metrics"], set[str]()
    while todo and len(seen) < MOST_PAGES:
        path = todo.pop(0)
        if path in seen:
            continue
        seen.add(path)
        with suppress(OSError, HTTPException):
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            with closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                body = answer.read()
            yield (
                f"page {path}",
                f"{answer.status} {answer.reason} {answer.headers}".encode() + body,
            )
            if b"\0" not in body:
                todo += _LINK.findall(body.decode("utf-8", "replace"))


def family(pid: int) -> list[int]:
    """A process, and all that it and its children have started."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


def processes(pids: Iterable[int]) -> Found:
    """Yield what the system shows of processes: titles, arguments, environment, threads, files.

    A file that was removed while it is open can still be read here.
    """
    for pid in pids:
        base = Path(f"/proc/{pid}")
        for name in ("cmdline", "environ", "comm"):
            with suppress(OSError):
                yield f"process, {name}", (base / name).read_bytes()
        for task in base.glob("task/*/comm"):
            with suppress(OSError):
                yield "process, thread", task.read_bytes()
        for one in base.glob("fd/*"):
            with suppress(OSError):
                target = str(one.readlink())
                yield "process, name of an open file", target.encode()
                if "(deleted)" in target and one.is_file():
                    yield from opened("process, removed file", one.read_bytes())


def core_limits(pids: Iterable[int]) -> set[str]:
    """How large a core file of these processes may be, in bytes."""
    found = set()
    for pid in pids:
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
            found |= {line.split()[4] for line in lines if line.startswith("Max core file size")}
    return found


def spool_commands(folder: Path) -> Found:
    """Yield what `relay spool` prints: dead letters, and one of them with its body."""

    def run(*words: str) -> bytes:
        call = [sys.executable, "-m", "relay", "spool", *words]
        done = subprocess.run(call, cwd=folder, capture_output=True, check=False, timeout=120)
        return done.stdout + done.stderr

    listed = run("list", "--json")
    yield "relay spool list", listed
    with suppress(ValueError):
        for letter in json.loads(listed)[:1]:
            yield "relay spool show", run("show", str(letter["number"]))
            yield "relay spool show --body", run("show", str(letter["number"]), "--body")


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
