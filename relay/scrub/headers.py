"""Envelope and item headers: an allow-list with their forms, then scrubbed as any document is.

What is not on the list, or has another form, goes: `dsn`, the consent key, who the user of a trace
is, and what a relay in between may have added (`remote_addr`, `forwarded_for`, `user_agent`,
`origin`). Source: Sentry's documentation of envelopes, envelope items and dynamic sampling.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from relay.scrub.protected import Shape, is_id, is_public_key, is_timestamp


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_packages(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(isinstance(part, str) for part in one.values())
        for one in value
    )


def _is_share(value: Any) -> bool:
    """A number from 0 to 1, which SDKs write as text."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_decision(value: Any) -> bool:
    return value is True or value is False or value in ("true", "false")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MANY


def _is_org(value: Any) -> bool:
    return _is_count(value) or (isinstance(value, str) and _ORG.fullmatch(value) is not None)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _is_media_type(value: Any) -> bool:
    return isinstance(value, str) and _MEDIA_TYPE.match(value) is not None


def _is_attachment_type(value: Any) -> bool:
    return isinstance(value, str) and value in ATTACHMENT_TYPES


_MANY: Final = 10**15
# Closed shapes, not rule patterns; the media type is RFC 6838's.
_NUMBER: Final = re.compile(r"[01](?:\.[0-9]{1,20})?(?:[eE]-[0-9]{1,3})?")  # noqa: TID251
_ORG: Final = re.compile(r"[0-9]{1,15}")  # noqa: TID251
_WORD: Final = re.compile(r"[a-z][a-z0-9_-]{0,19}")  # noqa: TID251
_MEDIA_TYPE: Final = re.compile(  # noqa: TID251
    r"(?i)(?:application|audio|chemical|font|image|message|model|multipart|text|video)/"
    r"(?:[a-z]{1,20}[0-9]{0,3}|[0-9]{1,4}[a-z]{0,4})(?:[.+_-](?:[a-z]{1,20}[0-9]{0,3}|[0-9]{1,4})){0,5}"
    r"(?![\w.+/-])"
    r"(?:\s{0,2};\s{0,2}charset=[a-z]{2,8}(?:[-_](?:[0-9]{1,4}|[a-z]{1,5})){0,2}(?![\w-]))?",
    re.ASCII,
)
"""One with room for an address is none: words, and short numbers, of a type that is registered."""

ATTACHMENT_TYPES: Final = frozenset({
    "event.attachment", "event.minidump", "event.applecrashreport", "event.view_hierarchy",
    "event.payload", "event.breadcrumbs", "unreal.context", "unreal.logs",
})  # fmt: skip
"""What Sentry gives a meaning to; an attachment of no type is one of `event.attachment`."""

ENVELOPE: Final[Mapping[str, Shape]] = {"event_id": is_id, "sent_at": is_timestamp}
SDK: Final[Mapping[str, Shape]] = {
    "name": _is_text,
    "version": _is_text,
    "integrations": _is_texts,
    "packages": _is_packages,
}
TRACE: Final[Mapping[str, Shape]] = {
    "trace_id": is_id,
    "public_key": is_public_key,
    "org_id": _is_org,
    "replay_id": is_id,
    "sample_rate": _is_share,
    "sample_rand": _is_share,
    "sampled": _is_decision,
    "release": _is_text,
    "environment": _is_text,
    # The same by two names; the second is for SDKs that send spans alone.
    "transaction": _is_text,
    "segment_name": _is_text,
}
ITEM: Final[Mapping[str, Shape]] = {
    "type": _is_text,
    "content_type": _is_media_type,
    "filename": _is_text,
    "attachment_type": _is_attachment_type,
    "item_count": _is_count,
    "platform": _is_word,
    "sentry_release": _is_text,
    "sentry_environment": _is_text,
}


def allowed_envelope_headers(headers: Mapping[str, Any], public_key: str | None) -> dict[str, Any]:
    """Return the headers that may go on, not scrubbed yet.

    Args:
        headers: as they came.
        public_key: the upstream's public key, which takes the place of the client's in `trace`;
            None keeps the client's.
    """
    kept = _allowed(headers, ENVELOPE)
    for name, shapes in (("sdk", SDK), ("trace", TRACE)):
        inner = headers.get(name)
        if isinstance(inner, dict):
            kept[name] = _allowed(inner, shapes)
    trace = kept.get("trace")
    if trace is not None and public_key is not None and "public_key" in headers["trace"]:
        trace["public_key"] = public_key
    return kept


def allowed_item_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's headers that may go on, not scrubbed yet, without its length.

    Of a media type go on the type itself and its charset.
    """
    kept = _allowed(headers, ITEM)
    media = _MEDIA_TYPE.match(kept.get("content_type", ""))
    if media is not None:
        kept["content_type"] = media[0]
    return kept


def _allowed(headers: Mapping[str, Any], shapes: Mapping[str, Shape]) -> dict[str, Any]:
    return {key: value for key, value in headers.items() if key in shapes and shapes[key](value)}
