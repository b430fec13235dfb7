"""Selectors held to the fields that Sentry knows."""

import pytest

from relay.rules.loading import RuleText, load_rules
from relay.workbench.linting.fields import selects_nothing
from relay.workbench.linting.model import Lines
from tests.linted import make


def told(selector: str, key: str = "where") -> list[str]:
    """What is said of one selector."""
    text = make(
        "{pattern: x}", "{in: x, out: y}, {in: x, out: y}", "a, b", more=f'{key}: ["{selector}"]'
    )
    (rule,) = load_rules([RuleText("x/one", "one.yaml", text)])
    found = list(selects_nothing(rule, Lines.of(rule, text)))
    assert all(5 == finding.line for finding in found)
    return [finding.message for finding in found]


@pytest.mark.parametrize(
    "selector",
    [
        "user.anything", "extra.*", "**.password", "$string", "*.x", "exception.values.*.value",
        "exception.values.0.stacktrace.frames.*.vars", "$frame.vars.guest", "$error.value",
        "$user.any", "request.headers.'X-Real-Ip'", "threads.values.*.name", "$thread.name",
        "breadcrumbs.values.*.data.url", "breadcrumbs.*.message", "$log.body", "$span.data.x",
        "contexts.app.x", "!user.id", "(message || logentry.formatted) && $string",
        "items.*.attributes.x.value", "'csp-report'.x", "User.Email", "request", "$replay.urls.*",
    ],
)  # fmt: skip
def test_known(selector: str) -> None:
    """Nothing is said."""
    assert [] == told(selector)


@pytest.mark.parametrize(
    ("selector", "field", "hint"),
    [
        ("usr.email", "usr", "did you mean 'user'?"),
        ("exception.values.*.valeu", "valeu", "did you mean 'value'?"),
        ("$frame.file_name", "file_name", "did you mean 'filename'?"),
        ("$error.val", "val", "did you mean 'value'?"),
        ("message || reqest.url", "reqest", "did you mean 'request'?"),
        ("!(user.id && xyzzy.a)", "xyzzy", ""),
        ("request.qwertz", "qwertz", ""),
    ],
)
def test_unknown(selector: str, field: str, hint: str) -> None:
    """The field is named, with the nearest one."""
    for key in ("where", "except"):
        (message,) = told(selector, key)
        start = f"{selector} in {key}: nothing of Sentry's has a field '{field}'"
        assert (f"{start} ({hint})" if hint else start) == message
