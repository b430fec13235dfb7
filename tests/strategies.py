"""What tests feed to the relay: JSON documents, texts full of syntax, and secrets that hide."""

import base64
import json
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

SYNTAX = "[]{}()<>:;,.\"'\\%&=/@-_ 019abfx\n\též漢🙂\u200b１"
"""The characters that formats are made of, and a few that are wider than they look."""

texts = st.text(max_size=12) | st.text(alphabet=SYNTAX, max_size=40)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
keys = (
    st.sampled_from([
        "a", "user", "extra", "tags", "contexts", "message", "sdk", "release", "timestamp",
        "event_id", "trace", "exception", "values", "key", "value", "name", "type", "data", "_meta",
        "", "breadcrumbs", "request", "device_id", "label",
    ])
    | texts
)  # fmt: skip
json_documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.lists(st.tuples(keys, inner).map(list), max_size=3)
    ),
    max_leaves=14,
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A made-up secret: as it is written, and the words that may not come out."""

    name: str
    text: str
    words: tuple[str, ...] = field(default=())

    @property
    def forbidden(self) -> tuple[str, ...]:
        """What may be in no byte that goes on."""
        return self.words or (self.text,)


SECRETS = (
    Secret("ipv4", "203.0.113.77"),
    Secret("ipv6", "2001:db8:85a3::8a2e:370:7334"),
    Secret("email", "jane.roe@example.org"),
    Secret("folder", "/home/janeroe/wallets", ("janeroe",)),
    Secret("windows", r"C:\Users\janeroe\AppData", ("janeroe",)),
    Secret("segwit", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    Secret("p2pkh", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    Secret("ethereum", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
    Secret("device", "355C817510C0EABF2F147145"),
    Secret(
        "xpub",
        "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz",
    ),
    Secret(
        "mnemonic",
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        ("winner thank year", "sausage worth", "thank yellow"),
    ),
)

KEYED = "Zauberkasse"
"""A value that is only known by the key that it stands under."""


def _nested_json(levels: int) -> Callable[[str], str]:
    def hide(text: str) -> str:
        held = json.dumps({"a": text, "b": 1})
        for _ in range(levels - 1):
            held = json.dumps({"c": held})
        return held

    return hide


HIDINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "sentence": lambda text: f"could not reach {text}, giving up",
    "quotes": lambda text: f'got "{text}"',
    "brackets": lambda text: f"<[({text})]>",
    "non-ascii": lambda text: f"nápověda „{text}“ 漢字",
    "query": lambda text: f"https://x.example/y?a=1&q={quote(text, safe='')}&b=2",
    "fragment": lambda text: f"https://x.example/y#{quote(text, safe='')}",
    "cookie": lambda text: f"a=b; q={text}; c=d",
    "percent": lambda text: "".join(f"%{b:02x}" for b in text.encode()),
    "percent twice": lambda text: "".join(f"%25{b:02X}" for b in text.encode()),
    "unicode escapes": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "base64": lambda text: base64.b64encode(f"from {text} here".encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(f"from {text} here".encode()).decode(),
    "hex": lambda text: f"from {text} here".encode().hex(),
    "json 1": _nested_json(1),
    "json 2": _nested_json(2),
    "json 3": _nested_json(3),
    "repr": lambda text: repr({"a": text}),
    "full width": lambda text: "".join(
        chr(ord(c) + 0xFEE0) if c in string.digits + string.ascii_letters else c for c in text
    ),
    "zero width": "\u200b".join,
}

secrets = st.sampled_from(SECRETS)
hidings = st.sampled_from(sorted(HIDINGS))


# The last two: four numbers are a version there, and nothing tells them from an address.
_TAKEN = frozenset({"key", "name", "type", "_meta", "release", "sdk"})


@st.composite
def planted(draw: st.DrawFn, text: str) -> Any:
    """Draw a JSON document that holds a text: as value, key, element or in a pair, at any depth."""
    held: Any = text
    for _ in range(draw(st.integers(1, 6))):
        beside = draw(st.dictionaries(keys, scalars, max_size=2))
        key = draw(keys.filter(lambda k: k not in _TAKEN))
        held = draw(
            st.sampled_from([
                {**beside, key: held},
                {key: held, **beside},
                [*beside.values(), held],
                [held, *beside.values()],
                [[key, held], ["x", 1]],
                {"key": "k", "value": held},
                {key: {"value": held, "type": "string"}},
                {"_meta": {key: {"": {"rem": [["@x", "s", 0, 1]], "len": 9, "val": held}}}},
                {f"{key} {held}" if isinstance(held, str) else key: held},
                {held if isinstance(held, str) else key: 1},
                [[held if isinstance(held, str) else key, 5]],
            ])
        )  # fmt: skip
    return held
