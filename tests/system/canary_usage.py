"""The canary test of usage events: a secret in every place of a request, and in every way to fail.

Law of this file: requests are written as they go over the wire; what counts is what was seen to be
sent. A word that may stay (`KEPT`) shows that what is searched is read at all.
"""

import secrets
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.system.canary_http import HEADERS
from tests.system.canary_requests import Request
from tests.system.canary_secrets import Draw, Mint, taking_turns
from tests.usage_lists import WORDS, of_each_type

KEPT = "sunflower"
"""A word that an attribute may say, and that comes out at the other end."""

APP, IMPLIED = "suite", "connect"
PLACE = f"/{APP}/log/web/stable.log"

LIST = f"""\
{WORDS}events:
  settings/analytics:
    description: A decision.
    attributes: {{value: {{type: boolean, description: What it is.}}}}
    examples: [{{query: 'value=true', keeps: {{value: true}}}}]
{of_each_type("canary/all")}"""
"""An allow-list with an attribute of each type."""

ATTRIBUTES = (
    "flag", "count", "many", "seconds", "transport", "transports", "firmware", "language", "colour",
)  # fmt: skip
FIELDS = (
    "c_v", "c_type", "c_commit", "c_instance_id", "c_session_id", "c_timestamp", "c_message_id",
    "c_consent",
)  # fmt: skip
LETTERS = string.ascii_letters + string.digits

Pairs = list[tuple[str, str]]
Encode = Callable[[str], str]


def percent(text: str) -> str:
    """Encode each byte."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


ENCODINGS: dict[str, Encode] = {
    "form": quote_plus,
    "percent": lambda text: quote(text, safe=""),
    "each byte": percent,
    "twice": lambda text: quote(quote(text, safe=""), safe=""),
}


@dataclass
class Sender:
    """Writes requests of usage events; ids are drawn afresh and looked for too."""

    mint: Mint
    draw: Draw = field(init=False)

    def __post_init__(self) -> None:
        self.draw = taking_turns(self.mint)

    def secret(self, place: str, *, keyed: bool = False) -> tuple[str, str]:
        """Return the key that a secret wants, or none, and the secret."""
        drawn = self.draw(f"usage, {place}", keyed)
        return ("", "") if drawn is None else (drawn.key, drawn.text)

    def id(self, name: str) -> str:
        """Return ten letters and digits, as Suite draws them, that are found nowhere."""
        made = "".join(self.mint.chance.choices(LETTERS, k=10))
        self.mint.watch("id", f"usage, {name}", made)
        return made

    def pairs(self, **more: str) -> Pairs:
        """Return what every event has, with consent."""
        return [
            ("c_v", "1.39"),
            ("c_type", "canary/all"),
            ("c_commit", "04cafc8c8a72"),
            ("c_instance_id", self.id("c_instance_id")),
            ("c_session_id", self.id("c_session_id")),
            ("c_timestamp", str(int(time.time() * 1000))),
            ("c_message_id", self.id("c_message_id")),
            ("c_consent", "true"),
            ("colour", KEPT),
            *more.items(),
        ]


def request(
    place: str,
    pairs: Pairs,
    *headers: tuple[str, str],
    path: str = PLACE,
    encode: Encode = quote_plus,
    method: str = "GET",
) -> Request:
    """Write a request."""
    query = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
    return Request(place, f"{path}?{query}", headers, b"", method=method)


def without(pairs: Pairs, *names: str) -> Pairs:
    return [pair for pair in pairs if pair[0] not in names]


# --- requests that are taken, or refused for what stands in one place ----------------------------


def parameters(sender: Sender) -> Iterator[Request]:
    """Yield a secret as the value of each parameter, known and unknown, and as a name."""
    for name in (*ATTRIBUTES, *FIELDS):
        _, text = sender.secret(f"value of {name}")
        yield request("value", [*without(sender.pairs(), name), (name, text)])
    for name in FIELDS:  # a second time, behind a good one
        _, text = sender.secret(f"second {name}")
        yield request("second value", [*sender.pairs(), (name, text)])
    for number in range(4):
        key, text = sender.secret("value of an unknown parameter", keyed=True)
        yield request("unknown", [*sender.pairs(), (key or f"unknown{number}", text)])
        _, text = sender.secret("name of a parameter")
        yield request("name", [*sender.pairs(), (text, "1")])
        _, text = sender.secret("text among words")
        yield request("text", [*without(sender.pairs(), "colour"), ("colour", f"blue {text} red")])
    _, text = sender.secret("name and no value")
    yield Request(
        "bare", f"{request('', sender.pairs()).path}&{quote_plus(text)}", (), b"", method="GET"
    )


def encodings(sender: Sender) -> Iterator[Request]:
    """Yield values and names in each encoding."""
    for name, encode in ENCODINGS.items():
        _, text = sender.secret(f"encoded, {name}")
        pairs = [*without(sender.pairs(), "colour"), ("colour", text), ("other", text), (text, "")]
        yield request("encoding", pairs, encode=encode)


def opt_outs(sender: Sender) -> Iterator[Request]:
    """Yield decisions that have much more to say."""
    for name in ("extra", "c_instance_id", "c_commit", "c_timestamp", "c_session_id"):
        _, text = sender.secret(f"opt-out, {name}")
        pairs = without(sender.pairs(value="false"), "c_type", name, "c_consent")
        yield request("opt-out", [("c_type", "settings/analytics"), *pairs, (name, text)])


def headers(sender: Sender) -> Iterator[Request]:
    """Yield a secret in each header, and in a header's name."""
    for name in HEADERS:
        _, text = sender.secret(f"header {name}")
        value = " ".join(text.encode("latin-1", "ignore").decode("latin-1").split())
        yield request("header", sender.pairs(), (name, value))
    _, text = sender.secret("header's name")
    name = "".join(one for one in text if one.isalnum() or one in "-._")
    yield request("header", sender.pairs(), (f"X-{name}", "1"))


