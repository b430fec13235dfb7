"""Laws of the gate before usage events."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import relay
from relay.errors import RequestError
from relay.scrub.scrubber import Scrubber
from relay.usage.batches import pack, unpack
from relay.usage.cleaning import clean, prepare
from relay.usage.drafts import Draft
from relay.usage.model import CleanEvent, Record, UsageRequest
from relay.usage.requests import read_query
from relay.usage.scrubbing import finish
from relay.usage.seen import Seen
from tests.unit.usage.events import CATALOGUE, KEYS, NOW, SUITE, TARGET, policy, query

SCRUBBER: Scrubber = relay.load_scrubber(verify=False)
OPT_OUT = {"c_type": "settings/analytics", "value": "false"}

secrets = st.one_of(
    st.ip_addresses(network="203.0.113.0/24").map(str),
    st.ip_addresses(network="2001:db8::/64").map(str),
    st.from_regex(r"[a-z]{3,8}\.[a-z]{3,8}@example\.com", fullmatch=True),
    st.sampled_from(
        [
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "/home/jan.novak/suite/app.log",
            "C:\\Users\\jan.novak\\app.log",
        ]
    ),
)
"""What no rule leaves in a text."""

places = st.sampled_from(
    [
        *SUITE,
        "c_consent",
        "mode",
        "parts",
        "count",
        "size",
        "dark",
        "firmware",
        "note",
        "other",
        "KEY",
    ]
)
words = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=12)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["normal", "bootloader"]) | words,
        "parts": st.lists(st.sampled_from("abcd"), max_size=5).map(",".join),
        "count": st.integers(-3, 30).map(str) | words,
        "size": st.integers(0, 10**9).map(str),
        "dark": st.sampled_from(["true", "false", "1", ""]),
        "firmware": st.sampled_from(["1.2.3", "2.8.1-beta.1", "10.0.0.1", ""]),
        "note": words,
        "other": words,
    },
)


def taken(one: UsageRequest) -> Any:
    try:
        return clean(one, policy(), CATALOGUE, SCRUBBER, KEYS, NOW)
    except RequestError as error:
        return error


def request(pairs: dict[str, str]) -> UsageRequest:
    return UsageRequest(TARGET, tuple(pairs.items()))


@given(place=places, secret=secrets, before=words, payload=payloads)
def test_no_planted_secret_reaches_a_line(
    place: str, secret: str, before: str, payload: dict[str, str]
) -> None:
    """As a value, inside of one, or as a name: not in a line, an error, or what is shown."""
    assume(secret not in json.dumps(SUITE))
    for planted in (secret, f"{before} {secret}"):
        pairs = {**SUITE, "c_consent": "true", **payload}
        if place == "KEY":
            pairs[planted] = "1"
        else:
            pairs[place] = planted
        found = taken(request(pairs))
        told = repr(found) + str(getattr(found, "detail", ""))
        line = found.line.decode() if isinstance(found, CleanEvent) else ""
        assert [] == [text for text in (secret, json.dumps(secret)[1:-1]) if text in told + line]


@given(payload=payloads)
def test_the_same_input_gives_the_same_output(payload: dict[str, str]) -> None:
    """Whatever was taken before, alone or among others."""
    one = request({**SUITE, **payload})
    first = taken(one)
    seen = Seen()
    for _ in range(2):
        drafts = [
            prepare(other, policy(), CATALOGUE, KEYS, NOW, seen)
            for other in (request({**SUITE, "note": "at 10.0.0.1"}), one, one)
        ]
        assert all(isinstance(draft, Draft) for draft in drafts)
        together = finish(drafts, SCRUBBER, seen)  # type: ignore[arg-type]
        assert (first, first) == together.events[1:]


@given(
    payload=payloads,
    more=st.dictionaries(st.sampled_from([*SUITE, "c_consent"]), words | secrets, max_size=4),
)
def test_a_decision_to_share_nothing_has_four_keys(
    payload: dict[str, str], more: dict[str, str]
) -> None:
    """And nothing of anything else that was sent."""
    more = {
        name: text for name, text in more.items() if name not in ("c_type", "c_v", "c_message_id")
    }
    found = taken(request({**SUITE, **payload, **more, **OPT_OUT}))
    assert isinstance(found, CleanEvent)
    expected = {"decision": "opt_out", "day": "2026-11-22", "app": "suite", "version": "1.27"}
    assert (expected, Record.OPT_OUTS) == (json.loads(found.line), found.partition.record)


@given(
    # No hexadecimal digits, of which pseudonyms are made.
    instance=st.from_regex(r"[G-Zg-z]{10}", fullmatch=True),
    session=st.from_regex(r"[G-Zg-z]{10}", fullmatch=True),
    message=st.from_regex(r"[G-Zg-z]{10}", fullmatch=True),
    payload=payloads,
)
def test_ids_never_appear(
    instance: str, session: str, message: str, payload: dict[str, str]
) -> None:
    """Neither in a line, nor in the row that it becomes, nor in what is shown of it."""
    ids = {"c_instance_id": instance, "c_session_id": session, "c_message_id": message}
    found = taken(request({**SUITE, **payload, **ids}))
    assert isinstance(found, CleanEvent)
    row = pack([found], "0" * 32)
    everything = found.line.decode() + row.body.decode() + repr(found) + repr(row)
    allowed = json.dumps([SUITE["c_commit"], *payload.values()])
    assert [] == [one for one in ids.values() if one in everything and one not in allowed]
    assert (found.partition, (found.line,)) == unpack(row.body)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_query_is_taken_or_refused(raw: str) -> None:
    """With an error of ours, and no other."""
    for text in (raw, query(note="x") + "&" + raw):
        try:
            found = taken(UsageRequest(TARGET, read_query(text)))
        except RequestError as error:
            found = error
        assert isinstance(found, CleanEvent | RequestError) or found.reason


@settings(max_examples=30)
@given(st.integers(0, 10**16 - 1), st.sampled_from([1.0, 60.0, 3_600.0, 86_400.0]))
def test_a_time_is_rounded_down_or_not_kept(timestamp: int, step: float) -> None:
    """It tells no more than the step."""
    one = policy()
    rounded = type(one)(one.app, round=step)
    found = clean(
        request({**SUITE, "c_timestamp": f"{timestamp}"}), rounded, CATALOGUE, SCRUBBER, KEYS, NOW
    )
    assert isinstance(found, CleanEvent)
    time = json.loads(found.line)["time"]
    if time is not None:
        seconds = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        assert (0, True) == (seconds % step, 0 <= timestamp / 1_000 - seconds < step + 1)


@pytest.mark.parametrize("near", [-8, -1, 0])
def test_times_near_the_present_are_kept(near: int) -> None:
    """Else the test above would show nothing."""
    timestamp = int((NOW + near * 86_400) * 1_000)
    found = taken(request({**SUITE, "c_timestamp": f"{timestamp}"}))
    assert (near < -7) == (json.loads(found.line)["time"] is None)
