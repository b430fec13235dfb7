"""Envelope and item headers: an allow-list, then the same scrubbing as any document.

What is not on the list, or has another form, goes: `dsn`, the consent key, and what a relay in
between may have added (`remote_addr`, `forwarded_for`, `user_agent`). Source: Sentry's envelope
documentation.
"""

from collections.abc import Mapping
from typing import Any, Final

from relay.protocol.ids import is_hex32

ENVELOPE_KEYS: Final = frozenset({"event_id", "sent_at", "sdk", "trace"})
SDK_KEYS: Final = frozenset({"name", "version", "integrations", "packages"})
TRACE_KEYS: Final = frozenset({
    "trace_id", "public_key", "release", "environment", "transaction", "sample_rate",
    "sample_rand", "sampled", "replay_id", "org_id",
})  # fmt: skip
ITEM_KEYS: Final = frozenset({
    "type", "length", "content_type", "filename", "attachment_type", "item_count", "platform",
    "sentry_release", "sentry_environment",
})  # fmt: skip


def allowed_envelope_headers(headers: Mapping[str, Any], public_key: str | None) -> dict[str, Any]:
    """Return the headers that may go on, not scrubbed yet.

    Args:
        headers: as they came.
        public_key: the upstream's public key, which takes the place of the client's in `trace`;
            None keeps the client's.
    """
    kept = {key: value for key, value in headers.items() if key in ENVELOPE_KEYS}
    for name in ("event_id", "sent_at"):
        if not isinstance(kept.get(name, ""), str):
            del kept[name]
    for name, keys in (("sdk", SDK_KEYS), ("trace", TRACE_KEYS)):
        inner = kept.get(name)
        if isinstance(inner, dict):
            kept[name] = {
                key: value for key, value in inner.items() if key in keys and _is_flat(value)
            }
        else:
            kept.pop(name, None)
    trace = kept.get("trace")
    if trace is not None and "public_key" in trace:
        if public_key is not None:
            trace["public_key"] = public_key
        elif not is_hex32(trace["public_key"]):
            del trace["public_key"]
    return kept


def allowed_item_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's headers that may go on, not scrubbed yet, without its length."""
    return {
        key: value
        for key, value in headers.items()
        if key in ITEM_KEYS and key != "length" and isinstance(value, str | int)
    }


def _is_flat(value: Any) -> bool:
    """A plain value, a list of them, or a list of flat maps: all that these headers ever hold."""
    if not isinstance(value, list):
        return not isinstance(value, dict)
    return not any(
        isinstance(one, list)
        or (isinstance(one, dict) and any(isinstance(v, list | dict) for v in one.values()))
        for one in value
    )
