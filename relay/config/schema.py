"""The JSON Schema of relay.yaml, made by letting the reader read nothing and noting what it asks.

Law of this file: what the schema refuses, the reader refuses too, and every key that one knows the
other knows. Nothing is required, for whatever the file leaves out the environment may say.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from relay.config import model
from relay.config.loading import read_root
from relay.config.reader import Origins, Section
from relay.config.settings import Settings
from relay.config.usage_model import UsageApp, UsageBatch, UsageKeep, UsageSettings, UsageStore
from relay.config.usage_section import OWN
from relay.config.values import DURATION, SIZE, SIZE_UNITS, format_duration, format_size
from relay.consent import ConsentPolicy
from relay.protocol.item_kinds import KINDS
from relay.protocol.limits import Limits
from relay.yamlio import Node

T = TypeVar("T")

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_TYPES: Final[Mapping[str, type]] = {
    "": Settings,
    "listen": model.Listen,
    "listen.tls": model.Tls,
    "listen.onion": model.Onion,
    "admin": model.Admin,
    "admin.tokens": model.AdminToken,
    "projects": model.ProjectSettings,
    "spool": model.SpoolSettings,
    "forward": model.ForwardSettings,
    "hash": model.HashSettings,
    "client_reports": model.ClientReportSettings,
    "errors": model.ErrorSettings,
    "reload": model.ReloadSettings,
    "usage": UsageSettings,
    "usage.apps": UsageApp,
    "usage.hash": model.HashSettings,
    "usage.spool": model.SpoolSettings,
    "usage.store": UsageStore,
    "usage.batch": UsageBatch,
    "usage.keep": UsageKeep,
    "consent": ConsentPolicy,
    "limits": Limits,
}
"""Where each section's descriptions stand: its type's docstring."""

_NARROWER: Final[Mapping[str, Mapping[str, Any]]] = {
    "admin.open": {"items": {"enum": list(model.OPENABLE)}},
    "admin.tokens.scopes": {"items": {"enum": list(model.SCOPES)}},
    "admin.tokens.sha256": {"pattern": "^[0-9A-Fa-f]{64}$"},
    "consent.answer": {"enum": [200, 403]},
    "consent.explicit": {"items": {"enum": sorted(KINDS)}},
    "hash.secret": {"minLength": model.MIN_SECRET},
    "projects": {"minItems": 1},
    "projects.key": {"pattern": "^([*]|[0-9A-Fa-f]{32})$"},
    "projects.upstream": {"minLength": 1},
    "usage.apps.environments": {"items": {"pattern": "^[A-Za-z0-9_-]+$"}},
    "usage.hash.secret": {"minLength": model.MIN_SECRET},
    "usage.query": {"not": {"enum": sorted(OWN)}},
}
"""What the reader asks for beyond a type, by path."""


def config_schema() -> dict[str, Any]:
    """Return the schema of relay.yaml: JSON Schema, draft 2020-12.

    Defaults stand as one would write them: `1d`, `500MB`. Source: json-schema.org.
    """
    recorder = _Recorder(Node({}, 1, "map"), "", Origins(""), [], {}, defaults=True)
    read_root(recorder)
    return {
        "$schema": DIALECT,
        "title": "relay.yaml",
        "description": "The configuration of the relay; without any it starts with its defaults.",
        **_map(recorder.fields),
    }


@dataclass(frozen=True, slots=True)
class _Recorder(Section):
    """A section that has nothing in it, and notes what is asked for.

    Attributes:
        fields: the schema of each key that was asked for.
        defaults: whether a default holds there; in a project it is what stands at the top.
    """

    fields: dict[str, dict[str, Any]]
    defaults: bool

    def section(self, key: str) -> Section:
        inner = self._inner(key, defaults=self.defaults)
        # Nothing behind a key is an empty section.
        self._note(key, {**_map(inner.fields), "type": ["object", "null"]})
        return inner

    def sections(self, key: str) -> Iterator[Section]:
        inner = self._inner(key, defaults=False)
        self._note(key, {"type": ["array", "null"], "items": _map(inner.fields)})
        yield inner

    def nodes(self, key: str) -> Sequence[Node]:
        """Return no entries: `texts` and `sections` note what is asked for."""
        del key
        return ()

    def text(self, key: str, default: str, *, digits: bool = False, secret: bool = False) -> str:
        # Digits without quotes are a number to an editor; `12e3` too.
        kind = ["string", "number"] if digits else "string"
        self._note(key, {"type": kind, **({"writeOnly": True} if secret else {})}, default)
        return default

    def texts(self, key: str, default: tuple[str, ...], *, secret: bool = False) -> tuple[str, ...]:
        more = {"writeOnly": True} if secret else {}
        shown = {"type": ["array", "null"], "items": {"type": "string"}, **more}
        self._note(key, shown, list(default))
        return default

    def boolean(self, key: str, default: bool) -> bool:
        self._note(key, {"type": "boolean"}, default)
        return default

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        self._note(key, {"type": "integer", "minimum": low, "maximum": high}, default)
        return default

    def size(self, key: str, default: int) -> int:
        units = "|".join(SIZE_UNITS)
        pattern = SIZE.replace("[A-Za-z]{1,3}", units)
        self._note(key, _like(f"^{pattern}$", "a size: 500MB, 1GiB"), format_size(default))
        return default

    def duration(self, key: str, default: float) -> float:
        shown = _like(f"^{DURATION}$", "a duration: 30s, 10m, 24h, 90d")
        self._note(key, shown, format_duration(default))
        return default

    def wait(self, key: str, default: float) -> float:
        shown = _like(f"^(?=0*[1-9]){DURATION}$", "a duration that is not nothing: 30s, 24h")
        self._note(key, shown, format_duration(default))
        return default

    def name(self, key: str, default: str) -> str:
        self._note(key, {"type": "string", "minLength": 1}, default)
        return default

    def word(self, key: str, default: str) -> str:
        self._note(key, _like("^[A-Za-z0-9_-]+$", "letters, digits, - and _"), default)
        return default

    def parsed(self, key: str, default: T, parse: Callable[[str], T]) -> T:
        raise NotImplementedError(f"what {self.path(key)} may be is not known")

    def choice(
        self, key: str, default: str, words: Sequence[str], known: Sequence[str] = ()
    ) -> str:
        del known
        self._note(key, {"enum": list(words)}, str(default))
        return default

    def _inner(self, key: str, *, defaults: bool) -> "_Recorder":
        node = Node({}, 1, "map")
        return _Recorder(node, self.path(key), self.origins, self.mistakes, {}, defaults=defaults)

    def _note(self, key: str, schema: Mapping[str, Any], default: Any = None) -> None:
        # A project's own consent, items and limits are described like those at the top.
        top = re.sub(r"^projects\.(?=(consent|items|limits)\.)", "", self.path(key))
        said = {"default": default} if self.defaults and default not in (None, "", []) else {}
        self.fields[key] = {
            "description": _description(top), **schema, **_NARROWER.get(top, {}), **said,
        }  # fmt: skip


def _map(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a map with these keys, which may still be noted later, and no others."""
    return {"type": "object", "additionalProperties": False, "properties": fields}


def _like(pattern: str, what: str) -> dict[str, Any]:
    """Return the schema of a text; editors of YAML say what it must be in place of the pattern."""
    return {"type": "string", "pattern": pattern, "patternErrorMessage": f"must be {what}"}


def _description(path: str) -> str:
    """Return what the setting at a path is for."""
    above, _, key = path.rpartition(".")
    if above == "items":
        kind = "replay_recording" if key == "replay" else key
        return f"What happens to items of the kind `{kind}`."
    words = attributes(_TYPES[above])
    text = words["project" if path == "projects.id" else key]
    return text[0].upper() + text[1:]


def attributes(kind: type) -> dict[str, str]:
    """Return what a type's docstring says of each attribute, by name."""
    listed = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    found: dict[str, str] = {}
    for names, text in re.findall(r"^ {4}(\w[\w, ]*): (.*(?:\n {8}.*)*)", listed, re.MULTILINE):
        found |= dict.fromkeys(names.split(", "), " ".join(text.split()))
    return found
