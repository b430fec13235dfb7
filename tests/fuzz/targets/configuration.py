"""relay.yaml and the environment: settings or mistakes, and never a secret in what is shown.

That nothing is shown is tried by changing it: with another secret in the same place, what is shown
must be the same.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from relay.config import (
    DEFAULT_KEY,
    Folder,
    Host,
    Settings,
    masked,
    parse,
    show,
)
from relay.errors import ConfigError
from relay.protocol.dsn import Dsn
from relay.yamlio import Node, load
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import CANARY, broken, bytes_of, text_of
from tests.fuzz.targets.headers import KEY

FILE = "relay.yaml"
OTHER = CANARY[::-1]
NO_FILE = "no/such/file"


def run_config(data: bytes) -> None:
    """A file, and behind a line of dashes `NAME=value` lines: settings, or mistakes with places."""
    file, _, lines = text_of(data).partition("\n-----\n")
    pairs = [line.partition("=") for line in lines.split("\n") if "=" in line]
    # No file of this machine is read: a variable with `_FILE` at its end would name one.
    environment = {n: NO_FILE if n.endswith("_FILE") else value for n, _, value in pairs}
    try:
        settings = parse(file, FILE, environment)
    except ConfigError as error:
        _mistakes(error, file, environment)
        return
    shown, whole = show(settings), masked(settings)
    for other in _with_other_secrets(settings):
        assert (shown, whole, repr(settings)) == (show(other), masked(other), repr(other))
    assert settings == parse(file, FILE, environment)
    for project in settings.projects:
        assert isinstance(project.upstream, Dsn | Host | Folder)
        found = settings.find_project(project.project, project.key)
        assert found is not None


def _mistakes(error: ConfigError, file: str, environment: dict[str, str]) -> None:
    lines = 2 + len(file.splitlines()) + file.count("\n")
    assert error.mistakes
    for mistake in error.mistakes:
        assert mistake.file == FILE or mistake.file in environment
        assert 1 <= mistake.line <= lines
    if CANARY not in _names(file) and not any(CANARY in name for name in environment):
        assert [] == [str(m) for m in error.mistakes if CANARY in str(m)]


def _names(file: str) -> str:
    """Return every key of a file, and all of it where it is not YAML; mistakes show those."""
    root, mistakes = load(file, FILE)
    if any(mistake.message.startswith("not YAML") for mistake in mistakes):
        return ""
    keys: list[str] = [mistake.message for mistake in mistakes]
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if node.kind == "map":
            keys += node.value
            waiting += node.value.values()
        elif node.kind == "list":
            waiting += node.value
    return "\n".join(keys)


def _with_other_secrets(settings: Settings) -> Iterator[Settings]:
    """Yield the settings with one secret changed, for each that there is."""
    if settings.hash.secret is not None:
        yield replace(settings, hash=replace(settings.hash, secret=OTHER * 2))
    usage = settings.usage
    if usage.hash.secret is not None:
        changed = replace(usage.hash, secret=OTHER * 2)
        yield replace(settings, usage=replace(usage, hash=changed))
    if usage.store.secret_access_key is not None:
        store = replace(usage.store, access_key_id=OTHER, secret_access_key=OTHER)
        yield replace(settings, usage=replace(usage, store=store))
    dsn = settings.errors.dsn
    if dsn is not None:
        yield replace(settings, errors=replace(settings.errors, dsn=_other_key(dsn)))
    tokens = tuple(replace(token, sha256="5" * 64) for token in settings.admin.tokens)
    yield replace(settings, admin=replace(settings.admin, tokens=tokens))
    projects = tuple(
        replace(one, upstream=_other_key(one.upstream)) if isinstance(one.upstream, Dsn) else one
        for one in settings.projects
    )
    yield replace(settings, projects=projects)
    servers = tuple(map(_other_user, settings.spool.servers))
    yield replace(settings, spool=replace(settings.spool, servers=servers))


def _other_key(dsn: Dsn) -> Dsn:
    # The first four digits are shown, for people to tell keys by.
    changed = "".join("0123456789abcdef"[(int(digit, 16) + 5) % 16] for digit in dsn.key[4:])
    return replace(dsn, key=dsn.key[:4] + changed)


def _other_user(server: str) -> str:
    """Change what stands before the last `@` of a URL's host part."""
    scheme, slashes, rest = server.partition("://")
    end = min((rest.find(c) for c in "/?#" if c in rest), default=len(rest))
    user, at, host = rest[:end].rpartition("@")
    changed = "".join("x" if c.isalnum() else c for c in user)
    return scheme + slashes + changed + at + host + rest[end:]


# --- drawn ---------------------------------------------------------------------------------------

_DSN = f"https://{KEY}@o1.ingest.sentry.io/5193825"


