"""The section `usage` of relay.yaml: which apps send, what is kept of it, where and for how long.

Law of this file: as in `sections`. Without an app nothing of it is in use.
"""

import dataclasses
import posixpath
import re
from typing import Final

from relay.config.model import HashSettings, SpoolSettings
from relay.config.reader import WORD, Section
from relay.config.sections import hashing
from relay.config.usage_model import UsageApp, UsageBatch, UsageKeep, UsageSettings, UsageStore
from relay.config.values import format_size

NO_ENVIRONMENT: Final = "none"
"""What records say of a path that names none."""

DAY: Final = 86_400.0

SCHEMES: Final = ("file:", "s3://", "gs://", "az://")
"""What the URL of a store begins with."""

_STORE: Final = r"file:[^?#@\x00-\x1f]+|(s3|gs|az)://[A-Za-z0-9][A-Za-z0-9._-]*(/[\w./=-]*)?"

_OF_S3: Final = ("region", "access_key_id", "secret_access_key", "virtual_hosted")

MAX_GROUP: Final = 1_000_000

USAGE_SPOOL: Final = ("path", "max_bytes", "max_age", "max_dead_age")
"""What is said of the spool of usage events; the rest is that of the other one."""

MAX_BATCH: Final = 256_000_000
"""Bytes of a batch at most: all of it is in memory while an object is made."""

OWN: Final = frozenset(
    {"c_v", "c_type", "c_commit", "c_instance_id", "c_session_id", "c_timestamp", "c_message_id"}
)
"""Parameters that every event has: none of them carries consent."""


def usage(section: Section, spool: SpoolSettings) -> UsageSettings:
    """Read `usage`; its spool is held where the other one is, in a file or stream of its own."""
    section.only(*(field.name for field in dataclasses.fields(UsageSettings)))
    default = UsageSettings()
    keep = _keep(section.section("keep"), default.keep)
    waits = _spool(section.section("spool"), default.spool, spool, keep)
    query = section.name("query", default.query)
    if query in OWN:
        _wrong(section, "query", "is the name of a parameter that every event has")
    step = section.duration("round", default.round)
    if step > DAY:
        _wrong(section, "round", "must be 1d or less")
    return UsageSettings(
        apps=_apps(section),
        events=section.texts("events", default.events),
        header=section.name("header", default.header),
        query=query,
        round=step,
        hash=_hash(section.section("hash"), default.hash),
        spool=waits,
        store=_store(section.section("store"), default.store),
        batch=_batch(section.section("batch"), default.batch, waits),
        keep=keep,
        min_group=section.integer("min_group", default.min_group, 1, MAX_GROUP),
    )


def is_store(url: str) -> bool:
    """Return whether a URL is that of a store: a place alone, without a user or parameters."""
    return re.fullmatch(_STORE, url, re.ASCII) is not None


def _apps(section: Section) -> tuple[UsageApp, ...]:
    apps: list[UsageApp] = []
    for one in section.sections("apps"):
        app = _app(one)
        if any(app.name == other.name for other in apps):
            one.wrong(one.node, f"{one.place}: the same name again")
        apps.append(app)
    return tuple(apps)


def _app(section: Section) -> UsageApp:
    section.only(*(field.name for field in dataclasses.fields(UsageApp)))
    if not section.has("name"):
        section.wrong(section.node, f"{section.path('name')} is missing")
    default = UsageApp("")
    consent = section.choice("consent", default.consent, ("required", "implied"))
    environments = section.texts("environments", default.environments)
    for index, node in enumerate(section.nodes("environments")):
        path = f"{section.path('environments')}.{index}"
        if not isinstance(node.value, str) or not node.value or not WORD.issuperset(node.value):
            section.wrong(node, f"{path} must be letters, digits, '-' and '_'")
        elif node.value == NO_ENVIRONMENT:
            section.wrong(node, f"{path}: 'none' is what a path without an environment is called")
    return UsageApp(
        name=section.word("name", "app"),
        environments=environments,
        consent=consent,  # type: ignore[arg-type]  # `choice` has checked it
        without_consent=frozenset(section.texts("without_consent", ())),
    )


