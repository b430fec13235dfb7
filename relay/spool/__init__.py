"""Spools: the one queue, in memory or in SQLite."""
