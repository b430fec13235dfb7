"""What docs/usage.md tells operators does what it says: the first steps, and logs of proxies."""

import http.server
import json
import re
import shutil
import socket
import socketserver
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import yaml
import zstandard

from tests.docs.pages import blocks
from tests.system.running import FEW_RULES, Relay, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("snippets")]

PAGE = "docs/usage.md"
PATH = "/suite/log/web/stable.log"
SEEN, UNSEEN = "seen-q4xw7", "unseen-k9tzv"
"""Words in queries: of another path, which a proxy logs, and of usage events, which it must not."""


def block(language: str, starts: str = "") -> str:
    """The one block of a language on the page that begins so."""
    (found,) = (b for b in blocks(language) if b.page == PAGE and b.text.startswith(starts))
    return found.text


# --- in five minutes -----------------------------------------------------------------------------


def first_configuration() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(
        next(b.text for b in blocks("yaml") if b.page == PAGE)
    )
    return found


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A relay with the page's first configuration, but that it writes at once."""
    config = first_configuration() | {"rules": FEW_RULES}
    assert isinstance(config["usage"], dict)
    config["usage"] |= {"batch": {"every": "1s"}}
    made = Relay(tmp_path_factory.mktemp("usage"), config)
    with made.running():
        yield made


def sent(relay: Relay, change: str = "", into: str = "") -> str:
    """Run the page's call, with a part of it changed; return the status that it prints."""
    call = block("sh", "url=")
    assert change in call
    call = call.replace(change, into).replace(":3000", f":{relay.port}")
    done = subprocess.run(
        ["bash", "-c", call], capture_output=True, text=True, timeout=60, check=False
    )
    assert "" == done.stderr
    return done.stdout.strip()


def kept(relay: Relay, record: str) -> list[tuple[str, dict[str, object]]]:
    """Every record of a set: the folder that it is in, and what it says."""
    folder = relay.folder / "usage-data" / record
    found = []
    for path in sorted(folder.rglob("*.ndjson.zst")):
        with suppress(OSError):
            data = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
            where = str(path.parent.relative_to(relay.folder))
            found += [(where, json.loads(line)) for line in data.splitlines()]
    return found


def shape(text: str) -> str:
    """What differs from one time to another is left out."""
    text = re.sub(r'"[0-9a-f]{4}…"|"[0-9a-f]{32}"', '"pseudonym"', text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:00:00Z", "time", text)
    return re.sub(r"\d{4}-\d\d-\d\d", "day", text)


def test_the_first_steps(relay: Relay) -> None:
    """The call prints what the page says, and the records are the page's."""
    shown = [shape(b.text.strip()) for b in blocks("json") if b.page == PAGE][:2]
    assert "204" == sent(relay)
    assert "403" == sent(relay, "-d c_consent=true")
    assert "204" == sent(relay, "value=true", "value=false")
    (event,) = until(lambda: kept(relay, "events"), "the event to be written")
    (decision,) = until(lambda: kept(relay, "opt_outs"), "the decision to be written")
    made = [json.dumps(one, separators=(",", ":")) for _, one in (event, decision)]
    assert shown == [shape(text) for text in made]
    folders = (
        r"usage-data/events/app=suite/environment=web/dt=day/hh=\d\d",
        "usage-data/opt_outs/app=suite/dt=day",
    )
    for (where, _), pattern in zip((event, decision), folders, strict=True):
        assert re.fullmatch(pattern, re.sub(r"\d{4}-\d\d-\d\d", "day", where))


# --- the policy ----------------------------------------------------------------------------------


def test_the_policy_is_for_one_prefix() -> None:
    """Objects below it, names below it, and no wildcard in an action."""
    policy = json.loads(block("json", '{\n  "Version"'))
    objects, names = policy["Statement"]
    assert ("2012-10-17", "Allow", "Allow") == (
        policy["Version"], objects["Effect"], names["Effect"],
    )  # fmt: skip
    assert "arn:aws:s3:::bucket/usage/*" == objects["Resource"]
    assert not [action for action in objects["Action"] if "*" in action]
    assert ("s3:ListBucket", "arn:aws:s3:::bucket") == (names["Action"], names["Resource"])
    assert {"s3:prefix": ["usage", "usage/*"]} == names["Condition"]["StringLike"]


# --- what stands before the relay ----------------------------------------------------------------


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def upstream() -> Iterator[int]:
    """What answers in the relay's place; after the block nothing does."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running(command: Sequence[str], port: int, output: Path) -> Iterator[None]:
    """Run a proxy, once it takes connections."""
    with output.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=output.parent)

    def listens() -> bool:
        assert process.poll() is None, output.read_text()
        with closing(socket.socket()) as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(listens, f"{command[0]} to listen")
        yield
    finally:
        process.terminate()
        process.wait(30)


def ask(port: int, path: str, word: str) -> int:
    """Ask with the word in the query, and as a header that proxies like to log."""
    headers = {"Referer": f"http://app.example/{word}", "User-Agent": word}
    made = urllib.request.Request(f"http://127.0.0.1:{port}{path}?c={word}", headers=headers)
    try:
        with urllib.request.urlopen(made, timeout=30) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


NGINX = """\
daemon off; pid {folder}/pid; error_log {folder}/errors.log;
events {{}}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
    {snippet}
  }}
}}
"""
HAPROXY = """\
global
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout client 9s
  timeout server 9s
  timeout connect 1s
  retries 0
