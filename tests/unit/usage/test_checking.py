"""What would become of a request, in words: by the gate itself."""

from pathlib import Path

import pytest

from relay import load_scrubber
from relay.config import UsageApp
from relay.rules.loading import RuleText
from relay.scrub.scrubber import Scrubber
from relay.usage import checking
from relay.usage.admitting import UsagePolicy
from relay.usage.catalogue import load_catalogue
from relay.usage.checking import Checked, Dropped, check
from relay.usage.pseudonyms import UsageKeys

NOW = 1_785_000_000.0
EVENTS = """\
events:
  menu/guide:
    description: d
    apps: [suite]
    attributes:
      on: {type: boolean, description: d}
      twice: {type: boolean, description: d}
      pin: {type: word, values: [set], description: d}
      language: {type: language, description: d}
      nth: {type: integer, max: 3, description: d}
    examples: [{query: '', keeps: {}}]
"""
COMMON = (
    "c_v=1.50&c_commit=0123456789abcdef&c_instance_id=qz8YrW2mTq&c_session_id=Kp3vNx7LsB"
    f"&c_timestamp={int(NOW)}000&c_message_id=Wd5hJc9GfR"
)
PATH = "/suite/log/web/stable.log"
KEYS = UsageKeys.of(b"k" * 32, 0)


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    """Return a rule that takes what stands under `pin`."""
    rule = Path(__file__).parents[3] / "rules" / "secrets" / "secret-fields.yaml"
    return load_scrubber(rule, secret=b"s" * 32, verify=False)


def checked(scrubber: Scrubber, url: str, *consent: str) -> Checked:
    """Return what becomes of a request."""
    policies = {"suite": UsagePolicy(UsageApp("suite"))}
    catalogue = load_catalogue([RuleText("e", "e.yaml", EVENTS)])
    return check(url, consent, policies, catalogue, scrubber, KEYS, NOW)


@pytest.mark.parametrize("host", ["", "https://data.example", "https://data.example:8443"])
def test_what_is_kept_and_what_is_not(scrubber: Scrubber, host: str) -> None:
    """The record is the one that the gate makes; each other parameter has its reason."""
    more = "&on=true&twice=true&twice=true&pin=set&language=&nth=9&label=Alice"
    url = f"{host}{PATH}?{COMMON}&c_type=menu/guide&c_consent=true{more}#c_type=x"
    done = checked(scrubber, url)
    assert (204, "accepted", "") == (done.status, done.reason, done.detail)
    assert done.record is not None
    assert ("menu/guide", {"on": True}, KEYS.instance("qz8YrW2mTq")) == (
        done.record["type"], done.record["attributes"], done.record["instance"],
    )  # fmt: skip
    assert (
        Dropped("twice", checking.TWICE),
        Dropped("pin", checking.RULED),
        Dropped("language", checking.EMPTY),
        Dropped("nth", "no integer that the allow-list takes"),
        Dropped("label", checking.NOT_LISTED),
    ) == done.dropped
    assert "Alice" not in repr(done)


def test_an_opt_out(scrubber: Scrubber) -> None:
    """It is kept without a trace of who it is."""
    done = checked(scrubber, f"{PATH}?{COMMON}&c_type=settings/analytics&value=false")
    assert (204, ()) == (done.status, done.dropped)
    assert {"decision": "opt_out", "day": "2026-07-25", "app": "suite", "version": "1.50"} == (
        done.record
    )


@pytest.mark.parametrize(
    ("url", "status", "reason"),
    [
        (f"{PATH}?{COMMON}&c_type=menu/guide", 403, "consent_missing"),
        (f"{PATH}?{COMMON}&c_type=menu/guide&c_consent=false", 403, "consent_denied"),
        (f"{PATH}?{COMMON}&c_type=other&c_consent=true", 204, "unknown_item"),
        (f"{PATH}?c_type=menu/guide&c_consent=true", 400, "invalid"),
        (f"{PATH}?a=%", 400, "invalid"),
        (PATH, 400, "invalid"),
        (f"/other/log/web/stable.log?{COMMON}", 404, "unknown_route"),
        ("/suite/log/web/stable", 404, "unknown_route"),
        ("", 404, "unknown_route"),
        ("https://data.example", 404, "unknown_route"),
    ],
)
def test_nothing_is_kept(scrubber: Scrubber, url: str, status: int, reason: str) -> None:
    """Status and word are those of the answer and of the metrics."""
    done = checked(scrubber, url)
    assert (status, reason, None, ()) == (done.status, done.reason, done.record, done.dropped)
    assert done.detail


def test_consent_in_the_header(scrubber: Scrubber) -> None:
    """It counts as it does in a request; one denial wins."""
    url = f"{PATH}?{COMMON}&c_type=menu/guide"
    assert checked(scrubber, url, "true").record is not None
    assert "consent_denied" == checked(scrubber, f"{url}&c_consent=true", "false").reason
