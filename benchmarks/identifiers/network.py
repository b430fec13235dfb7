"""Addresses of the network: IPv4, IPv6 in each legal spelling, MAC, onion services."""

import hashlib
import re
from base64 import b32encode
from ipaddress import IPv4Address, IPv6Address
from random import Random

from benchmarks.identifiers.identifier import HEX, Identifier, drawn, name


def _octets(chance: Random) -> str:
    """Draw an address: half of them from home networks, or of small numbers as versions have."""
    form = chance.randrange(8)
    if form < 2:
        top = chance.choice((3, 10, 256))
        four = (10, *(chance.randrange(top) for _ in range(3)))
    elif form == 2:
        four = (*chance.choice(((192, 168), (172, chance.randrange(16, 32)))),
                chance.randrange(256), chance.randint(1, 254))  # fmt: skip
    elif form == 3:
        top = chance.choice((10, 10, 99))
        four = (chance.randint(1, 99), *(chance.randrange(top) for _ in "abc"))
    else:
        first = chance.choice([n for n in range(1, 224) if n != 127])
        four = (first, *(chance.randrange(256) for _ in "abc"))
    return ".".join(map(str, four))


def ipv4(chance: Random) -> Identifier:
    """Give an address of one host, with a port, a prefix length, or bare."""
    host = _octets(chance)
    tail = chance.choice(("", "", "", f":{chance.randint(1, 65535)}", f"/{chance.randint(8, 32)}"))
    first, second, third, last = host.split(".")
    # Three numbers of four are most of an address.
    secrets = (f"{first}.{second}.{third}.", f".{second}.{third}.{last}")
    return Identifier("ipv4", host + tail, secrets, 0, kind="ipv4")


def ipv4_number(chance: Random) -> Identifier:
    """Give an address as one number, in decimal or hex; its key says what it is."""
    value = int(IPv4Address(_octets(chance)))
    text = chance.choice((str(value), f"{value:08x}", f"0x{value:08X}"))
    key = chance.choice(
        ("ip", "remoteAddress", "client_addr", "hostIp", "ip_address", "peerAddress")
    )
    return Identifier("ipv4 as a number", text, kind="number", key=key, window=0)


def _groups(chance: Random) -> list[int]:
    head = chance.choice((
        [0x2001, 0xDB8], [0xFE80, 0], [0xFD00 + chance.randrange(256), 1], [0x2400, 0xCB00],
        [0x2A00 + chance.randrange(256), chance.randrange(1 << 16)],
    ))  # fmt: skip
    groups = [*head, *(chance.randrange(1 << 16) for _ in range(6))]
    form = chance.random()
    if form < 0.1:
        return [*head, 0, 0, 0, 0, 0, chance.randint(1, 0xFFFF)]
    if form < 0.15:
        return [*head, chance.randint(1, 0xFFFF), 0, 0, 0, 0, 0]
    if chance.random() < 0.6:
        start = chance.randint(2, 5)
        for i in range(start, min(7, start + chance.randint(1, 4))):
            groups[i] = 0
    return groups


def _written(chance: Random, groups: list[int]) -> str:
    address = IPv6Address(b"".join(group.to_bytes(2, "big") for group in groups))
    form = chance.randrange(4)
    if form == 0:
        return address.exploded
    if form == 1:
        return ":".join(f"{group:x}" for group in groups)
    if form == 2:
        return f"{address.compressed.rpartition(':')[0]}:" + f"{groups[7]:04x}"
    return address.compressed


def _fours(text: str) -> tuple[str, ...]:
    """Return every four groups in a row of an IPv6 address, which are half of it; or all of it."""
    groups = list(re.finditer("[0-9A-Fa-f]+", text))
    fours = [text[a.start() : b.end()] for a, b in zip(groups, groups[3:], strict=False)]
    return tuple(fours) or (text,)


