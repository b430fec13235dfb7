"""IP addresses, and what has their shape; the examples of the RFCs are in vectors.yaml too.

Addresses are those for documentation (RFC 5737, RFC 3849) where a case needs no others.
"""

from ipaddress import IPv4Address, IPv6Address
from secrets import randbits

import pytest

from relay.detectors import CHECKS

_CHARS = frozenset("0123456789abcdefABCDEF:.")


def _found(text: str) -> list[str]:
    """Run the check on every maximal run of the alphabet, as a rule's pattern would."""
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        stop = at
        while stop < len(text) and text[stop] in _CHARS:
            stop += 1
        if stop > at and (":" in text[at:stop] or "." in text[at:stop]):
            spans.extend(CHECKS["ip"](text, at, stop))
        at = stop + 1
    return [text[a:b] for a, b in spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("connect 203.0.113.42 refused", "203.0.113.42"),
        ("https://203.0.113.42/x", "203.0.113.42"),
        ("/lookup/203.0.113.42", "203.0.113.42"),
        ("lookup/203.0.113.42", "203.0.113.42"),
        ("host=203.0.113.42&x", "203.0.113.42"),
        ("203.0.113.42:8080", "203.0.113.42"),
        ("it was 203.0.113.42.", "203.0.113.42"),
        ("(203.0.113.42)", "203.0.113.42"),
        ("peer_203.0.113.42_x", "203.0.113.42"),
        ("user@203.0.113.42", "203.0.113.42"),
        ("ip203.0.113.42", "203.0.113.42"),
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.0", "10.0.0.0"),
        ("section 203.0.113.42", "203.0.113.42"),
        ("example.org/203.0.113.42:443", "203.0.113.42"),
        ("[2001:db8::ff00:42:8329]:443", "2001:db8::ff00:42:8329"),
        ("2001:DB8:0:0:8:800:200C:417A", "2001:DB8:0:0:8:800:200C:417A"),
        ("2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:0db8:0000:0000:0000:ff00:0042:8329"),
        ("::ffff:203.0.113.42", "::ffff:203.0.113.42"),
        ("fe80::1%eth0 up", "fe80::1%eth0"),
        ("2001:db8::/32", "2001:db8::"),
        ("from 2001:db8::1.", "2001:db8::1"),
        ("at 2001:db8::1: refused", "2001:db8::1"),
        ("peer2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3::8a2e:370:7334"),
        ("[dead::beef]", "dead::beef"),
        ("64:ff9b::203.0.113.42", "64:ff9b::203.0.113.42"),
        ("acc.203.0.113.42", "203.0.113.42"),
        ("acc1.tail.203.0.113.42:80", "203.0.113.42"),
        ("acc.2001:db8:6ea8::d93f:c7db", "2001:db8:6ea8::d93f:c7db"),
        ("app.2001:db8:0:0:8:800:200c:417a", "2001:db8:0:0:8:800:200c:417a"),
        ("acc:2001:db8:0:0:8:800:200c:417a", "2001:db8:0:0:8:800:200c:417a"),
        ("acc2001:db8:6ea8::d93f:c7db", "2001:db8:6ea8::d93f:c7db"),
        ("acc[2001:db8:6ea8::d93f:c7db]:443", "2001:db8:6ea8::d93f:c7db"),
        ("peers [fe80::1]", "fe80::1"),
        ("bavoguti_[fe80::173e]:28098_nipam", "fe80::173e"),
        ("rekezrFE80::BEBD", "FE80::BEBD"),
        ("host == 203.0.113.42", "203.0.113.42"),
        ('server = "203.0.113.42"', "203.0.113.42"),
    ],
)
def test_addresses_are_found(text: str, expected: str) -> None:
    """In sentences, URLs, brackets; a port or prefix length stays, a zone goes."""
    assert [expected] == _found(text)


