"""Envelopes of a load are whole, each under an id of its own."""

import json
from pathlib import Path

import pytest

from benchmarks.load.traffic import SUITE, Kind, Pool, event_id, load_pool, make_pool, number_of


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return load_pool(make_pool(tmp_path_factory.mktemp("pool"), SUITE, 2))


def test_an_id_says_who_sent_it() -> None:
    assert 32 == len(event_id(7, 12_345))
    assert (7, 12_345) == number_of(event_id(7, 12_345))


def test_both_ids_of_an_envelope_are_the_one_given(pool: Pool) -> None:
    first, kind, event = pool.envelope(event_id(1, 5), 5).split(b"\n")
    assert event_id(1, 5) == json.loads(first)["event_id"] == json.loads(event)["event_id"]
    assert {"type": "event"} == json.loads(kind)


def test_an_attachment_follows_the_event(pool: Pool) -> None:
    *_, head, text = pool.envelope(event_id(1, 5), 5, b"a log").split(b"\n")
    assert 5 == json.loads(head)["length"]
    assert b"a log" == text


def test_the_variants_differ_and_come_in_turn(pool: Pool) -> None:
    same = event_id(1, 1)
    assert pool.envelope(same, 0) != pool.envelope(same, 1)
    assert pool.envelope(same, 0) == pool.envelope(same, 2)


def test_a_pool_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "3-2kB-much.jsonl").write_bytes(b"kept")
    assert b"kept" == make_pool(tmp_path, Kind("2 kB"), 3).read_bytes()
