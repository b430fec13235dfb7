"""Consent for usage events: what is taken, and what is refused.

Law of this file: as in `relay.consent`: one denial anywhere wins over any grant, and no evidence is
no consent. A client that sends only when it may (`implied`) is believed as long as nothing denies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from relay.config import UsageApp, UsageSettings
from relay.consent import (
    ConsentPolicy,
    Evidence,
    ItemEvidence,
    Source,
    Verdict,
    decide,
    is_grant,
)
from relay.errors import ConsentDeniedError, ConsentError


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
    def verdicts(self) -> Mapping[tuple[bool | None, bool], Verdict]:
        """What follows, as `relay.consent` decides it.

        By what is said (True where all of it grants, None where nothing is said), and whether the
        event's type may come without consent.
        """
        return {
            (said, listed): self._decided(said, listed=listed)
            for said in (True, False, None)
            for listed in (True, False)
        }

    def _decided(self, said: bool | None, *, listed: bool) -> Verdict:
        policy = ConsentPolicy(explicit=frozenset({_TYPE} if listed else ()))
        evidence = () if said is None else (Evidence(Source.URL, said),)
        (verdict,) = decide(policy, evidence, (ItemEvidence(_TYPE),)).items
        if verdict is Verdict.MISSING and self.app.consent == "implied":
            return Verdict.NOT_REQUIRED
        return verdict


_TYPE: Final = "an event"


def admit(
    policy: UsagePolicy, headers: Sequence[str], parameter: str | None, event_type: str
) -> Verdict:
    """Decide about an event by what is said of consent; a decision to opt out needs none.

    Args:
        policy: what holds for its app.
        headers: values of the header that carries consent, one for each time that it is there.
        parameter: the parameter that does; None without it.
        event_type: what it is.

    Returns:
        GRANTED, DENIED or MISSING; NOT_REQUIRED where a client is believed, and EXPLICIT for a
        type that may come without consent.
    """
    # A list in one header, and several headers, mean the same (RFC 9110, 5.3).
    said = [is_grant(part.strip(" \t")) for value in headers for part in value.split(",")]
    if parameter is not None:
        said.append(is_grant(parameter))
    listed = event_type in policy.app.without_consent
    return policy.verdicts[all(said) if said else None, listed]


def refusal(verdict: Verdict) -> ConsentError:
    """Make the error to answer a refused event with; the reason is its one cause."""
    causes = (verdict.reason.value,)
    if verdict is Verdict.DENIED:
        return ConsentDeniedError("the user has not agreed to usage data", causes)
    return ConsentError("nothing says that the user agreed", causes)
