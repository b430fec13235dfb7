"""Logs cannot carry a payload: secrets are planted in every part of a record."""

import ast
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import relay
from relay import logs
from relay.errors import EnvelopeError

SECRET = "hunter2-hunter2"


@pytest.fixture
def restored() -> Iterator[None]:
    """Put logging and the hooks back as they were."""
    root, ours = logging.getLogger(), logging.getLogger("relay")
    before = (root.handlers[:], root.level, ours.level)
    hooks = (sys.excepthook, sys.unraisablehook)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    sys.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(capture=False)
    for name in ("aiohttp.access", "aiohttp", "asyncio", "python_multipart"):
        logging.getLogger(name).setLevel(logging.NOTSET)


class TeapotError(Exception):
    """An exception whose text is a secret."""


def raised() -> TeapotError:
    """Return an exception with a cause and a secret in a local, in its text and in a note."""
    local = SECRET
    try:
        try:
            raise KeyError(local)  # noqa: TRY301 - it needs a cause
        except KeyError as cause:
            error = TeapotError(local)
            error.add_note(local)
            raise error from cause
    except TeapotError as caught:
        return caught


def record(name: str = "relay.x", msg: Any = "constant", **attributes: Any) -> logging.LogRecord:
    """Make a record as the library would, with anything in it."""
    made = logging.LogRecord(name, logging.ERROR, "/srv/x.py", 1, msg, (), None)
    made.__dict__.update(attributes)
    return made


PLANTED = [
    record(args=(SECRET,), msg="%s"),
    record(args={"a": SECRET}, msg="%(a)s"),
    record(msg=TeapotError(SECRET)),
    record(msg={"a": SECRET}),
    record(payload=SECRET, body=SECRET, user=SECRET, **{SECRET: SECRET}),
    record(project={"a": SECRET}, reason=[SECRET], rule=SECRET.encode()),
    record(exc_text=SECRET, stack_info=SECRET),
    record(exc_info=(TeapotError, raised(), None)),
    record(exc_info=(ExceptionGroup, ExceptionGroup(SECRET, [raised()]), None)),
    record(name="aiohttp.server", msg=SECRET, project=SECRET),
    record(name="relayed", msg=SECRET),
    record(name="asyncio", msg=f"Task got {SECRET}", exc_info=(TeapotError, raised(), None)),
    record(name="py.warnings", msg=SECRET),
]


@pytest.mark.parametrize("formatter", [logs.JsonFormatter(), logs.TextFormatter(colour=True)])
@pytest.mark.parametrize("planted", PLANTED, ids=range(len(PLANTED)))
def test_nothing_planted_comes_out(
    planted: logging.LogRecord, formatter: logging.Formatter
) -> None:
    """A secret in message, arguments, fields, exception or others' text is not written."""
    assert SECRET not in formatter.format(planted)


def test_what_does_come_out() -> None:
    """A JSON line has time, level, logger, message and the allowed fields, and nothing else."""
    line = json.loads(
        logs.JsonFormatter().format(record(project="42", count=3, body="x", created=0.5))
    )
    assert {
        "time": "1970-01-01T00:00:00.500+00:00", "level": "error", "logger": "relay.x",
        "message": "constant", "project": "42", "count": 3,
    } == line  # fmt: skip


def test_an_exception_is_its_class_and_places() -> None:
    """An exception gives class names and file:line:function, its cause after it."""
    described = list(logs.describe(raised()))
    kinds = [part for part in described if ".py:" not in part]
    assert [f"{__name__}.TeapotError", "builtins.KeyError"] == kinds
    assert described[1].startswith("unit/test_logs.py:")
    assert described[1].endswith(":raised")


def test_our_own_errors_add_their_reason() -> None:
    """One of our errors is logged with the word that the client got."""
    assert ["relay.errors.EnvelopeError (invalid_envelope)"] == list(
        logs.describe(EnvelopeError(SECRET))
    )


def test_texts_are_short_and_on_one_line() -> None:
    """A field's text is cut, and control characters cannot forge lines or colours."""
    line = logs.TextFormatter(colour=False).format(record(project="a\n\x1b[31m" + "b" * 999))
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) < 300


def test_setup_writes_json_to_a_pipe(restored: None) -> None:
    """Away from a terminal a record is one JSON line; access logs and debug texts are off."""
    stream = io.StringIO()
    logs.setup(stream, hooks=False)
    logging.getLogger("relay.x").info("hello", extra={"port": 3000})
    logging.getLogger("relay.x").debug("quiet")
    logging.getLogger("aiohttp.access").critical(SECRET)
    logging.getLogger("python_multipart.multipart").critical(SECRET)
    logging.getLogger("urllib3").warning(SECRET)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [("hello", 3000), (logs.WITHHELD, None)] == [
        (line["message"], line.get("port")) for line in lines
    ]


def test_a_failing_stream_prints_nothing_of_the_record(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """When a record cannot be written, standard error does not get it either."""
    stream = io.StringIO()
    logs.setup(stream, style="json", hooks=False)
    stream.close()
    logging.getLogger("relay.x").error("gone", extra={"project": SECRET})
    assert "a log record could not be written\n" == capsys.readouterr().err


def test_uncaught_exceptions_are_reduced(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody caught ends in a log line without the exception's text."""
    stream = io.StringIO()
    logs.setup(stream, style="json")
    error = raised()
    sys.excepthook(TeapotError, error, error.__traceback__)
    assert "uncaught_exception" == json.loads(stream.getvalue())["message"]
    assert SECRET not in stream.getvalue() + capsys.readouterr().err


LOGGERS = {"log", "logger", "_log", "LOG", "_LOG", "logging"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


def test_every_log_call_names_an_event() -> None:
    """In our own code a message is a literal in snake_case, and no arguments go into it."""
    wrong = []
    for path in Path(relay.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            if not (isinstance(owner, ast.Name) and owner.id in LOGGERS):
                continue
            if node.func.attr not in LEVELS or path.name == "logs.py":
                continue
            texts = node.args[1:] if node.func.attr == "log" else node.args
            text = texts[0].value if isinstance(texts[0], ast.Constant) else ""
            if len(texts) != 1 or not re.fullmatch(r"[a-z]+(_[a-z]+)*", str(text)):
                wrong.append(f"{path.name}:{node.lineno}")
    assert [] == wrong


def test_every_extra_field_is_allowed() -> None:
    """A field that our own code gives to a record is on the list, else it would vanish silently."""
    given = set()
    for path in Path(relay.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "extra":
                keys = node.value.keys if isinstance(node.value, ast.Dict) else []
                given |= {key.value for key in keys if isinstance(key, ast.Constant)}
    assert {"project"} <= given
    assert set() == given - logs.FIELDS
