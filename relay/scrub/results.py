"""What comes out of the scrubber: of a document or envelope, of an item, of a run of the rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.outcomes import Outcome
from relay.protocol.envelope import Item
from relay.scrub.remarks import Note, Remark, as_remarks
from relay.scrub.shadow import ShadowHits, by_rule


@dataclass(frozen=True, slots=True)
class ScrubResult:
    """What came out of a scrub.

    Attributes:
        body: clean bytes.
        notes: what was redacted, in no particular order.
        outcomes: for an envelope, what became of each item.
        shadow_paths: hits of shadow rules, by rule id and path; see `scrub.shadow`.
    """

    body: bytes = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)
    outcomes: tuple[Outcome, ...] = ()
    shadow_paths: ShadowHits = field(default_factory=dict)

    @property
    def shadow(self) -> Mapping[str, int]:
        """Hits of shadow rules, by rule id."""
        return by_rule(self.shadow_paths)

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
    shadow_paths: ShadowHits = field(default_factory=dict)
    categories: tuple[str, ...] = ()

    @property
    def shadow(self) -> Mapping[str, int]:
        """Hits of shadow rules, by rule id."""
        return by_rule(self.shadow_paths)


@dataclass(frozen=True, slots=True)
class Done:
    """What one run did: notes about redactions, and what shadow rules would have redacted."""

    notes: list[Note]
    shadow_paths: ShadowHits = field(default_factory=dict)

    @property
    def shadow(self) -> Mapping[str, int]:
        """Hits of shadow rules, by rule id."""
        return by_rule(self.shadow_paths)
