"""The configured projects: what holds for a client's project and key, and where envelopes go."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from relay.config import Folder, ProjectSettings, Settings
from relay.limit_memory import LimitKey
from relay.pipeline import ProjectPolicy
from relay.ports import Clock, Lane, Upstream
from relay.protocol.dsn import Dsn
from relay.scrub.permit import ScrubbedEnvelope
from relay.sinks import FileSink
from relay.upstream import HttpOptions, SentryUpstream

_DIGITS: Final = frozenset("0123456789")
_MAX_DIGITS: Final = 19
"""Sentry's ids are whole numbers of 64 bits."""


class Projects:
    """Looks up what holds for a client's project and key, and where its envelopes go."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._policies: dict[int, ProjectPolicy] = {}
        self._upstreams: dict[str, Upstream] = {}
        self._ids: dict[Upstream, str] = {}
        for project in settings.projects:
            own = project.upstream.key if isinstance(project.upstream, Dsn) else None
            self._policies[id(project)] = ProjectPolicy(
                project.project,
                project.consent,
                project.items,
                project.limits,
                own,
                settings.forward.rules_tag,
            )

    def find(self, project: str, key: str) -> ProjectPolicy | None:
        """See `pipeline.FindProject`; a catch-all takes only numbers, as Sentry has them."""
        found = self._find(project, key)
        return self._policies[id(found)] if found is not None else None

    def route(self, envelope: ScrubbedEnvelope) -> Upstream | None:
        """See `forwarder.Route`; the same object for the same upstream."""
        found = self._find(envelope.project, envelope.key)
        if found is None:
            return None
        name = _upstream_name(found)
        if name not in self._upstreams:
            upstream = _make_upstream(found, self._settings, self._clock)
            self._upstreams[name] = upstream
            first = next(p for p in self._settings.projects if _upstream_name(p) == name)
            self._ids[upstream] = first.project
        return self._upstreams[name]

    def id_of(self, upstream: Upstream) -> str:
        """Return the id of the first configured project that leads to an upstream, for metrics.

        `*` is the catch-all. A closed set, and it tells an operator more than a URL, which may
        hold a key.
        """
        return self._ids[upstream]

    def limit_key(self, project: str, key: str) -> LimitKey | None:
        """See `limit_memory.FindKey`: two projects of one upstream DSN share its limits."""
        found = self._find(project, key)
        if found is None:
            return None
        own = found.upstream.key if isinstance(found.upstream, Dsn) else key
        return _upstream_name(found), own

    def partition(self, lane: Lane) -> str:
        """Name the upstream of a project and key: what shares one waits and fails together."""
        where = self.limit_key(*lane)
        return "" if where is None else where[0]

    def takes_reports(self, project: str, key: str) -> bool:
        """Whether client reports go to the upstream: not to a folder, which people look at."""
        found = self._find(project, key)
        return found is not None and not isinstance(found.upstream, Folder)

    def _find(self, project: str, key: str) -> ProjectSettings | None:
        """Find by the client's words; a catch-all passes its project's on, in the URL upstream."""
        found = self._settings.find_project(project, key)
        if found is not None and found.catch_all and not _is_number(project):
            return None
        return found

    @property
    def keys(self) -> Mapping[str, str]:
        """The configured project ids and their keys."""
        return {p.project: p.key for p in self._settings.projects if not p.catch_all}

    async def close(self) -> None:
        """Close all upstreams."""
        for upstream in self._upstreams.values():
            await upstream.close()


def _is_number(project: str) -> bool:
    return 0 < len(project) <= _MAX_DIGITS and _DIGITS.issuperset(project)


def _upstream_name(project: ProjectSettings) -> str:
    match project.upstream:
        case Folder(path):
            return f"file:{path}"
        case Dsn() as dsn:
            return str(dsn)
        case host:
            return str(host)


def _make_upstream(project: ProjectSettings, settings: Settings, clock: Clock) -> Upstream:
    forward = settings.forward
    options = HttpOptions(
        timeout=forward.timeout, connections=forward.per_upstream, compress=forward.compress
    )
    match project.upstream:
        case Folder(path):
            return FileSink(Path(path), clock)
        case Dsn() as dsn:
            return SentryUpstream(dsn.envelope_url(), dsn.key, options)
        case host:
            netloc = f"[{host.host}]" if ":" in host.host else host.host
            port = f":{host.port}" if host.port is not None else ""
            return SentryUpstream(f"{host.scheme}://{netloc}{port}{host.prefix}", options=options)
