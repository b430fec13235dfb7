"""The settings, as frozen types: what `relay.yaml` says after it has been checked.

Law of this file: types and look-ups only; nothing is read or parsed. No secret stands in a repr.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from relay.consent import ConsentPolicy
from relay.protocol.dsn import Dsn
from relay.protocol.item_kinds import Policy
from relay.protocol.limits import Limits

ANY: Final = "*"
"""As id and key of a project: whatever the client sends."""

DEFAULT_PROJECT: Final = "1"
DEFAULT_KEY: Final = "0" * 32
DEFAULT_FOLDER: Final = "./inbox"

MIN_SECRET: Final = 16
"""Characters (or bytes in a file) that the secret of the `hash` redaction has at least."""

MIN_INTERVAL: Final = 1.0
"""Seconds between two client reports, at least."""

MIN_LOOK: Final = 0.1
"""Seconds between two looks at the rules, at least."""

SCOPES: Final = ("metrics", "playground", "rules", "spool")

OPENABLE: Final = ("metrics",)
"""Scopes that may be opened to whoever reaches the admin port: they show numbers alone."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of a PEM certificate chain and its private key.

    Attributes:
        cert: file of the certificate chain, in PEM.
        key: file of its private key, in PEM.
    """

    cert: str
    key: str


@dataclass(frozen=True, slots=True)
class Onion:
    """Where Tor hands over what comes for an onion service: a Unix socket, or a host and port.

    Attributes:
        socket: path of a Unix socket; with it neither host nor port.
        host, port: where it listens, in place of a socket.
    """

    socket: str | None = None
    host: str = "127.0.0.1"
    port: int = 0


@dataclass(frozen=True, slots=True)
class Listen:
    """The ingest port; times in seconds.

    Attributes:
        host, port: where it listens.
        workers: processes that answer.
        tls: certificate and key; None for plain HTTP.
        onion: a second listener, for Tor; None for none.
        origins: those that browsers may send from; `*` is any.
        header_timeout: from a connection's first byte, or its opening, to the end of a header.
        body_timeout: for a whole body.
        keep_alive: how long an idle connection stays open.
        in_flight: bytes of bodies, decompressed, that one worker holds at one time.
        shutdown: from the signal to the end, at most.
    """

    host: str = "127.0.0.1"
    port: int = 3000
    workers: int = 1
    tls: Tls | None = None
    onion: Onion | None = None
    origins: tuple[str, ...] = (ANY,)
    header_timeout: float = 10.0
    body_timeout: float = 60.0
    keep_alive: float = 75.0
    in_flight: int = 128 * 1024 * 1024
    shutdown: float = 20.0


@dataclass(frozen=True, slots=True)
class AdminToken:
    """Who may use the admin port: the SHA-256 of a token in hex, and for what.

    Attributes:
        name: what the audit log calls whoever has it.
        sha256: the SHA-256 of the token, 64 hex digits.
        scopes: what it is good for.
    """

    name: str
    sha256: str = field(repr=False)
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Admin:
    """The admin port.

    Attributes:
        host, port: where it listens.
        tokens: who may use what there.
        open: scopes that need no token, wherever it listens.
        hosts: names in the `Host` header that are meant for it, beside its own.
        audit: the file that actions are noted in; None for the log alone.
    """

    host: str = "127.0.0.1"
    port: int = 3001
    tokens: tuple[AdminToken, ...] = ()
    open: frozenset[str] = frozenset()
    hosts: tuple[str, ...] = ()
    audit: str | None = None

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine's loopback; of other names nothing is known."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@dataclass(frozen=True, slots=True)
class Folder:
    """An upstream that is a folder: each clean envelope becomes a file."""

    path: str


@dataclass(frozen=True, slots=True)
class Host:
    """An upstream of which only the host is given: project and key stay those of the client."""

    scheme: str
    host: str
    port: int | None
    prefix: str

    def dsn(self, project: str, key: str) -> Dsn:
        """Return the DSN for a client's project and key."""
        return Dsn(self.scheme, self.host, self.port, self.prefix, project, key)


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """One project: who it is for clients, where it goes, and what holds for it.

    Attributes:
        project: id in the clients' DSN, or `*`.
        key: public key in the clients' DSN, or `*`.
        upstream: a DSN, a host, or a folder.
        consent: what counts as consent.
        items: policies that differ from the table of item kinds, by kind.
        limits: sizes and counts.
    """

    project: str
    key: str
    upstream: Dsn | Host | Folder = field(repr=False)
    consent: ConsentPolicy
    items: Mapping[str, Policy]
    limits: Limits

    @property
    def catch_all(self) -> bool:
        """Whether it takes any project and key."""
        return self.project == ANY


