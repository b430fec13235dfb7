"""Four numbers with dots: whether the text around says that they are a version or an address.

Sources: RFC 9110 (product tokens), RFC 1918 (private networks).
"""

import re

from relay.detectors.spans import after

PARTS = 4
_LOOK_BACK = 24
_BIG, _HUGE = 10, 100
_ADDRESS_WORDS = (
    "ip", "ipv", "at", "addr", "address", "host", "server", "peer", "client", "remote", "local",
    "gateway", "router", "proxy", "dns", "acc", "account", "wallet", "user", "root", "admin", "ssh",
    "from", "to", "tcp", "udp",
)  # fmt: skip
_ALSO_BEFORE = 3
"""So many of these tell only before the numbers: other words begin with them."""
_BROWSERS = (
    "chrome", "chromium", "edge", "edg", "opera", "opr", "safari", "firefox", "brave", "vivaldi",
    "webkit", "electron",
)  # fmt: skip
_PRODUCTS = (
    *_BROWSERS, "gecko", "windows", "okhttp", "lib", "sdk", "package", "driver", "java",
    "jdk", "net", "dotnet", "runtime", "app", "suite", "desktop",
)  # fmt: skip
"""Last words of names whose versions have four numbers."""
_PACKAGE = re.compile(  # noqa: TID251
    r"\.(?:jar|nupkg|dll|so|dylib|exe|dmg|msi|zip|tgz|tar|gz|whl|deb|rpm|appimage|apk|js)\b",
    re.IGNORECASE,
)
_PRIVATE = 10
"""The first number of the one private network whose others may all be small (RFC 1918)."""
_VERSION_WORDS = ("version", "ver", "release", "build", "firmware", "fw")
_VERSION_MARKS = (*_VERSION_WORDS, "v", "rev")
_REQUIRES = (">=", "<=", "~=", "==", "!=")
_JOINED = re.compile(r"/[\d.]*\d([A-Z][A-Za-z]+)$")  # noqa: TID251
_SECTION = re.compile(r"(?i)(?:\bsections?|\bchapter|\bclause|\u00a7|\brfc:?`? ?\d+`?,?)$")  # noqa: TID251
_TAG = re.compile(  # noqa: TID251
    r"[-+_](?:alpha|beta|rc|dev(?:elop(?:er|ment)?)?|pre(?:view|release)?|snapshot|build|canary|next"
    r"|nightly|electron|node(?:js)?)(?![a-z])",
    re.IGNORECASE,
)
"""What stands behind a version, and is no beginning of another word."""


def _far_from_version(octets: list[int]) -> bool:
    """Tell whether the numbers are large as those of addresses, where the place is doubtful."""
    big = sum(octet >= _BIG for octet in octets)
    if octets[0] >= _BIG:
        return big > 1
    return big > PARTS / 2 or (big > 1 and max(octets) >= _HUGE)


def is_address(text: str, start: int, end: int, octets: list[int]) -> bool:
    """Tell whether four numbers at a word are an address by what they are."""
    if _far_from_version(octets):
        return True
    if octets[0] != _PRIVATE or _PACKAGE.match(text, end):
        return False
    head = text[max(0, start - _LOOK_BACK) : start]
    return _last_word(head.rstrip("-_@./0123456789")) not in _PRODUCTS


def _has_port(text: str, end: int) -> bool:
    return after(text, end) == ":" and after(text, end + 1).isdigit()


def says_address(text: str, start: int, end: int) -> bool:
    """Tell whether a word glued to four numbers, or a port behind, makes them an address."""
    if after(text, end) == "@" or _has_port(text, end):
        return True
    head = text[max(0, start - _LOOK_BACK) : start].rstrip("-_@0123456789")
    tail = text[end : end + _LOOK_BACK].lstrip("-_@").lower()
    return _last_word(head) in _ADDRESS_WORDS or tail.startswith(_ADDRESS_WORDS[_ALSO_BEFORE:])


def _last_word(text: str) -> str:
    at = len(text)
    while at > 0 and text[at - 1].isalpha():
        at -= 1
    return text[at:].lower()


def is_version(text: str, start: int, end: int, octets: list[int]) -> bool:
    """Tell whether four numbers are a version: `Chrome/128.0.0.0`, `v1.2.3.4`, `1.2.3.4-beta`.

    Browsers say no more of their version than the first number; no host has such an address.
    """
    if _TAG.match(text, end) or (octets[0] != _PRIVATE and octets[1:] == [0, 0, 0]):
        return True
    head = text[max(0, start - _LOOK_BACK) : start]
    if head.endswith("/"):
        # A product token is a bare name before the slash; Java's host/address has dots in it.
        token = head[:-1].split()[-1:] if head[:-1].strip() else []
        name = token[0].lstrip("\"'(,;[") if token else ""
        # Read without its spaces, a list of products is one word: `Suite/1.2Chrome/128.0.0.0`.
        joined = _JOINED.search(name)
        name = joined[1] if joined else name
        bare = name.replace("_", "").replace("-", "").isalnum()
        if not bare or _has_port(text, end) or _last_word(name) in _ADDRESS_WORDS:
            return False
        return name[0].isupper() or not is_address(text, start, end, octets)
    compared = head.rstrip(" \"'")
    if compared.endswith(_REQUIRES):
        # `==` compares addresses too.
        return not compared.endswith(("==", "!=")) or not _far_from_version(octets)
    if head.endswith(".") and _last_word(head[:-1]) in _VERSION_MARKS:
        return True
    if head.endswith(" ") and _last_word(head.rstrip()) in _BROWSERS:
        return not _has_port(text, end) and not _far_from_version(octets)
    low = head.rstrip(" :=\"'")
    if _SECTION.search(low):
        return not _far_from_version(octets)
    if low.endswith("_"):
        return _last_word(low.rstrip("_")) in _VERSION_WORDS
    word = _last_word(low)
    return word in (_VERSION_MARKS if low == head else _VERSION_WORDS) or word.endswith("version")
