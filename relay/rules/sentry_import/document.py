"""The shapes in which a PII configuration comes, and the older switches for data scrubbing.

Sources: Relay's documentation of project configuration (`piiConfig`, `datascrubbingSettings`), and
Sentry's API for projects (`relayPiiConfig`, `dataScrubber`, …). What the switches mean is written
as a PII configuration, so that one road leads to rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from relay import jsonio
from relay.rules.selectors import SelectorError
from relay.rules.sentry_import.builtin import COOKIES, FILTERED
from relay.rules.sentry_import.model import Loss, NotPiiConfigError, below
from relay.rules.sentry_import.selectors import places_of

_CONFIG: Final = ("rules", "applications", "vars")
_SETTINGS: Final = (
    "scrubData", "scrubDefaults", "scrubIpAddresses", "sensitiveFields", "excludeFields",
)  # fmt: skip
_API: Final[Mapping[str, str]] = {
    "dataScrubber": "scrubData",
    "dataScrubberDefaults": "scrubDefaults",
    "scrubIPAddresses": "scrubIpAddresses",
    "safeFields": "excludeFields",
    "sensitiveFields": "sensitiveFields",
}
_HOLDERS: Final = ("piiConfig", "relayPiiConfig")
_IGNORED: Final = (
    "(debug_meta.** || $frame.filename || $frame.abs_path || $logentry.formatted || $error.value"
    " || $request.headers.user-agent)"
)
_IP_FIELDS: Final = (
    "$request.env.REMOTE_ADDR || $user.ip_address || $sdk.client_ip"
    " || $span.sentry_tags.'user.ip' || attributes.'client.address'"
)
_COOKIE_HEADERS: Final = ("http.request.header.cookie", "http.response.header.set-cookie")
_CONVERSATIONS: Final = (
    "gen_ai.input.messages", "gen_ai.prompt", "gen_ai.request.messages",
    "gen_ai.tool.call.arguments", "gen_ai.tool.input", "gen_ai.tool.call.result",
    "gen_ai.tool.output", "gen_ai.output.messages", "gen_ai.response.tool_calls",
    "gen_ai.response.text", "gen_ai.response.object", "gen_ai.tool.definitions",
    "gen_ai.request.available_tools", "gen_ai.tool.name", "mcp.prompt.result",
    "mcp.tool.result.content",
)  # fmt: skip
_IN_TEXT: Final = (
    "@email:replace", "@creditcard:replace", "@iban:replace", "@usssn:replace", "@bearer:replace",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """A PII configuration: its parts, and the path at which it stands in the document.

    It is `made` when switches stand there that mean it.
    """

    rules: Mapping[str, Any] = field(repr=False)
    applications: Mapping[str, Any] = field(repr=False)
    path: str
    made: bool = False


def read_document(document: Any, losses: list[Loss]) -> list[Config]:
    """Return the PII configurations of a document; what is wrong in them goes to `losses`.

    Raises:
        NotPiiConfigError: there is none.
    """
    document, path = _opened(document), ""
    if isinstance(document, Mapping) and isinstance(document.get("config"), Mapping):
        document, path = document["config"], "config"
    if not isinstance(document, Mapping):
        raise NotPiiConfigError("an object with `rules` and `applications` was expected")
    configs: list[Config] = []
    known = False
    for name in _HOLDERS:
        held = _opened(document.get(name))
        known = known or name in document
        if isinstance(held, Mapping):
            configs.append(_config(held, below(path, name), losses))
        elif held is not None and held != "":
            losses.append(Loss(below(path, name), "it must be an object, or JSON in a string"))
    if any(key in document for key in _CONFIG):
        known = True
        configs.append(_config(document, path, losses, whole=not configs))
    settings = document.get("datascrubbingSettings")
    here = below(path, "datascrubbingSettings")
    if settings is None and any(key in document for key in (*_SETTINGS, *_API)):
        settings, here = document, path
    if settings is not None:
        known = True
        configs += _from_settings(settings, here, losses, whole=settings is not document)
    if not known:
        raise NotPiiConfigError(
            "no `rules` and `applications`, no `piiConfig`, no `datascrubbingSettings`"
        )
    return configs


def _opened(value: Any) -> Any:
    """Open JSON in a string, as Sentry's pages and API give it."""
    for _ in range(2):
        if not isinstance(value, str) or not value.strip():
            return value
        try:
            value = jsonio.loads(value)
        except jsonio.JsonError:
            return value
    return value


