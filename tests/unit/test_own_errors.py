"""Own errors: an event is what the log says, scrubbed, and nothing beside it."""

import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from relay import own_errors
from relay.config import ErrorSettings
from relay.errors import BodyError, RelayError
from relay.own_errors import MAX_EVENTS, PERIOD, OwnErrors, event_of
from relay.protocol.dsn import parse_dsn
from tests.inline_rules import IP, scrubber

SECRET = "hunter2-hunter2"
SETTINGS = ErrorSettings(parse_dsn(f"http://{'a' * 32}@127.0.0.1:9/1"), "test")


@pytest.fixture
def ours() -> Iterator[logging.Logger]:
    """Our logger, which is left as it was."""
    log = logging.getLogger("relay")
    before = log.handlers[:]
    yield log
    own_errors.stop(0)
    assert before == log.handlers


class Client:
    """Takes events."""

    def __init__(self, error: Exception | None = None) -> None:
        self.events: list[Any] = []
        self.error = error

    def capture_event(self, event: Any) -> None:
        self.events.append(event)
        if self.error is not None:
            raise self.error

    def close(self, timeout: float) -> None:
        self.events.append(timeout)


def record(
    about: BaseException | None = None, level: int = logging.ERROR, **extra: Any
) -> logging.LogRecord:
    """Make a record with arguments and a field that must not be told."""
    info = (type(about), about, about.__traceback__) if about is not None else None
    made = logging.LogRecord("relay.x", level, "/srv/x.py", 1, "it_failed", (SECRET,), info)
    made.__dict__.update({"body": SECRET, **extra})
    return made


def broken(local: str) -> BaseException:
    """Return an error with a cause; the secret is in locals, texts and a note."""
    try:
        try:
            raise KeyError(local)  # noqa: TRY301 - it needs a cause
        except KeyError as cause:
            error = BodyError(local, (local,))
            error.add_note(local)
            raise error from cause
    except BodyError as caught:
        return caught


def test_an_event_is_what_the_log_says() -> None:
    """The whole event of an error with a cause: the cause first, as Sentry has it."""
    event = event_of(record(broken(SECRET), count=3, error="BodyError"))
    lines = [frame for value in event["exception"]["values"] for frame in frames(value)]
    assert all(isinstance(frame.pop("lineno"), int) for frame in lines)
    frame = {"filename": "unit/test_own_errors.py", "function": "broken", "in_app": True}
    assert {
        "level": "error",
        "logger": "relay.x",
        "platform": "python",
        "logentry": {"message": "it_failed"},
        "extra": {"count": 3, "error": "BodyError"},
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "module": "builtins",
                    "value": "",
                    "stacktrace": {"frames": [frame]},
                },
                {
                    "type": "BodyError",
                    "module": "relay.errors",
                    "value": "invalid_body",
                    "stacktrace": {"frames": [frame]},
                },
            ]
        },
    } == event
    assert SECRET not in repr(event)


def frames(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The frames of an exception."""
    return value["stacktrace"]["frames"]


def test_what_has_no_exception_has_none() -> None:
    """A crash is `fatal`."""
    event = event_of(record(level=logging.CRITICAL))
    assert ("fatal", None) == (event["level"], event.get("exception"))


def test_one_mistake_sends_no_flood() -> None:
    """So many in a minute, and then as many in the next."""
    client, now = Client(), [100.0]
    handler = OwnErrors(client, lambda: now[0])  # type: ignore[arg-type]
    for _ in range(3 * MAX_EVENTS):
        handler.handle(record())
    assert MAX_EVENTS == len(client.events)
    now[0] += PERIOD
    for _ in range(3 * MAX_EVENTS):
        handler.handle(record())
    assert 2 * MAX_EVENTS == len(client.events)


def test_trouble_in_telling_is_no_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    """What the SDK raises ends nothing, and shows nothing of the record."""
    OwnErrors(Client(ValueError(SECRET))).handle(record())  # type: ignore[arg-type]
    assert ("", "") == capsys.readouterr()


def test_only_errors_of_ours_are_sent(ours: logging.Logger) -> None:
    """From ERROR on, of our own loggers; other libraries may log what a client sent."""
    client = Client()
    handler = OwnErrors(client)  # type: ignore[arg-type]
    ours.addHandler(handler)
    try:
        logging.getLogger("relay.y").warning("it_failed")
        logging.getLogger("aiohttp.server").error("it_failed")
        logging.getLogger("relay.y").error("it_failed")
    finally:
        ours.removeHandler(handler)
    assert ["relay.y"] == [event["logger"] for event in client.events]


def test_it_begins_and_ends(ours: logging.Logger) -> None:
    """Nothing without a DSN; one handler however often it is started; none after the end."""
    own_errors.start(ErrorSettings(), scrubber(IP))
    assert not [h for h in ours.handlers if isinstance(h, OwnErrors)]
    for _ in range(2):
        own_errors.start(SETTINGS, scrubber(IP))
        assert 1 == len([h for h in ours.handlers if isinstance(h, OwnErrors)])
    own_errors.stop(0)
    own_errors.stop(0)
    assert not [h for h in ours.handlers if isinstance(h, OwnErrors)]


def test_without_the_extra_it_says_what_is_missing(
    ours: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK comes with an extra; a start that is told of a DSN and has no SDK fails."""
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(RelayError, match="extra `sentry`"):
        own_errors.start(SETTINGS, scrubber(IP))


def test_a_fork_leaves_the_parents_alone(
    ours: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits in a copy is sent by the process that it was copied from."""
    client = Client()
    handler = OwnErrors(client)  # type: ignore[arg-type]
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    handler.close(7.0)
    monkeypatch.undo()
    handler.close(7.0)
    assert [7.0] == client.events


def before_send() -> Any:
    """What the client does with an event before it is sent."""
    handler = own_errors._running
    assert handler is not None
    return handler._client.options["before_send"]


def test_our_scrubber_goes_over_it(ours: logging.Logger) -> None:
    """By the rules that hold; its remarks stay."""
    own_errors.start(SETTINGS, scrubber(IP))
    clean = before_send()({"extra": {"host": "at 203.0.113.77"}}, {})
    assert {"host": "at [ip]"} == clean["extra"]
    assert {"extra", "_meta"} == clean.keys()


def test_what_cannot_be_cleaned_is_not_sent(ours: logging.Logger) -> None:
    """Too deep for the scrubber, or no JSON: nothing goes out."""
    own_errors.start(SETTINGS, scrubber(IP))
    deep: Any = [1]
    for _ in range(2_000):
        deep = [deep]
    assert before_send()({"extra": deep}, {}) is None
    assert before_send()({"extra": object()}, {}) is None
