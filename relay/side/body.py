"""A body in pieces, as it came: whoever passes it on can let go of each piece at once."""

from collections import deque
from collections.abc import Iterator
from typing import Final

_SMALL: Final = 16 * 1024
"""Shorter pieces are put together: each would cost more than it holds."""

_ROUND: Final = 64 * 1024
"""Bytes of short pieces that make one."""


class Body:
    """Bytes that are added piece by piece, and taken out once."""

    __slots__ = ("_pieces", "_short", "size")

    def __init__(self, data: bytes = b"") -> None:
        """Set up, with what is there already."""
        self._pieces = deque([data] if data else ())
        self._short = bytearray()
        self.size = len(data)
        """Bytes that were added."""

    def add(self, piece: bytes) -> None:
        """Add bytes at the end."""
        self.size += len(piece)
        if len(piece) < _SMALL:
            self._short += piece
            if len(self._short) < _ROUND:
                return
            piece = b""
        self._settle()
        if piece:
            self._pieces.append(piece)

    def whole(self) -> bytes:
        """Return all of it, and keep nothing."""
        self._settle()
        pieces, self._pieces = self._pieces, deque()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def pieces(self) -> Iterator[bytes]:
        """Yield all of it in order, and keep nothing of what was yielded."""
        self._settle()
        while self._pieces:
            yield self._pieces.popleft()

    def _settle(self) -> None:
        if self._short:
            self._pieces.append(bytes(self._short))
            self._short.clear()
