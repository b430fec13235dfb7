"""Consent for usage events: what is taken, and what is refused.

Law of this file: as in `relay.consent`: one denial anywhere wins over any grant, and no evidence is
no consent. A client that sends only when it may (`implied`) is believed as long as nothing denies.
"""

from dataclasses import dataclass
from functools import cached_property

from relay.config import UsageApp, UsageSettings
from relay.consent import ConsentPolicy, Evidence, Verdict, decide, read_request_evidence
from relay.consent import ItemEvidence as Item
from relay.errors import ConsentDeniedError, ConsentError
from relay.usage.model import UsageRequest


@dataclass(frozen=True)
class UsagePolicy:
    """What holds for the events of an app.

    Attributes:
        app: its name, and what it needs no consent for.
        query: the name of the parameter that carries consent.
        header: the name of the header that does.
        round: seconds to which times are rounded down.
    """

    app: UsageApp
    query: str = "c_consent"
    header: str = "X-Suite-Consent"
    round: float = 3_600.0

    @classmethod
    def of(cls, settings: UsageSettings) -> dict[str, "UsagePolicy"]:
        """Return the policies of all apps that are configured, by name."""
        return {
            app.name: cls(app, settings.query, settings.header, settings.round)
            for app in settings.apps
        }

    @cached_property
    def consent(self) -> ConsentPolicy:
        """What the app asks for, in the words of `relay.consent`; a type stands for a kind."""
        return ConsentPolicy(
            explicit=self.app.without_consent, header=self.header, query=self.query
        )


def admit(policy: UsagePolicy, request: UsageRequest, event_type: str) -> Verdict:
    """Decide about an event by what the request says of consent; a decision to opt out needs none.

    Args:
        policy: what holds for its app.
        request: as it came.
        event_type: what it is.

    Returns:
        GRANTED, DENIED or MISSING; NOT_REQUIRED where a client is believed, and EXPLICIT for a
        type that may come without consent.
    """
    evidence = read_evidence(policy, request)
    (verdict,) = decide(policy.consent, evidence, (Item(event_type),)).items
    if verdict is Verdict.MISSING and policy.app.consent == "implied":
        return Verdict.NOT_REQUIRED
    return verdict


def read_evidence(policy: UsagePolicy, request: UsageRequest) -> tuple[Evidence, ...]:
    """Return what a request says of consent, in its query and in its header."""
    headers = [(policy.header, value) for value in request.consent]
    return read_request_evidence(policy.consent, headers, request.query)


def refusal(verdict: Verdict) -> ConsentError:
    """Make the error to answer a refused event with; the reason is its one cause."""
    causes = (verdict.reason.value,)
    if verdict is Verdict.DENIED:
        return ConsentDeniedError("the user has not agreed to usage data", causes)
    return ConsentError("nothing says that the user agreed", causes)
