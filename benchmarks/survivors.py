"""Random lines that no rule may touch, by kind: ids, versions, code, traces, prose.

Each kind is a function of a random source that gives one line.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from benchmarks.survivors_code import CODE_KINDS, pick, word
from benchmarks.survivors_ids import ID_KINDS

Chance = random.Random
Kind = Callable[[Chance], str]


def lines(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Yield so many (kind, line), each kind equally often; the same ones for the same seed."""
    chance = random.Random(seed)
    names = sorted(KINDS)
    for n in range(count):
        name = names[n % len(names)]
        yield name, KINDS[name](chance)


_SENTENCES: Final = (
    "the {secret} is wrong", "Wrong {secret}: try again", "Please enter your {secret}",
    "{secret} must be at least {n} characters", "Forgot your {secret}?", "invalid {secret}",
    "cannot read {secret} of undefined", "set {secret} in settings, then restart",
    "{secret} check failed after {n} attempts", "no {secret} was given", "{secret} is required",
    "Your {secret} has been changed {n} times", "show {secret} on device", "{secret}: required",
    "the {secret} you entered does not match", "missing {secret}, code {n}", "{secret}?",
    "Never share your {secret} with anyone", "Checking {secret}...", "unknown {secret}: not found",
    "{secret} and {other} are different things", "Failed to derive {secret} from {other}",
)  # fmt: skip
_SECRETS: Final = (
    "password", "key", "seed", "address", "private key", "passphrase", "PIN", "token", "label",
    "recovery phrase", "backup", "xpub", "wallet", "account", "mnemonic", "secret", "signature",
    "receive address", "public key", "API key", "device id", "user name", "host name", "email",
)  # fmt: skip


def _sentence(chance: Chance) -> str:
    pattern = chance.choice(_SENTENCES)
    return pattern.format(
        secret=chance.choice(_SECRETS), other=chance.choice(_SECRETS), n=chance.randint(2, 99)
    )


def _prose(chance: Chance) -> str:
    topic, n = word(chance), chance.randint(0, 5000)
    return pick(
        chance,
        f"status: {topic} ready",
        f"{topic}: {n} of {n + 5} done",
        f"Error: {topic} failed",
        f"state: waiting for {topic}",
        f"reason: {topic} is not open ({n})",
        f"step {n}: {topic}",
        f"note: see {topic}.md, section {n}",
        f"warning: {topic} took {n}ms",
        f"code: {n}",
        f"{topic}={n}",
        f"mode: {topic}",
        f"retry {n}/{n + 1}: {topic}",
        f"total: {n} ({n / 7:.2f} %)",
    )


def _web(chance: Chance) -> str:
    code = chance.randint(100, 600)
    return pick(
        chance,
        "application/vnd.api+json; charset=utf-8",
        "image/svg+xml",
        "font/woff2",
        "cs-CZ",
        "zh-Hant-TW",
        "en-US,en;q=0.9,cs;q=0.8",
        "pt_BR.UTF-8",
        "text/html; charset=ISO-8859-2",
        f"https://reactjs.org/docs/error-decoder.html?invariant={code}",
        f"Minified React error #{code}; visit https://react.dev/errors/{code}?args[]=x for it",
        f"GET https://btc{chance.randint(1, 5)}.trezor.io/api/v2 {code}",
        "multipart/form-data",
        f"https://connect.trezor.io/9/iframe.html?version={chance.randint(0, 10**10)}",
        "gzip, deflate, br",
        f"git@github.com:{word(chance)}/{word(chance)}.git",
        f"git@github.com:{word(chance)}/{word(chance)}",
        "max-age=31536000; includeSubDomains",
        f"HTTP/1.1 {code}",
        "same-origin",
        "no-store, max-age=0",
    )


def _colour(chance: Chance, size: int) -> str:
    return "".join(chance.choices("0123456789abcdef", k=size))


def _style(chance: Chance) -> str:
    colour = _colour(chance, chance.choice((3, 6, 8)))
    return pick(
        chance,
        f"#{colour}",
        f"color: #{colour};",
        f"rgba({chance.randint(0, 255)}, 0, 12, 0.5)",
        f"linear-gradient(90deg, #{colour} 0%, #{_colour(chance, 6)} 100%)",
        f"hsl({chance.randint(0, 360)} 50% 40%)",
        f"sc-{_colour(chance, 6)} {word(chance)}",
        f".css-{_colour(chance, 7)}",
        f"fill:#{colour.upper()}",
        f"div.sc-{word(chance)}:nth-child(2) > svg path",
        "box-shadow: 0 1px 2px #00000033",
        f"M{chance.randint(0, 99)}.5 {chance.randint(0, 99)}h-2v{chance.randint(0, 99)}z",
    )


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "sentence": _sentence, "prose": _prose, "web": _web, "style": _style,
        **ID_KINDS, **CODE_KINDS,
    }
)  # fmt: skip
