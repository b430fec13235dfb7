"""The answer to an event that was taken: 204, which says the same to everybody.

Law of this file: what is written is byte for byte an answer that aiohttp could have written itself.
"""

from collections.abc import Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter

_STATUS: Final = HTTPStatus.NO_CONTENT


class Head:
    """What such an answer begins with, which is all of it: made once in each second."""

    def __init__(self, headers: Mapping[str, str], now: Callable[[], float]) -> None:
        """Set up.

        Args:
            headers: all but the date.
            now: seconds since the Unix epoch.
        """
        self.headers = headers
        lines = (f"{name}: {value}\r\n" for name, value in headers.items())
        self._begin = f"HTTP/1.1 {_STATUS.value} {_STATUS.phrase}\r\n{''.join(lines)}"
        self._now = now
        self._second = -1
        self._whole = b""

    def whole(self) -> bytes:
        """Return it with the present date."""
        second = int(self._now())
        if second != self._second:
            date = formatdate(second, usegmt=True)
            self._whole = f"{self._begin}{hdrs.DATE}: {date}\r\n\r\n".encode("ascii")
            self._second = second
        return self._whole


class Taken(web.StreamResponse):
    """204; whoever goes on with the connection gets it in one piece that was made before."""

    def __init__(self, head: Head) -> None:
        """Make one for one request."""
        super().__init__(status=_STATUS, headers=head.headers)
        self._head = head
        self._is_written = False

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection goes on; None while the request alone decides."""
        return True if self._is_written else super().keep_alive

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write it, or its beginning."""
        asked = request.keep_alive and request.version == HttpVersion11
        if not asked or self.keep_alive is not None:
            return await super().prepare(request)
        await request.writer.write(self._head.whole())
        self._is_written = True
        await request.writer.drain()  # `write` alone waits for no client that does not read
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Write the rest."""
        if not self._is_written:
            await super().write_eof(data)
