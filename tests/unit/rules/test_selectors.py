"""Sentry's selector syntax."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rules.selectors import SelectorError, parse_selector

FRAME = ("exception", "values", 0, "stacktrace", "frames", 3, "vars", "x")


ROOTS = {
    "event", "transaction", "feedback", "security", "replay_event", "span", "log", "trace_metric",
    "attachments", "session", "check_in", "profile", "envelope",
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "path", "value_type", "expected"),
    [
        ("user.ip_address", ("user", "ip_address"), "string", True),
        ("user.ip_address", ("USER", "Ip_Address"), "string", True),
        ("user.ip_address", ("extra", "user", "ip_address"), "string", False),
        ("user.ip_address", ("user", "ip_address", 0), "string", False),
        ("user.*", ("user", "x"), "number", True),
        ("user.*", ("user",), "object", False),
        ("user.*", ("user", "x", "y"), "string", False),
        ("**", ("a", "b"), "string", True),
        ("**.x", ("x",), "string", True),
        ("**.x", ("a", "b", "x"), "string", True),
        ("a.**", ("a",), "object", True),
        ("a.**.z", ("a", "z"), "string", True),
        ("tags.0", ("tags", 0), "array", True),
        ("'a b'.c", ("a b", "c"), "string", True),
        ("'it''s'", ("it's",), "string", True),
        ("$string", ("a",), "string", True),
        ("$string", ("a",), "number", False),
        ("$number", ("a",), "number", True),
        ("$user.name", ("user", "name"), "string", True),
        ("$user.name", ("extra", "user", "name"), "string", False),
        ("$frame.vars.**", FRAME, "string", True),
        ("$stacktrace.**", FRAME, "string", True),
        ("$exception.**", FRAME, "string", True),
        ("$error.**", FRAME, "string", True),
        ("$frame.*", FRAME, "string", False),
        ("$breadcrumb.data.**", ("breadcrumbs", "values", 2, "data", "a"), "string", True),
        ("$breadcrumb.data.**", ("breadcrumbs", 2, "data", "a"), "string", True),
        ("$event.a", ("a",), "string", True),
        ("$http.url", ("request", "url"), "string", True),
        ("$thread.name", ("threads", "values", 1, "name"), "string", True),
        ("$span.data.*", ("spans", 0, "data", "x"), "string", True),
        ("$object", ("a",), "object", True),
        ("!user", ("a",), "string", True),
        ("!user", ("user",), "object", False),
        ("a || b", ("b",), "string", True),
        ("$string && a", ("a",), "string", True),
        ("$string && a", ("a",), "number", False),
        ("a && !(b || a)", ("a",), "string", False),
        ("a || b && c", ("a",), "string", True),
        ("(a || b) && $number", ("a",), "string", False),
    ],
)
def test_holds(source: str, path: tuple, value_type: str, expected: bool) -> None:
    """A selector holds where Sentry's documentation says that it does."""
    assert expected == parse_selector(source).holds(path, value_type)


@pytest.mark.parametrize(
    ("source", "roots"),
    [
        ("$attachments.**", {"attachments"}),
        ("$event.a", {"event", "transaction", "feedback", "security"}),
        ("$replay.a", {"replay_event"}),
        ("$span.a", {"span"}),
        ("$log.a", {"log"}),
        ("$trace_metric.a", {"trace_metric"}),
        ("$string", ROOTS),
        ("a", ROOTS),
    ],
)
def test_root_type(source: str, roots: set[str]) -> None:
    """A type at the front may name the root, by Sentry's word for the kind of item."""
    selector = parse_selector(source)
    assert roots == {root for root in ROOTS if selector.holds(("a",), "string", root)}


@pytest.mark.parametrize(
    ("source", "path", "root", "expected"),
    [
        ("$log.body", ("items", 3, "body"), "log", True),
        ("$log.attributes.x.value", ("items", 0, "attributes", "x", "value"), "log", True),
        ("$span.attributes.**", ("items", 0, "attributes", "x"), "span", True),
        ("$span.attributes.**", ("items", -1, "attributes", "x"), "span", True),
        ("$trace_metric.name", ("items", 0, "name"), "trace_metric", True),
        ("$trace_metric.name", ("items", 0, "name"), "log", False),
        ("$log.body", ("items", 0, "body"), "event", False),
        ("$log.body", ("items", "body"), "log", False),
        ("$span.data.x", ("spans", 0, "data", "x"), "transaction", True),
        ("$event.body", ("items", 0, "body"), "log", False),
    ],
)
def test_what_a_container_holds(source: str, path: tuple, root: str, expected: bool) -> None:
    """Each span, log or metric of a container is one, as if it stood alone."""
    assert expected == parse_selector(source).holds(path, "string", root)


@pytest.mark.parametrize(
    ("source", "value_type"), [("$bool", "boolean"), ("$list", "array"), ("$text", "string")]
)
def test_further_names_of_types(source: str, value_type: str) -> None:
    """Sentry has two words for some."""
    assert parse_selector(source).holds(("a",), value_type)
    assert not parse_selector(source).holds(("a",), "number")


def test_a_stack_is_a_stacktrace() -> None:
    """The shorter of two names."""
    path = ("exception", "values", 0, "stacktrace", "frames")
    assert parse_selector("$stack.frames").holds(path, "array")


@pytest.mark.parametrize(
    "source",
    ["", "a.", ".a", "a..b", "'a", "$nothing", "a b", "(a", "a)", "a ||", "&& a", "!", "a.!b",
     "(" * 40 + "a" + ")" * 40, "!" * 40 + "a", "$", "a|b"],
)  # fmt: skip
def test_refused(source: str) -> None:
    """A mistake is told with its place; nothing is guessed."""
    with pytest.raises(SelectorError, match=r"at character \d+"):
        parse_selector(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("user.IP", {"ip"}),
        ("a.x || b.y", {"x", "y"}),
        ("a.x || b.*", None),
        ("$string && b.y", {"y"}),
        ("!a", None),
        ("**", None),
    ],
)
def test_last_keys(source: str, expected: set[str] | None) -> None:
    """The keys that a selector can hold under at all are known, for looking places up."""
    assert expected == parse_selector(source).last_keys


parts = st.sampled_from(["a", "b", "*", "**", "0"])
path = st.lists(st.sampled_from(["a", "b", "A", 0, 1]), max_size=5).map(tuple)


@given(st.lists(parts, min_size=1, max_size=4), path)
def test_last_keys_never_miss(source: list[str], where: tuple) -> None:
    """A selector holds nowhere but under its last keys."""
    selector = parse_selector(".".join(source))
    if selector.holds(where, "string") and selector.last_keys is not None:
        assert str(where[-1]).casefold() in selector.last_keys


@given(st.lists(parts, min_size=1, max_size=4), path)
def test_stars_agree_with_an_oracle(source: list[str], where: tuple) -> None:
    """Stars match as they would by trying every split."""

    def match(want: list[str], have: tuple) -> bool:
        if not want:
            return not have
        if want[0] == "**":
            return any(match(want[1:], have[i:]) for i in range(len(have) + 1))
        if not have:
            return False
        return (want[0] == "*" or want[0] == str(have[0]).casefold()) and match(want[1:], have[1:])

    assert match(source, where) == parse_selector(".".join(source)).holds(where, "string")
