"""Reading requests: a path and a query string in, what they say out, or an error."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.config import UsageApp
from relay.errors import RequestError
from relay.usage.model import Channel, Target
from relay.usage.requests import (
    MAX_NAME,
    MAX_PAIRS,
    MAX_QUERY,
    MAX_VALUE,
    Fields,
    OptOut,
    read_query,
    read_request,
    targets_of,
)
from tests.unit.usage.events import COMMIT, NOW, query, request

APPS = (UsageApp("suite"), UsageApp("connect", environments=()))
CONSENT = "c_consent"
DECISIONS = pytest.mark.parametrize(
    ("event_type", "name"),
    [
        ("settings/analytics", "value"),
        ("settings/tracking", "value"),
        ("settings/data_permission", "analyticsPermission"),
        ("onboarding_completed", "analyticsPermission"),
    ],
)
"""Of Suite, of Connect's popup, and of the app on phones: in its settings, and at its beginning."""


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/suite/log/web/stable.log", Target("suite", "web", Channel.STABLE)),
        ("/suite/log/desktop/develop.log", Target("suite", "desktop", Channel.DEVELOP)),
        ("/suite/log/stable.log", Target("suite", "none", Channel.STABLE)),
        ("/connect/log/develop.log", Target("connect", "none", Channel.DEVELOP)),
        ("/connect/log/web/stable.log", None),
        ("/other/log/web/stable.log", None),
        ("/suite/log/none/stable.log", None),
        ("/suite/log/web/canary.log", None),
        ("/suite/log/web/stable", None),
        ("/suite/log//stable.log", None),
        ("/suite/log/web/stable.log/", None),
        ("//suite/log/web/stable.log", None),
        ("/suite/logs/web/stable.log", None),
        ("x/suite/log/stable.log", None),
        ("/suite/log/web%2Fstable.log", None),
        ("/Suite/log/web/stable.log", None),
        ("http://host/suite/log/stable.log", None),
        ("/log/stable.log", None),
        ("", None),
        ("/", None),
        ("*", None),
    ],
)
def test_a_path_is_exactly_as_clients_write_it(path: str, target: Target | None) -> None:
    """An app, an environment of its own or none, a channel; nothing is guessed."""
    assert target == targets_of(APPS).get(path)


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        ("", ()),
        ("&&", ()),
        ("a=1&b=2", (("a", "1"), ("b", "2"))),
        ("a", (("a", ""),)),
        ("a=&a=", (("a", ""), ("a", ""))),
        ("=", (("", ""),)),
        ("a=b=c", (("a", "b=c"),)),
        ("a=1+2%2B3", (("a", "1 2+3"),)),
        ("a%20b=%C3%A9%F0%9F%92%A9", (("a b", "é💩"),)),
        ("a=%61%5fX%5F", (("a", "a_X_"),)),
        ("a%26b=%3D", (("a&b", "="),)),
        ("a=%E2%80%8D", (("a", "\u200d"),)),
    ],
)
def test_a_query_is_decoded_as_forms_are(raw: str, pairs: tuple[tuple[str, str], ...]) -> None:
    """In order, repeated and blank ones too."""
    assert pairs == read_query(raw)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=20))
def test_what_the_library_encodes_is_decoded(pairs: list[tuple[str, str]]) -> None:
    """As URLSearchParams would write it, and as the standard library reads it."""
    raw = urlencode(pairs)
    expected = parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw))
    assert tuple(expected) == read_query(raw)


@given(st.text(max_size=60) | st.from_regex(r"[%+&=a-f0-9]{0,40}", fullmatch=True))
def test_any_text_is_read_or_refused(raw: str) -> None:
    """What is read holds no control character, and is within bounds."""
    try:
        pairs = read_query(raw)
    except RequestError:
        return
    assert [] == [text for pair in pairs for text in pair if any(c < " " for c in text)]


