"""Shapes of releases, names and versions: wide enough for real ones, too narrow for a person's."""

from typing import Any

import pytest

from relay.scrub import protected, versions

EIP55 = "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
HEX32 = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (versions.is_release,
         ["app@1.2.3", "1.2.3", "trezor-suite@24.8.1+abcdef", "2024.1", "a" * 40, HEX32,
          "@trezor/suite-desktop@24.8.1", "123", "1.2.3.4", "app@v10.20.30.40", "24.12.10.3-beta.1",
          "app@24.12.10.3+a1b2c3d", "24.12.10.3_rc2", "1.2.3.4.5",
          "app@1.0+20240101120000", "XaXbXcXdXeXfXgXhXiXjXkX@1.0"],
         [None, 5, "", "x" * 201, "jane@example.com", "Savings", "/home/jane/app-1.2",
          "C:\\Users\\jane\\1", "Users/jane/1.2", f"app@{EIP55}", "a b c 1", "bc1q" + "q" * 38,
          "1.2 é", "abandon " * 11 + "about 1", "jane.doe@example.com-1", "m/84h/0h/0h/0/5",
          "00-1B-44-11-3A-B7", "suite@1.xpub6BiVtCpG9fQPxnPmHX", "janes-macbook.local@1.0",
          "1A1z-P1eP-5QGe-fi2D-MPTf-TL5S-LmvD-ivfN", "139.210.119.245_jane",
          "jane-139.210.119.245@1.0", "1.0+139.210.119.245", "app@139.210.119.245-jane",
          "1.2.3.4+139.210.119.245", "1.139.210.119.245jane", "v1." + "1." * 80 + "x",
          "app@1.2-5B4D03480E6C234AB0123456",
          "5B4D03480E6C234AB0123456", "app@1.0caf.cf3c.39ff", "1_0CAF.CF3C.39FF_x",
          "1-NCGBLA-BEHYAA-VDGLYV-A7UJB6-DTRJSS-RKTGNE-DMPG"]),
        (versions.is_sdk_text,
         ["sentry.javascript.electron", "npm:@sentry/electron", "4.24.0", "InboundFilters",
          "@sentry/browser", "pypi:sentry-sdk", ""],
         [None, 5, "jane@example.com", "192.168.1.17", "2001:db8::1", "/home/jane/x", "home/jane",
          "355C817510C0EABF2F147145", "x" * 121, "a b c d e f g h i j k", "é", "x@192.168.1.1",
          "jane103.136.222.45/15x", "x_m/10025H/60H/24H_jane", "m/44/0/0/jane", "00-1B-44-11-3A-B7",
          "jane/00.1b.44.11.3a.b7",
          "file://JANE/x/labels.csv", "x:/run/user/jane/USB", "media/jane/USB",
          "UQB-1gBGxvRYC0JPJo1wW-wNz1_J8l_3x9rhp4h8cecrW3qW:x",
          "x/TCQVBQ-M2LXBX-LZKEDF-AWJBX2-DHS2QN-BJJ2TA-6HT5/y", "x.0cc8.cec2.2b3e.y",
          "NCGBLA-BEHYAA-VDGLYV-A7UJB6-DTRJSS-RKTGNE-DMPG", "jane0C82.C333.9C6E",
          "0c-36-fd-90-57-6ejane"]),
        (versions.is_sdk_version, ["4.24.0", "1.2.3.4", "2.0.0-beta.1", "1", "1.2.3.4-rc1",
          "2024.1101.1200"],
         [None, "", "139.210.119.245_jane", "1.139.210.119.245x", "00-1B-44-11-3A-B7",
          "4111-1111-1111-1111", "1.0cc8.cec2.2b3e", "1.x QWHvhPce...MzjbZ7fB",
          "1.janes-nas.local", "1-jane.eth", "1jane0C82.C333.9C6E",
          "v1", "jane@example.com", "1:2", "1" * 13, "1/home/jane", "1 2é"]),
    ],
)  # fmt: skip
def test_shapes(shape: protected.Shape, good: list[Any], bad: list[Any]) -> None:
    """A shape takes what Sentry means, and nothing that names a person or a wallet."""
    assert [] == [value for value in good if not shape(value)]
    assert [] == [value for value in bad if shape(value)]


@pytest.mark.parametrize(("groups", "good"), [(4, True), (5, False), (6, False)])
def test_words_of_six_letters(groups: int, *, good: bool) -> None:
    """Some are words; as many as an address of NEM has are none."""
    assert good is versions.is_sdk_text(".".join(["native"] * groups))
