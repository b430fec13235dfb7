"""What would become of one request: for people who write clients or the allow-list.

Law of this file: the gate decides, by the same functions as for a request that comes in; what is
added here are words for what it has dropped. No value of a request is in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from relay import jsonio
from relay.errors import RequestError
from relay.outcomes import Reason
from relay.scrub.scrubber import Scrubber
from relay.usage.admitting import UsagePolicy, refusal
from relay.usage.attributes import Attribute
from relay.usage.catalogue import Catalogue
from relay.usage.cleaning import clean
from relay.usage.drafts import Refused
from relay.usage.model import UsageRequest
from relay.usage.pseudonyms import UsageKeys
from relay.usage.requests import Fields, read_query, read_request, targets_of

NO_ROUTE: Final = "no path of an app: /{app}/log/{environment}/{stable|develop}.log"
NO_TYPE: Final = "the type is not in the allow-list, or not of this app"
NOT_LISTED: Final = "not in the allow-list"
TWICE: Final = "given more than once"
EMPTY: Final = "empty"
RULED: Final = "a rule takes it"
UNSCRUBBED: Final = "the rules cannot look at it"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A parameter that is not kept, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What becomes of a request.

    Attributes:
        status: of the answer.
        reason: one word for what becomes of the event.
        detail: why nothing is kept; empty if something is.
        record: what is kept; None for nothing.
        dropped: parameters of the event that are not kept, in their order.
    """

    status: int
    reason: str
    detail: str = ""
    record: Mapping[str, Any] | None = field(default=None, repr=False)
    dropped: tuple[Dropped, ...] = ()


def check(
    url: str,
    consent: tuple[str, ...],
    policies: Mapping[str, UsagePolicy],
    catalogue: Catalogue,
    scrubber: Scrubber,
    keys: UsageKeys,
    now: float,
) -> Checked:
    """Say what becomes of a request.

    Args:
        url: whole, or its path and query.
        consent: values of the header that carries consent.
        policies: of the apps that are configured, by name.
        catalogue: the allow-list.
        scrubber: the rules.
        keys: for pseudonyms.
        now: seconds since the Unix epoch.
    """
    path, query = _split(url)
    target = targets_of(policy.app for policy in policies.values()).get(path)
    if target is None:
        return Checked(HTTPStatus.NOT_FOUND, Reason.UNKNOWN_ROUTE, NO_ROUTE)
    policy = policies[target.app]
    try:
        request = UsageRequest(target, read_query(query), consent)
        fields = read_request(request, policy.query)
        done = clean(request, policy, catalogue, scrubber, keys, now)
    except RequestError as error:
        return Checked(error.status, error.reason, error.detail)
    if isinstance(done, Refused):
        if done.verdict is not None and not done.verdict.passes:
            refused = refusal(done.verdict)
            return Checked(refused.status, refused.reason, refused.detail)
        detail = NO_TYPE if done.reason is Reason.UNKNOWN_ITEM else UNSCRUBBED
        return Checked(HTTPStatus.NO_CONTENT, done.reason, detail)
    record = jsonio.loads(done.line)
    dropped: tuple[Dropped, ...] = ()
    if isinstance(fields, Fields):
        known = catalogue.events[fields.type].attributes
        dropped = tuple(
            Dropped(name, _why(known.get(name), text))
            for name, text in fields.payload.items()
            if name not in record["attributes"]
        )
    return Checked(HTTPStatus.NO_CONTENT, Reason.ACCEPTED, "", record, dropped)


def _split(url: str) -> tuple[str, str]:
    """Return path and query, as a client sends them."""
    whole = url.partition("#")[0]
    if "://" in whole.partition("?")[0]:
        whole = "/" + whole.partition("://")[2].partition("/")[2]
    path, _, query = whole.partition("?")
    return path, query


def _why(attribute: Attribute | None, text: str | None) -> str:
    if attribute is None:
        return NOT_LISTED
    if text is None:
        return TWICE
    if attribute.read(text) is not None:
        return RULED
    return f"no {attribute.type} that the allow-list takes" if text else EMPTY