@pytest.mark.parametrize(
    "raw",
    [
        "a=%",
        "a=%2",
        "a=%zz",
        "a=%%32",
        "a=% 1",
        "a=%+1",
        "a=%0x",
        "%g1=1",
        "a=%C3",
        "a=%ff",
        "a=%C0%80",
        "a=%ED%A0%80",
        "a=%00",
        "a=%0A",
        "a=%7F",
        "a=%C2%85",
        "%0D=1",
        "a=\x01",
        "a=é",
        "a=\ud800",
        "a=" + "1" * MAX_QUERY,
        "a=" + "1" * (MAX_VALUE + 1),
        "a" * (MAX_NAME + 1),
        "&".join(["a"] * (MAX_PAIRS + 1)),
    ],
)
def test_nonsense_is_refused(raw: str) -> None:
    """Not encoded, not UTF-8, with control characters, too long, too much."""
    with pytest.raises(RequestError) as caught:
        read_query(raw)
    assert (400, None, None) == (
        caught.value.status,
        caught.value.__cause__,
        caught.value.__context__,
    )


def test_bounds_hold_exactly() -> None:
    """What is just within them is read."""
    raw = "&".join(["a" * MAX_NAME + "=" + "1" * 10] * (MAX_QUERY // (MAX_NAME + 12)))
    assert (len(raw) <= MAX_QUERY, raw.count("&") + 1) == (True, len(read_query(raw)))
    assert MAX_PAIRS == len(read_query("&".join(["a=1"] * MAX_PAIRS)))
    assert ((("a", "1" * MAX_VALUE)),) == read_query("a=" + "1" * MAX_VALUE)


def test_every_parameter_of_suite_is_read() -> None:
    """What every event has, and the rest by name."""
    found = read_request(request(type="a", version="b", c_consent="true", c_other="c"), CONSENT)
    assert found == Fields(
        "suite/ready",
        "1.27",
        COMMIT,
        "InStAnCe01",
        "SeSsIoN001",
        "MeSsAgE001",
        int(NOW) * 1_000 - 5_123,
        {"type": "a", "version": "b", "c_other": "c"},
        "true",
    )


def test_old_clients_give_no_message_id() -> None:
    """It is the one that may be missing."""
    found = read_request(request(c_message_id=None), CONSENT)
    assert isinstance(found, Fields)
    assert "" == found.message


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "c_v",
            [
                "",
                "1.2.3.4",
                "v1",
                "1.",
                "1.27 ",
                "1.27-192.168.1.1",
                "1" * 6,
                "1.27\n",
                "é",
                "1-Alice",
                "1.2.3-AliceSmith.12345",
            ],
        ),
        ("c_type", ["", " a", "a b", "/a", "a/", "a" * 101, "a<b>", "a@b", "ä"]),
        ("c_commit", ["", "0aab3c", "A" * 40, "g" * 40, "a" * 41, "a" * 39 + " "]),
        ("c_instance_id", ["", "a b", "a" * 65, "a@b.cz", "::1"]),
        ("c_session_id", ["", "a b", "a" * 65, "10.0.0.1"]),
        ("c_message_id", ["", "a b", "a" * 65, "10.0.0.1"]),
        ("c_timestamp", ["", "-1", "1.5", "1e3", "now", "1" * 17, "١"]),
    ],
)
def test_a_parameter_has_its_shape(name: str, values: list[str]) -> None:
    """Or the request is refused, with the name of it and nothing of what it held."""
    details = set()
    for value in values:
        with pytest.raises(RequestError) as caught:
            read_request(request(**{name: value}), CONSENT)
        details.add(caught.value.detail)
    assert {f"{name} is malformed"} == details


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("c_v", ["1", "1.2", "24.11.2", "2.0.30-beta.1", "1.0.0-rc2"]),
        ("c_type", ["suite-ready", "device/connect", "a", "error/TOR_ERROR", "a.b:c"]),
        ("c_commit", ["0aab3c6", COMMIT]),
        ("c_instance_id", ["a", "A-b_9", "z" * 64]),
        ("c_timestamp", ["0", "1732546800000"]),
    ],
)
def test_what_clients_send_has_it(name: str, values: list[str]) -> None:
    """All of these are taken."""
    for value in values:
        assert isinstance(read_request(request(**{name: value}), CONSENT), Fields)


