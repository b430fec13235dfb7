"""Events of real SDKs: what finds the mistake in the code stays, and a clean event stays whole."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import relay
from relay import jsonio
from tests.system.captured import SAMPLES, Sample, load

KEPT = (
    "function", "raw_function", "lineno", "colno", "module", "in_app", "package_version",
    "instruction_addr", "addr_mode", "platform", "debug_id", "code_id", "image_addr", "image_size",
)  # fmt: skip
"""Keys of frames and of images; files and paths keep their base name."""
NAMED = ("filename", "abs_path", "code_file", "debug_file")


@cache
def shipped() -> relay.Scrubber:
    """The rules that ship."""
    return relay.load_scrubber(secret=b"test" * 8, verify=False)


def envelopes() -> list[Sample]:
    """The samples that are envelopes."""
    return [sample for sample in load(SAMPLES) if sample.is_envelope and sample.items]


def places(value: Any) -> Iterator[dict[str, Any]]:
    """Every frame and every debug image, wherever in a document it stands."""
    if isinstance(value, list):
        for one in value:
            yield from places(one)
    elif isinstance(value, dict):
        if {"lineno", "debug_id"} & value.keys():
            yield value
        for one in value.values():
            yield from places(one)


def facts(document: Any) -> list[dict[str, Any]]:
    """What of frames and images has to stay."""
    found = []
    for place in places(document):
        kept = {key: place[key] for key in KEPT if key in place}
        for key in NAMED:
            if isinstance(place.get(key), str):
                kept[key] = re.split(r"[/\\]", place[key])[-1]
        found.append(kept)
    return found


@pytest.mark.parametrize("sample", envelopes(), ids=repr)
def test_frames_and_images_stay(sample: Sample) -> None:
    """Function, file, line, column, module and debug ids stay, in a sample full of secrets too."""
    for item in sample.items:
        if not isinstance(item.document, dict | list):
            continue
        clean = json.loads(shipped().scrub_json(item.payload).body)
        assert facts(item.document) == facts(clean)


def test_samples_have_frames() -> None:
    """There is something to keep."""
    found = [fact for s in envelopes() for i in s.items for fact in facts(i.document)]
    assert sum("lineno" in fact for fact in found) > 500
    assert sum("colno" in fact for fact in found) > 100


@pytest.mark.parametrize("sample", envelopes(), ids=repr)
def test_a_clean_envelope_stays_byte_for_byte(sample: Sample) -> None:
    """What was scrubbed once holds nothing personal: not a byte of it changes."""
    clean = shipped().scrub_envelope(sample.decoded).body
    assert clean == shipped().scrub_envelope(clean).body


@pytest.mark.parametrize("sample", envelopes(), ids=repr)
def test_an_event_without_anything_personal_stays_whole(sample: Sample) -> None:
    """An event without its personal values comes out byte for byte, but for its SDK's settings."""
    for item in sample.items:
        if item.kind != "event" or not isinstance(item.document, dict):
            continue
        event = harmless(item.document)
        if "sdk" in event:
            event["sdk"].pop("settings", None)
        result = shipped().scrub_json(jsonio.dumps(event))
        assert () == result.remarks
        if "sdk" in event:
            event["sdk"]["settings"] = {"infer_ip": "never"}
        assert jsonio.dumps(event) == result.body


def harmless(event: dict[str, Any]) -> dict[str, Any]:
    """An event as it was sent, without the values that a rule said something about."""
    event = {key: value for key, value in event.items() if key != "_meta"}
    clean = json.loads(shipped().scrub_json(json.dumps(event).encode()).body)
    left = _without(event, clean.pop("_meta", {}))
    assert isinstance(left, dict)
    return left


def _without(value: Any, meta: dict[str, Any]) -> Any:
    if meta.get("", {}).get("rem"):
        return None
    if isinstance(value, dict):
        if not meta.keys() <= value.keys():
            return {}  # a key of it was redacted
        return {key: _without(one, meta.get(key, {})) for key, one in value.items()}
    if isinstance(value, list):
        return [_without(one, meta.get(str(n), {})) for n, one in enumerate(value)]
    return value


def test_debug_ids_of_images_stay() -> None:
    """The ids that source maps and symbols are found by stay, beside a user's folder."""
    image = {
        "type": "sourcemap",
        "code_file": "/Users/jane/suite/build/main.js",
        "debug_id": "0f2b8a4e-7c1d-4e53-9a6b-2d8e1f3c5a70",
        "image_addr": "0x7fff5fc00000",
        "code_id": "5f2b8a4e7c1d4e539a6b2d8e1f3c5a70",
    }
    event = {"debug_meta": {"images": [image]}}
    clean = json.loads(shipped().scrub_json(json.dumps(event).encode()).body)
    assert facts(event) == facts(clean)
    assert "jane" not in json.dumps(clean)