@pytest.mark.parametrize(
    "text",
    [
        "128.0.0.0", "on Chrome 128.0.0.0", "Opera 9.8.7.6",
        "Chrome/128.0.0.0", "Mozilla/5.0 Chrome/128.0.0.0 Safari/537.36", "v1.2.3.4",
        "version 1.2.3.4", "version: 1.2.3.4", "1.2.3.4-beta", "1.2.3.4.5", "Name/1.2.3.4",
        "okhttp/4.9.0.1", "lib-1.2.3.4.so", "pkg@1.2.3.4", "1.2.3", "256.1.1.1", "01.2.3.4",
        "1.2.3.4.", "1.2.3.400", "127.0.0.1:21325", "127.255.0.1", "0.0.0.0:80", "::1", "[::1]:80",
        "::", "::ffff:127.0.0.1", "std::vector::push_back", "a::b", "::before", "dead::beef",
        "12:34:56", "2024-01-01T12:34:56.789Z", "AA:BB:CC:DD:EE:FF", "file.js:12:34", "1:2:3:4",
        "foo2::bar3::baz", "c::d::e", "1::2::3", "chrome.128.0.0.0", "acc.1.2.3.4", "v.10.20.30.40",
        "bytes_le[4-1::-1]", "toks[::2]", "a[12::3]", "f(x)[1::2]", "m[0][1::2]", "a[i + 1::2]",
        "x[..., 1::2]", "x[:, 12::3]", "x[2000::10]", "x[e1::2]",
        '__version__ = "3.5.0.1"', "brotlicffi>=1.2.0.0", "brotlicffi>=24.11.0.1",
        "==1.2.3.4", "x ~= 1.2.3.4", "<=1.2.3.4", "x != 1.2.3.4",
        "VERSION_ = '13.15.0.1'", "FileVersion: 134.10.135.24", 'section "8.2.4.44"',
        "RFC 5445 3.8.2.4", "\u00a7 2.3.2.1", "Suite/71.1.202Chrome/147.0.157.131",
        "d6:fa:d8:36:42:d4:97:29:17",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_address_survives(text: str) -> None:
    """Versions, times, C++ names, loopback and unspecified addresses stay."""
    assert [] == [word for word in _found(text) if word != "1.2.3.4" or text != "1.2.3.4."]


def test_every_spelling_of_a_random_address() -> None:
    """Compressed, full and upper case, for fresh addresses."""
    for _ in range(50):
        six = IPv6Address(0x2001 << 112 | randbits(112))
        for word in (str(six), six.exploded, str(six).upper()):
            assert [word] == _found(f"x {word} y")
        four = str(IPv4Address(0x0B000000 + randbits(24)))
        assert [four] == _found(four)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2001:db8:1a14::b81:2fc0account", "2001:db8:1a14::b81:2fc0"),
        ("1:17f3:c6b5:6ce2:c9e3:71ec:2582:cb2daccount", "1:17f3:c6b5:6ce2:c9e3:71ec:2582:cb2d"),
        ("2001:db8:773a::c9ec:74caccount", "2001:db8:773a::c9ec:74ca"),
    ],
)  # fmt: skip
def test_a_word_glued_behind_does_not_hide_an_address(text: str, expected: str) -> None:
    """A word that begins with letters of hex is cut off the last group."""
    assert [expected] == _found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acc-7.1.2.3-x", "7.1.2.3"),
        ("account7.1.2.3account", "7.1.2.3"),
        ("peer_7.1.2.3_x", "7.1.2.3"),
        ("root@5.2.8.8:22", "5.2.8.8"),
        ("from-ip-5.2.8.8", "5.2.8.8"),
        ("lib-3.178.112.48.so", "3.178.112.48"),
        ("a@1.59.198.186@b", "1.59.198.186"),
        ("acc.1.59.198.186.x", "1.59.198.186"),
        ("acc1_5.2.8.8_x", "5.2.8.8"),
        ("5.2.8.8account", "5.2.8.8"),
        ("a@5.2.8.8@b", "5.2.8.8"),
        ("acc.2.75.90.89.x", "2.75.90.89"),
    ],
)
def test_small_numbers_glued_to_a_word_that_says_address(text: str, expected: str) -> None:
    """A word, a port behind, or numbers that no version has tell it from a version."""
    assert [expected] == _found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp/10.0.0.5:9735", "10.0.0.5"),
        ("peer/10.1.2.3", "10.1.2.3"),
        ("kodura/10.1.2.3", "10.1.2.3"),
        ("connect ECONNREFUSED/10.0.0.5:8080", "10.0.0.5"),
        ("connect ECONNREFUSED/20.6.0.2:8080", "20.6.0.2"),
        ("node.10.0.0.5", "10.0.0.5"),
        ("at10.0.0.5", "10.0.0.5"),
        ("at20.6.0.2", "20.6.0.2"),
        ("10.0.0.5x", "10.0.0.5"),
        ("tcp/20.6.0.2", "20.6.0.2"),
        ("bokala_10.0.0.5_x", "10.0.0.5"),
        ("tcp/172.16.0.1", "172.16.0.1"),
        ("bokala/100.64.0.1", "100.64.0.1"),
        ("x192.168.0.1", "192.168.0.1"),
        ("146.250.69.12-devebi", "146.250.69.12"),
        ("146.250.69.12_nodes", "146.250.69.12"),
    ],
)
def test_private_addresses_at_a_word(text: str, expected: str) -> None:
    """RFC 1918 and RFC 6598 are far from versions; a port settles it, a word behind does not."""
    assert [expected] == _found(text)


