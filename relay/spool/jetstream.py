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
    try:
        from relay.spool.jetstream_spool import JetStreamSpool, own_partition  # noqa: PLC0415
    except ModuleNotFoundError:
        message = "spool.backend jetstream needs: pip install 'scrub-relay[jetstream]'"
        raise RelayError(message) from None
    return await JetStreamSpool.connect(settings, clock, on_drop, partition or own_partition)
