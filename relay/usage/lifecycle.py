"""Lifecycle rules of a bucket, for those who let the provider delete what is too old.

A provider counts from when an object was written, not from the day in its path, and deletes later
than a rule says: S3 at the midnight after, Azure and Google within a day or two. So a rule says one
day less than is configured. Law of this file: pure; what it returns is the provider's own JSON.
Sources: S3's PutBucketLifecycleConfiguration, the JSON API of Google's Cloud Storage (buckets,
`lifecycle`), Azure's management policies of storage accounts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, assert_never
from urllib.parse import urlsplit

from relay.config import UsageKeep
from relay.usage.model import Record
from relay.usage.objects import PENDING, SETS
from relay.usage.retention import DAY


class Provider(StrEnum):
    """Whose rules."""

    S3 = "s3"
    GCS = "gcs"
    AZURE = "azure"


_OF_SCHEME: Final = {"s3": Provider.S3, "gs": Provider.GCS, "az": Provider.AZURE}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: whose, which bucket or container, and the prefix, without slashes."""

    provider: Provider
    bucket: str
    prefix: str


def place_of(url: str) -> Place | None:
    """Read the URL of a store; None for a folder, which knows no rules."""
    parts = urlsplit(url)
    provider = _OF_SCHEME.get(parts.scheme)
    return None if provider is None else Place(provider, parts.netloc, parts.path.strip("/"))


def lifecycle(place: Place, keep: UsageKeep, provider: Provider | None = None) -> dict[str, Any]:
    """Return the rules for a store.

    Args:
        place: where it is.
        keep: for how long each set is kept.
        provider: in whose form; None for that of the place.
    """
    match provider or place.provider:
        case Provider.S3:
            return _s3(place, keep)
        case Provider.GCS:
            return _gcs(place, keep)
        case Provider.AZURE:
            return _azure(place, keep)
        case other:
            assert_never(other)


def days(keep: float) -> int:
    """Return the age in days that a rule says, at least 1: less no provider takes."""
    return max(1, int(keep // DAY) - 1)


def _folders(place: Place, keep: UsageKeep) -> Iterator[tuple[str, str, int]]:
    """Yield a name for each rule, the prefix of its objects, and their age in days."""
    ages = {
        Record.EVENTS.value: keep.events,
        Record.OPT_OUTS.value: keep.opt_outs,
        SETS: keep.sets,
        PENDING: min(keep.events, keep.opt_outs),
    }
    above = f"{place.prefix}/" if place.prefix else ""
    for folder, age in ages.items():
        yield folder.strip("_").replace("_", "-"), f"{above}{folder}/", days(age)


def _s3(place: Place, keep: UsageKeep) -> dict[str, Any]:
    rules: list[dict[str, Any]] = [
        {
            "ID": f"scrub-relay-{name}",
            "Status": "Enabled",
            "Filter": {"Prefix": prefix},
            "Expiration": {"Days": age},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
        for name, prefix, age in _folders(place, keep)
    ]
    # A marker that nothing stands behind; S3 takes that in no rule that counts days.
    rules += [
        {
            "ID": f"scrub-relay-{name}-markers",
            "Status": "Enabled",
            "Filter": {"Prefix": prefix},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        }
        for name, prefix, _ in _folders(place, keep)
    ]
    return {"Rules": rules}


def _gcs(place: Place, keep: UsageKeep) -> dict[str, Any]:
    folders = list(_folders(place, keep))
    prefixes = [prefix for _, prefix, _ in folders]
    rules: list[dict[str, Any]] = [
        {
            "action": {"type": "Delete"},
            "condition": {"age": age, "matchesPrefix": [prefix]},
        }
        for _, prefix, age in folders
    ]
    old = {"daysSinceNoncurrentTime": 1, "isLive": False, "matchesPrefix": prefixes}
    rules.append({"action": {"type": "Delete"}, "condition": old})
    begun = {"age": 1, "matchesPrefix": prefixes}
    rules.append({"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": begun})
    return {"lifecycle": {"rule": rules}}


def _azure(place: Place, keep: UsageKeep) -> dict[str, Any]:
    rules = []
    for name, prefix, age in _folders(place, keep):
        delete = {"delete": {"daysAfterCreationGreaterThan": age}}
        rules.append(
            {
                "enabled": True,
                "name": f"scrub-relay-{name}",
                "type": "Lifecycle",
                "definition": {
                    "actions": {"baseBlob": delete, "snapshot": delete, "version": delete},
                    "filters": {
                        "blobTypes": ["blockBlob"],
                        "prefixMatch": [f"{place.bucket}/{prefix}"],
                    },
                },
            }
        )
    return {"rules": rules}
