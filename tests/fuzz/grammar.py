"""Envelopes: valid, nearly valid and broken, every kind of item, every place, secrets in all of it.

Law of this file: it says in which order an input is made; what may stand in it and what may be
wrong with it have files of their own (`grammar_*.py`). The same `Random` gives the same bytes.
"""

import json
from random import Random
from typing import Any, Final

from relay.protocol.item_kinds import KINDS
from tests.fuzz.grammar_events import sdk
from tests.fuzz.grammar_items import TRUE, Part, part
from tests.fuzz.grammar_values import ID, identity, key, some, text, time, value, version
from tests.fuzz.grammar_wrong import BYTES, DRAFTS, WRONG, Draft, broken, samples
from tests.fuzz.tally import note

KEY: Final = "a" * 32
"""The public key of the one client that targets know; its project is 1."""

MODES: Final = ("valid", "nearly valid", "broken", "sample")
_SHARES: Final = (45, 38, 15, 2)

_TRACE: Final = {
    "trace_id": identity, "public_key": lambda chance: KEY, "release": version,
    "environment": text, "transaction": text, "user_id": text, "sample_rate": lambda chance: "0.5",
    "sampled": lambda chance: "true", "org_id": lambda chance: "1", "replay_id": identity,
    "user_segment": text,
}  # fmt: skip
_HEADERS: Final = {
    "sent_at": time, "sdk": sdk, "trace": lambda chance: some(chance, _TRACE, 4),
    "dsn": lambda chance: chance.choice(_DSNS), "remote_addr": text, "forwarded_for": text,
    "unheard_of": value,
}  # fmt: skip
_DSNS: Final = (
    f"https://{KEY}@relay.example/1", f"https://{KEY}@relay.example/consented/1",
    f"https://{KEY}@relay.example/2", "https://x", "203.0.113.77", "",
)  # fmt: skip


def envelope(chance: Random) -> bytes:
    """Draw an envelope."""
    (mode,) = chance.choices(MODES, _SHARES)
    note("mode", mode)
    if mode == "sample":
        return broken(chance, chance.choice(samples()))
    draft = valid(chance)
    if mode == "valid":
        return write(chance, draft)
    if mode == "broken":
        return broken(chance, write(chance, draft))
    wrong = chance.choice(WRONG)
    note("wrong", wrong)
    if wrong in DRAFTS:
        DRAFTS[wrong](chance, draft)
        return write(chance, draft)
    return BYTES[wrong](chance, write(chance, draft))


def valid(chance: Random) -> Draft:
    """Draw a valid envelope: at most one item of those that stand alone."""
    headers: dict[str, Any] = {}
    if chance.random() < 0.5:
        headers["event_id"] = identity(chance)
    if chance.random() < 0.4:
        headers |= some(chance, _HEADERS, 3)
    if chance.random() < 0.15:
        headers["consent"] = chance.choice((True, "true", 1, False, "no", None))
    if chance.random() < 0.05:
        headers[key(chance)] = value(chance)
    draft = Draft(headers)
    exclusive = True
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
        made = part(chance, exclusive=exclusive)
        draft.parts.append(made)
        exclusive = exclusive and not _is_exclusive(made)
    return draft


def _is_exclusive(made: Part) -> bool:
    row = KINDS.get(str(made.headers["type"]))
    return row is not None and row.exclusive


def write(chance: Random, draft: Draft) -> bytes:
    """Write an envelope, with the lengths that its parts name."""
    lines = [_line(chance, draft.headers)]
    for one in draft.parts:
        headers = one.headers
        if one.length is TRUE:
            headers = {**headers, "length": len(one.payload)}
        elif one.length is not None:
            headers = {**headers, "length": one.length}
        lines += [_line(chance, headers), one.payload]
    return b"\n".join(lines) + (b"\n" if chance.random() < 0.8 else b"")


def _line(chance: Random, headers: Any) -> bytes:
    if chance.random() < 0.8:
        return json.dumps(headers).encode()
    compact = json.dumps(headers, ensure_ascii=False, separators=(",", ":"))
    return compact.encode("utf-8", "replace")


__all__ = ["ID", "KEY", "MODES", "envelope", "valid", "write"]
