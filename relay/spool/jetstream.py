"""The door to the spool in JetStream: the library is an extra, and is looked for here only."""

from typing import TYPE_CHECKING

from relay.config import SpoolSettings
from relay.errors import RelayError
from relay.ports import Clock
from relay.spool.bounds import OnDrop, ignore_drop

if TYPE_CHECKING:
    from collections.abc import Callable

    from relay.ports import Lane
    from relay.spool.jetstream_spool import JetStreamSpool


async def open_jetstream(
    settings: SpoolSettings,
    clock: Clock,
    on_drop: OnDrop = ignore_drop,
    partition: "Callable[[Lane], str] | None" = None,
) -> "JetStreamSpool":
    """Connect to the spool in JetStream; see `JetStreamSpool.connect`.

    Raises:
        RelayError: the extra is not installed.
        SpoolUnavailableError: no server answers, or they refuse the streams.
    """
    spool, own_partition = _library()
    return await spool.connect(settings, clock, on_drop, partition or own_partition)


async def attach_jetstream(settings: SpoolSettings, clock: Clock) -> "JetStreamSpool":
    """Connect to it for a tool; see `JetStreamSpool.attach`.

    Raises:
        RelayError: the extra is not installed.
        SpoolUnavailableError: no server answers, or there is no such spool.
    """
    spool, _ = _library()
    return await spool.attach(settings, clock)


def _library() -> "tuple[type[JetStreamSpool], Callable[[Lane], str]]":
    try:
        from relay.spool.jetstream_spool import JetStreamSpool, own_partition  # noqa: PLC0415
    except ModuleNotFoundError:
        message = "spool.backend jetstream needs: pip install 'scrub-relay[jetstream]'"
        raise RelayError(message) from None
    return JetStreamSpool, own_partition
