"""The store that is a bucket: who may what, by each provider's own credentials."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from relay.config import UsageStore
from relay.errors import RelayError, StoreError
from relay.usage.store import Store, open_store
from tests.azure import ACCOUNT, AzureServer
from tests.google import TOKEN, GoogleServer, another_key
from tests.s3 import KEY, KEY_ID, closed_port
from tests.unit.usage.test_buckets import answering, failures
from tests.usage_store import paths, settings_of

NOBODY = "bWFkZS11cC1rZXktb2Ytbm9ib2R5"  # of no account
NO_CREDENTIALS = "no credentials: neither the environment nor the machine gives any"


def told(errors: Mapping[str, Exception]) -> str:
    return "".join("".join(traceback.format_exception(error)) for error in errors.values())


@pytest.mark.long
async def test_azure_refuses_another_key(
    azure: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is not the account's is told as that, and neither is shown."""
    for name, value in (azure.environment | {"AZURE_STORAGE_ACCOUNT_KEY": NOBODY}).items():
        monkeypatch.setenv(name, value)
    found = await failures(open_store(settings_of(azure, azure.bucket())))
    assert {"the store refuses the credentials"} == {str(error) for error in found.values()}
    assert [] == [one for one in (NOBODY, ACCOUNT, "container-") if one in told(found)]


async def test_google_refuses_another_key(
    google: GoogleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service account that signs with another key is told as that, and nothing of it is shown."""
    account = google.account("nobody", another_key())
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(account))
    found = await failures(open_store(settings_of(google, google.bucket())))
    assert {"the store refuses the credentials"} == {str(error) for error in found.values()}
    assert [] == [one for one in ("Bearer", "nobody", "bucket-") if one in told(found)]


async def test_google_gives_a_machine_its_token(
    google: GoogleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no account in the environment the metadata server of the machine is asked for one."""
    monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{google.port}")
    monkeypatch.setenv("HOME", str(google.folder))
    before, store = google.tokens, open_store(settings_of(google, google.bucket()))
    await store.put("a/one", b"x")
    assert (["a/one"], before + 1) == (await paths(store), google.tokens)
    assert TOKEN not in repr(store)


@pytest.mark.parametrize("kind", ["machine", "principal", "workload"])
async def test_azure_gives_who_is_known_a_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    """A machine's role, a service principal and a workload are each asked for in its own place."""
    asked: list[tuple[str, str]] = []

    async def give(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers.get("Authorization", "")))
        if request.path.startswith("/some-bucket"):
            return web.Response(status=201, headers={"ETag": '"x"'})
        token = {"access_token": TOKEN, "expires_in": 3599, "expires_on": "4102444800"}
        return web.json_response(token | {"token_type": "Bearer", "resource": "x"})

    async with answering(give) as port:
        machine(monkeypatch, port)
        (tmp_path / "token").write_text("made-up")
        variables = {"AZURE_CLIENT_ID": "one", "AZURE_TENANT_ID": "two"}
        variables["AZURE_AUTHORITY_HOST"] = f"http://127.0.0.1:{port}"
        if kind == "principal":
            variables["AZURE_CLIENT_SECRET"] = "made-up"
        elif kind == "workload":
            variables["AZURE_FEDERATED_TOKEN_FILE"] = str(tmp_path / "token")
        for name, value in ({} if kind == "machine" else variables).items():
            monkeypatch.setenv(name, value)
        endpoint = f"http://127.0.0.1:{port}"
        store = open_store(UsageStore("az://some-bucket", endpoint, allow_http=True, timeout=2))
        await store.put("a/one", b"x")
    place = "/msi" if kind == "machine" else "/two/oauth2/v2.0/token"
    assert [(place, ""), ("/some-bucket/a/one", f"Bearer {TOKEN}")] == asked


@pytest.mark.parametrize("name", ["GOOGLE_SERVICE_ACCOUNT", "GOOGLE_APPLICATION_CREDENTIALS"])
async def test_google_takes_an_account_by_either_name(
    google: GoogleServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What signs may be named as the library does, or as Google's own tools do."""
    monkeypatch.setenv(name, google.environment["GOOGLE_SERVICE_ACCOUNT"])
    store = open_store(settings_of(google, google.bucket()))
    assert await store.create("a/one", b"x")


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("url", ["s3://some-bucket", "az://some-bucket", "gs://some-bucket"])
async def test_a_machine_without_a_role_is_told_as_what_it_is(
    monkeypatch: pytest.MonkeyPatch, url: str, status: int
) -> None:
    """Where nothing gives credentials that is said, and not that there is no bucket."""

    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=status, text="no such role")

    async with answering(refuse) as port:
        machine(monkeypatch, port)
        found = await failures(open_store(UsageStore(url=url, allow_http=True, timeout=2)))
    assert {NO_CREDENTIALS} == {str(error) for error in found.values()}


