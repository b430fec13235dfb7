"""A hundred rules such as a company adds to the shipped ones, to see what more rules cost.

Five kinds for each of twenty systems of an imagined company: tickets by a prefix, keys by a prefix
and a length, cards of their own with a checksum, values under a key, and codes in some places only.
"""

import secrets
from collections.abc import Iterator

from relay import rulefiles
from relay.rules.loading import RuleText, load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber

_SYSTEMS = (
    "billing", "booking", "campaign", "claims", "contract", "courier", "crm", "dispute", "fleet",
    "invoice", "kiosk", "ledger", "loyalty", "payroll", "pickup", "refund", "shipping", "survey",
    "voucher", "warehouse",
)  # fmt: skip

_KINDS = {
    "ticket": r"""
match: {{pattern: '\b{upper}-[0-9]{{4,9}}\b'}}
examples:
  scrubs:
    - {{in: 'see {upper}-12345', out: 'see [{name}]'}}
    - {{in: '{upper}-4711.', out: '[{name}].'}}
  leaves: ['{upper}-12', '{upper}-later']
""",
    "key": r"""
match: {{pattern: '\b{short}_(?:live|test)_[0-9A-Za-z]{{24,40}}'}}
examples:
  scrubs:
    - {{in: '{short}_live_abcDEF0123456789abcDEF01', out: '[{name}]'}}
    - {{in: 'a {short}_test_abcDEF0123456789abcDEF01', out: 'a [{name}]'}}
  leaves: ['{short}_live_short', '{short}_demo_abcDEF0123456789abcDEF01']
""",
    "number": r"""
match: {{pattern: '\b{digits}[0-9]{{10,14}}\b', check: luhn, near: [{word}]}}
examples:
  scrubs:
    - {{in: '{word} {luhn}', out: '{word} [{name}]'}}
    - {{in: 'the {word}: {luhn}.', out: 'the {word}: [{name}].'}}
  leaves: ['{word} {digits}12', '{word} {digits}']
""",
    "field": r"""
match: {{key: [{word}_reference, {word}Account, '*{word}_holder']}}
examples:
  scrubs:
    - event: {{extra: {{{word}_reference: 'A 1'}}}}
      becomes: {{extra: {{{word}_reference: '[{name}]'}}}}
    - event: {{extra: {{{word}Account: 'B 2'}}}}
      becomes: {{extra: {{{word}Account: '[{name}]'}}}}
  leaves: ['{word} reference', {{event: {{extra: {{{word}_count: 2}}}}}}]
""",
    "code": r"""
match: {{pattern: '(?i)\b{word}[ =#:/]{{1,3}}[a-z]{{2}}[0-9]{{6,8}}\b'}}
where: [extra.**, 'breadcrumbs.**']
examples:
  scrubs:
    - {{event: {{extra: {{a: '{word} ab123456'}}}}, becomes: {{extra: {{a: '[{name}]'}}}}}}
    - {{event: {{extra: {{a: '{word}/CD1234567'}}}}, becomes: {{extra: {{a: '[{name}]'}}}}}}
  leaves: ['{word} ab12', '{word} of 123456']
""",
}

_HEAD = """id: company/{name}
description: What the {word} system calls a {kind}
why: It leads to a customer.
status: enforce
redact: {{method: replace, text: '[{name}]'}}"""


def custom_rules() -> Iterator[RuleText]:
    """Give a hundred rules, each with its examples."""
    for number, word in enumerate(_SYSTEMS):
        for kind, body in _KINDS.items():
            name = f"{word}-{kind}"
            digits = str(40 + number)
            text = (_HEAD + body).format(
                name=name,
                word=word,
                kind=kind,
                upper=word[:4].upper(),
                short=word[:3],
                digits=digits,
                luhn=_with_check_digit(digits + "0123456789"),
            )
            yield RuleText(f"company/{name}", f"company/{name}.yaml", text)


def _with_check_digit(digits: str) -> str:
    """Return the digits with the last one that ISO 7812 asks for (Luhn's)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        double = int(digit) * (2 - place % 2)
        total += double - 9 if double > 9 else double
    return f"{digits}{-total % 10}"


def with_custom_rules() -> Scrubber:
    """Return a scrubber with the shipped rules and the hundred."""
    shipped = [RuleText(file.name, file.file, file.text) for file in rulefiles.shipped()]
    rules = load_rules([*shipped, *custom_rules()])
    return Scrubber.from_rules(rules, HashKeys(secrets.token_bytes(32)))