@pytest.mark.parametrize(
    "name", ["c_v", "c_type", "c_commit", "c_instance_id", "c_session_id", "c_timestamp"]
)
def test_what_every_event_has_is_not_left_out(name: str) -> None:
    """The error says which it is."""
    with pytest.raises(RequestError, match=f"^{name} is missing$"):
        read_request(request(**{name: None}), CONSENT)


@pytest.mark.parametrize("name", ["c_v", "c_type", "c_message_id", "c_instance_id"])
def test_nobody_knows_which_of_two_was_meant(name: str) -> None:
    """What every event has is there once."""
    found = request()
    twice = type(found)(found.target, (*found.query, (name, "1")))
    with pytest.raises(RequestError, match=f"^{name} is given twice$"):
        read_request(twice, CONSENT)


def test_consent_is_given_once() -> None:
    """The name that is configured for it is not shown."""
    found = request(agreed="true")
    twice = type(found)(found.target, (*found.query, ("agreed", "true")))
    with pytest.raises(RequestError, match=r"^the consent is given twice$"):
        read_request(twice, "agreed")


@pytest.mark.parametrize("values", [("true", "true"), ("true", "false"), ("false", "false")])
def test_a_decision_to_share_nothing_is_taken_with_two_consents(values: tuple[str, str]) -> None:
    """Whatever it says of consent."""
    found = request(c_type="settings/analytics", value="false")
    twice = type(found)(found.target, (*found.query, *(("agreed", value) for value in values)))
    assert OptOut("1.27", "MeSsAgE001") == read_request(twice, "agreed")


def test_an_attribute_that_is_there_twice_has_no_value() -> None:
    """However often it is."""
    found = request(mode="a", dark="true")
    more = type(found)(found.target, (*found.query, ("mode", "a"), ("mode", "a")))
    read = read_request(more, CONSENT)
    assert isinstance(read, Fields)
    assert {"mode": None, "dark": "true"} == read.payload


@DECISIONS
@pytest.mark.parametrize("value", ["false", "0"])
def test_a_decision_to_share_nothing_needs_no_ids(event_type: str, name: str, value: str) -> None:
    """Whoever shares nothing need not say who it is; what is there is not looked at."""
    bare = request(
        **{"c_type": event_type, name: value},
        c_commit=None,
        c_instance_id="not an id",
        c_session_id=None,
        c_timestamp=None,
    )
    assert OptOut("1.27", "MeSsAgE001") == read_request(bare, CONSENT)


@pytest.mark.parametrize("name", ["c_instance_id", "c_session_id"])
def test_a_decision_is_not_known_by_an_id_of_a_person(name: str) -> None:
    """A client that uses one for both has given none."""
    one = request(c_type="settings/analytics", value="false", **{name: "MeSsAgE001"})
    assert OptOut("1.27", "") == read_request(one, CONSENT)


@DECISIONS
@pytest.mark.parametrize("value", ["true", "1"])
def test_a_decision_to_share_is_an_event_like_any_other(
    event_type: str, name: str, value: str
) -> None:
    """It has all that an event has."""
    read = read_request(request(**{"c_type": event_type, name: value}), CONSENT)
    assert isinstance(read, Fields)
    assert {name: value} == read.payload


@DECISIONS
@pytest.mark.parametrize("value", [None, "", "False", "no", "null", " false"])
def test_nobody_guesses_what_was_decided(event_type: str, name: str, value: str | None) -> None:
    """Neither yes nor no is nonsense."""
    with pytest.raises(RequestError, match="must be true or false"):
        read_request(request(**{"c_type": event_type, name: value}), CONSENT)


def test_two_decisions_are_none() -> None:
    """Not even if they are the same."""
    found = request(c_type="settings/analytics", value="false")
    twice = type(found)(found.target, (*found.query, ("value", "false")))
    with pytest.raises(RequestError, match="must be true or false"):
        read_request(twice, CONSENT)


def test_no_payload_is_shown() -> None:
    """Neither by a request nor by what was read of it."""
    found = request(mode="PLANTED", c_instance_id="PLANTED")
    assert "PLANTED" not in repr(found) + repr(read_request(found, CONSENT))
    assert "PLANTED" in query(mode="PLANTED")
