"""ScrubbedEnvelope: the permit to reach the disk or the upstream.

Law of this file: two doors make one. `grant` is for the scrubber, which has cleaned the bytes;
`restore` is for a spool, which gets back what it was given, and for `relay.side`, which gets back
what its own child process has granted. Nothing else may call them (`tests/unit/test_floors.py`
holds that), and pickle is no third door.
"""

from dataclasses import InitVar, dataclass, field
from typing import Final, NoReturn

_DOOR: Final = object()


@dataclass(frozen=True, slots=True)
class ScrubbedEnvelope:
    """A clean envelope and what is needed to deliver it.

    Attributes:
        body: the serialised envelope, scrubbed.
        envelope_id: 32 hex digits, the same for the same envelope.
        project: project id in the client's DSN.
        key: public key in the client's DSN, 32 hex digits.
        client: name and version of the client's SDK, for `sentry_client`; may be empty.
        categories: the items' data categories, for rate limits.
    """

    body: bytes = field(repr=False)
    envelope_id: str
    project: str
    key: str
    client: str
    categories: tuple[str, ...]
    # Not kept, so that a permit does not hold what makes another one; `replace` fails for it.
    door: InitVar[object]

    def __post_init__(self, door: object) -> None:
        if door is not _DOOR:
            raise TypeError("only the scrubber makes a ScrubbedEnvelope")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ScrubbedEnvelope is not pickled")


def grant(
    *,
    body: bytes,
    envelope_id: str,
    project: str,
    key: str,
    client: str,
    categories: tuple[str, ...],
) -> ScrubbedEnvelope:
    """Make a permit for bytes that the scrubber has just cleaned."""
    return ScrubbedEnvelope(body, envelope_id, project, key, client, categories, _DOOR)


restore = grant
"""Make the permit again for bytes out of where only permits get in: a spool, or a side process.

The same body under a second name, so that each door has its own list of who may use it.
"""
