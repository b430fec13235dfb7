"""Looking at the streams: how much is in them, and of which partitions."""

from datetime import UTC, datetime
from typing import Any, Final

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import APIError

from relay import jsonio
from relay.errors import SpoolUnavailableError
from relay.ports import SpoolStatus
from relay.spool.jetstream_streams import Names, is_missing, unavailable

SECONDS: Final = 5.0


async def must_be_there(js: JetStreamContext, names: Names) -> None:
    """Look whether a relay has made the streams.

    Raises:
        SpoolUnavailableError: no server answers, or none has.
    """
    with unavailable():
        try:
            await js.stream_info(names.stream)
        except APIError as error:
            if not is_missing(error):
                raise
            message = f"there is no spool {names.stream} in NATS"
            raise SpoolUnavailableError(message) from None


async def tokens_there(js: JetStreamContext, names: Names) -> list[str]:
    """Return the partitions that have envelopes in the stream.

    Raises:
        SpoolUnavailableError: no server answers.
    """
    with unavailable():
        info = await js.stream_info(names.stream, subjects_filter=names.envelopes + "*")
    return [subject.rpartition(".")[2] for subject in info.state.subjects or ()]


async def look(client: Client, names: Names, claimed: int, now: float) -> SpoolStatus:
    """Count what is held; bytes are as the servers count them, with what goes around bodies.

    Args:
        client: the connection.
        names: of the streams.
        claimed: envelopes that this relay has.
        now: seconds since the Unix epoch.

    Raises:
        SpoolUnavailableError: no server answers.
    """
    streams = (names.stream, names.dead, names.bodies_stream)
    with unavailable():
        envelopes, dead, bodies = [await _state(client, stream) for stream in streams]
    waiting = int(envelopes["messages"])
    return SpoolStatus(
        ready=max(0, waiting - claimed),
        claimed=claimed,
        buried=int(dead["messages"]),
        bytes=sum(int(one["bytes"]) for one in (envelopes, dead, bodies)),
        oldest_age=max(0.0, now - _seconds(envelopes["first_ts"])) if waiting else 0.0,
    )


async def _state(client: Client, stream: str) -> dict[str, Any]:
    answer = await client.request(f"$JS.API.STREAM.INFO.{stream}", timeout=SECONDS)
    state = jsonio.loads(answer.data).get("state")
    if not isinstance(state, dict):
        raise ConnectionError
    return state


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
