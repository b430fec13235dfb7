"""From a request to a clean event, or to the word why there is none."""

from typing import Any

import pytest

import relay
from relay import jsonio
from relay.consent import Verdict
from relay.errors import RequestError
from relay.outcomes import Reason
from relay.scrub.scrubber import Scrubber
from relay.usage.cleaning import NEWEST, OLDEST, clean, prepare
from relay.usage.drafts import Draft, Refused
from relay.usage.model import CleanEvent, Partition, Record, Target, UsageRequest
from relay.usage.pseudonyms import UsageKeys
from relay.usage.seen import Seen
from tests.unit.usage.events import CATALOGUE, COMMIT, KEYS, NOW, policy, request


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return relay.load_scrubber(verify=False)


@pytest.fixture
def cleaned(scrubber: Scrubber) -> Any:
    def cleaned(one: UsageRequest, consent: str = "implied", keys: UsageKeys = KEYS) -> Any:
        return clean(one, policy(consent), CATALOGUE, scrubber, keys, NOW)

    return cleaned


def line(found: Any) -> dict[str, Any]:
    assert isinstance(found, CleanEvent)
    return jsonio.loads(found.line)  # type: ignore[no-any-return]


def test_an_event_becomes_a_record(cleaned: Any) -> None:
    """In the order of the contract; ids are pseudonyms, the time is rounded down to the hour."""
    found = cleaned(request(mode="normal", parts="b,a,b", count="3", size="7", dark="true"))
    assert found.partition == Partition(Record.EVENTS, "suite", "web", "2026-11-22", 14)
    assert list(line(found).items()) == [
        ("type", "suite/ready"),
        ("version", "1.27"),
        ("commit", COMMIT),
        ("channel", "stable"),
        ("instance", KEYS.instance("InStAnCe01")),
        ("session", KEYS.session("SeSsIoN001")),
        ("message", KEYS.message("suite", "MeSsAgE001")),
        ("time", "2026-11-22T14:00:00Z"),
        (
            "attributes",
            {"mode": "normal", "parts": ["a", "b"], "count": 3, "size": "1-9", "dark": True},
        ),
    ]
    assert (KEYS.message("suite", "MeSsAgE001"), {}) == (found.message, dict(found.dropped))


def test_the_same_request_gives_the_same_record(cleaned: Any) -> None:
    """Byte for byte."""
    assert cleaned(request(count="1")) == cleaned(request(count="1"))


@pytest.mark.parametrize(
    ("more", "verdict", "reason"),
    [
        ({}, Verdict.MISSING, Reason.CONSENT_MISSING),
        ({"c_consent": "false"}, Verdict.DENIED, Reason.CONSENT_DENIED),
    ],
)
def test_nothing_is_kept_without_consent(
    cleaned: Any, more: dict[str, str], verdict: Verdict, reason: Reason
) -> None:
    """Nor is the allow-list asked."""
    for kind in ("suite/ready", "no/such"):
        assert Refused(reason, verdict) == cleaned(request(c_type=kind, **more), "required")


def test_what_the_list_does_not_know_is_dropped(cleaned: Any) -> None:
    """A type, and of one that it knows an attribute; both are counted, with no name of theirs."""
    unknown = cleaned(request(c_type="no/such"))
    assert Refused(Reason.UNKNOWN_ITEM, Verdict.NOT_REQUIRED) == unknown
    found = cleaned(request(PLANTED="PLANTED", other="PLANTED", count="1"))
    assert {"count": 1} == line(found)["attributes"]
    assert {("suite/ready", "unknown_item"): 2} == dict(found.dropped)
    assert b"PLANTED" not in found.line


def test_what_is_not_of_its_type_is_dropped(cleaned: Any) -> None:
    """Whatever it is."""
    found = cleaned(request(mode="PLANTED", count="11", dark="yes", firmware="v1", parts="a,d"))
    assert {} == line(found)["attributes"]
    assert {("suite/ready", "invalid"): 5} == dict(found.dropped)


def test_what_is_there_twice_is_dropped(cleaned: Any) -> None:
    """Nobody knows which was meant."""
    one = request(count="1", dark="true")
    found = cleaned(UsageRequest(one.target, (*one.query, ("count", "1"))))
    assert {"dark": True} == line(found)["attributes"]
    assert {("suite/ready", "invalid"): 1} == dict(found.dropped)


def test_rules_redact_texts(cleaned: Any) -> None:
    """What is left of a text is kept."""
    found = cleaned(request(note="connect 192.168.1.17 refused"))
    assert {"note": "connect [ip] refused"} == line(found)["attributes"]
    assert {} == dict(found.dropped)


