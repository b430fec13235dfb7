"""This program's own errors, told to a Sentry of the operator: what the log says, and no more.

Law of this file: an event is made of what `relay.logs` lets through, never of an exception's text,
locals or source lines; then our own scrubber goes over it, and what it cannot clean is not sent.
The SDK only delivers: it sees no request and hooks into nothing.
"""

import atexit
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, cast

from relay import jsonio, logs
from relay.config import ErrorSettings
from relay.errors import RelayError
from relay.scrub.scrubber import Scrubber

if TYPE_CHECKING:
    import sentry_sdk

MAX_EVENTS: Final = 30
"""Events in `PERIOD`: one mistake can meet every envelope. The log has them all."""

PERIOD: Final = 60.0
"""Seconds."""

MAX_TEXT: Final = 1_024
"""Characters of one text in an event; `relay.logs` cuts its own much earlier."""

_OURS: Final = "relay"


class OwnErrors(logging.Handler):
    """Sends records of level ERROR and above."""

    def __init__(
        self, client: "sentry_sdk.Client", timer: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(logging.ERROR)
        self._client = client
        self._timer = timer
        self._sent: deque[float] = deque(maxlen=MAX_EVENTS)
        self._process = os.getpid()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand an event to the SDK's thread, unless there were too many just now."""
        now = self._timer()
        if len(self._sent) == MAX_EVENTS and now - self._sent[0] < PERIOD:
            return
        self._sent.append(now)
        try:
            self._client.capture_event(cast("Any", event_of(record)))
        except Exception:  # noqa: BLE001 - telling of an error must not make another one
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name
        """Say nothing: the log has the record, and the library would print all of it."""

    def close(self, timeout: float = 2.0) -> None:
        """Send what waits, for so many seconds at most; what a fork has copied is the parent's."""
        if self._process == os.getpid():
            self._client.close(timeout=timeout)
        super().close()


_running: OwnErrors | None = None
_scrubber: Scrubber | None = None


def use(scrubber: Scrubber) -> None:
    """Have other rules go over every event from now on."""
    global _scrubber  # noqa: PLW0603 - as above
    _scrubber = scrubber


def start(settings: ErrorSettings, scrubber: Scrubber) -> None:
    """Send this process's own errors from now on, if that is configured; call it in each process.

    Args:
        settings: where to.
        scrubber: goes over every event.

    Raises:
        RelayError: the SDK is not installed.
    """
    global _running  # noqa: PLW0603 - logging is the process's, and so is its handler
    if settings.dsn is None:
        return
    stop(0)
    use(scrubber)
    _running = OwnErrors(_client(str(settings.dsn), settings.environment))
    logging.getLogger(_OURS).addHandler(_running)
    # At the very end: what ends the process is logged after everything else has been closed.
    atexit.register(stop)


def stop(timeout: float = 2.0) -> None:
    """Send what waits, for so many seconds at most, and end. May be repeated."""
    global _running
    handler, _running = _running, None
    if handler is not None:
        logging.getLogger(_OURS).removeHandler(handler)
        handler.close(timeout)


def event_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the event for a record, of what the log would say of it."""
    event: dict[str, Any] = {
        "level": "fatal" if record.levelno >= logging.CRITICAL else "error",
        "logger": record.name,
        "platform": "python",
        "logentry": {"message": logs.message_of(record)},
        "extra": logs.fields_of(record),
    }
    error = logs.exception_of(record)
    if error is not None:  # Sentry lists the cause first
        event["exception"] = {"values": [_value(each) for each in logs.unfold(error)][::-1]}
    return event


def _value(error: logs.Described) -> dict[str, Any]:
    frames = [
        {"filename": f.file, "function": f.function, "lineno": f.line, "in_app": True}
        for f in error.frames
    ]
    return {
        "type": error.name,
        "module": error.module,
        "value": error.reason,
        "stacktrace": {"frames": frames},
    }


def _client(dsn: str, environment: str) -> "sentry_sdk.Client":
    """Make a client that does nothing by itself."""
    try:
        import sentry_sdk  # noqa: PLC0415 - an extra
    except ImportError:
        raise RelayError("errors.dsn needs the extra `sentry`") from None

    def before_send(event: Any, _hint: Any) -> Any:
        if _scrubber is None:
            return None
        try:
            return jsonio.loads(_scrubber.scrub_json(jsonio.dumps(event)).body)
        except (RelayError, ValueError):
            return None

    return sentry_sdk.Client(
        dsn=dsn,
        environment=environment,
        release=f"scrub-relay@{version('scrub-relay')}",
        server_name="",
        integrations=[],
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        attach_stacktrace=False,
        before_send=before_send,
        debug=False,
        enable_backpressure_handling=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        max_value_length=MAX_TEXT,
        propagate_traces=False,
        send_client_reports=False,
        spotlight=False,
        traces_sample_rate=None,
    )
