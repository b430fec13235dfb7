"""FileSink: an upstream that is a folder, so that a newcomer sees clean events without a Sentry.

Law of this file: a file name holds the time, the envelope's id and a kind from our own table, never
anything else that was sent. Files appear whole: written under another name first, then renamed.
"""

import asyncio
import os
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from relay import jsonio
from relay.delivery import UpstreamResponse
from relay.errors import RequestError, UpstreamError
from relay.ports import Clock
from relay.protocol.envelope import parse
from relay.protocol.ids import is_hex32
from relay.protocol.item_kinds import kind_of
from relay.scrub.permit import ScrubbedEnvelope

KEEP: Final = 1_000
"""So many envelopes are kept; older ones are deleted, for the folder is there to be looked at."""


class FileSink:
    """A `ports.Upstream` that writes every envelope to a folder, in order of time.

    For an envelope `<name>.envelope` with its exact bytes, and before it `<name>.<n>-<kind>.json`
    for each item that is JSON, indented. `<name>` is the UTC time and the envelope's id. Folder
    mode 0700 when we make it, files 0600. Only the newest envelopes are kept.
    """

    def __init__(self, folder: Path, clock: Clock, keep: int = KEEP) -> None:
        """Set up; the folder is made by the first send.

        Args:
            folder: where to write.
            clock: the time, for the names.
            keep: envelopes that stay, at least 1.
        """
        self._folder = folder
        self._clock = clock
        self._keep = max(1, keep)
        self._names: deque[str] | None = None
        self._turn = asyncio.Lock()

    async def send(self, envelope: ScrubbedEnvelope) -> UpstreamResponse:
        """Write one envelope; answers 200. Raises `UpstreamError` when it cannot be written."""
        now = self._clock.now()
        async with self._turn:
            try:
                await asyncio.to_thread(self._write, envelope, now)
            except OSError:
                raise UpstreamError("the folder cannot be written") from None
        return UpstreamResponse(200)

    async def close(self) -> None:
        """Nothing stays open."""

    # --- in a thread, one at a time ---

    def _write(self, envelope: ScrubbedEnvelope, now: float) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._names is None:
            self._names = deque(sorted(p.stem for p in self._folder.glob("*.envelope")))
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        name = f"{stamp}-{_safe_id(envelope.envelope_id)}"
        for number, (kind, text) in enumerate(_documents(envelope.body)):
            if text is not None:
                self._place(f"{name}.{number}-{kind}.json", text)
        self._place(f"{name}.envelope", envelope.body)
        self._names.append(name)
        while len(self._names) > self._keep:
            for path in self._folder.glob(f"{self._names.popleft()}.*"):
                path.unlink(missing_ok=True)

    def _place(self, name: str, data: bytes) -> None:
        part = self._folder / f".{name}.part"
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
        part.replace(self._folder / name)


def _safe_id(envelope_id: str) -> str:
    return envelope_id.lower() if is_hex32(envelope_id) else "0" * 32


def _documents(body: bytes) -> list[tuple[str, bytes | None]]:
    """Return for each item its kind and, when it is JSON, its payload indented."""
    try:
        items = parse(body).items
    except RequestError:  # the exact bytes are written all the same
        return []
    found: list[tuple[str, bytes | None]] = []
    for item in items:
        kind = kind_of(item.headers)
        found.append(("unknown" if kind is None else kind.name, _indented(item.payload)))
    return found


def _indented(payload: bytes) -> bytes | None:
    try:
        return jsonio.pretty(jsonio.loads(payload)).encode() + b"\n"
    except jsonio.JsonError:
        return None
