"""One envelope as work: the same for a thread and for a process, and how it travels between two.

Law of this file: a permit goes from process to process as its fields, and is made again by
`restore` in the process that takes it back; what comes back may name only the types of a result.
"""

import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Final

from relay import errors
from relay.errors import RelayError
from relay.pipeline import FindProject, Processed, RequestFacts, process
from relay.protocol.enforcement import KnownLimits
from relay.scrub.permit import ScrubbedEnvelope, restore
from relay.scrub.scrubber import Scrubber

Convert = Callable[[bytes], bytes]
"""Makes an envelope of what was posted; one that can be pickled."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done with a body.

    Attributes:
        facts: what the request says beside it.
        known: the limits of the upstream that are in force for its caller.
        period: number of the rotation period whose keys pseudonyms are made with.
        convert: makes it an envelope first; None where it is one.
    """

    facts: RequestFacts = field(repr=False)
    known: KnownLimits
    period: int
    convert: Convert | None = field(default=None, repr=False)


def do(data: bytes, job: Job, find_project: FindProject, scrubber: Scrubber) -> Processed:
    """Decide about one body; see `pipeline.process` for what is raised."""
    envelope = data if job.convert is None else job.convert(data)
    return process(envelope, job.facts, find_project, scrubber, lambda *_: job.known)


# --- results --------------------------------------------------------------------------------------

_PARTS: Final = tuple(part.name for part in fields(Processed) if part.name != "envelope")
_PERMIT: Final = ("envelope_id", "project", "key", "client", "categories")


def pack(done: Processed) -> tuple[bytes, bytes]:
    """Return a result as two parts: all about it, and the clean body (empty if nothing goes on)."""
    permit = done.envelope
    about = {name: getattr(done, name) for name in _PARTS}
    marks = {name: getattr(permit, name) for name in _PERMIT} if permit is not None else None
    return pickle.dumps((about, marks), pickle.HIGHEST_PROTOCOL), (
        permit.body if permit is not None else b""
    )


def unpack(about: bytes, body: bytes) -> Processed:
    """Return the result that was packed.

    Raises:
        pickle.UnpicklingError: it is none.
    """
    parts, marks = _Reader(io.BytesIO(about)).load()
    return Processed(envelope=_restored(marks, body), **parts)


def _restored(marks: Any, body: bytes) -> ScrubbedEnvelope | None:
    return restore(body=body, **marks) if marks is not None else None


class _Reader(pickle.Unpickler):
    """Reads what the other process wrote: a stranger's bytes have been through it."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _TYPES:
            raise pickle.UnpicklingError("no part of a result")
        return super().find_class(module, name)


_TYPES: Final = frozenset(
    {
        ("builtins", "frozenset"),
        ("collections", "Counter"),
        ("relay.pipeline", "ProjectPolicy"),
        ("relay.consent", "ConsentPolicy"),
        ("relay.consent", "ConsentDecision"),
        ("relay.consent", "Missing"),
        ("relay.consent", "Verdict"),
        ("relay.consent", "Evidence"),
        ("relay.consent", "Source"),
        ("relay.protocol.enforcement", "Limit"),
        ("relay.protocol.item_kinds", "Policy"),
        ("relay.protocol.limits", "Limits"),
        ("relay.protocol.rate_limits", "Scope"),
        ("relay.outcomes", "Outcome"),
        ("relay.outcomes", "Reason"),
    }
)


# --- errors ---------------------------------------------------------------------------------------


def pack_error(error: RelayError) -> bytes:
    """Return an error of ours as bytes."""
    return pickle.dumps((type(error).__name__, error.detail, error.causes))


def unpack_error(packed: bytes) -> RelayError:
    """Return the error that was packed.

    Raises:
        pickle.UnpicklingError: it is none.
    """
    name, detail, causes = _Reader(io.BytesIO(packed)).load()
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, RelayError)):
        return RelayError("internal error")
    return kind(detail, causes)
