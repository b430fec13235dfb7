"""Lifecycle rules: of S3 against a real server of its protocol, of the others by their shape."""

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config

from relay.config import UsageKeep
from relay.usage.lifecycle import Place, Provider, days, lifecycle, place_of
from relay.usage.retention import DAY
from tests.s3 import KEY, KEY_ID, S3Server

KEEP = UsageKeep(events=90 * DAY, opt_outs=30 * DAY, sets=365 * DAY)
AGES = {"events/": 89, "opt_outs/": 29, "sets/": 364, "_pending/": 29}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("s3://bucket/some/prefix", Place(Provider.S3, "bucket", "some/prefix")),
        ("s3://bucket/", Place(Provider.S3, "bucket", "")),
        ("gs://bucket/usage/", Place(Provider.GCS, "bucket", "usage")),
        ("az://container/usage", Place(Provider.AZURE, "container", "usage")),
        ("file:./usage", None),
    ],
)
def test_a_store_tells_whose_rules(url: str, place: Place | None) -> None:
    """The scheme of its URL says it; a folder has none."""
    assert place == place_of(url)


@pytest.mark.parametrize(("keep", "age"), [(90, 89), (2.5, 1), (2, 1), (1, 1)])
def test_an_age_is_one_day_less(keep: float, age: int) -> None:
    """So that nothing is older than configured when a provider gets to it; never nothing."""
    assert age == days(keep * DAY)


# --- S3 ---


@pytest.fixture
def client(s3: S3Server) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=s3.url,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=KEY,
        config=Config(retries={"max_attempts": 1}),
    )


@pytest.mark.parametrize("prefix", ["", "usage"])
def test_s3_takes_its_rules_as_they_are(s3: S3Server, client: Any, prefix: str) -> None:
    """What is printed is what PutBucketLifecycleConfiguration takes, and gives back."""
    bucket = s3.bucket()
    rules = lifecycle(Place(Provider.S3, bucket, prefix), KEEP)
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration=json.loads(json.dumps(rules))
    )
    there = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rules["Rules"] == there
    above = f"{prefix}/" if prefix else ""
    counted = {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in there[:4]}
    assert {above + folder: age for folder, age in AGES.items()} == counted
    assert len({rule["ID"] for rule in there}) == len(there)


def test_s3_forgets_versions_and_uploads_that_broke_off() -> None:
    """What a version or an upload still holds goes a day later, and markers of it, too."""
    rules = lifecycle(Place(Provider.S3, "bucket", ""), KEEP)["Rules"]
    for rule in rules[:4]:
        assert {"NoncurrentDays": 1} == rule["NoncurrentVersionExpiration"]
        assert {"DaysAfterInitiation": 1} == rule["AbortIncompleteMultipartUpload"]
    assert {"ExpiredObjectDeleteMarker": True} == rules[4]["Expiration"]
    assert 8 == len(rules)


# --- the others ---


def test_google_gets_its_own_form() -> None:
    """A rule a folder, and one each for versions and for uploads that broke off."""
    told = lifecycle(Place(Provider.GCS, "bucket", "usage"), KEEP)
    assert ["lifecycle"] == list(told)
    rules = told["lifecycle"]["rule"]
    prefixes = [f"usage/{folder}" for folder in AGES]
    assert [
        *(
            {
                "action": {"type": "Delete"},
                "condition": {"age": age, "matchesPrefix": [f"usage/{folder}"]},
            }
            for folder, age in AGES.items()
        ),
        {
            "action": {"type": "Delete"},
            "condition": {
                "daysSinceNoncurrentTime": 1,
                "isLive": False,
                "matchesPrefix": prefixes,
            },
        },
        {
            "action": {"type": "AbortIncompleteMultipartUpload"},
            "condition": {"age": 1, "matchesPrefix": prefixes},
        },
    ] == rules


def test_azure_gets_its_own_form() -> None:
    """Prefixes begin with the container; blobs, snapshots and versions go at the same age."""
    told = lifecycle(Place(Provider.AZURE, "container", "usage"), KEEP)
    assert ["rules"] == list(told)
    seen = {}
    for rule in told["rules"]:
        assert {"enabled", "name", "type", "definition"} == rule.keys()
        assert (True, "Lifecycle") == (rule["enabled"], rule["type"])
        actions, filters = rule["definition"]["actions"], rule["definition"]["filters"]
        assert ["blockBlob"] == filters["blobTypes"]
        (age,) = {
            actions[what]["delete"]["daysAfterCreationGreaterThan"]
            for what in ("baseBlob", "snapshot", "version")
        }
        (seen_prefix,) = filters["prefixMatch"]
        seen[seen_prefix] = age
    assert {f"container/usage/{folder}": age for folder, age in AGES.items()} == seen
    assert 4 == len({rule["name"] for rule in told["rules"]})


def test_a_store_of_another_protocol_may_ask_for_other_rules() -> None:
    """Google's storage speaks S3's protocol, too; its rules are Google's."""
    place = Place(Provider.S3, "bucket", "")
    assert "lifecycle" in lifecycle(place, KEEP, Provider.GCS)
