"""The door to the stores."""

import sys
from pathlib import Path

import pytest

from relay.config import UsageStore
from relay.errors import RelayError
from relay.usage.buckets import Bucket
from relay.usage.folder import FolderStore
from relay.usage.store import open_store
from tests.usage_store import paths


@pytest.mark.parametrize("form", ["file:{}", "file://{}"])
async def test_a_folder_is_where_the_url_says(tmp_path: Path, form: str) -> None:
    """An absolute path may be written in both ways."""
    store = open_store(UsageStore(url=form.format(tmp_path / "usage")))
    await store.put("a/one", b"x")
    assert b"x" == (tmp_path / "usage/a/one").read_bytes()


async def test_a_folder_may_be_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is one to the folder in which the relay runs."""
    monkeypatch.chdir(tmp_path)
    await open_store(UsageStore()).put("a/one", b"x")
    assert ["a/one"] == await paths(FolderStore(tmp_path / "usage-data"))


@pytest.mark.parametrize(
    "url", ["s3://bucket/some/prefix", "s3://bucket", "gs://bucket", "az://box"]
)
def test_a_bucket_is_opened_without_asking(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Every provider's buckets can be configured; no server is needed for that."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    assert isinstance(open_store(UsageStore(url=url)), Bucket)


@pytest.mark.parametrize(
    "url",
    ["s3://", "s3:///x", "s3://k:secret@b/x", "s3://b/a/../b", "s3://b?x=secret", "ftp://b/x"],
)
def test_a_url_that_is_none_is_told_without_it(url: str) -> None:
    """A URL may hold a key, so the error says only that it is wrong."""
    with pytest.raises(RelayError) as caught:
        open_store(UsageStore(url=url))
    assert "usage.store: the library refuses the URL, or what the environment says" == str(
        caught.value
    )
    assert caught.value.__cause__ is None


def test_a_bucket_without_the_extra_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library is not installed, the error names the extra; a folder needs none."""
    monkeypatch.delitem(sys.modules, "relay.usage.buckets", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    open_store(UsageStore(url="file:./usage"))
    with pytest.raises(RelayError, match=r"pip install 'scrub-relay\[usage\]'"):
        open_store(UsageStore(url="s3://bucket"))
