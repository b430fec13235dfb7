"""The client's address, which goes whatever the rules say, and our word against inferring it."""

from typing import Any

from relay.scrub.remarks import Note

CLIENT_ADDRESS = "protocol/client-address"
"""The rule id of remarks about the client's address."""


def forget_client_address(event: dict[str, Any]) -> list[Note]:
    """Take the client's address out of an event, in place.

    `user.ip_address` goes even when it says `{{auto}}`, for Sentry would put the address of the
    connection there: ours. A client's word on `infer_ip` goes unread, for ours takes its place: a
    rule that took it away would leave a remark on what then stands there.
    """
    sdk = event.get("sdk")
    if isinstance(sdk, dict) and isinstance(sdk.get("settings"), dict):
        sdk["settings"].pop("infer_ip", None)
    user = event.get("user")
    if isinstance(user, dict) and user.pop("ip_address", None) is not None:
        return [Note(("user", "ip_address"), ((CLIENT_ADDRESS, "x"),))]
    return []


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


def forget_attributes(attributes: Any) -> list[Note]:
    """Take the client's address and browser out of a session's `attrs`, in place."""
    if not isinstance(attributes, dict):
        return []
    keys = ("ip_address", "user_agent")
    gone = [key for key in keys if attributes.pop(key, None) is not None]
    return [Note(("attrs", key), ((CLIENT_ADDRESS, "x"),)) for key in gone]
