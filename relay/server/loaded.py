"""What is loaded once, before anything is opened or forked: settings, rules, secret, certificate.

Law of this file: it reads files and opens nothing that stays open.
"""

import logging
import secrets
import ssl
from dataclasses import dataclass, field

from relay import __version__, load_scrubber
from relay.clock import SystemClock
from relay.config import ANY, Settings, read_secret
from relay.consent import Missing
from relay.metrics import Metrics
from relay.rulefiles import read, shipped, shipped_left_out
from relay.rules.loading import RuleText
from relay.scrub.scrubber import Scrubber
from relay.server.listening import tls_context
from relay.server.projects import Projects
from relay.side.process import SideProcess

log = logging.getLogger("relay.server")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is loaded once, before anything is opened.

    Attributes:
        settings: what is configured.
        scrubber: the rules, which have passed their examples.
        secret: of the `hash` redaction; the same for all processes.
        tls: certificate and key of the ingest port.
    """

    settings: Settings
    scrubber: Scrubber
    secret: bytes = field(repr=False)
    tls: ssl.SSLContext | None


def load(settings: Settings, secret: bytes | None = None) -> Loaded:
    """Load rules, secret and certificate.

    Args:
        settings: what is configured.
        secret: of the `hash` redaction, to go on with where none is configured.

    Raises:
        RuleError: a rule does not load, or fails its own examples.
        ConfigError: the hash secret cannot be read.
        ListenError: the certificate cannot be read.
    """
    return Loaded(
        settings,
        load_scrubber(*settings.rules),
        read_secret(settings.hash) or secret or secrets.token_bytes(32),
        tls_context(settings.listen.tls),
    )


def start_side(loaded: Loaded) -> SideProcess | None:
    """Begin what large bodies are scrubbed in, before this process has a loop or a thread."""
    projects = Projects(loaded.settings, SystemClock())
    return SideProcess.start(projects.find, loaded.scrubber, loaded.secret)


def rule_texts(settings: Settings) -> tuple[RuleText, ...]:
    """Read the files of the rules once more, for whom wants to see them.

    Raises:
        RuleError: they cannot be read any more.
    """
    return read(settings.rules) if settings.rules else shipped()


def show(loaded: Loaded, metrics: Metrics) -> None:
    """Set the gauges that say what was loaded."""
    metrics.gauge("relay_build_info", 1, version=__version__)
    metrics.gauge("relay_rules_loaded", len(loaded.scrubber.compiled.rules))
    metrics.gauge("relay_spool_max_bytes", loaded.settings.spool.max_bytes)
    for project in loaded.settings.projects:
        if not project.consent.required:
            metrics.gauge("relay_consent_not_required", 1, project=project.project)


def tell(loaded: Loaded) -> None:
    """Say what was loaded, and loudly what weakens the promise."""
    rules = len(loaded.scrubber.compiled.rules)
    log.info("loaded", extra={"rules": rules, "version": __version__})
    if left_out := shipped_left_out(rule.id for rule in loaded.scrubber.compiled.rules):
        log.warning("shipped_rules_left_out", extra={"count": left_out})
    for project in loaded.settings.projects:
        name = "any" if project.project == ANY else project.project
        if not project.consent.required:
            log.warning("consent_not_required", extra={"project": name})
        elif project.consent.missing is Missing.MINIMAL:
            log.warning("minimal_without_consent", extra={"project": name})