def draw_config(random: Random) -> bytes:
    """Draw sections that are right, and into some of them a value that is not."""

    def url() -> str:
        return random.choice((
            _DSN, f"https://{KEY}:{CANARY}@h/1", "https://sentry.example", "file:./in",
            f"https://{CANARY}@h/1", f"u:{CANARY}@h", "https://h:x", f"{_DSN}?{CANARY}",
        ))  # fmt: skip

    def server() -> str:
        return random.choice((
            f"nats://u:{CANARY}@n:4222", "nats://n", f"tls://{CANARY}@[::1]:4222", f"u:{CANARY}@n",
            f"{CANARY}@n", f"nats://u:{CANARY}@x@n", f"nats://u:{CANARY}/@n", f"ws://{CANARY}@n/x?y#z",
        ))  # fmt: skip

    right = (
        f"hash: {{secret: {CANARY}, rotate: 24h}}",
        "hash: {secret_file: /run/secret}",
        f"errors: {{dsn: '{url()}', environment: staging}}",
        f"projects:\n  - {{id: '1', key: {KEY}, upstream: '{url()}'}}",
        f"projects: [{{id: '*', key: '*', upstream: '{url()}'}}]",
        f"admin: {{tokens: [{{name: a, sha256: {'ab' * 32}, scopes: [spool]}}]}}",
        f"spool: {{backend: jetstream, servers: ['{server()}', '{server()}']}}",
        "spool: {backend: sqlite, path: x.db, max_bytes: 1MB, max_age: 1h}",
        "listen: {host: '::1', port: 0, workers: 2, origins: ['*'], in_flight: 1MB}",
        "listen: {onion: {socket: /run/tor/relay}, tls: {cert: a, key: b}}",
        "consent: {required: false, flags: [a], missing: minimal, answer: 200, header: x-consent}",
        "limits: {event: 1MB, items: 5}",
        "items: {minidump: scrub, replay: drop}",
        "client_reports: {enabled: false, interval: 1s}",
        "forward: {compress: zstd, timeout: 10s}",
        "rules: [a, b]",
        "usage: {}",
        f"usage: {{apps: [{{name: suite}}], hash: {{secret: {CANARY}}}, round: 1h}}",
        f"usage: {{apps: [{{name: a}}], store: {{access_key_id: {CANARY}, secret_access_key: b}}}}",
        f"usage: {{apps: [{{name: a}}], store: {{endpoint: 'https://{CANARY}@h'}}}}",
        f"usage: {{apps: [{{name: a}}], store: {{url: 's3://u:{CANARY}@bucket/x?key={CANARY}'}}}}",
        "usage: {apps: [{name: a, environments: [web], consent: implied, without_consent: [b]}]}",
        "usage: {batch: {bytes: 1MB, every: 10s}, keep: {events: 90d}, spool: {path: u.db}}",
    )
    lines = random.sample(right, random.randrange(1, 6))
    if random.random() < 0.8:
        lines = list({line.partition(":")[0]: line for line in lines}.values())
    names = ("LISTEN__PORT=0", f"HASH__SECRET={CANARY}", f"PROJECTS__0__KEY={KEY}", "RULES__0=x",
             f"PROJECTS__0__UPSTREAM={url()}", f"SPOOL__SERVERS__0={server()}", "CONFIG=x",
             "A__B=1",
             f"ADMIN__TOKENS__0__SHA256={CANARY}", "=", "PROJECTS__٣__ID=1", "SERVICE_HOST=h",
             f"ERRORS__DSN={url()}", f"HASH__SECRET__X={CANARY}", "LIMITS=1",
             "LIMITS__EVENT=2MB", f"USAGE__HASH__SECRET={CANARY}", "USAGE__APPS__0__NAME=a",
             f"USAGE__STORE__SECRET_ACCESS_KEY={CANARY}")  # fmt: skip
    variables = [f"RELAY_{random.choice(names)}" for _ in range(random.choice((0, 0, 0, 1, 3)))]
    whole = "\n".join([*lines, "-----", *variables, ""])
    if random.random() < 0.3:
        values = ("-1", "no", "1e9", "''", "~", "[]", "{}", "[a]", CANARY, "10s", "'*'", "a" * 64)
        at = whole.find(": ", random.randrange(len(whole)))
        whole = whole[: at + 2] + random.choice(values) + whole[at + 2 :]
    return broken(bytes_of(whole), random, _TOKENS) if random.random() < 0.3 else bytes_of(whole)


_TOKENS = (
    b": ", b"- ", b"{", b"}", b"[", b"]", b", ", b"'", b"\n  ", b"\n-----\n", b"RELAY_", b"__",
    b"=",
    *(f"{name}: ".encode() for name in (
        "listen", "admin", "projects", "rules", "consent", "items", "limits", "spool", "forward",
        "hash", "client_reports", "errors", "usage", "host", "port", "tokens", "name", "sha256",
        "scopes", "id", "key", "upstream", "backend", "path", "servers", "secret", "secret_file",
        "dsn", "onion", "socket", "tls", "cert", "max_age", "required", "flag", "answer",
        "explicit", "apps", "store", "url", "keep", "batch", "every", "events",
        "without_consent", "environments", "secret_access_key", "access_key_id", "endpoint",
    )),
    b"nats://", b"https://", b"file:", b"@", b"500MB", b"24h", CANARY.encode(), _DSN.encode(),
    KEY.encode(), DEFAULT_KEY.encode(), b"RELAY_HASH__SECRET=", b"RELAY_PROJECTS__0__UPSTREAM=",
)  # fmt: skip

TARGETS = (
    Target(
        "config", run_config, draw_config,
        lambda: [
            f"projects:\n  - {{id: '1', key: {KEY}, upstream: '{_DSN}'}}\n"
            f"hash: {{secret: {CANARY}}}\n-----\nRELAY_LISTEN__PORT=1".encode(),
            f"spool: {{backend: jetstream, servers: ['nats://u:{CANARY}@n:4222']}}".encode(),
        ],
        _TOKENS,
    ),
)  # fmt: skip
