"""The section `usage` of the settings, as frozen types; what reads it is in `usage_section`.

Law of this file: as in `model`.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from relay.config.model import HashSettings, SpoolSettings

_HASH: Final = HashSettings(rotate=30 * 86_400.0)
_SPOOL: Final = SpoolSettings(
    path="usage.db", max_bytes=200_000_000, max_age=7 * 86_400.0, max_dead_age=30 * 86_400.0
)


@dataclass(frozen=True, slots=True)
class UsageApp:
    """An app that sends usage events.

    Attributes:
        name: the first segment of its paths, as in `/suite/log/web/stable.log`.
        environments: those that its paths may name; one that names none is always taken.
        consent: `required`, or `implied` by a client that sends only when it may.
        without_consent: event types that are taken though nothing says that the user agreed; what
            says that the user did not, is refused all the same.
    """

    name: str
    environments: tuple[str, ...] = ("desktop", "web", "mobile")
    consent: Literal["required", "implied"] = "required"
    without_consent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UsageStore:
    """Where clean usage events are kept: a folder, or a bucket.

    Attributes:
        url: `file:./usage-data`, `s3://bucket/prefix`, `gs://bucket/prefix` or
            `az://container/prefix`.
        endpoint: of another store that speaks the provider's protocol; None for its own. At Azure
            the account stands in it: `https://account.blob.core.windows.net`.
        region: of the bucket; None for what the environment says.
        access_key_id, secret_access_key: for S3; None for what the environment of the process has,
            as for any other tool of the provider, and as always at Google and Azure.
        allow_http: whether the endpoint may be one without TLS.
        virtual_hosted: whether the bucket stands in the endpoint's host name, not in the path.
        timeout: seconds for one request.
    """

    url: str = field(default="file:./usage-data", repr=False)
    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    allow_http: bool = False
    virtual_hosted: bool = False
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class UsageBatch:
    """How much becomes one object: what waits is written when either is reached.

    Attributes:
        bytes: of events in the spool, before compression.
        every: seconds between two writes.
    """

    bytes: int = 16_000_000
    every: float = 60.0


@dataclass(frozen=True, slots=True)
class UsageKeep:
    """Seconds for which each set is kept, by the day that it is of.

    Attributes:
        events: usage events, also those that still wait, and dead letters.
        opt_outs: decisions to share nothing.
        sets: what `relay usage export` has made.
    """

    events: float = 90 * 86_400.0
    opt_outs: float = 90 * 86_400.0
    sets: float = 90 * 86_400.0


@dataclass(frozen=True, slots=True)
class UsageSettings:
    """Usage events; off unless an app is named.

    Attributes:
        apps: those that send.
        events: files and folders of the allow-list; empty for the one that ships.
        header: the HTTP header that carries consent.
        query: the name of the query parameter that does.
        round: seconds to which the time of an event is rounded down.
        hash: the key of pseudonyms of instances and sessions; another than that of `hash`.
        spool: where events wait until they are written.
        store: where they are kept.
        batch: how much becomes one object.
        keep: for how long each set is kept.
        min_group: people that a group in the sets for analysis has at least.
    """

    apps: tuple[UsageApp, ...] = ()
    events: tuple[str, ...] = ()
    header: str = "X-Suite-Consent"
    query: str = "c_consent"
    round: float = 3_600.0
    hash: HashSettings = _HASH
    spool: SpoolSettings = _SPOOL
    store: UsageStore = UsageStore()
    batch: UsageBatch = UsageBatch()
    keep: UsageKeep = UsageKeep()
    min_group: int = 10

    @property
    def enabled(self) -> bool:
        """Whether any app is named."""
        return bool(self.apps)

    def app(self, name: str) -> UsageApp | None:
        """Return the app of a name, or None if it is not known."""
        return next((app for app in self.apps if app.name == name), None)
