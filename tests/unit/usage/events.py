"""Usage events that tests of the gate share: an allow-list, a policy, Suite's own parameters."""

from urllib.parse import urlencode

from relay.config import UsageApp
from relay.usage.admitting import UsagePolicy
from relay.usage.attributes import Attribute, EventType, Type
from relay.usage.catalogue import Catalogue
from relay.usage.model import Channel, Target, UsageRequest
from relay.usage.pseudonyms import UsageKeys

NOW = 1_795_357_000.0
"""22 November 2026, 14:16:40 UTC."""

COMMIT = "0aab3c64474477ea81290907f0c13187043fdd10"
SUITE = {
    "c_v": "1.27",
    "c_type": "suite/ready",
    "c_commit": COMMIT,
    "c_instance_id": "InStAnCe01",
    "c_session_id": "SeSsIoN001",
    "c_timestamp": f"{int(NOW) * 1_000 - 5_123}",
    "c_message_id": "MeSsAgE001",
}
TARGET = Target("suite", "web", Channel.STABLE)
KEYS = UsageKeys.of(b"a secret of 16 bytes or more", 7)


def attribute(name: str, kind: Type, **more: object) -> Attribute:
    """Make an attribute."""
    return Attribute(name, kind, "", **more)  # type: ignore[arg-type]


READY = EventType(
    "suite/ready",
    "",
    {
        one.name: one
        for one in (
            attribute("mode", Type.WORD, values=frozenset({"normal", "bootloader"})),
            attribute("parts", Type.WORDS, values=frozenset({"a", "b", "c"})),
            attribute("count", Type.INTEGER, max=10),
            attribute("size", Type.INTEGER, buckets=(1, 10)),
            attribute("dark", Type.BOOLEAN),
            attribute("firmware", Type.VERSION),
            attribute("note", Type.TEXT, max_length=100),
        )
    },
)
DECISION = EventType("settings/analytics", "", {"value": attribute("value", Type.BOOLEAN)})
CATALOGUE = Catalogue({one.name: one for one in (READY, DECISION)}, "")


def policy(consent: str = "implied", *without: str) -> UsagePolicy:
    """Make what holds for the app."""
    return UsagePolicy(UsageApp("suite", consent=consent, without_consent=frozenset(without)))  # type: ignore[arg-type]


def query(**more: str | None) -> str:
    """Make the query string of Suite's own request; None leaves a parameter out."""
    pairs = {**SUITE, **more}
    return urlencode({name: value for name, value in pairs.items() if value is not None})


def request(*consent: str, **more: str | None) -> UsageRequest:
    """Make Suite's own request; `consent` are values of the header."""
    pairs = {**SUITE, **more}
    kept = tuple((name, value) for name, value in pairs.items() if value is not None)
    return UsageRequest(TARGET, kept, consent)