@pytest.mark.parametrize(
    "text",
    ["Chrome/10.0.0.5", "electron-10.0.0.5", "lib-10.0.0.5.jar", "bokala-10.0.0.5.jar",
     "Windows/10.0.4.0", "net10.0.0.5", "v10.0.0.5", "bokala-10.0.0.5-beta",
     "134.10.135.24-dev1", "134.10.135.24+Build.7", "134.10.135.24-preview", "1.2.3.4-developer",
     "Suite/10.0.0.5", "chrome.10.0.0.5", "bokala==10.0.0.5"],
)  # fmt: skip
def test_a_version_that_begins_with_ten_survives(text: str) -> None:
    """Products whose versions have four numbers, packages, and what says that it is a version."""
    assert [] == _found(text)


@pytest.mark.parametrize(
    "text",
    ["electron-7.1.2.3-x", "lib_7.1.2.3_x", "pkg@7.1.2.3", "acc.7.1.2.3", "app7.1.2.3",
     "a/5.2.8.8/b", "suite-24.1.2.3.dmg", "node@1.12.3.4", "foo-1.24.11.3"],
)  # fmt: skip
def test_a_version_glued_to_a_name_survives(text: str) -> None:
    """Files and packages are named so."""
    assert [] == _found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("address::ffff:248.19.12.66x", "::ffff:248.19.12.66"),
        ("::ffff:248.19.12.66account", "::ffff:248.19.12.66"),
        ("account64:ff9b::215.7.16.126account", "64:ff9b::215.7.16.126"),
        ("Account2a02:5899::5", "2a02:5899::5"),
        ("acc.fe80::2b1.x", "fe80::2b1"),
        ("accountfdad::1d2ax", "fdad::1d2a"),
        ("Account2a02:5899::5%eth0", "2a02:5899::5%eth0"),
        ("x:::ffff:65ff:3f13:y", "::ffff:65ff:3f13"),
        ("net 2001:db8::: closed", "2001:db8::"),
        ("x@c9e9:c616:612e:769:a6ce:cc1b:78e5:a61:22", "c9e9:c616:612e:769:a6ce:cc1b:78e5:a61:22"),
        ("1:c9e9:c616:612e:7696:a6ce:cc1b:78e5:a61", "1:c9e9:c616:612e:7696:a6ce:cc1b:78e5:a61"),
        ("address551:98c0::a49x", "551:98c0::a49"),
        ("fe80:0:ff93:0:93c8:da5a:e587:3aea.fepom", "fe80:0:ff93:0:93c8:da5a:e587:3aea"),
        ("tak.0:0:0:0:0:ffff:d6c0:15f.x", "0:0:0:0:0:ffff:d6c0:15f"),
        ("::FFFF:6.110.41.230.fagedu", "::FFFF:6.110.41.230"),
    ],
)  # fmt: skip
def test_a_short_address_of_a_known_kind_is_found_in_words(text: str, expected: str) -> None:
    """Mapped, link-local, unique local and global ones; colons and a number may stand around."""
    assert [expected] == _found(text)


@pytest.mark.parametrize(
    "text",
    ["Foo::bad1::b", "cafe::a1x", "$1::a", "Type2b::c3", "x1:2:3:4:5:6:7:8:9:10", "Cafe3::face",
     "Test2001::face", "a.fed::1x"],
)  # fmt: skip
def test_names_with_two_colons_survive(text: str) -> None:
    """Letters of hex on both sides of `::` are a name in C++ or Rust."""
    assert [] == _found(text)
