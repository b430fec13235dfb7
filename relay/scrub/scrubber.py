"""The scrubber: documents, texts and items in, clean ones out, with remarks.

Law of this file: whatever goes wrong in an item drops that item. The Python contract
(`scrub_json`, `scrub_envelope`, `scrub_text`) stands here.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from relay import jsonio
from relay.errors import ScrubError
from relay.outcomes import Outcome, Reason
from relay.protocol.envelope import Envelope, Item, parse, serialise
from relay.protocol.item_kinds import ItemKind, Policy, Shape, kind_of, refined
from relay.rules.compiling import CompiledRules, compile_rules
from relay.rules.model import Rule
from relay.scrub.budget import budget_for
from relay.scrub.document import DocumentScrubber
from relay.scrub.hashing import HashKeys
from relay.scrub.headers import allowed_envelope_headers, allowed_item_headers
from relay.scrub.items.attachment import scrub_attachment
from relay.scrub.items.event import (
    forget_client_address,
    never_infer_address,
    never_infer_in_container,
)
from relay.scrub.memory import Memory
from relay.scrub.protected import is_id, is_timestamp
from relay.scrub.remarks import Note, Remark, as_remarks, clean_meta, write_meta
from relay.scrub.search import TRIGGERS

_EVENTS: Final = frozenset({"event", "transaction", "feedback", "security"})
_INFERRING: Final = _EVENTS | {"replay_event"}
"""Kinds for which Sentry would put in the address that the connection came from."""
_NO_POLICIES: Final[Mapping[str, Policy]] = {}


@dataclass(frozen=True, slots=True)
class ScrubResult:
    """What came out of a scrub.

    Attributes:
        body: clean bytes.
        notes: what was redacted, in no particular order.
        outcomes: for an envelope, what became of each item.
        shadow: hits of shadow rules, by rule id.
    """

    body: bytes = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)
    outcomes: tuple[Outcome, ...] = ()
    shadow: Mapping[str, int] = field(default_factory=dict)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was redacted, with the paths written out; made each time it is asked for."""
        return as_remarks(self.notes)