@pytest.mark.parametrize("value", ["false", "0"])
def test_a_decision_to_share_nothing_is_recorded_without_any_id(cleaned: Any, value: str) -> None:
    """Four keys, whatever is said of consent and whoever says it."""
    decision = {"c_type": "settings/analytics", "value": value, "c_consent": "false"}
    for consent in ("required", "implied"):
        found = cleaned(request("false", **decision), consent)
        assert list(line(found).items()) == [
            ("decision", "opt_out"),
            ("day", "2026-11-22"),
            ("app", "suite"),
            ("version", "1.27"),
        ]
        assert Partition(Record.OPT_OUTS, "suite", "", "2026-11-22", None) == found.partition


def test_a_decision_to_share_needs_consent(cleaned: Any) -> None:
    """It is an event like any other."""
    decision = {"c_type": "settings/analytics", "value": "true"}
    missing = Refused(Reason.CONSENT_MISSING, Verdict.MISSING)
    assert missing == cleaned(request(**decision), "required")
    found = cleaned(request(c_consent="true", **decision), "required")
    assert {"value": True} == line(found)["attributes"]


def test_an_empty_text_is_nothing(cleaned: Any) -> None:
    """A client writes so what it has no value for: it is neither kept nor counted."""
    found = cleaned(request(mode="", note="", other=""))
    assert {} == line(found)["attributes"]
    assert {("suite/ready", "unknown_item"): 1} == dict(found.dropped)


def test_nonsense_is_an_error(cleaned: Any) -> None:
    """With or without consent."""
    with pytest.raises(RequestError, match="c_commit is malformed"):
        cleaned(request(c_commit="PLANTED"), "required")


@pytest.mark.parametrize(
    ("seconds", "time"),
    [
        (0, "2026-11-22T14:00:00Z"),
        (NEWEST, "2026-11-22T15:00:00Z"),
        (NEWEST + 2, None),
        (-OLDEST, "2026-11-15T14:00:00Z"),
        (-OLDEST - 2, None),
        (-NOW, None),
        (1e12, None),
    ],
)
def test_only_a_time_that_can_be_is_kept(cleaned: Any, seconds: float, time: str | None) -> None:
    """A clock that is a week late, or an hour early, is believed; no other."""
    found = cleaned(request(c_timestamp=f"{int((NOW + seconds) * 1_000)}"))
    assert time == line(found)["time"]


@pytest.mark.parametrize(
    ("step", "time"),
    [(60.0, "14:16:00"), (300.0, "14:15:00"), (86_400.0, "00:00:00"), (0.0, "14:16:34")],
)
def test_times_are_rounded_down(scrubber: Scrubber, step: float, time: str) -> None:
    """To what is configured, and at least to seconds."""
    one = policy()
    rounded = type(one)(one.app, round=step)
    found = clean(request(), rounded, CATALOGUE, scrubber, KEYS, NOW)
    assert f"2026-11-22T{time}Z" == line(found)["time"]


def test_a_message_id_that_stands_for_a_person_is_none(cleaned: Any) -> None:
    """Its pseudonym would be the same in every period."""
    for same in ("InStAnCe01", "SeSsIoN001"):
        found = cleaned(request(c_message_id=same))
        assert ("", None) == (found.message, line(found)["message"])


def test_old_clients_have_no_message(cleaned: Any) -> None:
    """Nothing stands for it."""
    found = cleaned(request(c_message_id=None))
    assert ("", None) == (found.message, line(found)["message"])


def test_pseudonyms_follow_the_period(cleaned: Any) -> None:
    """Those of people; that of a message stays."""
    first = line(cleaned(request()))
    second = line(cleaned(request(), keys=UsageKeys.of(b"a secret of 16 bytes or more", 8)))
    differing = {name for name in first if first[name] != second[name]}
    assert {"instance", "session"} == differing


def test_a_path_without_environment_is_kept_as_such(cleaned: Any) -> None:
    """And the channel is told in the record."""
    one = request()
    target = Target("suite", "none", type(one.target.channel).DEVELOP)
    found = cleaned(UsageRequest(target, one.query))
    assert ("none", "develop") == (found.partition.environment, line(found)["channel"])


def test_a_draft_shows_no_payload() -> None:
    """Nor does what was refused."""
    one = request(note="PLANTED", c_instance_id="PLANTED")
    draft = prepare(one, policy(), CATALOGUE, KEYS, NOW, Seen())
    assert isinstance(draft, Draft)
    assert "PLANTED" not in repr(draft)