def _hash(section: Section, default: HashSettings) -> HashSettings:
    """Read `hash`: a key that never rotates would make of pseudonyms names."""
    read = hashing(section, default.rotate)
    if not read.rotate:
        _wrong(section, "rotate", "must not be nothing")
    return read


def _spool(
    section: Section,
    default: SpoolSettings,
    other: SpoolSettings,
    keep: UsageKeep,
) -> SpoolSettings:
    """Read `spool`: what the other spool has in common with it is not said again."""
    section.only(*USAGE_SPOOL)
    max_age = section.wait("max_age", default.max_age)
    max_dead_age = section.wait("max_dead_age", default.max_dead_age)
    path = section.text("path", default.path)
    if other.backend == "sqlite" and posixpath.normpath(path) == posixpath.normpath(other.path):
        _wrong(section, "path", "is the file of the other spool")
    # The day's task looks once a day: so that nothing is older than is kept, a day less.
    most = max(min(keep.events, keep.opt_outs) - DAY, DAY / 2)
    return dataclasses.replace(
        other,
        path=path,
        max_bytes=section.size("max_bytes", default.max_bytes),
        max_age=min(max_age, most),
        max_dead_age=min(max_dead_age, most),
        stream=f"{other.stream}_USAGE",
    )


def _store(section: Section, default: UsageStore) -> UsageStore:
    section.only(*(field.name for field in dataclasses.fields(UsageStore)))
    url = section.text("url", default.url, secret=True)
    if not is_store(url):
        forms = "file:./folder, s3://bucket, gs://bucket or az://container, and perhaps /a/prefix"
        _wrong(section, "url", f"must be {forms}")
    key_id = section.text("access_key_id", "", digits=True, secret=True)
    key = section.text("secret_access_key", "", digits=True, secret=True)
    if bool(key_id) != bool(key):
        section.wrong(section.node, "usage.store needs both access_key_id and secret_access_key")
    endpoint = section.text("endpoint", "")
    allow_http = section.boolean("allow_http", default.allow_http)
    if endpoint and not endpoint.startswith(("https://", "http://") if allow_http else "https://"):
        hint = "" if allow_http else "; allow_http: true allows http://"
        _wrong(section, "endpoint", f"must begin with https://{hint}")
    elif any(sign in endpoint for sign in "@?#"):
        _wrong(section, "endpoint", "must be without a user and a query")
    if url.startswith(("gs:", "az:")):
        for name in _OF_S3:
            if section.get(name) is not None:
                _wrong(section, name, "is for s3:// alone")
                break
    return UsageStore(
        url=url,
        endpoint=endpoint or None,
        region=section.text("region", "") or None,
        access_key_id=key_id or None,
        secret_access_key=key or None,
        allow_http=allow_http,
        virtual_hosted=section.boolean("virtual_hosted", default.virtual_hosted),
        timeout=section.wait("timeout", default.timeout),
    )


def _batch(section: Section, default: UsageBatch, waits: SpoolSettings) -> UsageBatch:
    section.only("bytes", "every")
    size, every = section.size("bytes", default.bytes), section.wait("every", default.every)
    if not 0 < size <= MAX_BATCH:
        _wrong(section, "bytes", f"must be more than nothing, and {format_size(MAX_BATCH)} or less")
    elif size > waits.max_bytes:
        _wrong(section, "bytes", "is more than usage.spool.max_bytes: it would never be reached")
    if every > DAY:
        _wrong(section, "every", "must be 1d or less")
    return UsageBatch(bytes=size, every=every)


def _keep(section: Section, default: UsageKeep) -> UsageKeep:
    section.only("events", "opt_outs", "sets")
    kept = UsageKeep(
        events=section.duration("events", default.events),
        opt_outs=section.duration("opt_outs", default.opt_outs),
        sets=section.duration("sets", default.sets),
    )
    for field in dataclasses.fields(kept):
        if getattr(kept, field.name) < DAY:
            _wrong(section, field.name, "must be 1d or more")
    return kept


def _wrong(section: Section, key: str, message: str) -> None:
    section.wrong(section.get(key) or section.node, f"{section.path(key)} {message}")
