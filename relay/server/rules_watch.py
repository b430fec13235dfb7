"""Looks whether rule files have changed, and whether whoever changes them is done.

Law of this file: it looks from outside and reads nothing. A change counts when two looks in a row
saw the same: editors and copies write a file bit by bit, and a folder file by file.
"""

from collections.abc import Callable

from relay.rulefiles import Fingerprint


class RulesWatch:
    """Remembers what was seen."""

    def __init__(self, fingerprint: Callable[[], Fingerprint]) -> None:
        """Set up; what stands there at the first look counts as changed.

        Args:
            fingerprint: what is seen from outside.
        """
        self._fingerprint = fingerprint
        self._seen: Fingerprint | None = None
        self._told = False

    def look(self) -> bool:
        """Look; return whether there is something to read that was not there at the last time."""
        now = self._fingerprint()
        if now != self._seen:
            self._seen, self._told = now, False
            return False
        told, self._told = self._told, True
        return not told
