"""Named validators, one family a file: candidate text in, checked spans out.

Law of this package: a check is pure, sees plain text only (how text hides is the business of
views), and its cost stays linear in the candidate's length; where a bound is hit, the candidate is
returned whole. `CHECKS` is what a rule's `check:` may name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from relay.detectors.base58 import base58check, ripple
from relay.detectors.bech32 import bech32, cashaddr
from relay.detectors.ethereum import eip55
from relay.detectors.ip import ip
from relay.detectors.spans import Check, Span

__all__ = ["CHECKS", "Check", "Span"]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "base58check": base58check,
        "bech32": bech32,
        "cashaddr": cashaddr,
        "eip55": eip55,
        "ip": ip,
        "ripple": ripple,
    }
)
