"""The section `usage` of relay.yaml: which apps send, what is kept of it, where and for how long.

Law of this file: as in `sections`. Without an app nothing of it is in use.
"""

import dataclasses
from typing import Final

from relay.config import model
from relay.config.reader import WORD, Section
from relay.config.sections import hashing

DAY: Final = 86_400.0

SCHEMES: Final = ("file:", "s3://", "gs://", "az://")
"""What the URL of a store begins with."""

MAX_GROUP: Final = 1_000_000


def usage(section: Section, spool: model.SpoolSettings) -> model.UsageSettings:
    """Read `usage`; its spool is held where the other one is, in a file or stream of its own."""
    section.only(*(field.name for field in dataclasses.fields(model.UsageSettings)))
    default = model.UsageSettings()
    keep = _keep(section.section("keep"), default.keep)
    return model.UsageSettings(
        apps=_apps(section),
        events=section.texts("events", default.events),
        header=section.name("header", default.header),
        query=section.name("query", default.query),
        round=section.duration("round", default.round),
        hash=hashing(section.section("hash"), default.hash.rotate),
        spool=_spool(section.section("spool"), default.spool, spool, keep),
        store=_store(section.section("store"), default.store),
        batch=_batch(section.section("batch"), default.batch),
        keep=keep,
        min_group=section.integer("min_group", default.min_group, 1, MAX_GROUP),
    )


def _apps(section: Section) -> tuple[model.UsageApp, ...]:
    apps: list[model.UsageApp] = []
    for one in section.sections("apps"):
        app = _app(one)
        if any(app.name == other.name for other in apps):
            one.wrong(one.node, f"{one.place}: the same name again")
        apps.append(app)
    return tuple(apps)


def _app(section: Section) -> model.UsageApp:
    section.only(*(field.name for field in dataclasses.fields(model.UsageApp)))
    if not section.has("name"):
        section.wrong(section.node, f"{section.path('name')} is missing")
    default = model.UsageApp("")
    consent = section.choice("consent", default.consent, ("required", "implied"))
    environments = section.texts("environments", default.environments)
    for index, node in enumerate(section.nodes("environments")):
        if not isinstance(node.value, str) or not node.value or not WORD.issuperset(node.value):
            path = f"{section.path('environments')}.{index}"
            section.wrong(node, f"{path} must be letters, digits, '-' and '_'")
    return model.UsageApp(
        name=section.word("name", "app"),
        environments=environments,
        consent=consent,  # type: ignore[arg-type]  # `choice` has checked it
        without_consent=frozenset(section.texts("without_consent", ())),
    )


def _spool(
    section: Section,
    default: model.SpoolSettings,
    other: model.SpoolSettings,
    keep: model.UsageKeep,
) -> model.SpoolSettings:
    """Read `spool`: what the other spool has in common with it is not said again."""
    section.only("path", "max_bytes", "max_age", "max_dead_age")
    max_age = section.wait("max_age", default.max_age)
    max_dead_age = section.wait("max_dead_age", default.max_dead_age)
    return dataclasses.replace(
        other,
        path=section.text("path", default.path),
        max_bytes=section.size("max_bytes", default.max_bytes),
        max_age=min(max_age, keep.events, keep.opt_outs),
        max_dead_age=min(max_dead_age, keep.events, keep.opt_outs),
        stream=f"{other.stream}_USAGE",
    )


def _store(section: Section, default: model.UsageStore) -> model.UsageStore:
    section.only(*(field.name for field in dataclasses.fields(model.UsageStore)))
    url = section.text("url", default.url, secret=True)
    if not url.startswith(SCHEMES):
        node = section.get("url") or section.node
        section.wrong(node, f"{section.path('url')} must begin with one of {', '.join(SCHEMES)}")
    key_id = section.text("access_key_id", "", secret=True)
    key = section.text("secret_access_key", "", secret=True)
    if bool(key_id) != bool(key):
        section.wrong(section.node, "usage.store needs both access_key_id and secret_access_key")
    endpoint = section.text("endpoint", "")
    allow_http = section.boolean("allow_http", default.allow_http)
    if endpoint and not endpoint.startswith(("https://", "http://") if allow_http else "https://"):
        hint = "" if allow_http else "; allow_http: true allows http://"
        node = section.get("endpoint") or section.node
        section.wrong(node, f"{section.path('endpoint')} must begin with https://{hint}")
    return model.UsageStore(
        url=url,
        endpoint=endpoint or None,
        region=section.text("region", "") or None,
        access_key_id=key_id or None,
        secret_access_key=key or None,
        allow_http=allow_http,
        virtual_hosted=section.boolean("virtual_hosted", default.virtual_hosted),
        timeout=section.wait("timeout", default.timeout),
    )


def _batch(section: Section, default: model.UsageBatch) -> model.UsageBatch:
    section.only("bytes", "every")
    return model.UsageBatch(
        bytes=section.size("bytes", default.bytes), every=section.wait("every", default.every)
    )


def _keep(section: Section, default: model.UsageKeep) -> model.UsageKeep:
    section.only("events", "opt_outs", "sets")
    kept = model.UsageKeep(
        events=section.duration("events", default.events),
        opt_outs=section.duration("opt_outs", default.opt_outs),
        sets=section.duration("sets", default.sets),
    )
    for field in dataclasses.fields(kept):
        if getattr(kept, field.name) < DAY:
            node = section.get(field.name) or section.node
            section.wrong(node, f"{section.path(field.name)} must be 1d or more")
    return kept
