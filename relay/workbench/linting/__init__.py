"""Faults of rules that no example shows: `relay rules lint`."""
