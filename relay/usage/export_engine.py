"""DuckDB, locked into a private folder: no network, no extensions, bounded memory and threads.

Law of this file: the library is an extra, and is looked for here only. Its errors may quote what
it read, so none of its texts is shown.
"""

import importlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from relay.errors import RelayError
from relay.usage.export_columns import literal
from relay.usage.leftovers import DATABASE, PREFIX

MEMORY: Final = 1_000_000_000
"""Bytes that DuckDB may use; what needs more is put into the private folder meanwhile."""

THREADS: Final = 4
"""Threads that it uses at most; each wants some memory of its own."""


class EngineError(RelayError):
    """A statement failed: memory or disk are full, or a mistake of ours."""


class UnreadableError(EngineError):
    """What was read is not as it should be."""


@dataclass(slots=True)
class Engine:
    """An open database, and the folder that it may use; nothing else can be reached from it."""

    folder: Path
    _connection: Any = field(repr=False)
    _library: Any = field(repr=False)

    def run(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement; return its rows.

        Raises:
            EngineError: it failed; its text holds nothing that was read.
        """
        try:
            return list(self._connection.execute(statement, list(values)).fetchall())
        except self._library.Error as error:
            fatal = isinstance(error, self._library.OperationalError)
            kind = type(error).__name__
        # Outside of the handler, for an error remembers the one that it was raised in.
        raise (EngineError if fatal else UnreadableError)(f"the sets cannot be made: {kind}")

    def one(self, statement: str, values: Sequence[object] = ()) -> Any:
        """Run a statement; return the one value that it gives.

        Raises:
            EngineError: as `run`.
        """
        return self.run(statement, values)[0][0]


@contextmanager
def open_engine(memory: int = MEMORY, threads: int = THREADS) -> Iterator[Engine]:
    """Open an empty database in a folder that only this user may read, gone afterwards.

    Args:
        memory: bytes that it may use.
        threads: that it may use at most.

    Raises:
        RelayError: the library is missing.
    """
    try:
        duckdb = importlib.import_module("duckdb")
    except ImportError:
        raise RelayError("sets need DuckDB: pip install 'scrub-relay[usage]'") from None
    # mkdtemp makes it with mode 0700.
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name).resolve()
        connection = duckdb.connect(
            str(folder / DATABASE),
            config={
                "memory_limit": f"{memory // 1_000_000}MB",
                "threads": max(1, min(threads, os.cpu_count() or 1)),
                "temp_directory": str(folder / "spill"),
                "extension_directory": str(folder / "extensions"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "preserve_insertion_order": True,
            },
        )
        try:
            # In this order: without external access the folders can be named no more.
            connection.execute(f"SET allowed_directories = [{literal(str(folder))}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET lock_configuration = true")
            yield Engine(folder, connection, duckdb)
        finally:
            connection.close()
