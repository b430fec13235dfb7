"""`relay serve`: start, and tell a newcomer what to do next."""

import argparse
import dataclasses
import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass

from relay import logs
from relay.audit import Audit
from relay.cli.options import add_config, settings_of
from relay.clock import SystemClock
from relay.config import ANY, Folder, ProjectSettings, Settings, check_runnable, mask_upstream
from relay.consent import ConsentPolicy, Missing
from relay.errors import ConfigError, Mistake, RelayError
from relay.protocol.dsn import Dsn
from relay.server.app import serve
from relay.server.arbiter import Arbiter
from relay.server.life import Life
from relay.server.loaded import Loaded, load, start_side
from relay.server.loop import first_of, run_loop
from relay.server.running import Started

log = logging.getLogger("relay.server")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="take envelopes, scrub them, forward them")
    add_config(parser)
    parser.add_argument("--host", metavar="H", help="address of the ingest port")
    parser.add_argument("--port", metavar="P", type=int, help="ingest port; 0 takes a free one")
    parser.add_argument("--workers", metavar="N", type=int, help="processes that answer")
    parser.add_argument("--debug", action="store_true", help="log more (never a payload)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal."""
    if sys.platform != "win32":
        # A "reload" during the start waits until somebody can see to it; by itself it would kill.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    settings = _settings_of(options)
    check_runnable(settings)
    logs.setup(level=10 if options.debug else 20)
    life = Life(Audit(settings.admin.audit, SystemClock()))
    serving = _Serving(options, settings, life, load(settings))
    try:
        return serving.with_workers() if settings.listen.workers > 1 else serving.alone()
    except BaseExceptionGroup as group:
        error = first_of(group)
        if not isinstance(error, RelayError):
            raise
        _say(error)
        return 1
    finally:
        life.stop()


@dataclass(frozen=True, slots=True)
class _Serving:
    """One run of the relay, and what it is told meanwhile."""

    options: argparse.Namespace
    settings: Settings
    life: Life
    loaded: Loaded

    def with_workers(self) -> int:
        """Serve with several processes; return the exit status."""
        return Arbiter(
            self.loaded,
            on_start=self._greet,
            reload=self._reload,
            say=_say,
            on_stop=self.life.stop,
            on_reloaded=self.life.reloaded,
        ).run()

    def alone(self) -> int:
        """Serve in this process; return the exit status."""
        run_loop(
            serve(
                self.settings,
                loaded=self.loaded,
                on_start=self._greet,
                on_stop=self._end,
                life=self.life,
                reread=self._reread,
                say=_say,
                side=start_side(self.loaded),
            )
        )
        return 0

    def _greet(self, started: Started) -> None:
        self.life.start()
        print(welcome(self.settings, started), file=sys.stderr, flush=True)

    def _reread(self) -> Settings:
        return _startable(self.settings, _settings_of(self.options))

    def _reload(self) -> Loaded:
        return self.life.reload(
            lambda: self.loaded.with_settings(_kept(self.settings, self._reread()))
        )

    def _end(self) -> None:
        self.life.stop()
        _end_within(self.settings.listen.shutdown)


def _settings_of(options: argparse.Namespace) -> Settings:
    return settings_of(options, host=options.host, port=options.port, workers=options.workers)


def _say(error: RelayError) -> None:
    print(f"relay: {error.detail}", file=sys.stderr, flush=True)


def _end_within(seconds: float) -> None:
    """End this process so many seconds from now, whatever a thread is still busy with.

    Nothing is lost by that: what was accepted is in the spool.
    """

    def leave() -> None:
        log.warning("stopped_late")
        os._exit(0)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def _startable(old: Settings, new: Settings) -> Settings:
    """Return what was read anew, if a relay could start with it.

    Raises:
        ConfigError: something is wrong with it, or the file is gone: to go on with what holds
            without one would be to drop all projects.
    """
    if old.source and not new.source:
        raise ConfigError((Mistake(old.source, 1, "the configuration is not there any more"),))
    check_runnable(new)
    return new


def _kept(old: Settings, new: Settings) -> Settings:
    """Return the settings that may change while several workers run; of the rest the old ones."""
    kept = {name: getattr(old, name) for name in ("listen", "admin", "spool", "usage", "reload")}
    for name, value in kept.items():
        if getattr(new, name) != value:
            log.warning("restart_needed", extra={"component": name})
    return dataclasses.replace(new, **kept)


def welcome(settings: Settings, started: Started) -> str:
    """Return what a person should know at start: the DSN, where events go, how to consent."""
    host = "127.0.0.1" if started.host in ("0.0.0.0", "::", "") else started.host  # noqa: S104
    scheme = "https" if settings.listen.tls else "http"
    lines = ["", "scrub-relay is ready.", ""]
    for project in settings.projects:
        lines += _about(project, scheme, host, started.port)
    if started.onion:
        lines.append(f"  onion service          HiddenServicePort 80 {started.onion}")
    for app in settings.usage.apps:
        path = "/".join((app.name, "log", *app.environments[:1], "stable.log"))
        lines.append(f"  usage events           {scheme}://{host}:{started.port}/{path}")
    admin = f"http://{started.admin_host}:{started.admin_port}"
    lines += [f"  metrics and health     {admin}/", "  stop with              Ctrl-C", ""]
    return "\n".join(lines)


def _about(project: ProjectSettings, scheme: str, host: str, port: int) -> list[str]:
    if project.project == ANY:
        lines = ["  any project and key    their host becomes the relay's"]
    else:
        dsn = Dsn(scheme, host, port, "", project.project, project.key)
        lines = [f"  DSN for your app       {dsn}"]
    target = project.upstream.path if isinstance(project.upstream, Folder) else None
    where = f"{target}/ (open the .json files)" if target else mask_upstream(project.upstream)
    lines.append(f"  clean events go to     {where}")
    consent = project.consent
    if not consent.required:
        lines.append("  consent                NOT REQUIRED for this project")
    else:
        lines += [
            f"  consent is granted by  the tag {consent.flag}: true on the event,",
            f"                         the header {consent.header}: true,",
            f"                         or the DSN {_consented(project, scheme, host, port)}",
            f"                         (without it: {_without(consent)})",
        ]
        if consent.explicit:
            lines += [
                "                         One exception, on by default: a feedback that the user",
                "                         typed and sent counts as consent for itself;",
                "                         `consent: {explicit: []}` ends it.",
            ]
    lines.append("")
    return lines


def _without(consent: ConsentPolicy) -> str:
    """Return what happens where nothing grants."""
    if consent.missing is Missing.MINIMAL:
        return "a bare skeleton of an event goes on; after a no, nothing"
    return f"{consent.answer}, and nothing is kept"


def _consented(project: ProjectSettings, scheme: str, host: str, port: int) -> str:
    if project.project == ANY:
        return "with /consented before the project"
    return str(Dsn(scheme, host, port, "/consented", project.project, project.key))