def ipv6(chance: Random) -> Identifier:
    """Give an address in any spelling of RFC 4291, with zone, brackets, port, prefix or bare."""
    text = _written(chance, _groups(chance))
    if chance.random() < 0.3:
        text = text.upper()
    core = text
    zone = chance.choice(("eth0", "en0", "wlan0", "12", "utun3"))
    text = chance.choice(
        (text, text, f"[{text}]", f"[{text}]:{chance.randint(1, 65535)}", f"{text}%{zone}",
         f"[{text}%{zone}]:443", f"{text}/{chance.choice((48, 64, 128))}")
    )  # fmt: skip
    return Identifier("ipv6", text, _fours(core), 0, kind="ipv6", anycase=True)


def ipv6_with_ipv4(chance: Random) -> Identifier:
    """Give an address that ends in an IPv4 one: mapped, translated (RFC 6052), compatible."""
    v4 = _octets(chance)
    value = int(IPv4Address(v4))
    low = f"{value >> 16:x}:{value & 0xFFFF:x}"
    head = chance.choice(("::ffff:", "::FFFF:", "64:ff9b::", "0:0:0:0:0:ffff:", "::ffff:0:"))
    tail = chance.choice((v4, v4, low))
    secrets = (tail,)
    text = chance.choice(("{}", "{}", "[{}]", "[{}]:8333")).format(head + tail)
    return Identifier("ipv6 with ipv4", text, secrets, 0, kind="ipv6")


def mac(chance: Random) -> Identifier:
    """Give a hardware address in the three usual spellings, in either case."""
    digits = drawn(chance, HEX, 12)
    # Digits only, in three groups with dots, are a version.
    digits = "0c" + digits[2:]
    pairs = [digits[i : i + 2] for i in range(0, 12, 2)]
    text = chance.choice((
        ":".join(pairs), ":".join(pairs), "-".join(pairs),
        ".".join((digits[:4], digits[4:8], digits[8:])),
    ))  # fmt: skip
    return Identifier("mac", chance.choice((text, text.upper())), kind="mac", window=9)


def onion(chance: Random) -> Identifier:
    """Give a service of Tor, version 3, with a checksum of SHA3 (rend-spec-v3)."""
    key = chance.randbytes(32)
    check = hashlib.sha3_256(b".onion checksum" + key + b"\x03").digest()[:2]
    service = b32encode(key + check + b"\x03").decode().lower()
    text = chance.choice((f"{service}.onion", f"{service}.onion:50001", service))
    return Identifier("onion", text, (service,))


def onion_v2(chance: Random) -> Identifier:
    """Give a service of Tor, version 2: 16 characters without a checksum."""
    service = drawn(chance, "abcdefghijklmnopqrstuvwxyz234567", 16)
    text = service + chance.choice((".onion", ".onion:50001"))
    return Identifier("onion", text, (service,), kind="host")


def local_name(chance: Random) -> Identifier:
    """Give the name of a machine in a home network."""
    owner = name(chance)
    device = chance.choice(("macbook-pro", "pc", "iphone", "nas"))
    return Identifier("local name", f"{owner}s-{device}.local", (owner,), 0, kind="host")


def backend(chance: Random) -> Identifier:
    """Give a server of a user's own: Electrum's spelling, or a URL with a port."""
    host = name(chance)
    text = chance.choice((
        f"electrum.{host}.net:50002:s", f"{host}.org:50001:t", f"https://{host}.net:9130",
        f"wss://blockbook.{host}.org:19130",
    ))  # fmt: skip
    return Identifier("backend", text, (host,), 0, kind="uri")


def host_url(chance: Random) -> Identifier:
    """Give a URL whose host is an address, with a user, a port or a zone."""
    if chance.random() < 0.5:
        host = core = _octets(chance)
    else:
        core = _written(chance, _groups(chance))
        host = f"[{core}]" if chance.random() < 0.7 else f"[{core}%25eth0]"
    user = chance.choice(("", "", "admin@"))
    port = chance.choice(("", ":8332", ":443"))
    text = f"{chance.choice(('http', 'https', 'ws', 'tcp'))}://{user}{host}{port}/api?v=2"
    return Identifier("url of an address", text, (core,), 0, kind="uri")
