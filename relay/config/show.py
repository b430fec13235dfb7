"""The settings as YAML for people, with the secrets masked."""

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from relay.config import model
from relay.config.sections import COUNTS
from relay.config.settings import Settings
from relay.config.usage_model import UsageSettings, UsageStore
from relay.config.usage_section import USAGE_SPOOL, is_store
from relay.config.values import format_duration, format_size
from relay.consent import ConsentPolicy
from relay.protocol.dsn import Dsn
from relay.protocol.item_kinds import Policy
from relay.protocol.limits import Limits

SET = "(set)"
"""What stands for a secret that is configured."""

_SCHEMES = ("nats", "tls", "ws", "wss")
_WEB = ("http", "https")
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:[0-9]{1,5})?(?=/?$)"

NO_SUCH = "(no such file)"
"""What stands for the path of a secret file that is not there."""


def show(settings: Settings) -> str:
    """Return YAML with every setting that holds, those of a project only where they differ.

    Secrets are masked: of an upstream's key the first four digits stay, of the others nothing.
    """
    return yaml.safe_dump(masked(settings), sort_keys=False, allow_unicode=True, width=100)


def masked(settings: Settings) -> dict[str, Any]:
    """Return the same as plain data, for JSON."""
    listen, admin = settings.listen, settings.admin
    data: dict[str, Any] = {
        "listen": {
            "host": listen.host,
            "port": listen.port,
            "workers": listen.workers,
            **({"tls": _tls(listen.tls)} if listen.tls else {}),
            **({"onion": _onion(listen.onion)} if listen.onion else {}),
            "origins": list(listen.origins),
            "header_timeout": format_duration(listen.header_timeout),
            "body_timeout": format_duration(listen.body_timeout),
            "keep_alive": format_duration(listen.keep_alive),
            "in_flight": format_size(listen.in_flight),
            "shutdown": format_duration(listen.shutdown),
        },
        "admin": {
            "host": admin.host,
            "port": admin.port,
            "tokens": [
                {"name": t.name, "sha256": SET, "scopes": sorted(t.scopes)} for t in admin.tokens
            ],
            "open": sorted(admin.open),
            "hosts": list(admin.hosts),
            **({"audit": admin.audit} if admin.audit else {}),
        },
        "projects": [_project(project, settings) for project in settings.projects],
        "rules": list(settings.rules),
        "consent": _consent(settings.consent),
        "items": _items(settings.items),
        "limits": _limits(settings.limits),
        "spool": _spool(settings.spool),
        "forward": {
            "concurrency": settings.forward.concurrency,
            "per_upstream": settings.forward.per_upstream,
            "timeout": format_duration(settings.forward.timeout),
            "compress": settings.forward.compress,
            "rules_tag": settings.forward.rules_tag,
        },
        "hash": _hash(settings.hash),
        "client_reports": {
            "enabled": settings.client_reports.enabled,
            "interval": format_duration(settings.client_reports.interval),
        },
        "errors": _errors(settings.errors),
        "reload": {"every": format_duration(settings.reload.every)},
        "usage": _usage(settings.usage),
    }
    return data


def mask_upstream(upstream: Dsn | model.Host | model.Folder) -> str:
    """Return an upstream as it is configured, with most of its key masked."""
    match upstream:
        case Dsn():
            return str(upstream).replace(upstream.key, upstream.key[:4] + "…", 1)
        case model.Folder(path):
            return f"file:{path}"
        case model.Host():
            whole = str(upstream.dsn(model.DEFAULT_PROJECT, model.DEFAULT_KEY))
            bare = whole.replace(f"{model.DEFAULT_KEY}@", "", 1)
            return bare.removesuffix(f"/{model.DEFAULT_PROJECT}")


def _project(project: model.ProjectSettings, settings: Settings) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": project.project,
        "key": project.key,
        "upstream": mask_upstream(project.upstream),
    }
    if project.consent != settings.consent:
        entry["consent"] = _consent(project.consent)
    if project.items != settings.items:
        entry["items"] = _items(project.items)
    if project.limits != settings.limits:
        entry["limits"] = _limits(project.limits)
    return entry


def _consent(policy: ConsentPolicy) -> dict[str, Any]:
    return {
        "required": policy.required,
        "flag": policy.flag,
        "flags": list(policy.flags),
        "missing": policy.missing.value,
        "answer": policy.answer,
        "explicit": sorted(policy.explicit),
        "header": policy.header,
        "envelope_key": policy.envelope_key,
        "query": policy.query,
    }


