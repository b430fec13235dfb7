"""Secrets that somebody pastes into the playground: they are to be nowhere afterwards.

Law of this file: as in `canary_errors.py`, whose table goes on here. What the playground answers
goes to who asked; with the rules of the service it has to be as clean as what is sent on.
"""

import json
import signal
from contextlib import suppress
from typing import Any

from tests.system import canary_search as look
from tests.system.canary_errors import answered, loaded, path
from tests.system.canary_requests import Writer, of_event
from tests.system.canary_rig import Rig, kill
from tests.system.running import Client, until

PLACE = "playground"
CHILD = b"relay.playground.child"


@path(PLACE)
def playground(run: Rig, writer: Writer) -> None:
    """Samples of each kind are tried, with rules and with bad ones; the process is killed."""
    client = Client(run.relay.admin_port)
    event = loaded(writer)
    samples = [
        {"kind": "event", "text": event.decode()},
        {"kind": "envelope", "text": of_event(writer.full_event()).decode()},
        {"kind": "text", "text": " and ".join(writer.secret(PLACE) for _ in range(9))},
    ]
    for sample in samples:
        run.answers.append(_ask(run, client, "try", _trial(sample)))
        shown = _ask(run, client, "try", _trial(sample, base="none"))
        assert run.mint.needles.find("shown to who asked", shown)
    _ask(run, client, "try", _trial(samples[0], rule=f"id: {writer.secret(PLACE)}\nmatch: [a"))
    _ask(run, client, "try", _trial({"kind": "event", "text": event.decode()[:-9]}))
    place = {"sample": samples[0], "start": 99, "end": 140, "choice": None}
    _ask(run, client, "suggest", place)
    _ask(run, client, "try", {"sample": writer.secret(PLACE)}, status=400)
    (child,) = until(lambda: _children(run), "the playground's process")
    kill(child, signal.SIGSEGV)
    until(lambda: _has_ended(child), "its end")
    _ask(run, client, "try", _trial(samples[0]))
    client.close()


def _trial(sample: dict[str, str], *, base: str = "loaded", rule: str = "") -> dict[str, Any]:
    rules = [{"name": "rule", "text": rule}] if rule else []
    return {"rules": rules, "base": base, "sample": sample}


def _ask(run: Rig, client: Client, what: str, body: Any, status: int = 200) -> bytes:
    data = json.dumps(body, ensure_ascii=False).encode()
    run.note(data)
    headers = [("Content-Type", "application/json")]
    reply = client.send("POST", f"/playground/{what}", headers, data)
    answered(PLACE, reply.status, {status})
    return reply.body


def _children(run: Rig) -> list[int]:
    """The playground's processes."""
    found = []
    for pid in look.family(run.relay.pid):
        base = look.Path(f"/proc/{pid}")
        with suppress(OSError):
            if CHILD in (base / "cmdline").read_bytes():
                found.append(pid)
    return found


def _has_ended(pid: int) -> bool:
    try:
        state = look.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"
