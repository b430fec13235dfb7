"""The scrubber: documents, texts and items in, clean ones out, with remarks.

Law of this file: whatever goes wrong in an item drops that item. The Python contract
(`scrub_json`, `scrub_envelope`, `scrub_text`) stands here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from relay import jsonio
from relay.errors import ScrubError
from relay.outcomes import Outcome, Reason
from relay.protocol.enforcement import waits_by
from relay.protocol.envelope import Envelope, Item, parse, serialise
from relay.protocol.item_kinds import ATTACHMENT, ItemKind, Policy, kind_of, policy_of, refined
from relay.protocol.limits import DEFAULT, Limits
from relay.rules.compiling import CompiledRules, compile_rules
from relay.rules.model import Rule
from relay.scrub.budget import budget_for
from relay.scrub.document import DocumentScrubber
from relay.scrub.hashing import HashKeys
from relay.scrub.headers import allowed_envelope_headers, allowed_item_headers
from relay.scrub.items import SCRUBBERS
from relay.scrub.items.address import never_infer_address
from relay.scrub.items.model import NotForwardedError
from relay.scrub.memory import Memory
from relay.scrub.protected import is_id, is_timestamp
from relay.scrub.remarks import Note, clean_meta, write_meta
from relay.scrub.results import Done, ScrubbedItem, ScrubResult
from relay.scrub.search import TRIGGERS
from relay.scrub.shadow import GIVEN_UP, Shadow, ShadowHits, add_hits, added

_NO_POLICIES: Final[Mapping[str, Policy]] = {}


@dataclass(frozen=True, slots=True)
class Scrubber:
    """A set of rules, ready to scrub. Pure: the same input gives the same output."""

    compiled: CompiledRules = field(repr=False)
    keys: HashKeys = field(repr=False)
    memory: Memory = field(repr=False)
    shadow: Shadow | None = field(default=None, repr=False)

    @classmethod
    def from_rules(cls, rules: tuple[Rule, ...], keys: HashKeys) -> "Scrubber":
        """Make a scrubber of loaded rules; `keys` are for pseudonyms."""
        compiled = compile_rules(rules, TRIGGERS)
        memory = Memory(compiled)
        return cls(compiled, keys, memory, Shadow.of(rules, memory))

    def with_keys(self, keys: HashKeys) -> "Scrubber":
        """Return the same rules with other keys, for the next period."""
        return Scrubber(self.compiled, keys, self.memory, self.shadow)

    @property
    def digest(self) -> str:
        """SHA-256 over the rules, hex."""
        return self.compiled.digest

    @property
    def tried(self) -> tuple[str, ...]:
        """The ids of its shadow rules."""
        return () if self.shadow is None else tuple(r.id for r in self.shadow.compiled.rules)

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
        return ScrubResult(jsonio.dumps(value), tuple(done.notes), shadow_paths=done.shadow_paths)

    def scrub_text(self, text: str) -> str:
        """Scrub one text.

        Raises:
            ScrubError: it needs more work than its size allows.
        """
        holder = [text.encode("utf-8", "replace").decode()]
        self.run(holder, len(text), "text")
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
        headers, of_headers = self.scrub_envelope_headers(envelope.headers, None)
        clean = Envelope.make(headers, tuple(d.item for d in done if d.item is not None))
        notes = (*of_headers.notes, *(note for d in done for note in d.notes))
        shadow = added([of_headers.shadow_paths, *(d.shadow_paths for d in done)])
        return ScrubResult(serialise(clean), notes, tuple(d.outcome for d in done), shadow)

    # --- parts -----------------------------------------------------------------------------------

    def scrub_value(
        self,
        value: Any,
        size: int,
        root_type: str = "event",
        *,
        write_remarks: bool = True,
        label: str = "",
    ) -> tuple[Any, Done]:
        """Scrub a parsed document; it may be changed in place.

        Args:
            value: the document.
            size: its length in bytes.
            root_type: what selectors call its root.
            write_remarks: whether they go into its `_meta`.
            label: what paths of shadow rules' hits begin with; as `run` has it.
        """
        label = label or root_type
        if not isinstance(value, dict):
            # A list is its own root; a bare scalar gets one to stand in.
            holder = value if isinstance(value, list) else [value]
            done = self.run(holder, size, root_type, label=label)
            return (value if isinstance(value, list) else holder[0]), done
        meta = clean_meta(value.pop("_meta")) if "_meta" in value else {}
        in_meta = None
        if meta:
            in_meta = self.run(meta, size, root_type, structural=False, label=f"{label} _meta")
            if in_meta.notes:
                # What a rule wrote may be no name of a rule any more.
                meta = clean_meta(meta)
        done = self.run(value, size, root_type, label=label)
        if in_meta is not None and in_meta.shadow_paths:
            done = Done(done.notes, added([in_meta.shadow_paths, done.shadow_paths]))
        if write_remarks:
            write_meta(meta, done.notes)
        if meta:
            value["_meta"] = meta
        return value, done

    def scrub_envelope_headers(
        self, headers: Mapping[str, Any], public_key: str | None
    ) -> tuple[dict[str, Any], Done]:
        """Return the envelope headers that go on, scrubbed, and what was done to them.

        Where they need more work than their size allows, only id and time go on: an envelope does
        not fall with its headers.
        """
        kept = allowed_envelope_headers(headers, public_key)
        try:
            done = self.run(kept, len(jsonio.dumps(kept)), "envelope", label="envelope_header")
        except ScrubError:
            plain = {"event_id": is_id, "sent_at": is_timestamp}
            return {key: kept[key] for key in plain if plain[key](kept.get(key))}, Done([])
        return kept, done

    def scrub_item(
        self,
        index: int,
        item: Item,
        document: Any = None,
        policies: Mapping[str, Policy] = _NO_POLICIES,
        limits: Limits = DEFAULT,
        rules_tag: str = "",
    ) -> ScrubbedItem:
        """Scrub one item by its kind; never raises for what is in it.

        Args:
            index: its place in the envelope.
            item: as parsed.
            document: its payload as parsed JSON, if the caller has parsed it already.
            policies: what the configuration says about kinds; the table's word otherwise.
            limits: for what is opened on the way.
            rules_tag: what events say of the rules that cleaned them; empty for nothing.
        """
        kind = kind_of(item.headers)
        if kind is None:
            return _dropped(index, "unknown", Reason.UNKNOWN_ITEM, item)
        try:
            if document is None and kind.event_like:
                document = jsonio.loads(item.payload)
            kind = refined(kind, document)
            if policy_of(kind, policies) is Policy.DROP:
                return _dropped(index, kind.name, Reason.ITEM_POLICY, item)
            tools = _Tools(self, kind, limits, rules_tag)
            payload = SCRUBBERS[kind.scrubber](item, document, tools)
            headers, of_headers = self._scrub_item_headers(item)
        except jsonio.JsonError:
            return _dropped(index, kind.name, Reason.INVALID, item)
        except NotForwardedError:
            return _dropped(index, kind.name, Reason.ITEM_POLICY, item)
        except Exception:  # noqa: BLE001 - ScrubError or a mistake: the item must not go on as it came
            return _dropped(index, kind.name, Reason.SCRUB_FAILED, item)
        return ScrubbedItem(
            Item.make(headers, payload),
            Outcome(index, kind.name, Reason.ACCEPTED, len(item.payload)),
            (*tools.notes, *of_headers.notes),
            added([tools.shadow, of_headers.shadow_paths]),
            waits_by(kind),
        )

    def _scrub_item_headers(self, item: Item) -> tuple[dict[str, Any], Done]:
        headers = allowed_item_headers(item.headers)
        raw = jsonio.dumps(headers)
        mark = self.memory.root("item_header", structural=True).mark
        if raw + mark in self.memory.wholes:
            return headers, Done([], self._tried(headers, len(raw), "item_header", "item_header"))
        return headers, self.run(headers, len(raw), "item_header")

    def run(
        self,
        root: Any,
        size: int,
        root_type: str,
        *,
        structural: bool = True,
        label: str = "",
        again: bool = False,
    ) -> Done:
        """Scrub a map or list in place.

        Args:
            root: the map or list.
            size: its length in bytes.
            root_type: what selectors call it.
            structural: whether rules about keys and places apply.
            label: what paths of shadow rules' hits begin with; `root_type` unless given.
            again: another reading of what has been scrubbed; shadow rules do not count it twice.

        Raises:
            ScrubError: it is too deep, or needs more work than its size allows.
        """
        label = label or root_type
        shadow = {} if again else self._tried(root, size, root_type, label, structural=structural)
        return Done(self.clean(root, size, root_type, label, structural=structural), shadow)

    def clean(
        self, root: Any, size: int, root_type: str, label: str, *, structural: bool
    ) -> list[Note]:
        """Have the enforced rules clean a map or list in place; who explains looks on from here.

        Raises:
            ScrubError: it is too deep, or needs more work than its size allows.
        """
        del label
        run = DocumentScrubber(
            self.compiled, self.keys, budget_for(size), root_type, structural, self.memory
        )
        run.run(root)
        return run.notes

    def _tried(
        self, root: Any, size: int, root_type: str, label: str, *, structural: bool = True
    ) -> ShadowHits:
        """Return what shadow rules would redact; what goes wrong in them must not matter."""
        if self.shadow is None:
            return _NO_HITS
        try:
            return self.shadow.find(root, size, root_type, label, structural=structural)
        except Exception:  # noqa: BLE001 - the item is for the rules that are enforced to decide
            return {(rule.id, GIVEN_UP): 1 for rule in self.shadow.compiled.rules}


_NO_HITS: Final[ShadowHits] = {}


def _names_sdk(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str) and bool(value["name"])


def _root(kind: ItemKind) -> str:
    """Return what selectors call the root of an item."""
    return "attachments" if ATTACHMENT in kind.categories else kind.name


def _dropped(index: int, kind: str, reason: Reason, item: Item) -> ScrubbedItem:
    return ScrubbedItem(None, Outcome(index, kind, reason, len(item.payload)))


class _Tools:
    """The rules for one item's scrubber: `items.model.Tools`. It keeps what they found."""

    def __init__(self, scrubber: Scrubber, kind: ItemKind, limits: Limits, rules_tag: str) -> None:
        self.limits = limits
        self.rules_tag = rules_tag
        self.notes: list[Note] = []
        self.shadow: dict[tuple[str, str], int] = {}
        self._scrubber = scrubber
        self._root = _root(kind)
        self._label = kind.name

    def value(self, value: Any, size: int, *, remarks: bool = False) -> Any:
        clean, done = self._scrubber.scrub_value(
            value, size, self._root, write_remarks=remarks, label=self._label
        )
        self._keep(done)
        return clean

    def text(self, text: str) -> str:
        holder = [text]
        self._keep(self._scrubber.run(holder, len(text), self._root, label=self._label))
        return str(holder[0])

    def again(self, value: Any, size: int) -> Any:
        done = self._scrubber.run(value, size, self._root, again=True)
        self.notes.extend(done.notes)
        return value

    def note(self, notes: Iterable[Note]) -> None:
        self.notes.extend(notes)

    def _keep(self, done: Done) -> None:
        self.notes.extend(done.notes)
        add_hits(self.shadow, done.shadow_paths)
