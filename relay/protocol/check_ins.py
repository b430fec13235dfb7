"""Cron check-ins by URL, and the envelope that one becomes.

Source: https://docs.sentry.io/product/crons/getting-started/http/ and Sentry Relay's cron endpoint.
"""

from collections.abc import Mapping
from typing import Any, Final

from relay import jsonio
from relay.errors import BodyError
from relay.protocol.envelope import Envelope, Item, serialise
from relay.protocol.ids import is_hex32
from relay.protocol.tags import refuse_repeats

CLIENT: Final = "relay-http"
"""What Sentry calls a client that only asks for a URL."""

_STATUSES: Final = ("ok", "error", "in_progress", "timeout", "missed")
_NIL: Final = "0" * 32
"""An id that lets Sentry find the open check-in by itself."""


def check_in_envelope(slug: str, body: bytes, content_type: str, query: Mapping[str, str]) -> bytes:
    """Return a check-in as an envelope.

    Args:
        slug: the monitor's, out of the path.
        body: a JSON object, where the content type says JSON; else it is not looked at.
        content_type: the request's header.
        query: says `status`, and maybe `check_in_id`, `environment` and `duration`, where no JSON
            was sent.

    Raises:
        BodyError: it has no valid status, id or duration, says a tag twice, or is too deep.
    """
    if content_type.partition(";")[0].strip().lower() == "application/json":
        check_in = _from_json(body)
    else:
        check_in = _from_query(query)
    if check_in.get("status") not in _STATUSES:
        raise BodyError("a check-in needs a status")
    given = check_in.get("check_in_id", _NIL)
    plain = given.replace("-", "") if isinstance(given, str) else ""
    if not is_hex32(plain):
        raise BodyError("check_in_id is not a UUID")
    check_in = {**check_in, "check_in_id": plain, "monitor_slug": slug}
    try:
        payload = jsonio.dumps(check_in)
    except jsonio.JsonError:
        # What is nested deeply can be read, and not written.
        raise BodyError("the check-in is nested too deeply") from None
    item = Item.make({"type": "check_in", "content_type": "application/json"}, payload)
    return serialise(Envelope.make({}, (item,)))


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        check_in = jsonio.loads(body)
    except jsonio.JsonError:
        raise BodyError("the check-in is not JSON") from None
    if not isinstance(check_in, dict):
        raise BodyError("the check-in is not a JSON object")
    refuse_repeats(body, check_in)
    return check_in


def _from_query(query: Mapping[str, str]) -> dict[str, Any]:
    check_in: dict[str, Any] = {
        key: query[key] for key in ("status", "check_in_id", "environment") if key in query
    }
    if "duration" in query:
        try:
            duration = float(query["duration"])
        except ValueError:
            raise BodyError("duration is not a number") from None
        if not 0 <= duration < float("inf"):
            raise BodyError("duration is not a number of seconds")
        check_in["duration"] = duration
    return check_in
