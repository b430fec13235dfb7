"""What is loaded once, before anything is opened or forked: settings, rules, secret, certificate.

Law of this file: it reads files and opens nothing that stays open.
"""

import hashlib
import logging
import secrets
import ssl
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from relay import __version__
from relay.clock import SystemClock
from relay.config import ANY, Settings, read_secret
from relay.consent import Missing
from relay.metrics import Metrics
from relay.rulefiles import how_to_test, read, shipped, shipped_left_out
from relay.rules.loading import RuleText
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.scrub.verified import scrubber_of
from relay.server.listening import tls_context
from relay.server.projects import Projects
from relay.side.process import SideProcess
from relay.usage.catalogue import EMPTY, Catalogue
from relay.usage.cataloguefiles import read_catalogue

log = logging.getLogger("relay.server")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is loaded once, before anything is opened.

    Attributes:
        settings: what is configured.
        scrubber: the rules, which have passed their examples.
        secret: of the `hash` redaction; the same for all processes.
        tls: certificate and key of the ingest port.
        files: the rule files that the scrubber is made of.
        mark: of the certificate and its key, equal for equal files.
        usage_secret: of pseudonyms in usage events; the same for all processes.
        catalogue: the allow-list of usage events; empty where none are taken.
    """

    settings: Settings
    scrubber: Scrubber
    secret: bytes = field(repr=False)
    tls: ssl.SSLContext | None
    files: tuple[RuleText, ...] = field(default=(), repr=False)
    mark: bytes = field(default=b"", repr=False)
    usage_secret: bytes = field(default=b"", repr=False)
    catalogue: Catalogue = EMPTY

    def same_but_rules(self, other: "Loaded") -> bool:
        """Return whether nothing but rules, and where they are, differs from what was loaded."""
        settings = replace(other.settings, rules=self.settings.rules)
        return settings == self.settings and _beside(other) == _beside(self)

    def with_settings(self, settings: Settings) -> "Loaded":
        """Read secrets, allow-list and certificate of other settings; the rules stay as they are.

        Raises:
            RuleError: the allow-list of usage events does not load.
            ConfigError: a secret cannot be read.
            ListenError: the certificate cannot be read.
        """
        secret = read_secret(settings.hash) or self.secret
        tls, mark = tls_context(settings.listen.tls), _mark(settings)
        return replace(
            self,
            settings=settings,
            secret=secret,
            tls=tls,
            mark=mark,
            usage_secret=_usage_secret(settings) or self.usage_secret,
            catalogue=_catalogue(settings),
        )


def load(settings: Settings, secret: bytes | None = None) -> Loaded:
    """Load rules, secret and certificate.

    Args:
        settings: what is configured.
        secret: of the `hash` redaction, to go on with where none is configured.

    Raises:
        RuleError: a rule does not load, or fails its own examples; or the allow-list does.
        ConfigError: a secret cannot be read.
        ListenError: the certificate cannot be read.
    """
    files = read(settings.rules) if settings.rules else shipped()
    secret = read_secret(settings.hash) or secret or secrets.token_bytes(32)
    return Loaded(
        settings,
        scrubber_of(files, HashKeys(secret), verify=True, hint=how_to_test(settings.rules)),
        secret,
        tls_context(settings.listen.tls),
        files,
        _mark(settings),
        _usage_secret(settings) or secrets.token_bytes(32 if settings.usage.enabled else 0),
        _catalogue(settings),
    )


def _usage_secret(settings: Settings) -> bytes | None:
    return read_secret(settings.usage.hash) if settings.usage.enabled else None


def _catalogue(settings: Settings) -> Catalogue:
    return read_catalogue(settings) if settings.usage.enabled else EMPTY


def _beside(loaded: Loaded) -> tuple[bytes, bytes, bytes, str]:
    """Return what files beside the settings and the rules hold."""
    return loaded.secret, loaded.mark, loaded.usage_secret, loaded.catalogue.digest


def _mark(settings: Settings) -> bytes:
    """Return a digest of certificate and key, which were just read; nothing without them."""
    tls = settings.listen.tls
    digest = hashlib.sha256()
    for file in (tls.cert, tls.key) if tls is not None else ():
        with suppress(OSError):
            digest.update(Path(file).read_bytes())
    return digest.digest()


def start_side(loaded: Loaded) -> SideProcess | None:
    """Begin what large bodies are scrubbed in, before this process has a loop or a thread."""
    projects = Projects(loaded.settings, SystemClock())
    return SideProcess.start(projects.find, loaded.scrubber, loaded.secret)


def show(loaded: Loaded, metrics: Metrics) -> None:
    """Set the gauges that say what was loaded."""
    metrics.gauge("relay_build_info", 1, version=__version__)
    metrics.gauge("relay_rules_loaded", len(loaded.scrubber.compiled.rules))
    metrics.gauge("relay_spool_max_bytes", loaded.settings.spool.max_bytes)
    if loaded.settings.usage.enabled:
        metrics.gauge("relay_usage_spool_max_bytes", loaded.settings.usage.spool.max_bytes)
    for project in loaded.settings.projects:
        if not project.consent.required:
            metrics.gauge("relay_consent_not_required", 1, project=project.project)


def tell(loaded: Loaded) -> None:
    """Say what was loaded, and loudly what weakens the promise."""
    rules = len(loaded.scrubber.compiled.rules)
    log.info("loaded", extra={"rules": rules, "version": __version__})
    if left_out := shipped_left_out(rule.id for rule in loaded.scrubber.compiled.rules):
        log.warning("shipped_rules_left_out", extra={"count": left_out})
    usage = loaded.settings.usage
    if usage.enabled and usage.hash.made:
        # Pseudonyms of instances, and what is known of repeats, do not outlast a restart.
        log.warning("usage_secret_made")
    for project in loaded.settings.projects:
        name = "any" if project.project == ANY else project.project
        if not project.consent.required:
            log.warning("consent_not_required", extra={"project": name})
        elif project.consent.missing is Missing.MINIMAL:
            log.warning("minimal_without_consent", extra={"project": name})
