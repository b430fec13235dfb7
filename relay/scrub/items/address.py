"""The client's address, which goes whatever the rules say, and our word against inferring it."""

from typing import Any, Final

from relay.rules.paths import Path
from relay.scrub.remarks import Note

CLIENT_ADDRESS = "protocol/client-address"
"""The rule id of remarks about the client's address."""

CLIENT_ATTRIBUTES: Final = frozenset({
    "client.address", "user.ip_address", "http.client_ip", "net.peer.ip", "net.sock.peer.addr",
    "network.peer.address",
})  # fmt: skip
"""Attributes of spans, logs and metrics that hold it (OpenTelemetry's conventions and Sentry's).

`{{auto}}` in the first asks Sentry to put the address of the connection there.
"""


def forget_client_address(event: dict[str, Any]) -> list[Note]:
    """Take the client's address out of an event, in place.

    `user.ip_address` goes even when it says `{{auto}}`, for Sentry would put the address of the
    connection there: ours. A client's word on `infer_ip` goes unread, for ours takes its place: a
    rule that took it away would leave a remark on what then stands there.
    """
    sdk = event.get("sdk")
    if isinstance(sdk, dict) and isinstance(sdk.get("settings"), dict):
        sdk["settings"].pop("infer_ip", None)
    notes: list[Note] = []
    user = event.get("user")
    if isinstance(user, dict) and user.pop("ip_address", None) is not None:
        notes.append(_note("user", "ip_address"))
    contexts = event.get("contexts")
    if isinstance(contexts, dict):
        notes += forget_in_span(contexts.get("trace"), ("contexts", "trace"))
    spans = event.get("spans")
    if isinstance(spans, list):
        for index, span in enumerate(spans):
            notes += forget_in_span(span, ("spans", index))
    return notes


def forget_in_span(span: Any, path: Path = ()) -> list[Note]:
    """Take the client's address out of the attributes of a span, log or metric, in place.

    Args:
        span: any of them; attributes are called `data` in spans of the first version.
        path: where it stands in its document.
    """
    if not isinstance(span, dict):
        return []
    notes: list[Note] = []
    for name in ("attributes", "data"):
        attributes = span.get(name)
        if isinstance(attributes, dict):
            for key in sorted(CLIENT_ATTRIBUTES.intersection(attributes)):
                del attributes[key]
                notes.append(_note(*path, name, key))
    links = span.get("links")
    if isinstance(links, list):
        for index, link in enumerate(links):
            notes += forget_in_span(link, (*path, "links", index))
    return notes


def never_infer_address(event: dict[str, Any]) -> None:
    """Tell Sentry never to infer the client's address, in place: it would find ours.

    To be called after the rules, which could take `sdk.settings.infer_ip` away.
    """
    sdk = event.get("sdk")
    if not isinstance(sdk, dict):
        sdk = event["sdk"] = {}
    settings = sdk.get("settings")
    if not isinstance(settings, dict):
        settings = sdk["settings"] = {}
    settings["infer_ip"] = "never"


def forget_attributes(attributes: Any, path: Path = ("attrs",)) -> list[Note]:
    """Take the client's address and browser out of a session's `attrs`, in place."""
    if not isinstance(attributes, dict):
        return []
    keys = ("ip_address", "user_agent")
    gone = [key for key in keys if attributes.pop(key, None) is not None]
    return [_note(*path, key) for key in gone]


def _note(*path: str | int) -> Note:
    return Note(path, ((CLIENT_ADDRESS, "x"),))