@pytest.mark.parametrize("url", ["s3://some-bucket", "az://some-bucket", "gs://some-bucket"])
async def test_a_computer_that_is_no_machine_of_theirs_is_told_the_same(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """On somebody's own computer there is nobody to ask."""
    machine(monkeypatch, closed_port())
    store = open_store(UsageStore(url=url, allow_http=True, timeout=0.3))
    with pytest.raises(StoreError, match=NO_CREDENTIALS):
        await store.put("a/one", b"x")


def machine(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Let a port of the loopback be what machines of the providers ask who they are."""
    here = f"127.0.0.1:{port}"
    for name, value in {
        "AWS_METADATA_ENDPOINT": f"http://{here}",
        "AWS_REGION": "us-east-1",
        "AZURE_MSI_ENDPOINT": f"http://{here}/msi",
        "AZURE_STORAGE_ACCOUNT_NAME": "some-account",
        "GCE_METADATA_HOST": here,
        "GCE_METADATA_IP": here,
        "HOME": "/nowhere",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.long
async def test_a_signature_of_azure_is_enough(
    azure: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shared access signature that may read, write, list and delete needs no key."""
    store = signed(azure, monkeypatch, "rwld")
    await store.put("a/one", b"x")
    assert (False, 1, ["a/one"]) == (
        await store.create("a/one", b"y"),
        await store.size("a/one"),
        await paths(store),
    )
    await store.delete(["a/one", "a/none"])
    assert [] == await paths(store)


@pytest.mark.long
async def test_who_may_not_delete_at_azure_is_told_so(
    azure: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure refuses each object of a batch by itself; what is there stays."""
    store = signed(azure, monkeypatch, "rwl")
    await store.put("a/one", b"x")
    with pytest.raises(StoreError, match="the store refuses the credentials") as caught:
        await store.delete(["a/one"])
    assert ["a/one"] == await paths(store)
    assert [] == [one for one in ("sig=", ACCOUNT) if one in told({"delete": caught.value})]


def signed(azure: AzureServer, monkeypatch: pytest.MonkeyPatch, rights: str) -> Store:
    """Open a container with a signature alone."""
    bucket = azure.bucket()
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_SAS_KEY", azure.signature(bucket, rights))
    return open_store(settings_of(azure, bucket))


async def test_who_may_not_delete_at_s3_is_told_so() -> None:
    """S3 refuses each object of a batch by itself, too."""

    async def refuse(_request: web.Request) -> web.Response:
        error = "<Error><Key>some-prefix/a</Key><Code>AccessDenied</Code><Message/></Error>"
        return web.Response(text=f"<DeleteResult>{error}</DeleteResult>")

    async with answering(refuse) as port:
        settings: dict[str, Any] = {"access_key_id": KEY_ID, "secret_access_key": KEY}
        endpoint = f"http://127.0.0.1:{port}"
        store = open_store(
            UsageStore(
                url="s3://some-bucket/some-prefix", endpoint=endpoint, allow_http=True, **settings
            )
        )
        with pytest.raises(StoreError, match="the store refuses the credentials"):
            await store.delete(["a"])


@pytest.mark.long
async def test_what_azure_holds_fast_is_told_as_that(
    azure: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob that somebody has leased is neither written nor deleted, and that is a failure."""
    for name, value in azure.environment.items():
        monkeypatch.setenv(name, value)
    bucket = azure.bucket()
    store = open_store(settings_of(azure, bucket))
    await store.put("a/one", b"x")
    azure.lease(bucket, "usage/a/one")
    with pytest.raises(StoreError, match="the store does not let go of what is there"):
        await store.put("a/one", b"y")
    with pytest.raises(StoreError, match="the store does not let go of what is there"):
        await store.delete(["a/one"])
    assert b"x" == await store.get("a/one")


@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.parametrize("url", ["s3://some-bucket", "az://some-bucket", "gs://some-bucket"])
async def test_a_conflict_is_a_failure_of_all_but_a_create(
    monkeypatch: pytest.MonkeyPatch, url: str, status: int
) -> None:
    """Whatever a provider means by it, none of the library's errors comes out."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "some-account")
    for name in ("AZURE_STORAGE_ACCOUNT_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, NOBODY)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "some-token")

    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=status, text="<Error/>")

    async with answering(refuse) as port:
        settings: dict[str, Any] = {"allow_http": True, "region": "us-east-1", "timeout": 1}
        if not url.startswith("s3:"):
            del settings["region"]
        store = open_store(UsageStore(url=url, endpoint=f"http://127.0.0.1:{port}", **settings))
        assert not await store.create("a/path", b"x")
        for call in (store.put("a/path", b"x"), store.delete(["a/path"]), paths(store)):
            with pytest.raises(StoreError):
                await call


@pytest.mark.parametrize(
    ("url", "environment", "word"),
    [
        ("az://box", {}, "AZURE_STORAGE_ACCOUNT_NAME is not set"),
        (
            "az://box",
            {"AZURE_STORAGE_ACCOUNT_KEY": "!hunter2"},
            "AZURE_STORAGE_ACCOUNT_KEY is no key",
        ),
        ("az://box", {"AZURE_STORAGE_SAS_KEY": "hunter2"}, "AZURE_STORAGE_SAS_KEY is no signature"),
        ("gs://box", {"GOOGLE_SERVICE_ACCOUNT": "/hunter2"}, "account cannot be read"),
        ("gs://box", {"GOOGLE_APPLICATION_CREDENTIALS": "/hunter2"}, "account cannot be read"),
        ("gs://box", {"GOOGLE_SERVICE_ACCOUNT_KEY": '{"hunter2": 1}'}, "is no service account's"),
    ],
)
def test_what_the_environment_lacks_is_said_at_the_start(
    monkeypatch: pytest.MonkeyPatch, url: str, environment: Mapping[str, str], word: str
) -> None:
    """What is wrong with the credentials is said before any event is taken, and none is shown."""
    if environment and url.startswith("az:"):
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "some-account")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RelayError, match=word) as caught:
        open_store(UsageStore(url=url))
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
