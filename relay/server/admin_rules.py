"""The rules on the admin port: which hold, what became of the last change, and a change at once.

Law of this file: what is shown are names, places and numbers of rule files, and the mistakes in
them; never a text of an example. A change needs the scope `rules`, and is noted first.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from relay.audit import Via
from relay.server.admin_gate import Gate
from relay.server.admin_requests import only, read_body
from relay.server.answers import json_answer
from relay.server.board import Board, SeatState
from relay.server.rules_reloading import SCOPE, Attempt, Reloaded, Reloader

SEEN: Final = "playground"
"""The scope that shows them: the playground shows the rules themselves."""


def add_rules_routes(app: web.Application, gate: Gate, reloader: Reloader, board: Board) -> None:
    """Mount the routes.

    Args:
        app: the admin port's.
        gate: asks for the token.
        reloader: sees to changes.
        board: where processes say which rules they use.
    """

    async def show(request: web.Request, _: str) -> web.StreamResponse:
        only(request.query)
        return json_answer(standing(reloader, board))

    async def reload(request: web.Request, who: str) -> web.StreamResponse:
        await read_body(request)
        attempt = await reloader.reload(who, Via.HTTP)
        refused = attempt.outcome is Reloaded.REFUSED
        status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
        return json_answer({"outcome": attempt.outcome, **standing(reloader, board)}, status)

    app.router.add_get("/rules", gate.guarded(SEEN, show))
    app.router.add_post("/rules/reload", gate.guarded(SCOPE, reload))


def standing(reloader: Reloader, board: Board) -> dict[str, Any]:
    """Return what `GET /rules` says, as plain data."""
    current, refused = reloader.current, reloader.refused
    return {
        "state": "current" if refused is None else "refused",
        "mistakes": [asdict(mistake) for mistake in (refused.mistakes if refused else ())],
        "digest": current.digest,
        "rules": current.rules,
        "generation": current.number,
        "since": _time(current.since),
        "workers": _workers(board),
        "last": _attempt(reloader.last),
        # The long list comes last, or whoever reads it with curl would look for all the others.
        "files": [file.file for file in current.files],
    }


def _workers(board: Board) -> Sequence[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for seat in board.seats(SeatState.READY):
        number, digest = board.rules(seat)
        shown.append({"worker": seat, "generation": number, "digest": digest})
    return shown


def _attempt(attempt: Attempt | None) -> dict[str, Any] | None:
    if attempt is None:
        return None
    return {"outcome": attempt.outcome, "via": attempt.via, "at": _time(attempt.at)}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
