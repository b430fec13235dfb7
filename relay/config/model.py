"""The sections of the settings, as frozen types: what `relay.yaml` says after it has been checked.

Those of `usage` are in `usage_model`, all sections together in `settings`. Law of these files:
types and look-ups only; nothing is read or parsed. No secret stands in a repr.
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