def _items(items: Mapping[str, Policy]) -> dict[str, str]:
    return {kind: policy.value for kind, policy in sorted(items.items())}


def _limits(limits: Limits) -> dict[str, int | str]:
    names = [field.name for field in dataclasses.fields(limits)]
    return {
        name: value if name in COUNTS else format_size(value)
        for name, value in ((name, getattr(limits, name)) for name in names)
    }


def _spool(spool: model.SpoolSettings) -> dict[str, Any]:
    shown: dict[str, Any] = {"backend": spool.backend}
    if spool.backend == "sqlite":
        shown["path"] = spool.path
    if spool.backend == "jetstream":
        shown["servers"] = [_without_user(server) for server in spool.servers]
        shown["stream"] = spool.stream
        shown["replicas"] = spool.replicas
        if spool.credentials_file is not None:
            shown["credentials_file"] = _path(spool.credentials_file)
    shown["max_bytes"] = format_size(spool.max_bytes)
    shown["max_age"] = format_duration(spool.max_age)
    shown["max_dead_age"] = format_duration(spool.max_dead_age)
    shown["repeat_window"] = format_duration(spool.repeat_window)
    return shown


def _usage(usage: UsageSettings) -> dict[str, Any]:
    """Return what holds of `usage`; nothing where it is not in use."""
    if not usage.enabled:
        return {}
    spool = _spool(usage.spool)
    return {
        "apps": [
            {
                "name": app.name,
                "environments": list(app.environments),
                "consent": app.consent,
                "without_consent": sorted(app.without_consent),
            }
            for app in usage.apps
        ],
        "events": list(usage.events),
        "header": usage.header,
        "query": usage.query,
        "round": format_duration(usage.round),
        "hash": _hash(usage.hash),
        # The rest of it is that of the other spool.
        "spool": {key: spool[key] for key in USAGE_SPOOL if key in spool},
        "store": _store(usage.store),
        "batch": {
            "bytes": format_size(usage.batch.bytes),
            "every": format_duration(usage.batch.every),
        },
        "keep": {
            field.name: format_duration(getattr(usage.keep, field.name))
            for field in dataclasses.fields(usage.keep)
        },
        "min_group": usage.min_group,
    }


def _store(store: UsageStore) -> dict[str, Any]:
    shown: dict[str, Any] = {"url": store.url if is_store(store.url) else SET}
    if store.endpoint is not None:
        shown["endpoint"] = _without_user(store.endpoint, _WEB)
    if store.region is not None:
        shown["region"] = store.region
    if store.access_key_id is not None:
        shown["access_key_id"] = SET
    if store.secret_access_key is not None:
        shown["secret_access_key"] = SET
    shown["allow_http"] = store.allow_http
    shown["virtual_hosted"] = store.virtual_hosted
    shown["timeout"] = format_duration(store.timeout)
    return shown


def _tls(tls: model.Tls) -> dict[str, str]:
    return {"cert": _path(tls.cert), "key": _path(tls.key)}


def _path(text: str) -> str:
    """Return a path to a file that is there; what is none may be a secret in its place."""
    return text if os.path.lexists(text) else NO_SUCH


def _onion(onion: model.Onion) -> dict[str, str | int]:
    if onion.socket is not None:
        return {"socket": onion.socket}
    return {"host": onion.host, "port": onion.port}


def _errors(errors: model.ErrorSettings) -> dict[str, Any]:
    if errors.dsn is None:
        return {}
    return {"dsn": mask_upstream(errors.dsn), "environment": errors.environment}


def _hash(hashing: model.HashSettings) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if hashing.secret is not None:
        shown["secret"] = SET
    if hashing.secret_file is not None:
        shown["secret_file"] = _path(hashing.secret_file)
    shown["rotate"] = format_duration(hashing.rotate)
    return shown


def _without_user(url: str, schemes: Sequence[str] = _SCHEMES) -> str:
    """Return scheme, host and port of a server; of what looks otherwise nothing.

    A password may hold what would end it in a URL, so that what is before the last `@` is no host.
    """
    scheme, slashes, rest = url.rpartition("://")
    host = re.match(_HOST, rest.rpartition("@")[2], re.ASCII)
    if host is None or (slashes and scheme not in schemes):
        return SET
    return f"{scheme}{slashes}{host[0]}"
