"""The permit to reach disk and upstream."""

import dataclasses
import pickle

import pytest

from relay.scrub.permit import ScrubbedEnvelope, grant, restore

FIELDS = {
    "body": b"secret",
    "envelope_id": "a" * 32,
    "project": "1",
    "key": "b" * 32,
    "client": "x/1",
    "categories": ("error",),
}


def test_only_the_doors_make_one() -> None:
    """A permit cannot be made from bytes that nobody has scrubbed."""
    with pytest.raises(TypeError):
        ScrubbedEnvelope(**FIELDS, door=object())  # type: ignore[arg-type]


def test_a_permit_does_not_open_the_door_again() -> None:
    """With a permit in hand nobody can make another one, for other bytes."""
    permit = grant(**FIELDS)  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(permit, body=b"raw")
    with pytest.raises(AttributeError):
        _ = permit.door  # type: ignore[attr-defined]
    assert "door" not in ScrubbedEnvelope.__slots__


def test_both_doors_make_the_same() -> None:
    """What a spool restores equals what the scrubber granted."""
    assert grant(**FIELDS) == restore(**FIELDS)  # type: ignore[arg-type]


def test_a_permit_does_not_show_its_body() -> None:
    """A permit in a log shows no payload."""
    assert "secret" not in repr(grant(**FIELDS))  # type: ignore[arg-type]


def test_pickle_is_no_door() -> None:
    """Nothing makes a permit of bytes that were pickled."""
    with pytest.raises(TypeError):
        pickle.dumps(grant(**FIELDS))  # type: ignore[arg-type]
