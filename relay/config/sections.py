"""Each section of relay.yaml but `admin` and `projects`: its keys, types and bounds.

Law of this file: one function a section, the only place that knows the section's keys. Defaults
are those of the types in model.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

from relay.config import model
from relay.config.reader import Section
from relay.consent import ConsentPolicy, Missing
from relay.protocol.dsn import DsnError, parse_dsn
from relay.protocol.item_kinds import KINDS, Policy
from relay.protocol.limits import Limits
from relay.yamlio import nearest

COUNTS: Final = frozenset({"ratio", "items", "attachments", "client_reports", "session_items"})
"""Limits that are numbers; the others are sizes."""

MAX_COUNT: Final = 1_000_000

MAX_WORKERS: Final = 60
"""Of 64 seats one is the admin port's, and some are for successors beside those they replace."""

COPIES: Final = 3
"""What a cluster keeps of each message unless told otherwise: one server of three may fail."""

NOT_YET: Final = "not available in this version"


def listen(section: Section) -> model.Listen:
    """Read `listen`."""
    section.only(*(field.name for field in dataclasses.fields(model.Listen)))
    default = model.Listen()
    return model.Listen(
        host=section.text("host", default.host),
        port=section.integer("port", default.port, 0, 65_535),
        workers=section.integer("workers", default.workers, 1, MAX_WORKERS),
        tls=_tls(section),
        onion=_onion(section),
        origins=section.texts("origins", default.origins),
        header_timeout=section.wait("header_timeout", default.header_timeout),
        body_timeout=section.wait("body_timeout", default.body_timeout),
        keep_alive=section.wait("keep_alive", default.keep_alive),
        in_flight=section.size("in_flight", default.in_flight),
        shutdown=section.wait("shutdown", default.shutdown),
    )


def spool(section: Section) -> model.SpoolSettings:
    """Read `spool`."""
    section.only(*(field.name for field in dataclasses.fields(model.SpoolSettings)))
    default = model.SpoolSettings()
    backend = section.choice("backend", default.backend, ("sqlite", "memory", "jetstream"))
    servers = section.texts("servers", (), secret=True)
    if (backend == "jetstream") != bool(servers):
        node = section.get("servers") or section.get("backend") or section.node
        section.wrong(node, "spool.servers belongs to backend jetstream, and that needs it")
    copies = COPIES if len(servers) >= COPIES else default.replicas
    return model.SpoolSettings(
        backend=backend,  # type: ignore[arg-type]  # `choice` has checked it
        path=section.text("path", default.path),
        max_bytes=section.size("max_bytes", default.max_bytes),
        max_age=section.wait("max_age", default.max_age),
        max_dead_age=section.wait("max_dead_age", default.max_dead_age),
        repeat_window=section.duration("repeat_window", default.repeat_window),
        servers=servers,
        stream=section.word("stream", default.stream),
        replicas=section.integer("replicas", copies, 1, 5),
        credentials_file=section.text("credentials_file", "") or None,
    )


def forward(section: Section) -> model.ForwardSettings:
    """Read `forward`."""
    section.only(*(field.name for field in dataclasses.fields(model.ForwardSettings)))
    default = model.ForwardSettings()
    compress = section.choice("compress", default.compress, ("gzip", "zstd", "none"))
    return model.ForwardSettings(
        concurrency=section.integer("concurrency", default.concurrency, 1, 1_000),
        per_upstream=section.integer("per_upstream", default.per_upstream, 1, 1_000),
        timeout=section.wait("timeout", default.timeout),
        compress=compress,  # type: ignore[arg-type]  # `choice` has checked it
        rules_tag=section.boolean("rules_tag", default.rules_tag),
    )


def errors(section: Section) -> model.ErrorSettings:
    """Read `errors`."""
    section.only(*(field.name for field in dataclasses.fields(model.ErrorSettings)))
    default = model.ErrorSettings()
    text = section.text("dsn", "", secret=True)
    dsn = None
    if text:
        try:
            dsn = parse_dsn(text)
        except DsnError:
            section.wrong(section.get("dsn") or section.node, f"{section.path('dsn')} is no DSN")
    return model.ErrorSettings(
        dsn=dsn, environment=section.name("environment", default.environment)
    )


def hashing(section: Section, rotate: float = model.HashSettings().rotate) -> model.HashSettings:
    """Read `hash`, here or in another section; `rotate` is what holds if it is not said."""
    section.only("secret", "secret_file", "rotate")
    if section.has("secret") and section.has("secret_file"):
        both = f"{section.path('secret')} and {section.path('secret_file')} are both given"
        section.wrong(section.node, both, "give one")
    secret = section.text("secret", "", digits=True, secret=True)
    node = section.get("secret")
    if node is not None and node.kind == "scalar" and len(secret) < model.MIN_SECRET:
        short = f"{section.path('secret')} must have {model.MIN_SECRET} characters or more"
        section.wrong(node, short)
    return model.HashSettings(
        secret=secret or None,
        secret_file=section.text("secret_file", "") or None,
        rotate=section.duration("rotate", rotate),
    )