frontend clients
  bind 127.0.0.1:{port}
  {snippet}
  default_backend relay
backend relay
  server relay 127.0.0.1:{upstream}
"""


Proxy = Callable[[Path, int, int], list[str]]
"""Writes a configuration into a folder; takes its port, and whom it asks; returns the command."""


def nginx(folder: Path, port: int, to: int) -> list[str]:
    snippet = block("nginx").replace(":3000", f":{to}")
    text = NGINX.format(folder=folder, port=port, upstream=to, snippet=snippet)
    (folder / "conf").write_text(text)
    return ["nginx", "-c", str(folder / "conf"), "-e", str(folder / "errors.log")]


def haproxy(folder: Path, port: int, to: int) -> list[str]:
    (folder / "conf").write_text(
        HAPROXY.format(port=port, upstream=to, snippet=block("haproxy").strip())
    )
    return ["haproxy", "-db", "-f", str(folder / "conf")]


def caddy(folder: Path, port: int, to: int) -> list[str]:
    text = block("caddy").replace("{\n", "{\n\tadmin off\n\tauto_https off\n", 1)
    text = text.replace("relay.example {", f"http://127.0.0.1:{port} {{\n\tlog")
    version = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=False)
    numbers = [int(one) for one in re.findall(r"\d+", version.stdout)[:2]]
    if numbers < [2, 8]:
        text = text.replace("log_skip", "skip_log")
    (folder / "conf").write_text(text.replace(":3000", f":{to}"))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "conf")]


@pytest.mark.long
@pytest.mark.parametrize("proxy", [nginx, haproxy, caddy], ids=lambda one: one.__name__)
def test_a_proxy_logs_no_usage_event(proxy: Proxy, tmp_path: Path) -> None:
    """Neither while the relay answers nor while it does not; other paths it logs as before."""
    if shutil.which(proxy.__name__) is None:
        pytest.skip(f"{proxy.__name__} is not here")
    port = free_port()
    with upstream() as to:
        made = running(proxy(tmp_path, port, to), port, tmp_path / "output")
        made.__enter__()
        assert [204, 204] == [ask(port, "/other", SEEN), ask(port, PATH, UNSEEN)]
    try:
        assert all(ask(port, path, UNSEEN) in (502, 503) for path in (PATH, PATH))
        assert ask(port, "/other", SEEN) in (502, 503)
    finally:
        made.__exit__(None, None, None)
    logs = [
        path for path in tmp_path.iterdir() if path.name in ("output", "access.log", "errors.log")
    ]
    text = "".join(path.read_text() for path in logs)
    # Caddy's snippet leaves the request out of every line; that it logs at all shows its status.
    assert (SEEN if proxy is not caddy else '"status":204') in text
    assert UNSEEN not in text
