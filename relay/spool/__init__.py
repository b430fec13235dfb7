"""Spools: the one queue, in memory or in SQLite."""

from relay.spool.bounds import Bounds, Dropped, OnDrop
from relay.spool.files import prepare_spool
from relay.spool.memory import MemorySpool
from relay.spool.sqlite import SqliteSpool

__all__ = ["Bounds", "Dropped", "MemorySpool", "OnDrop", "SqliteSpool", "prepare_spool"]
