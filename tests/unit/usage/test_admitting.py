"""Consent for usage events: what is taken, and what is refused."""

import pytest

from relay.config import UsageSettings
from relay.consent import Verdict
from relay.errors import ConsentDeniedError, ConsentError
from relay.usage.admitting import UsagePolicy, admit, refusal
from tests.unit.usage.events import policy

TYPE = "suite/ready"


@pytest.mark.parametrize(
    ("header", "parameter", "required", "implied"),
    [
        ((), None, Verdict.MISSING, Verdict.NOT_REQUIRED),
        ((), "true", Verdict.GRANTED, Verdict.GRANTED),
        (("true",), None, Verdict.GRANTED, Verdict.GRANTED),
        (("1",), "granted", Verdict.GRANTED, Verdict.GRANTED),
        ((), "false", Verdict.DENIED, Verdict.DENIED),
        ((), "", Verdict.DENIED, Verdict.DENIED),
        ((), "TRUE", Verdict.DENIED, Verdict.DENIED),
        (("false",), "true", Verdict.DENIED, Verdict.DENIED),
        (("true",), "false", Verdict.DENIED, Verdict.DENIED),
        (("true", "false"), None, Verdict.DENIED, Verdict.DENIED),
        (("true, no",), None, Verdict.DENIED, Verdict.DENIED),
        (("",), "true", Verdict.DENIED, Verdict.DENIED),
    ],
)
def test_one_denial_anywhere_wins(
    header: tuple[str, ...], parameter: str | None, required: Verdict, implied: Verdict
) -> None:
    """Nothing is no consent, but of a client that sends only when it may."""
    found = [admit(policy(consent), header, parameter, TYPE) for consent in ("required", "implied")]
    assert [required, implied] == found


def test_types_that_may_come_without_consent_are_listed() -> None:
    """A no is a no for them too."""
    listed = policy("required", TYPE)
    assert Verdict.EXPLICIT is admit(listed, (), None, TYPE)
    assert Verdict.MISSING is admit(listed, (), None, "suite/other")
    assert Verdict.DENIED is admit(listed, (), "false", TYPE)
    assert Verdict.DENIED is admit(listed, ("0",), None, TYPE)


def test_a_refusal_says_why_in_one_word() -> None:
    """Missing and denied are told apart."""
    denied, missing = refusal(Verdict.DENIED), refusal(Verdict.MISSING)
    assert (ConsentDeniedError, 403, ("consent_denied",)) == (
        type(denied),
        denied.status,
        denied.causes,
    )
    assert (ConsentError, 403, ("consent_missing",)) == (
        type(missing),
        missing.status,
        missing.causes,
    )


def test_policies_are_those_of_the_settings() -> None:
    """By the app's name."""
    settings = UsageSettings(apps=(policy().app,), query="q", header="h", round=60.0)
    assert {"suite": UsagePolicy(policy().app, "q", "h", 60.0)} == UsagePolicy.of(settings)
