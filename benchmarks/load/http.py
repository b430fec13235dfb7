"""HTTP/1.1 as little as it takes: heads of messages, so that client and upstream cost little CPU.

Law of this file: for our own relay and our own load only; every body has a length.
"""

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_ENCODING = b"content-encoding:"


class MalformedMessageError(Exception):
    """What came is no message that this can read."""


class Messages:
    """Takes bytes as they come, gives whole messages: the head in lower case, and the body."""

    __slots__ = ("_buffer", "_end", "_head")

    def __init__(self) -> None:
        """Start with nothing."""
        self._buffer = bytearray()
        self._head = b""
        self._end = -1

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Take bytes, and return the messages that are whole with them.

        Raises:
            MalformedMessageError: a message has no length.
        """
        self._buffer += data
        whole = []
        while self._has_head() and len(self._buffer) >= self._end:
            whole.append((self._head, bytes(self._buffer[: self._end])))
            del self._buffer[: self._end]
            self._end = -1
        return whole

    def _has_head(self) -> bool:
        if self._end >= 0:
            return True
        head, found, _ = self._buffer.partition(_END)
        if not found:
            return False
        self._head = bytes(head).lower()
        del self._buffer[: len(head) + len(_END)]
        self._end = _length(self._head)
        return True


def _length(head: bytes) -> int:
    value = field(head, _LENGTH)
    if value is None:
        if head.startswith((b"get ", b"http/1.1 204")):
            return 0
        raise MalformedMessageError("a message without a length")
    return int(value)


def field(head: bytes, name: bytes) -> bytes | None:
    """Return the value of a field of a head in lower case; the name ends with a colon."""
    at = head.find(b"\r\n" + name)
    if at < 0:
        return None
    start = at + 2 + len(name)
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


def encoding(head: bytes) -> bytes:
    """Return how a message's body is compressed; empty for not at all."""
    return field(head, _ENCODING) or b""


def status(head: bytes) -> int:
    """Return the status of an answer."""
    return int(head[9:12])


def closes(head: bytes) -> bool:
    """Tell whether the connection ends after this message."""
    return field(head, b"connection:") == b"close"


def request(target: str, length: int, *, encoded: str = "") -> bytes:
    """Return the head of a POST, as the captured client sends it."""
    lines = [
        f"POST {target} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/x-sentry-envelope",
        "User-Agent: electron-net",
        f"Content-Length: {length}",
    ]
    if encoded:
        lines.append(f"Content-Encoding: {encoded}")
    return "\r\n".join([*lines, "", ""]).encode()
