"""Which batches become one object."""

from itertools import count

from relay.ports import Claim
from relay.usage.objects import decode
from relay.usage.planning import Plan, plan_objects, row_of
from tests.fakes import envelope
from tests.usage_store import OPT_OUTS, all_records, row


def plan(*envelopes: object, max_bytes: int = 10**9) -> Plan:
    claims = [Claim(number, one, 0, 0.0) for number, one in enumerate(envelopes)]  # type: ignore[arg-type]
    names = (f"{number:032x}" for number in count())
    return plan_objects(claims, max_bytes, lambda: next(names))


def ids(*claims: Claim) -> list[int]:
    return [claim.claim_id for claim in claims]


def test_partitions_are_kept_apart() -> None:
    """Each partition has an object of its own, with its records in the order of claims."""
    first, second = plan(row(1), row(2, 1, OPT_OUTS), row(3)).drafts
    assert ([0, 2], [1]) == (ids(*first.claims), ids(*second.claims))
    assert (4, 1) == (first.records, second.records)
    assert all_records([1, 3]) == decode(first.data).splitlines()


def test_a_bound_makes_several_objects() -> None:
    """What would go over the bound begins another object of the same partition."""
    size = len(row(1).body)
    drafts = plan(*(row(number) for number in range(1, 6)), max_bytes=2 * size).drafts
    assert [[0, 1], [2, 3], [4]] == [ids(*draft.claims) for draft in drafts]
    assert 3 == len({draft.path for draft in drafts})


def test_a_repeat_goes_with_the_first() -> None:
    """The second row of one id is settled with the first, wherever it says that it belongs."""
    (draft,) = plan(row(1), row(1, 1, OPT_OUTS)).drafts
    assert ([0, 1], 2) == (ids(*draft.claims), draft.records)
    assert {row_of(row(1))} == draft.rows


def test_what_is_no_batch_stands_apart() -> None:
    """Only batches become objects."""
    found = plan(envelope(1), row(2))
    assert ([0], 1) == (ids(*found.invalid), len(found.drafts))


def test_a_repr_holds_no_record() -> None:
    """What could come into a log says nothing of records."""
    (draft,) = plan(row(1)).drafts
    assert "batch" not in repr(draft)
