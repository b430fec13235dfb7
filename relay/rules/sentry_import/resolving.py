"""From names of rules to what they find and do: aliases, lists, redactions, types.

Relay's own order: a rule of the document hides a built-in one of the same name; a redaction of an
alias or a list counts only with `hideInner`, and only if it is given; a name that comes a second
time in one application is passed over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from relay.rules.model import Method
from relay.rules.patterns import PatternError
from relay.rules.sentry_import.builtin import (
    BUILT_IN,
    COLLECTIONS,
    FILTERED,
    FINDS,
    TYPE_ALIASES,
)
from relay.rules.sentry_import.model import DEFAULT, Find, Leaf, Loss, Redact, below, shown
from relay.rules.sentry_import.patterns import WHOLE, to_re2, whole_text, words_of
from relay.yamlio import nearest

_MAX_DEPTH: Final = 200
_TYPE_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "pattern": ("pattern", "replaceGroups"),
    "redact_pair": ("keyPattern",),
    "multiple": ("rules", "hideInner"),
    "alias": ("rule", "hideInner"),
}
_METHOD_KEYS: Final[Mapping[str, tuple[str, ...]]] = {"replace": ("text",)}
_WHY_NOT: Final[Mapping[str, str]] = {
    "maskChar": "the mask is always *",
    "mask_char": "the mask is always *",
    "charsToIgnore": "a mask covers every character",
    "chars_to_ignore": "a mask covers every character",
    "range": "a mask covers the whole hit",
    "algorithm": "hash has one algorithm, a keyed HMAC",
    "key": "the key is made from hash.secret_file of relay.yaml",
}
_TEXTS: Final = ("the {} is x1", "{}: x1", "that is the {}", "here: {}")
_GROUPS: Final = range(256)


@dataclass(slots=True)
class Resolver:
    """Resolves names; what is lost on the way is collected, each loss once.

    Attributes:
        rules: the document's `rules`.
        path: where they stand in the document.
        losses: by path and reason.
        used: names that an application led to.
    """

    rules: Mapping[str, Any] = field(repr=False)
    path: str
    losses: list[Loss]
    used: set[str] = field(default_factory=set)
    _leaves: dict[str, tuple[Find, ...]] = field(default_factory=dict, repr=False)
    _redacts: dict[str, Redact] = field(default_factory=dict, repr=False)

    def lose(self, path: str, reason: str) -> None:
        """Take down a loss."""
        self.losses.append(Loss(path, reason))

    def leaves(self, name: str, path: str, seen: set[str]) -> Iterator[Leaf]:
        """Yield what a name in an application stands for.

        Args:
            name: the name of a rule.
            path: where the name stands.
            seen: names that the application has led to; more are added.
        """
        stack: list[tuple[str, str, tuple[str, Redact] | None, int]] = [(name, path, None, 0)]
        while stack:
            name, path, outer, depth = stack.pop()
            if name in seen:
                continue
            if depth > _MAX_DEPTH:
                self.lose(path, "rules inside of rules, too deep")
                continue
            seen.add(name)
            if name not in self.rules:
                stack += reversed([(n, path, outer, depth + 1) for n in COLLECTIONS.get(name, ())])
                yield from self.built_in(name, path, outer)
                continue
            self.used.add(name)
            spec = self.rules[name]
            here = below(self.path, name)
            if not isinstance(spec, Mapping):
                self.lose(here, "a rule is an object")
                continue
            inner = self.inner(spec, here)
            if inner is None:
                leaf = Leaf(name, name, self.finds(name, spec, here), self.redact(name, here))
                if leaf.finds:
                    yield leaf.under(*outer) if outer else leaf
                continue
            redact = self.redact(name, here)
            hidden = self.flag(spec, here)
            if redact.given and not hidden:
                self.lose(
                    below(here, "redaction"),
                    "without hideInner Sentry does not apply it to the inner rules either",
                )
            if outer and hidden:
                redact = outer[1] if outer[1].given else redact
            below_outer = (outer[0] if outer else name, redact) if hidden else None
            stack += reversed([(n, p, below_outer, depth + 1) for n, p in inner])

    def built_in(self, name: str, path: str, outer: tuple[str, Redact] | None) -> Iterator[Leaf]:
        """Yield a built-in rule."""
        if name in COLLECTIONS:
            return
        if name not in BUILT_IN:
            hint = nearest(name, [*self.rules, *BUILT_IN, *COLLECTIONS])
            self.lose(path, f"no such rule: {shown(name)}{hint and f' ({hint})'}")
            return
        kind, redact = BUILT_IN[name]
        if kind == "password" and name not in self.used:
            self.used.add(name)
            self.lose(path, _password_loss(name))
        leaf = Leaf(name, name, FINDS[kind], redact)
        yield leaf.under(*outer) if outer else leaf

    # --- one rule of the document ---------------------------------------------------------------

    def inner(self, spec: Mapping[str, Any], here: str) -> list[tuple[str, str]] | None:
        """Return the names that an alias or a list leads to; None for another type."""
        match spec.get("type"):
            case "alias":
                if isinstance(spec.get("rule"), str):
                    return [(spec["rule"], below(here, "rule"))]
                self.lose(below(here, "rule"), "it must be the name of a rule")
                return []
            case "multiple":
                names = spec.get("rules")
                if not isinstance(names, list):
                    self.lose(below(here, "rules"), "it must be a list of names")
                    return []
                for at, name in enumerate(names):
                    if not isinstance(name, str):
                        self.lose(below(here, "rules", at), "it must be the name of a rule")
                return [
                    (name, below(here, "rules", at))
                    for at, name in enumerate(names)
                    if isinstance(name, str)
                ]
            case _:
                return None

    def flag(self, spec: Mapping[str, Any], here: str) -> bool:
        """Return `hideInner`."""
        value = spec.get("hideInner", False)
        if not isinstance(value, bool):
            self.lose(below(here, "hideInner"), "it must be true or false")
        return value is True

    def finds(self, name: str, spec: Mapping[str, Any], here: str) -> tuple[Find, ...]:
        """Return what a rule finds; nothing if it cannot be carried over."""
        if name not in self._leaves:
            self._leaves[name] = self.read_finds(spec, here)
        return self._leaves[name]

    def read_finds(self, spec: Mapping[str, Any], here: str) -> tuple[Find, ...]:
        """Read what a rule finds."""
        kind = spec.get("type")
        if not isinstance(kind, str):
            self.lose(below(here, "type"), "it must be the name of a type")
            return ()
        kind = TYPE_ALIASES.get(kind, kind)
        known = ("type", "redaction", *_TYPE_KEYS.get(kind, ()))
        for key in spec:
            if key not in known and kind in (*FINDS, *_TYPE_KEYS):
                self.lose(below(here, key), f"unknown key of type {kind}")
        match kind:
            case "pattern":
                return self.pattern(spec, here)
            case "redact_pair":
                return self.pair(spec, here)
            case "password":
                self.lose(here, _password_loss("password"))
                return FINDS[kind]
            case _ if kind in FINDS and kind != "urlauth-legacy":
                return FINDS[kind]
            case _:
                hint = nearest(kind, [*FINDS, *_TYPE_KEYS])
                self.lose(below(here, "type"), f"unknown type {shown(kind)}{hint and f' ({hint})'}")
                return ()

    def pattern(self, spec: Mapping[str, Any], here: str) -> tuple[Find, ...]:
        """Read a rule of type `pattern`."""
        source, groups = spec.get("pattern"), spec.get("replaceGroups")
        if not isinstance(source, str):
            self.lose(below(here, "pattern"), "it must be text")
            return ()
        if groups is None:
            groups = list(WHOLE)
        elif not isinstance(groups, list) or not all(
            isinstance(group, int) and not isinstance(group, bool) and group in _GROUPS
            for group in groups
        ):
            self.lose(below(here, "replaceGroups"), "it must be a list of numbers of groups")
            return ()
        try:
            translated = to_re2(source, frozenset(groups))
        except PatternError as error:
            self.lose(below(here, "pattern"), f"{error}")
            return ()
        return (Find("", "a pattern of your own", translated),)

    def pair(self, spec: Mapping[str, Any], here: str) -> tuple[Find, ...]:
        """Read a rule of type `redact_pair`: values under keys, and whole texts."""
        place = below(here, "keyPattern")
        source = spec.get("keyPattern")
        if not isinstance(source, str):
            self.lose(place, "it must be text")
            return ()
        words = words_of(source)
        if words is None:
            self.lose(
                place,
                "only a list of names, such as foo|bar, can become keys: the values under keys "
                "that it matches stay",
            )
        elif words.open_end:
            self.lose(place, _open_end(words.open_end))
        finds: list[Find] = []
        if words is not None:
            finds.append(Find("keys", "Values under keys", keys=words.keys, hits=("hunter2", "x1")))
        try:
            pattern = to_re2(whole_text(source))
        except PatternError as error:
            self.lose(place, f"{error}: whole texts that it matches stay")
        else:
            self.lose(place, _ONE_WORD)
            named = words.words if words else ()
            hits = tuple(text.format(word) for text in _TEXTS for word in named)
            finds.append(Find("texts", "Whole texts that name such a key", pattern, hits=hits))
        return tuple(finds)

    def redact(self, name: str, here: str) -> Redact:
        """Return what a rule of the document does."""
        if name not in self._redacts:
            redaction = self.rules[name].get("redaction")
            self._redacts[name] = self.read_redact(redaction, below(here, "redaction"))
        return self._redacts[name]

    def read_redact(self, value: Any, here: str) -> Redact:
        """Read a redaction; one that we do not have becomes `remove`, so that nothing stays."""
        if value is None:
            return DEFAULT
        method = value.get("method", "default") if isinstance(value, Mapping) else None
        if not isinstance(method, str):
            self.lose(here, "it must be an object with a method; written as remove")
            return Redact()
        for key in value:
            if key != "method" and key not in _METHOD_KEYS.get(method, ()):
                self.lose(below(here, key), _WHY_NOT.get(key, "unknown key"))
        if method == "default":
            return DEFAULT
        if method == "replace":
            text = value.get("text", FILTERED)
            if not isinstance(text, str):
                self.lose(below(here, "text"), f"it must be text; written as {FILTERED}")
                text = FILTERED
            return Redact(Method.REPLACE, text)
        if method not in list(Method):
            self.lose(below(here, "method"), f"unknown method {shown(method)}; written as remove")
            return Redact()
        return Redact(Method(method))


_ONE_WORD: Final = "a text that is one word stays even if it matches, for it may be a key"


def _open_end(words: tuple[str, ...]) -> str:
    return (
        "a key is found by its end: where the key goes on behind the word, as in "
        f"{shown(words[0])}_old, the value stays; write such keys into `match: key`"
    )


def _password_loss(name: str) -> str:
    return (
        f"{shown(name)} is carried over for keys that end with a word of its own, such as "
        "db_password; a key that goes on behind it, such as password_old, is not found unless "
        "listed; write such keys into `match: key`; " + _ONE_WORD
    )
