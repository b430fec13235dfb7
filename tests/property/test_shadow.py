"""Rules that are tried out change nothing, and tell nothing, whatever the document."""

import json
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import relay
from relay.rules.model import Rule
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from tests.inline_rules import DEVICE, EMAIL, HASHED, IP, MASKED, NUMBER, rules
from tests.strategies import Secret, json_documents, planted, secrets

MODEST = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
CLAIMS = "id: t/any-ip\nmatch: {pattern: '.{7,40}', check: ip}\nredact: {method: remove}"
FIRST = (
    "id: t/first\nmatch: {pattern: '[0-9a-z.]{3,}'}\nwhere: ['*.0.**', 'a.**']\n"
    "redact: {method: mask}"
)
WHOLE = "id: t/whole\nmatch: {any: true}\nwhere: ['**.a']\nredact: {method: replace, text: '[ip]'}"
SPACED = "id: t/spaced\nmatch: {key: ['my label', 'a who']}\nredact: {method: remove}"
KEYS = HashKeys(b"test" * 8)
ENFORCED = rules(NUMBER, IP, DEVICE, EMAIL, HASHED, MASKED)
TRIED: tuple[Rule, ...] = rules(
    *(
        f"{body.replace('id: t/', 'id: t/also-')}\nstatus: shadow"
        for body in (CLAIMS, FIRST, WHOLE, SPACED, NUMBER, IP, DEVICE, EMAIL, HASHED, MASKED)
    )
)
PLAIN = Scrubber.from_rules(ENFORCED, KEYS)
BOTH = Scrubber.from_rules((*TRIED, *ENFORCED), KEYS)


@cache
def with_shipped() -> Scrubber:
    """The rules that ship, and those that are tried."""
    shipped = relay.load_scrubber(verify=False).compiled.rules
    return Scrubber.from_rules((*shipped, *TRIED), KEYS)


@MODEST
@given(documents=st.lists(json_documents, min_size=1, max_size=3))
def test_shadow_rules_change_nothing(documents: list[Any]) -> None:
    """With and without them comes out the same, byte for byte, and the same is noted."""
    for document in documents:
        data = json.dumps(document).encode()
        alone, beside = PLAIN.scrub_json(data), BOTH.scrub_json(data)
        assert (alone.body, sorted(alone.notes, key=repr)) == (
            beside.body,
            sorted(beside.notes, key=repr),
        )


@MODEST
@given(data=st.data(), secret=secrets)
def test_no_path_shows_what_a_rule_knows(data: st.DataObject, secret: Secret) -> None:
    """A secret may stand anywhere, in a key too: it is in no path."""
    document = [data.draw(planted(secret.text)), {secret.text: "12345"}]
    paths = with_shipped().scrub_json(json.dumps(document).encode()).shadow_paths
    assert ("t/also-number", "event/*.*") in paths
    assert [] == [text for text in secret.forbidden if text in repr(paths)]
