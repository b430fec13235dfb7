"""Google's Cloud Storage on the loopback: what its pages say of the XML API, as far as it is asked.

The library speaks that API, and no emulator that can be had does: of gcp-storage-emulator it has
neither HEAD nor DELETE nor lists, of fake-gcs-server no PUT. So this one is ours.
Sources: the references of the XML API ("Upload objects", "Get objects", "Delete objects", "List
objects v2", "Error messages", "HTTP headers"), of service accounts ("Self-signed JWTs"), and of
the metadata server.
Law of this file: who is not signed in reads and writes nothing; one request is answered at a time.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.s3 import PAGE

ACCOUNT = "relay@made-up.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN = "made-up-token-of-the-machine"
METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"

_XML = "http://doc.s3.amazonaws.com/2006-03-01"


@dataclass
class _Object:
    data: bytes
    generation: int
    modified: float


class GoogleServer:
    """The server, and what it holds. The fixture `google` of all tests is one.

    Attributes:
        environment: where the library finds the account.
        tokens: how often the metadata server was asked for a token.
    """

    def __init__(self, folder: Path) -> None:
        self.port = 0
        self.tokens = 0
        self.folder = folder
        self.environment = {"GOOGLE_SERVICE_ACCOUNT": str(self.account("account", _key()))}
        self._buckets: dict[str, dict[str, _Object]] = {}
        self._lock = threading.Lock()
        self._generation = 1_700_000_000_000_000

    def account(self, name: str, key: rsa.RSAPrivateKey) -> Path:
        """Write the file of a service account, which signs with a key; return its path."""
        form = serialization.PrivateFormat.PKCS8
        pem = key.private_bytes(
            serialization.Encoding.PEM, form, serialization.NoEncryption()
        ).decode()
        told = {"type": "service_account", "client_email": ACCOUNT, "private_key_id": "1"}
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(told | {"private_key": pem}))
        return path

    def bucket(self, name: str = "") -> str:
        """Make a bucket that is empty; return its name."""
        name = name or f"bucket-{len(self._buckets) + 1}"
        self._buckets[name] = {}
        return name

    def put(self, bucket: str, name: str, data: bytes) -> None:
        """Write an object."""
        with self._lock:
            self._put(self._buckets[bucket], name, {}, data)

    def store(self, bucket: str, prefix: str = "usage", port: int | None = None) -> dict[str, Any]:
        """Return `usage.store` of relay.yaml; the port is that of a proxy before the server."""
        return {
            "url": f"gs://{bucket}/{prefix}",
            "endpoint": f"http://127.0.0.1:{port or self.port}",
            "allow_http": True,
        }

    def objects(self, bucket: str) -> Iterator[tuple[str, bytes]]:
        """Yield names and contents of all objects."""
        with self._lock:
            found = sorted((name, one.data) for name, one in self._buckets[bucket].items())
        yield from found

    # --- requests ---

    def answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        with self._lock:
            if path == METADATA:
                self.tokens += 1
                told = {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}
                return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()
            if not _signed_in(headers.get("authorization", "")):
                return _error(401, "AuthenticationRequired")
            _, bucket, *rest = path.split("/", 2)
            held = self._buckets.get(unquote(bucket))
            if held is None:
                return _error(404, "NoSuchBucket")
            name = unquote("".join(rest))
            if not name and method == "GET" and query.get("list-type") == "2":
                return _list(held, query)
            if name and method == "PUT":
                return self._put(held, name, headers, body)
            if not name or method not in {"GET", "HEAD", "DELETE"}:
                return _error(405, "MethodNotAllowed")
            one = held.get(name)
            if one is None:
                return _error(404, "NoSuchKey")
            if method == "DELETE":
                del held[name]
                return 204, {}, b""
            return 200, _facts(one), one.data

    def _put(
        self, held: dict[str, _Object], name: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        there = held.get(name)
        expected = headers.get("x-goog-if-generation-match")
        if expected is not None and int(expected) != (0 if there is None else there.generation):
            return _error(412, "PreconditionFailed")
        self._generation += 1
        held[name] = _Object(body, self._generation, time.time())
        return 200, _facts(held[name]), b""


def _facts(one: _Object) -> dict[str, str]:
    return {
        "ETag": _tag(one),
        "Last-Modified": formatdate(one.modified, usegmt=True),
        "x-goog-generation": str(one.generation),
    }


def _tag(one: _Object) -> str:
    return f'"{hashlib.md5(one.data).hexdigest()}"'


def _error(status: int, code: str) -> tuple[int, dict[str, str], bytes]:
    text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"
    return status, {"Content-Type": "application/xml; charset=UTF-8"}, text.encode()


def _list(
    held: Mapping[str, _Object], query: Mapping[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """A page: small ones, so that few objects need several; Google's own have a thousand."""
    prefix, after = query.get("prefix", ""), query.get("continuation-token", "")
    names = sorted(name for name in held if name.startswith(prefix) and name > after)
    told = ET.Element("ListBucketResult", xmlns=_XML)
    ET.SubElement(told, "Prefix").text = prefix
    ET.SubElement(told, "KeyCount").text = str(len(names[:PAGE]))
    ET.SubElement(told, "IsTruncated").text = "true" if len(names) > PAGE else "false"
    if len(names) > PAGE:
        ET.SubElement(told, "NextContinuationToken").text = names[PAGE - 1]
    for name in names[:PAGE]:
        one, contents = held[name], ET.SubElement(told, "Contents")
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(one.modified))
        ET.SubElement(contents, "Key").text = name
        ET.SubElement(contents, "Generation").text = str(one.generation)
        ET.SubElement(contents, "LastModified").text = f"{at}.{int(one.modified % 1 * 1000):03}Z"
        ET.SubElement(contents, "ETag").text = _tag(one)
        ET.SubElement(contents, "Size").text = str(len(one.data))
    return 200, {"Content-Type": "application/xml; charset=UTF-8"}, ET.tostring(told)


# --- who asks ---


@cache
def _key() -> rsa.RSAPrivateKey:
    return another_key()


def another_key() -> rsa.RSAPrivateKey:
    """Make a key that is nobody's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _signed_in(authorization: str) -> bool:
    """Whether it is the machine's token, or a JWT that the account has signed for now."""
    kind, _, token = authorization.partition(" ")
    if kind != "Bearer" or token == TOKEN:
        return kind == "Bearer"
    try:
        head, claims, signature = (_decoded(part) for part in token.split("."))
        message = token.rpartition(".")[0].encode()
        _key().public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        told = json.loads(claims)
        well = told["iat"] <= time.time() + 5 < told["exp"] <= told["iat"] + 3_600
        return bool(
            well
            and json.loads(head)["alg"] == "RS256"
            and (told["iss"], told["sub"], told["scope"]) == (ACCOUNT, ACCOUNT, SCOPE)
        )
    except (ValueError, KeyError, InvalidSignature):
        return False


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@contextmanager
def google_server(folder: Path) -> Iterator[GoogleServer]:
    """Run one server, in threads of this process."""
    server = GoogleServer(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer, or the second waits for an acknowledgement
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            status, told, content = server.answer(self.command, url.path, query, headers, body)
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join(10)
