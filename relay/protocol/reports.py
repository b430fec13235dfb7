"""Reports that browsers send by themselves (CSP, network errors), and the envelopes they become.

Source: Content Security Policy Level 3, the Reporting API and Network Error Logging (W3C); Sentry
Relay's security and nel endpoints.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from relay import jsonio
from relay.errors import BodyError, UnsupportedMediaError
from relay.protocol.envelope import Envelope, Item, serialise
from relay.protocol.item_kinds import NEL
from relay.protocol.limits import Limits, too_large

SECURITY_TYPES: Final = ("application/json", "application/csp-report", "application/reports+json")
NEL_TYPES: Final = ("application/json", "application/reports+json")

_FROM_QUERY: Final = ("sentry_release", "sentry_environment")


def check_media(content_type: str, allowed: Sequence[str]) -> None:
    """Hold a Content-Type against those that a route takes; parameters do not matter.

    Raises:
        UnsupportedMediaError: it is none of them.
    """
    if content_type.partition(";")[0].strip().lower() not in allowed:
        raise UnsupportedMediaError("unsupported media type")


def security_envelopes(body: bytes, query: Mapping[str, str], limits: Limits) -> Sequence[bytes]:
    """Return an envelope for a report, or one for each of a list of them.

    Args:
        body: what was posted, decompressed.
        query: `sentry_release` and `sentry_environment` go into the item's header.
        limits: `items` bounds the length of a list.

    Raises:
        BodyError: it is no JSON object and no list of them, or one of a list is too deep.
        TooLargeError: the list is too long.
    """
    headers: dict[str, Any] = {"type": "raw_security", "content_type": "application/json"}
    headers |= {key: query[key] for key in _FROM_QUERY if key in query}
    report = _report(body)
    if not isinstance(report, list):
        return (_envelope(headers, body),)
    if len(report) > limits.items:
        raise too_large("envelope")
    try:
        return [_envelope(headers, jsonio.dumps(one)) for one in report]
    except jsonio.JsonError:
        # What is nested deeply can be read, and not written.
        raise BodyError("a report is nested too deeply") from None


def nel_envelope(body: bytes) -> bytes:
    """Return an envelope for network error reports, which stay together.

    Raises:
        BodyError: they are no JSON.
    """
    _report(body)
    return _envelope({"type": "integration", "content_type": NEL}, body)


def _report(body: bytes) -> Any:
    try:
        report = jsonio.loads(body)
    except jsonio.JsonError:
        raise BodyError("the report is not JSON") from None
    if not isinstance(report, dict | list):
        raise BodyError("the report is not a JSON object or a list of them")
    return report


def _envelope(headers: Mapping[str, Any], payload: bytes) -> bytes:
    return serialise(Envelope.make({}, (Item.make(headers, payload),)))
