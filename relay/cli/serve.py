"""`relay serve`: start, and tell a newcomer what to do next."""

import argparse
import asyncio
import sys

from relay import logs
from relay.cli.options import add_config, settings_of
from relay.config import ANY, Folder, ProjectSettings, Settings, check_runnable, mask_upstream
from relay.consent import ConsentPolicy, Missing
from relay.errors import RelayError
from relay.protocol.dsn import Dsn
from relay.server.app import serve
from relay.server.parts import Started


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="take envelopes, scrub them, forward them")
    add_config(parser)
    parser.add_argument("--host", metavar="H", help="address of the ingest port")
    parser.add_argument("--port", metavar="P", type=int, help="ingest port; 0 takes a free one")
    parser.add_argument("--workers", metavar="N", type=int, help="processes (only 1 for now)")
    parser.add_argument("--debug", action="store_true", help="log more (never a payload)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal."""
    settings = settings_of(options, host=options.host, port=options.port, workers=options.workers)
    check_runnable(settings)
    logs.setup(level=10 if options.debug else 20)
    try:
        _run_loop(settings)
    except BaseExceptionGroup as group:
        error = _first_of(group)
        if not isinstance(error, RelayError):
            raise
        print(f"relay: {error.detail}", file=sys.stderr)
        return 1
    return 0


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what happened first, out of groups in groups."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _run_loop(settings: Settings) -> None:
    def greet(started: Started) -> None:
        print(welcome(settings, started), file=sys.stderr, flush=True)

    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:  # pragma: no cover
        asyncio.run(serve(settings, on_start=greet))
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, on_start=greet))


def welcome(settings: Settings, started: Started) -> str:
    """Return what a person should know at start: the DSN, where events go, how to consent."""
    host = "127.0.0.1" if started.host in ("0.0.0.0", "::", "") else started.host  # noqa: S104
    scheme = "https" if settings.listen.tls else "http"
    lines = ["", "scrub-relay is ready.", ""]
    for project in settings.projects:
        lines += _about(project, scheme, host, started.port)
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
