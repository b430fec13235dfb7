"""Answers, and what browsers see of them."""

import json
import logging

import pytest
from aiohttp.test_utils import make_mocked_request

from relay.errors import (
    EnvelopeError,
    LateBodyError,
    MethodError,
    OverloadedError,
    RelayError,
    RouteError,
    SpoolFullError,
    SpoolUnavailableError,
)
from relay.server import answers


def body(answer: object) -> dict[str, object]:
    """Return an answer's JSON."""
    return dict(json.loads(answer.body))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (EnvelopeError("bad"), 400, None),
        (SpoolFullError("full"), 429, answers.RETRY_AFTER),
        (SpoolUnavailableError("away"), 503, answers.RETRY_AFTER),
        (OverloadedError("busy"), 503, answers.RETRY_AFTER),
        (RouteError("not found"), 404, None),
        (MethodError(("POST",)), 405, None),
        (LateBodyError("late"), 408, None),
        (RelayError("other"), 500, None),
    ],
)
def test_errors(error: RelayError, status: int, retry: str | None) -> None:
    """An error has its status, its words, and says when to come again where that helps."""
    answer = answers.error_answer(error)
    assert (status, retry) == (answer.status, answer.headers.get("Retry-After"))
    assert {"detail": error.detail, "causes": []} == body(answer)
    assert error.detail == answer.headers["X-Sentry-Error"]


def test_causes_are_told() -> None:
    """A refusal says its reason."""
    answer = answers.error_answer(EnvelopeError("bad", ("why",)))
    assert ["why"] == body(answer)["causes"]


def test_a_wrong_method_is_told_the_right_ones() -> None:
    """The answer to a method that is not taken names those that are."""
    answer = answers.error_answer(MethodError(("POST", "GET")))
    assert "POST, GET, OPTIONS" == answer.headers["Allow"]


def test_a_mistake_of_ours_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    """Log and answer say that it happened, and never what it says: that may be a payload."""
    with caplog.at_level(logging.DEBUG):
        answer = answers.error_answer(ValueError("secret"))
    (record,) = caplog.records
    assert "ValueError" == record.error  # type: ignore[attr-defined]
    assert (500, {"detail": "internal error", "causes": []}) == (answer.status, body(answer))
    assert "secret" not in caplog.text + str(record.__dict__) + str(answer.body)


@pytest.mark.parametrize(
    ("allowed", "origin", "expected"),
    [
        (["*"], "https://a.example", "*"),
        (["*"], None, "*"),
        (["https://a.example"], "https://a.example", "https://a.example"),
        (["https://a.example"], "https://b.example", None),
        (["https://a.example"], None, None),
        ([], "https://a.example", None),
    ],
)
def test_cors(allowed: list[str], origin: str | None, expected: str | None) -> None:
    """Pages of the allowed origins may read answers, others not."""
    cors = answers.Cors(allowed, ["X-Consent"])
    headers = {"Origin": origin} if origin else {}
    request = make_mocked_request("OPTIONS", "/", headers=headers)
    answer = cors.preflight(request, "POST")
    assert expected == answer.headers.get("Access-Control-Allow-Origin")
    assert (expected is not None) == ("Access-Control-Allow-Methods" in answer.headers)
    if expected is not None:
        assert "x-consent" in answer.headers["Access-Control-Allow-Headers"].split(", ")
        assert "POST" == answer.headers["Access-Control-Allow-Methods"]
    if allowed != ["*"]:
        assert "Origin" == answer.headers["Vary"]
