"""Fields that Sentry's protocol knows, as far as selectors name them, and selectors held to them.

Source: Sentry's event payload documentation and what its SDKs and Relay send for the other kinds of
items (https://develop.sentry.dev/sdk/data-model/).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from relay.rules.model import Rule, normalise_key
from relay.rules.selectors import Part, Selector, paths_of
from relay.workbench.linting.model import Code, Finding, Lines, found
from relay.yamlio import nearest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVENT: Final = _words(
    "event_id timestamp start_timestamp received platform level logger transaction "
    "transaction_info server_name release dist tags environment modules extra fingerprint "
    "errors exception message logentry template breadcrumbs user request contexts threads "
    "debug_meta sdk spans type culprit measurements breakdowns stacktrace csp hpkp expectct "
    "expectstaple nel integrations profile profile_id title location site time_spent key_id "
    "project version grouping_config metadata trace_id span_id op status _metrics _meta"
)
_OTHER_ITEMS: Final = _words(
    # sessions; reports of users and check-ins
    "sid did seq init started duration attrs aggregates abnormal_mechanism user_agent "
    "name email comments check_in_id monitor_slug monitor_config "
    # logs, spans, metrics: alone and in containers
    "items attributes body severity_number severity_text parent_span_id segment_id is_remote links "
    "description data origin exclusive_time end_timestamp hash unit kind value ingest_settings "
    # profiles and replays
    "device os runtime transactions profiler_id chunk_id client_sdk replay_id replay_type urls "
    "error_ids trace_ids replay_start_timestamp segment_names "
    # browsers' reports, view hierarchies, client reports
    "csp-report expect-ct-report expect-staple-report known-pins date-time hostname port age url "
    "rendering_system windows discarded_events rate_limited_events filtered_events "
    # headers of envelopes and items
    "dsn sent_at trace filename content_type attachment_type length item_count"
)
_FRAME: Final = _words(
    "filename function raw_function module package abs_path lineno colno pre_context context_line "
    "post_context vars in_app instruction_addr addr_mode symbol_addr image_addr symbol trust lang "
    "stack_start data platform snapshot source_link lock function_id debug_id"
)
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "exception": _words(
        "values type value module stacktrace raw_stacktrace mechanism thread_id exceptions"
    ),
    "stacktrace": _words(
        "frames registers lang snapshot instruction_addr_adjustment frames_omitted"
    ),
    "frame": _FRAME,
    "request": _words(
        "url method data query_string cookies headers env fragment api_target body_size "
        "inferred_content_type"
    ),
    "logentry": _words("message formatted params"),
    "thread": _words(
        "id name crashed current main stacktrace raw_stacktrace state held_locks values"
    ),
    "breadcrumb": _words("type category message data level timestamp event_id origin values"),
    "sdk": _words("name version integrations packages features settings client_side_features"),
}
"""Types whose fields are a closed list; a user, a span or a log may have any."""

_CLOSED: Final = {
    "exception": "exception", "request": "request", "logentry": "logentry", "threads": "thread",
    "breadcrumbs": "breadcrumb", "sdk": "sdk",
}  # fmt: skip
"""The same by the name that they have in an event."""

_ROOTS: Final = _EVENT | _OTHER_ITEMS
_ALIASES: Final = {"error": "exception", "http": "request", "stack": "stacktrace"}

COMMON_KEYS: Final = frozenset(
    normalise_key(key)
    for key in (
        "value", "values", "message", "name", "data", "type", "title", "description", "text", "url",
        "body", "id", "key", "params", "args", "arguments", "formatted", "filename",
        "function", "module", "content", "level", "category", "transaction", "op", "method",
        "release", "timestamp", "event_id", "platform", "environment", "stacktrace", "frames",
        "lineno", "colno", "abs_path", "exception", "breadcrumbs", "contexts", "tags", "extra",
        "request", "user", "sdk", "status", "version", "attributes",
    )
)  # fmt: skip
"""Keys under which anything stands."""


def selects_nothing(rule: Rule, lines: Lines) -> Iterator[Finding]:
    """Find selectors that name a field which nothing has."""
    for key, selectors in (("where", rule.where), ("except", rule.excepts)):
        for number, selector in enumerate(selectors):
            for unknown, hint in _unknown(selector):
                message = f"{selector.source} in {key}: nothing of Sentry's has a field '{unknown}'"
                line = lines.at(key, item=number)
                shown = f"{message} ({hint})" if hint else message
                yield found(rule, Code.SELECTS_NOTHING, shown, line=line)


def _unknown(selector: Selector) -> Iterator[tuple[str, str]]:
    for parts in paths_of(selector.source):
        unknown = _unknown_in(parts)
        if unknown is not None:
            yield unknown


def _unknown_in(parts: Sequence[Part]) -> tuple[str, str] | None:
    """Return the first field of a path that is not known, and the nearest that is."""
    first, rest = parts[0], parts[1:]
    match first.kind:
        case "type":
            known = _FIELDS.get(_ALIASES.get(first.text, first.text))
        case "key":
            if first.text not in _ROOTS:
                return first.text, nearest(first.text, _ROOTS)
            known = _FIELDS.get(_CLOSED.get(first.text, ""))
        case _:
            return None
    # Elements of a list stand between: their number, or anything.
    while rest and (rest[0].kind == "one" or rest[0].text == "values" or rest[0].text.isdigit()):
        rest = rest[1:]
    if known is None or not rest or rest[0].kind != "key" or rest[0].text in known:
        return None
    return rest[0].text, nearest(rest[0].text, known)
