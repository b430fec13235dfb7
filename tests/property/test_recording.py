"""Recordings that hypothesis makes: a planted secret never survives, and nothing else is raised."""

import json
import zlib
from contextlib import suppress
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import relay
from relay.errors import ScrubError
from relay.jsonio import JsonError
from relay.scrub.recording import scrub_recording

SECRET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
HEAD = b'{"segment_id":0}\n'
LIMIT = 1_000_000
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


def by_rules(value: Any, size: int) -> Any:
    """Scrub a document with the rules that ship."""
    return shipped().scrub_value(value, size, "replay_recording", write_remarks=False)[0]


ids = st.one_of(st.integers(-1, 9), st.none(), st.text(max_size=2))
texts = st.sampled_from(["", " ", "a", "Send 5", SECRET, f"to {SECRET} now", SECRET[:20]])
attributes = st.one_of(
    st.none(),
    st.dictionaries(st.sampled_from(["value", "style", "d", "href", "contenteditable"]), texts),
)
nodes = st.recursive(
    st.fixed_dictionaries({"type": st.integers(0, 6), "id": ids, "textContent": texts}),
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.sampled_from([0, 2, 2, 9]),
            "id": ids,
            "tagName": st.sampled_from(["p", "b", "svg", "path", "input", "textarea", "", None]),
            "attributes": attributes,
            "childNodes": st.one_of(
                st.lists(st.one_of(inner, texts), max_size=4), st.none(), texts
            ),
        }
    ),
    max_leaves=8,
)
adds = st.lists(
    st.one_of(texts, st.fixed_dictionaries({"parentId": ids, "nextId": ids, "node": nodes})),
    max_size=5,
)
events = st.fixed_dictionaries(
    {
        "type": st.integers(0, 7),
        "data": st.one_of(
            texts,
            st.fixed_dictionaries({"node": nodes}),
            st.fixed_dictionaries(
                {
                    "source": st.integers(0, 16),
                    "adds": adds,
                    "removes": st.lists(st.fixed_dictionaries({"id": ids}), max_size=3),
                    "texts": st.lists(
                        st.fixed_dictionaries({"id": ids, "value": texts}), max_size=4
                    ),
                    "attributes": st.lists(
                        st.fixed_dictionaries({"id": ids, "attributes": attributes}), max_size=3
                    ),
                }
            ),
        ),
    }
)


@SLOW
@given(st.lists(st.one_of(events, texts), max_size=5))
def test_a_planted_secret_never_survives(document: list[Any]) -> None:
    """Wherever it stands; and scrubbing again changes nothing."""
    payload = HEAD + zlib.compress(json.dumps(document).encode())
    clean = scrub_recording(payload, by_rules, LIMIT)
    assert SECRET not in zlib.decompress(clean.partition(b"\n")[2]).decode()
    assert clean == scrub_recording(clean, by_rules, LIMIT)


@given(st.binary(max_size=200), st.booleans())
def test_bytes_of_any_kind_raise_nothing_else(body: bytes, packed: bool) -> None:
    """Broken bytes are refused with the errors that drop an item."""
    with suppress(ScrubError, JsonError):
        scrub_recording(HEAD + (zlib.compress(body) if packed else body), by_rules, LIMIT)