@dataclass(frozen=True, slots=True)
class ScrubbedItem:
    """One item after the scrub: the clean item, or None with the reason."""

    item: Item | None = field(repr=False)
    outcome: Outcome
    notes: tuple[Note, ...] = field(default=(), repr=False)
    shadow: Mapping[str, int] = field(default_factory=dict)
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scrubber:
    """A set of rules, ready to scrub. Pure: the same input gives the same output."""

    compiled: CompiledRules = field(repr=False)
    keys: HashKeys = field(repr=False)
    memory: Memory = field(repr=False)

    @classmethod
    def from_rules(cls, rules: tuple[Rule, ...], keys: HashKeys) -> "Scrubber":
        """Make a scrubber of loaded rules; `keys` are for pseudonyms."""
        compiled = compile_rules(rules, TRIGGERS)
        return cls(compiled, keys, Memory(compiled))

    def with_keys(self, keys: HashKeys) -> "Scrubber":
        """Return the same rules with other keys, for the next period."""
        return Scrubber(self.compiled, keys, self.memory)

    @property
    def digest(self) -> str:
        """SHA-256 over the rules, hex."""
        return self.compiled.digest

    # --- contracts -------------------------------------------------------------------------------

    def scrub_json(self, document: bytes) -> ScrubResult:
        """Scrub any JSON document as a Sentry event is; remarks go into its `_meta` too.

        Raises:
            JsonError: it is not JSON.
            ScrubError: it is too deep, or needs more work than its size allows.
        """
        value = jsonio.loads(document)
        value, done = self.scrub_value(value, len(document))
        if isinstance(value, dict) and _names_sdk(value.get("sdk")):
            # An event of an SDK; whoever sends it on must not have an address inferred.
            never_infer_address(value)
        return ScrubResult(jsonio.dumps(value), tuple(done.notes), shadow=done.shadow)

    def scrub_text(self, text: str) -> str:
        """Scrub one text.

        Raises:
            ScrubError: it needs more work than its size allows.
        """
        holder = [text.encode("utf-8", "replace").decode()]
        self._run(holder, len(text), "text")
        return str(holder[0])

    def scrub_plain(self, value: Any) -> Any:
        """Scrub a parsed document, which may be changed in place; return it without `_meta`.

        Raises:
            ScrubError: it is too deep, or needs more work than its size allows.
        """
        clean, _ = self.scrub_value(value, len(jsonio.dumps(value)), write_remarks=False)
        return clean

    def scrub_envelope(self, data: bytes) -> ScrubResult:
        """Scrub every item of an envelope by its kind, headers included; consent is not asked.

        Items that are of no known kind, or broken, or dropped by default, are left out.

        Raises:
            EnvelopeError: it is not an envelope.
            TooLargeError: it is over a limit.
        """
        envelope = parse(data)
        done = [self.scrub_item(i, item) for i, item in enumerate(envelope.items)]
        headers, notes = self.scrub_envelope_headers(envelope.headers, None)
        clean = Envelope.make(headers, tuple(d.item for d in done if d.item is not None))
        notes += [note for d in done for note in d.notes]
        shadow = sum((Counter(d.shadow) for d in done), Counter[str]())
        return ScrubResult(
            serialise(clean), tuple(notes), tuple(d.outcome for d in done), dict(shadow)
        )

    # --- parts -----------------------------------------------------------------------------------

    def scrub_value(
        self, value: Any, size: int, root_type: str = "event", *, write_remarks: bool = True
    ) -> tuple[Any, "Done"]:
        """Scrub a parsed document; it may be changed in place. `size` is its length in bytes."""
        if not isinstance(value, dict):
            # A list is its own root; a bare scalar gets one to stand in.
            holder = value if isinstance(value, list) else [value]
            done = self._run(holder, size, root_type)
            return (value if isinstance(value, list) else holder[0]), done
        meta = clean_meta(value.pop("_meta")) if "_meta" in value else {}
        if meta:
            self._run(meta, size, root_type, structural=False)
        done = self._run(value, size, root_type)
        if write_remarks:
            write_meta(meta, done.notes)
        if meta:
            value["_meta"] = meta
        return value, done

    def scrub_envelope_headers(
        self, headers: Mapping[str, Any], public_key: str | None
    ) -> tuple[dict[str, Any], list[Note]]:
        """Return the envelope headers that go on, scrubbed, and notes about them.

        Where they need more work than their size allows, only id and time go on: an envelope does
        not fall with its headers.
        """
        kept = allowed_envelope_headers(headers, public_key)
        try:
            done = self._run(kept, len(jsonio.dumps(kept)), "envelope")
        except ScrubError:
            plain = {"event_id": is_id, "sent_at": is_timestamp}
            return {key: kept[key] for key in plain if plain[key](kept.get(key))}, []
        return kept, done.notes

    def scrub_item(
        self,
        index: int,
        item: Item,
        document: Any = None,
        policies: Mapping[str, Policy] = _NO_POLICIES,
    ) -> ScrubbedItem:
        """Scrub one item by its kind; never raises for what is in it.

        Args:
            index: its place in the envelope.
            item: as parsed.
            document: its payload as parsed JSON, if the caller has parsed it already.
            policies: what the configuration says about kinds; the table's word otherwise.
        """
        kind = kind_of(item.kind)
        if kind is None:
            return _dropped(index, "unknown", Reason.UNKNOWN_ITEM, item)
        policy = policies.get(kind.name, kind.policy)
        if policy is Policy.DROP:
            return _dropped(index, kind.name, Reason.ITEM_POLICY, item)
        try:
            if kind.shape is Shape.TEXT_OR_JSON:
                return self._scrub_attachment(index, kind, item)
            if kind.shape not in _JSON_SHAPES:
                return _dropped(index, kind.name, Reason.ITEM_POLICY, item)
            value = jsonio.loads(item.payload) if document is None else document
            kind = refined(kind, value)
            if policies.get(kind.name, kind.policy) is Policy.DROP:
                return _dropped(index, kind.name, Reason.ITEM_POLICY, item)
            return self._scrub_json_item(index, kind, item, value)
        except jsonio.JsonError:
            return _dropped(index, kind.name, Reason.INVALID, item)
        except ScrubError:
            return _dropped(index, kind.name, Reason.SCRUB_FAILED, item)
        except Exception:  # noqa: BLE001 - whatever it is, the item must not go on as it came
            return _dropped(index, kind.name, Reason.SCRUB_FAILED, item)

    def _scrub_json_item(self, index: int, kind: ItemKind, item: Item, value: Any) -> ScrubbedItem:
        size = len(item.payload)
        if not isinstance(value, dict) and not (isinstance(value, list) and kind.name in _LISTS):
            return _dropped(index, kind.name, Reason.INVALID, item)
        is_event = kind.name in _EVENTS
        notes: list[Note] = []
        if kind.name in _INFERRING and isinstance(value, dict):
            notes = forget_client_address(value)
        value, done = self.scrub_value(value, size, kind.name, write_remarks=is_event)
        if kind.name in _INFERRING and isinstance(value, dict):
            never_infer_address(value)
        elif kind.shape is Shape.CONTAINER and isinstance(value, dict):
            never_infer_in_container(value)
        if is_event and isinstance(value, dict) and notes:
            write_meta(value.setdefault("_meta", {}), notes)
        if isinstance(value, dict) and "_meta" in value:
            # Always last, as after a second scrub.
            value["_meta"] = value.pop("_meta")
        headers, in_headers = self._scrub_item_headers(item)
        return ScrubbedItem(
            Item.make(headers, jsonio.dumps(value)),
            Outcome(index, kind.name, Reason.ACCEPTED, size),
            (*notes, *done.notes, *in_headers),
            done.shadow,
            kind.categories,
        )

    def _scrub_attachment(self, index: int, kind: ItemKind, item: Item) -> ScrubbedItem:
        notes: list[Note] = []
        shadow: Counter[str] = Counter()

        def text(value: str) -> str:
            holder = [value]
            keep(self._run(holder, len(value), "attachments"))
            return str(holder[0])

        def document(value: Any, size: int) -> Any:
            clean, done = self.scrub_value(value, size, "attachments", write_remarks=False)
            keep(done)
            return clean

        def keep(done: Done) -> None:
            notes.extend(done.notes)
            shadow.update(done.shadow)

        payload = scrub_attachment(item.headers, item.payload, text, document)
        if payload is None:
            return _dropped(index, kind.name, Reason.ITEM_POLICY, item)
        headers, in_headers = self._scrub_item_headers(item)
        return ScrubbedItem(
            Item.make(headers, payload),
            Outcome(index, kind.name, Reason.ACCEPTED, len(item.payload)),
            (*notes, *in_headers),
            shadow,
            kind.categories,
        )

    def _scrub_item_headers(self, item: Item) -> tuple[dict[str, Any], list[Note]]:
        headers = allowed_item_headers(item.headers)
        done = self._run(headers, len(jsonio.dumps(headers)), "item_header")
        return headers, done.notes

    def _run(
        self,
        root: Any,
        size: int,
        root_type: str,
        *,
        structural: bool = True,
    ) -> "Done":
        """Scrub a map or list in place."""
        run = DocumentScrubber(
            self.compiled, self.keys, budget_for(size), root_type, structural, self.memory
        )
        run.run(root)
        rules = self.compiled.rules
        return Done(run.notes, {rules[n].id: count for n, count in run.shadow.items()})


def _names_sdk(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str) and bool(value["name"])


def _dropped(index: int, kind: str, reason: Reason, item: Item) -> ScrubbedItem:
    return ScrubbedItem(None, Outcome(index, kind, reason, len(item.payload)))


@dataclass(frozen=True, slots=True)
class Done:
    """What one run did: notes about redactions, and shadow rules' hits by id."""

    notes: list[Note]
    shadow: Mapping[str, int]


_JSON_SHAPES: Final = frozenset({Shape.JSON, Shape.CONTAINER})
_LISTS: Final = frozenset({"metric_buckets"})
