"""Run by tests, as a process: moto's server, answering one request after the other.

S3 decides in one step who of several creates an object. Moto looks, and then writes: of four at one
time two may be told that they were first.
"""

import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Lock
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple


def in_turn(application: Callable[..., Iterable[bytes]]) -> Callable[..., list[bytes]]:
    """Let an application begin with a request when it is done with the one before."""
    turn = Lock()

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if size := int(environ.get("CONTENT_LENGTH") or 0):  # who stalls holds up nobody
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(size))
        with turn:
            return list(application(environ, start_response))

    return answer


if __name__ == "__main__":
    run_simple(
        "127.0.0.1",
        int(sys.argv[1]),
        in_turn(DomainDispatcherApplication(create_backend_app)),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
