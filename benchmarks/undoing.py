"""Reading what a scrubber has left, as one who looks for leaks would: each spelling undone.

Written apart from the relay's own views, so that a mistake there does not hide itself here.
"""

import base64
import html
import re
import unicodedata
from urllib.parse import unquote


def unquoted(text: str) -> str:
    """Undo percent-encoding, several times over."""
    for _ in range(4):
        text = unquote(text)
    return text


_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})|\\+([nrt])")


def unescaped(text: str) -> str:
    """Undo the escapes of JSON and JavaScript, however often their backslashes are doubled."""

    def one(found: re.Match[str]) -> str:
        digits = found.group(1) or found.group(2)
        return chr(int(digits, 16)) if digits else "\n"

    # Pairs of surrogates are one character.
    joined = _ESCAPE.sub(one, text).encode("utf-16-le", "surrogatepass")
    return joined.decode("utf-16-le", "replace")


_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2069"
_LOOKS = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0410\u0412\u0415\u041d\u041a\u041c\u041e\u0420\u0421\u0422\u0425",
        "aeopcyxijABEHKMOPCTX",
        strict=True,
    )
)
LOOK_ALIKES = {latin: other for other, latin in _LOOKS.items()}


def folded(text: str) -> str:
    """Undo other alphabets, look-alikes and invisible characters."""
    text = "".join(_LOOKS.get(c, c) for c in text if c not in _INVISIBLE)
    text = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(c, None) or 0) if c.isdecimal() else c for c in text)


def unspaced(text: str) -> str:
    """Undo groups and lines."""
    return re.sub(r"[ \n\r\t\u00a0-]+", "", text)


def opened_base64(text: str) -> str:
    """Open base64, wherever in it a token begins."""
    out = []
    for found in re.finditer(r"[A-Za-z0-9+/_-]{8,}", unquote(text)):
        token = found.group().replace("-", "+").replace("_", "/")
        for skip in range(4):
            part = token[skip:]
            part += "A" * (-len(part) % 4)
            out.append(base64.b64decode(part).decode("utf-8", "replace"))
    return "\0".join(out)


def opened_hex(text: str) -> str:
    """Open hex of text."""
    out = []
    for found in re.finditer(r"[0-9A-Fa-f]{8,}", text):
        for skip in (0, 1):
            part = found.group()[skip:]
            out.append(bytes.fromhex(part[: len(part) // 2 * 2]).decode("utf-8", "replace"))
    return "\0".join(out)


def words_only(text: str) -> str:
    """Return the words of a text with one space between, as phrases are compared."""
    return " ".join(re.sub("[^a-z\0]+", " ", text.lower()).split(" "))


def without_gaps(text: str) -> str:
    """Read what stands in a list, or under numbers, as one text."""
    return re.sub("\0(word)?[0-9]*(?=\0)", " ", text).replace("\0", " ")


def spaced(text: str) -> str:
    """Read what stands in a list as one text, numbers too."""
    return text.replace("\0", " ")


def unreferenced(text: str) -> str:
    """Undo the references of HTML."""
    return html.unescape(text)
