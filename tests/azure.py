"""A real server of Azure's Blob protocol, Azurite of npm, on the loopback, in memory.

Law of this file: as in `tests.s3`. `make node` installs it; without it tests say what is missing.
"""

import base64
import hashlib
import hmac
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

from tests.nats import free_ports
from tests.s3 import DEADLINE, clean_environment, gone_meanwhile, takes_connections

PROGRAM = Path(__file__).parent / "system/node/node_modules/azurite/dist/src/blob/main.js"
MISSING = None if shutil.which("node") and PROGRAM.exists() else "azurite is not here: make node"

ACCOUNT = "madeup"
KEY = base64.b64encode(b"made-up-key-of-an-account-that-is-nowhere-but-on-the-loopback!!!").decode()
_VERSION = "2023-11-03"
_TYPE = "application/octet-stream"  # urllib would say another


class AzureServer:
    """Azurite; all that it holds ends with it. The fixture `azure` of all tests is one.

    Attributes:
        environment: where the library finds the account.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.environment = {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        }
        self._containers = 0

    def bucket(self, name: str = "") -> str:
        """Make a container that is empty; return its name."""
        self._containers += 1
        name = name or f"container-{self._containers}"
        self._ask("PUT", name, {"restype": "container"})
        return name

    def put(self, bucket: str, name: str, data: bytes) -> None:
        """Write an object."""
        self._ask("PUT", f"{bucket}/{name}", {}, {"x-ms-blob-type": "BlockBlob"}, data)

    def store(self, bucket: str, prefix: str = "usage", port: int | None = None) -> dict[str, Any]:
        """Return `usage.store` of relay.yaml; the port is that of a proxy before the server."""
        return {
            "url": f"az://{bucket}/{prefix}",
            "endpoint": f"http://127.0.0.1:{port or self.port}/{ACCOUNT}",
            "allow_http": True,
        }

    def objects(self, bucket: str) -> Iterator[tuple[str, bytes]]:
        """Yield names and contents of all objects, by Azure's own protocol."""
        query, more = {"restype": "container", "comp": "list"}, True
        while more:
            page = ET.fromstring(self._ask("GET", bucket, query))
            for name in page.iterfind("Blobs/Blob/Name"):
                assert name.text is not None
                with gone_meanwhile():
                    yield name.text, self._ask("GET", f"{bucket}/{name.text}", {})
            marker = page.findtext("NextMarker") or ""
            query, more = query | {"marker": marker}, bool(marker)

    def lease(self, bucket: str, name: str) -> None:
        """Hold an object for good: nobody else may write or delete it."""
        headers = {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}
        self._ask("PUT", f"{bucket}/{name}", {"comp": "lease"}, headers)

    def signature(self, bucket: str, rights: str) -> str:
        """Return a shared access signature for a container, as "Create a service SAS" says."""
        said = {"sv": _VERSION, "sr": "c", "sp": rights, "se": "2099-01-01T00:00:00Z"}
        # Permissions, start, expiry, resource, identifier, addresses, protocol, version, kind,
        # snapshot, encryption scope, and five headers of answers.
        lines = [rights, "", said["se"], f"/blob/{ACCOUNT}/{bucket}", "", "", "", said["sv"], "c"]
        said["sig"] = _signed("\n".join([*lines, *[""] * 7]))
        return urlencode(said)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        more: Mapping[str, str] | None = None,
        data: bytes = b"",
    ) -> bytes:
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _VERSION, **(more or {})}
        signed = {name: headers[name] for name in sorted(headers)}
        # "Authorize with Shared Key" of Azure's reference: a line for each standard header.
        lines = [method, "", "", str(len(data) or ""), "", _TYPE, *[""] * 6]
        lines += [f"{name}:{value}" for name, value in signed.items()]
        lines += [f"/{ACCOUNT}/{ACCOUNT}/{quote(path)}"]
        lines += [f"{name}:{query[name]}" for name in sorted(query)]
        text = "\n".join(lines)
        headers["Authorization"] = f"SharedKey {ACCOUNT}:{_signed(text)}"
        headers["Content-Type"] = _TYPE
        asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        url = f"http://127.0.0.1:{self.port}/{ACCOUNT}/{quote(path)}?{asked}"
        request = Request(url, data if method == "PUT" else None, headers, method=method)
        with urlopen(request, timeout=DEADLINE) as answer:
            content: bytes = answer.read()
        return content


def _signed(text: str) -> str:
    mac = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


@contextmanager
def azure_server(folder: Path) -> Iterator[AzureServer]:
    """Run one server."""
    (port,) = free_ports(1)
    command = ["node", str(PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    command += ["--inMemoryPersistence", "--disableTelemetry", "--silent"]
    environment = clean_environment() | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
    with (folder / "azurite.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
    try:
        end = time.monotonic() + DEADLINE
        while not takes_connections(port):
            assert process.poll() is None, "azurite has ended"
            assert time.monotonic() < end, "azurite did not start"
            time.sleep(0.02)
        yield AzureServer(port)
    finally:
        process.kill()
        process.wait()