@dataclass(frozen=True, slots=True)
class SpoolSettings:
    """The spool; times in seconds.

    Attributes:
        backend: what holds it.
        path: the file of SQLite.
        max_bytes: bodies of all envelopes together, dead letters included.
        max_age: how long an envelope may wait.
        max_dead_age: how long a dead letter is kept.
        repeat_window: within it an identical envelope is stored once.
        servers: URLs of NATS servers, for JetStream.
        stream: name of the JetStream stream, and the beginning of all other names there.
        replicas: copies of each message in the cluster.
        credentials_file: NATS credentials; None for none.
    """

    backend: Literal["sqlite", "memory", "jetstream"] = "sqlite"
    path: str = "spool.db"
    max_bytes: int = 500_000_000
    max_age: float = 86_400.0
    max_dead_age: float = 604_800.0
    repeat_window: float = 600.0
    servers: tuple[str, ...] = field(default=(), repr=False)
    stream: str = "RELAY"
    replicas: int = 1
    credentials_file: str | None = None


@dataclass(frozen=True, slots=True)
class ForwardSettings:
    """How envelopes go upstream.

    Attributes:
        concurrency: sends at one time, in all and of all workers together.
        per_upstream: sends at one time to one upstream, of all workers together.
        timeout: seconds for one send.
        compress: how bodies are compressed.
        rules_tag: whether events say in the tag `relay.rules` which rules have cleaned them.
    """

    concurrency: int = 128
    per_upstream: int = 32
    timeout: float = 30.0
    compress: Literal["gzip", "zstd", "none"] = "gzip"
    rules_tag: bool = True


@dataclass(frozen=True, slots=True)
class ErrorSettings:
    """Where this program's own errors go: a Sentry of the operator; None for nowhere.

    Attributes:
        dsn: the DSN of a project there, not one that this relay serves.
        environment: the name of the environment that they carry.
    """

    dsn: Dsn | None = field(default=None, repr=False)
    environment: str = "production"


@dataclass(frozen=True, slots=True)
class HashSettings:
    """The key of the `hash` redaction: given, in a file, or (neither) made at start.

    Attributes:
        secret: the key itself; better is a file.
        secret_file: the file that has the key, 16 bytes or more.
        rotate: how long one derived key is used; pseudonyms of two periods cannot be joined. 0 is
            for ever.
    """

    secret: str | None = field(default=None, repr=False)
    secret_file: str | None = None
    rotate: float = 86_400.0

    @property
    def made(self) -> bool:
        """Whether the key is made at each start, and pseudonyms end with the process."""
        return self.secret is None and self.secret_file is None


@dataclass(frozen=True, slots=True)
class ClientReportSettings:
    """Reports to each upstream about what was lost: whether, and every how many seconds.

    Attributes:
        enabled: whether they are sent.
        interval: time between two.
    """

    enabled: bool = True
    interval: float = 60.0


@dataclass(frozen=True, slots=True)
class ReloadSettings:
    """How rules are taken up while the relay runs: seconds between two looks; 0 is never.

    Attributes:
        every: time between two looks at the files and folders of `rules`; 0 looks only when told.
    """

    every: float = 2.0


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
        endpoint: of another store that speaks S3's protocol; None for the provider's own.
        region: of the bucket; None for what the environment says.
        access_key_id, secret_access_key: for S3; None for what the environment of the process has,
            as for any other tool of the provider.
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
    hash: HashSettings = HashSettings(rotate=30 * 86_400.0)
    spool: SpoolSettings = SpoolSettings(
        path="usage.db", max_bytes=200_000_000, max_age=7 * 86_400.0, max_dead_age=30 * 86_400.0
    )
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


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured.

    Attributes:
        listen: the ingest port.
        admin: the admin port: metrics, health, dead letters, rules.
        projects: what each project is known by, and where it goes.
        rules: rule files and folders; empty for the rules that ship with the package.
        consent: what counts as consent, for a project that says nothing else.
        items: what happens to each kind of item, for a project that says nothing else.
        limits: sizes after decompression, and counts, for a project that says nothing else.
        spool: where envelopes wait until they are delivered.
        forward: how envelopes go upstream.
        hash: the key of the `hash` redaction.
        client_reports: reports to each upstream about what was lost.
        errors: where this program's own errors go.
        usage: usage events; off unless an app is named.
        reload: how rules are taken up while the relay runs.
        source: the file that was read; empty if there was none.
        places: file (or variable, or option) and line of each value that was given, by its path.
    """

    listen: Listen
    admin: Admin
    projects: tuple[ProjectSettings, ...]
    rules: tuple[str, ...]
    consent: ConsentPolicy
    items: Mapping[str, Policy]
    limits: Limits
    spool: SpoolSettings
    forward: ForwardSettings
    hash: HashSettings
    client_reports: ClientReportSettings
    errors: ErrorSettings
    usage: UsageSettings
    reload: ReloadSettings = ReloadSettings()
    source: str = ""
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict, compare=False, repr=False)

    def find_project(self, project: str, key: str) -> ProjectSettings | None:
        """Return the settings for a client's project and key, or None if they are not known.

        A project that is listed takes only its own keys, even where there is a catch-all: else a
        stranger's key would choose the settings.
        """
        listed = False
        catch_all = None
        for candidate in self.projects:
            if candidate.catch_all:
                catch_all = candidate
            elif candidate.project == project:
                if candidate.key == key:
                    return candidate
                listed = True
        return None if listed else catch_all