def _config(
    value: Mapping[str, Any], path: str, losses: list[Loss], *, whole: bool = True
) -> Config:
    parts: list[Mapping[str, Any]] = []
    for key in _CONFIG:
        part = value.get(key)
        if part is not None and not isinstance(part, Mapping):
            losses.append(Loss(below(path, key), "it must be an object"))
        parts.append(part if isinstance(part, Mapping) else {})
    rules, applications, variables = parts
    for key in variables:
        reason = (
            "a key of the hash does not go into rules: set hash.secret_file in relay.yaml"
            if key == "hashKey"
            else "unknown key"
        )
        if variables[key] is not None:
            losses.append(Loss(below(path, "vars", key), reason))
    if whole:
        others = (*_CONFIG, *_SETTINGS, *_API, *_HOLDERS, "datascrubbingSettings")
        losses += [Loss(below(path, key), "unknown key") for key in value if key not in others]
    return Config(rules, applications, path)


# --- the older switches ---------------------------------------------------------------------------


def _from_settings(value: Any, path: str, losses: list[Loss], *, whole: bool) -> list[Config]:
    if not isinstance(value, Mapping):
        losses.append(Loss(path, "it must be an object"))
        return []
    if whole:
        known = (*_SETTINGS, *_API)
        losses += [Loss(below(path, key), "unknown key") for key in value if key not in known]
    names = {name: ours for ours in _SETTINGS for name in (ours, _alias(ours)) if name in value}
    read = {ours: (value[name], below(path, name)) for name, ours in names.items()}
    on = {key: _switch(read, key, losses) for key in _SETTINGS[:3]}
    sensitive = _words(read, "sensitiveFields", losses)
    excluded = _words(read, "excludeFields", losses)
    applications: dict[str, list[str]] = {}
    rules: dict[str, Any] = {}
    everywhere: list[str] = []
    if on["scrubData"] and on["scrubDefaults"]:
        everywhere.append("@common:filter")
        applications |= _defaults()
    if on["scrubIpAddresses"]:
        applications[_IP_FIELDS] = ["@anything:remove"]
        everywhere.append("@ip:replace")
    if on["scrubData"] and sensitive:
        rules["sensitive-fields"] = {
            "type": "redact_pair",
            "keyPattern": "(?i)" + "|".join(map(_escaped, sensitive)),
            "redaction": {"method": "replace", "text": FILTERED},
        }
        everywhere.append("sensitive-fields")
    if everywhere:
        conjunction = ["($string || $number || $array || $object)", f"!{_IGNORED}"]
        conjunction += [f"!({_excluded(field)})" for field in excluded]
        applications[" && ".join(conjunction)] = everywhere
    return [Config(rules, applications, path, made=True)] if applications else []


def _alias(ours: str) -> str:
    return next((name for name, meant in _API.items() if meant == ours), ours)


def _switch(read: Mapping[str, tuple[Any, str]], key: str, losses: list[Loss]) -> bool:
    value, path = read.get(key, (False, ""))
    if value is not None and not isinstance(value, bool):
        losses.append(Loss(path, "it must be true or false; taken for true"))
        return True
    return bool(value)


def _words(read: Mapping[str, tuple[Any, str]], key: str, losses: list[Loss]) -> list[str]:
    value, path = read.get(key, ([], ""))
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        losses.append(Loss(path, "it must be a list of texts; what is none is left out"))
    words = value if isinstance(value, list) else []
    return [word.strip() for word in words if isinstance(word, str) and word.strip()]


def _escaped(word: str) -> str:
    return "".join(c if c.isalnum() or c in "_ " else f"\\{c}" for c in word)


def _excluded(field: str) -> str:
    """Return the selector that a safe field is, or the key that it names."""
    try:
        places_of(field)
    except SelectorError:
        return "'" + field.replace("'", "''") + "'"
    return field


def _defaults() -> dict[str, list[str]]:
    """Return what Sentry's default scrubbing does beyond `@common:filter`."""
    one = [f"*.cookies.{name}" for name in COOKIES]
    one += [f"*.'{header}.{name}'" for header in _COOKIE_HEADERS for name in COOKIES]
    bulk = [f"*.'{header}'{tail}" for header in _COOKIE_HEADERS for tail in ("", ".*")]
    talk = ["$logentry.formatted", "$log.body"]
    for name in _CONVERSATIONS:
        talk += [f"$span.data.'{name}'", f"attributes.'{name}'.value"]
    return {
        " || ".join(one): ["@anything:filter"],
        " || ".join(bulk): ["@cookies:filter"],
        " || ".join(talk): list(_IN_TEXT),
    }