def paths(sender: Sender) -> Iterator[Request]:
    """Yield a secret in each segment of the path, and behind it."""
    for form in (
        "/{}/log/web/stable.log", "/suite/{}/web/stable.log", "/suite/log/{}/stable.log",
        "/suite/log/web/{}.log", "/suite/log/web/stable.log/{}", "/suite/log/web/{}/stable.log",
        "/{}", "//{}/log/web/stable.log", "/connect/log/web/stable.log;{}", "/suite/log/{}",
    ):  # fmt: skip
        _, text = sender.secret("path")
        yield request("path", sender.pairs(), path=form.format(quote(text, safe="")))


def methods(sender: Sender) -> Iterator[Request]:
    """Yield other methods, a body, a fragment, and a target with a host."""
    for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        _, text = sender.secret(f"method {method}")
        yield request("method", [*sender.pairs(), ("other", text)], method=method)
    _, text = sender.secret("body")
    whole = request("body", sender.pairs())
    yield Request("body", whole.path, (), text.encode())
    yield Request("body", whole.path, (), text.encode(), method="GET")
    _, text = sender.secret("fragment")
    yield Request("fragment", f"{whole.path}#{quote(text)}", (), b"", method="GET")
    _, text = sender.secret("absolute target")
    yield Request(
        "absolute", f"http://relay.example{whole.path}&a={quote(text)}", (), b"", method="GET"
    )


WELL = (parameters, encodings, opt_outs, headers, paths, methods)


# --- requests that are refused as a whole --------------------------------------------------------


def malformed(sender: Sender) -> Iterator[Request]:
    """Yield queries that nobody can read, each with a secret in it."""
    good = "&".join(f"{name}={quote_plus(value)}" for name, value in sender.pairs())
    for part in (
        "%zz", "%", "%00", "%0d%0a", "%c0%af", "%ed%a0%80", "%ff", "\u00e9", ";", "&&&", "=&=",
        "c_type", "c_v=", "c_timestamp=-1", "c_timestamp=1e9", "%2500", "%u0041",
    ):  # fmt: skip
        _, text = sender.secret("malformed")
        query = f"{good}&{part}&colour={quote_plus(text)}{part}"
        yield Request("malformed", f"{PLACE}?{query}", (), b"", method="GET")
    for name in FIELDS[:-1]:
        _, text = sender.secret("something missing")
        yield request("malformed", [*without(sender.pairs(), name), ("other", text)])
    _, text = sender.secret("too many parameters")
    yield request("malformed", [*sender.pairs(), *[("a", text)] * 120])
    _, text = sender.secret("too long")
    yield request("malformed", [*sender.pairs(), ("a", text * (7_900 // len(text)))])
    _, text = sender.secret("longer than a line")
    yield request("malformed", [*sender.pairs(), ("a", text * (20_000 // len(text)))])


def refused(sender: Sender) -> Iterator[Request]:
    """Yield events without consent, and with a no somewhere, in either app."""
    for path in (PLACE, f"/{IMPLIED}/log/stable.log"):
        for value in ("false", "0", "no", "TRUE"):
            _, text = sender.secret("denied")
            pairs = [*without(sender.pairs(), "c_consent"), ("c_consent", value), ("colour", text)]
            yield request("denied", pairs, path=path)
        _, text = sender.secret("denied in a header")
        pairs = [*without(sender.pairs(), "c_consent"), ("other", text)]
        yield request("denied", pairs, ("X-Suite-Consent", "false"), path=path)
    _, text = sender.secret("no consent")
    yield request("no consent", [*without(sender.pairs(), "c_consent"), ("other", text)])


def not_http(sender: Sender) -> Iterator[bytes]:
    """Yield bytes that are no request, with secrets where one would stand."""
    _, text = sender.secret("no request")
    line = f"{PLACE}?c_type=x&colour={quote_plus(text)}"
    yield f"GET {line}\r\n\r\n".encode()
    _, text = sender.secret("no request")
    yield f"GET {PLACE}?a={text} HTTP/9.9\r\nHost: x\r\n\r\n".encode()
    _, text = sender.secret("no request")
    yield f"GET {PLACE}?a=b HTTP/1.1\r\nHost x {text}\r\n\r\n".encode()
    _, text = sender.secret("no request")
    yield f"GET {PLACE}?a={quote_plus(text)} HTTP/1.1\r\nHost: a\r\nContent-Le".encode()


def marker() -> str:
    """Return a folder's name that nothing else has."""
    return f"canary-{secrets.token_hex(4)}"


def write_list(folder: Path) -> Path:
    """Write the allow-list, and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "canary-events.yaml"
    path.write_text(LIST)
    return path
