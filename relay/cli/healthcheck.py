"""`relay healthcheck`: ask a running relay whether it is ready, for containers and scripts."""

import argparse
import http.client
import ssl
import sys

from relay.cli.options import add_config, add_json, print_json, settings_of
from relay.health import LIVE, READY

TIMEOUT = 5.0


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("healthcheck", help="ask a running relay whether it is ready")
    add_config(parser)
    parser.add_argument("--host", metavar="H", help="address of the ingest port")
    parser.add_argument("--port", metavar="P", type=int, help="the ingest port")
    parser.add_argument("--live", action="store_true", help="only whether it answers")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask; 0 when it is, 1 when it is not or nobody answers."""
    listen = settings_of(options, host=options.host, port=options.port).listen
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104
    host = everywhere.get(listen.host, listen.host)
    connection: http.client.HTTPConnection
    if listen.tls:
        # It is our own port on this machine; its certificate names another host.
        context = ssl._create_unverified_context()  # noqa: S323, SLF001
        connection = http.client.HTTPSConnection(
            host, listen.port, timeout=TIMEOUT, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, listen.port, timeout=TIMEOUT)
    try:
        connection.request("GET", LIVE if options.live else READY)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        if options.json:
            print_json({"healthy": False, "status": None})
        print(f"relay: no answer from {host}:{listen.port}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    healthy = status == http.client.OK
    if options.json:
        print_json({"healthy": healthy, "status": status})
    else:
        print("healthy" if healthy else "not healthy")
    return 0 if healthy else 1