def client_reports(section: Section) -> model.ClientReportSettings:
    """Read `client_reports`."""
    section.only("enabled", "interval")
    default = model.ClientReportSettings()
    interval = section.duration("interval", default.interval)
    if interval < model.MIN_INTERVAL:
        node = section.get("interval") or section.node
        section.wrong(node, f"{section.path('interval')} must be 1s or more")
    return model.ClientReportSettings(
        enabled=section.boolean("enabled", default.enabled),
        interval=max(interval, model.MIN_INTERVAL),
    )


def reload(section: Section) -> model.ReloadSettings:
    """Read `reload`."""
    section.only("every")
    every = section.duration("every", model.ReloadSettings().every)
    if 0 < every < model.MIN_LOOK:
        node = section.get("every") or section.node
        section.wrong(node, f"{section.path('every')} must be 100ms or more, or 0s for never")
    return model.ReloadSettings(every=every)


def consent(section: Section, base: ConsentPolicy) -> ConsentPolicy:
    """Read `consent`: the fields of `ConsentPolicy`."""
    section.only(*(field.name for field in dataclasses.fields(ConsentPolicy)))
    explicit = section.texts("explicit", tuple(sorted(base.explicit)))
    for index, node in enumerate(section.nodes("explicit")):
        if isinstance(node.value, str) and node.value not in KINDS:
            hint = nearest(node.value, KINDS)
            section.wrong(node, f"{section.path('explicit')}.{index} is no kind of item", hint)
    answer = section.integer("answer", base.answer, 200, 403)
    if answer not in (200, 403):
        section.wrong(section.get("answer") or section.node, "consent.answer must be 403 or 200")
    return ConsentPolicy(
        required=section.boolean("required", base.required),
        flag=section.name("flag", base.flag),
        flags=section.texts("flags", base.flags),
        missing=Missing(section.choice("missing", base.missing, [word.value for word in Missing])),
        answer=200 if answer == 200 else 403,
        explicit=frozenset(explicit),
        header=section.name("header", base.header),
        envelope_key=section.name("envelope_key", base.envelope_key),
        query=section.name("query", base.query),
    )


def limits(section: Section, base: Limits) -> Limits:
    """Read `limits`: sizes and counts by the names of the fields of `Limits`."""
    names = [field.name for field in dataclasses.fields(Limits)]
    section.only(*names)
    changed: dict[str, int] = {}
    for name in names:
        before: int = getattr(base, name)
        if name in COUNTS:
            changed[name] = section.integer(name, before, 0, MAX_COUNT)
        else:
            changed[name] = section.size(name, before)
    return dataclasses.replace(base, **changed)


def items(section: Section, base: Mapping[str, Policy]) -> Mapping[str, Policy]:
    """Read `items`: a policy for each kind of item that should not have its own."""
    known = sorted({*KINDS, "replay"})
    section.only(*known)
    result = dict(base)
    for key in known:
        kind = "replay_recording" if key == "replay" else key
        policy = _policy(section, key, KINDS[kind].policies)
        if section.has(key):
            result[kind] = policy
    return result


def _policy(section: Section, key: str, allowed: tuple[Policy, ...]) -> Policy:
    node = section.get(key)
    if node is not None and node.raw == Policy.SCRUB and allowed == (Policy.DROP,):
        hint = "it is dropped; write drop"
        section.wrong(node, f"{section.path(key)}: scrub is {NOT_YET}", hint)
        return Policy.DROP
    words = [policy.value for policy in allowed]
    return Policy(section.choice(key, allowed[0].value, words, known=[p.value for p in Policy]))


def _tls(section: Section) -> model.Tls | None:
    tls = section.section("tls")
    tls.only("cert", "key")
    cert, key = tls.text("cert", ""), tls.text("key", "")
    if bool(cert) != bool(key):
        tls.wrong(tls.node, "listen.tls needs both cert and key")
    return model.Tls(cert, key) if cert and key else None


def _onion(section: Section) -> model.Onion | None:
    """Read `onion`: a Unix socket, or a port; nothing is no listener."""
    onion = section.section("onion")
    onion.only("socket", "host", "port")
    default = model.Onion()
    path = onion.text("socket", "")
    host, port = onion.text("host", default.host), onion.integer("port", default.port, 0, 65_535)
    if not onion.node.value:
        return None
    if bool(path) == onion.has("port") or (path and onion.has("host")):
        onion.wrong(onion.node, "listen.onion is either a socket, or a port and perhaps a host")
    return model.Onion(socket=path or None, host=host, port=port)
