"""Pages of the admin port: only what is listed, with its type and headers."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import relay
from relay.playground.pages import HEADERS, TYPES, add_page

Client = TestClient[web.Request, web.Application]
NAMES = ("some.html", "some.css", "some.js")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    for name in (*NAMES, "other.html"):
        (tmp_path / name).write_text(f"<p>{name}")
    app = web.Application()
    add_page(app, "/some", tmp_path, NAMES)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize("name", ["", *NAMES])
async def test_a_file_that_is_listed(client: Client, name: str) -> None:
    """It has its media type and a strict policy; the first one is the page."""
    answer = await client.get(f"/some/{name}")
    file = name or NAMES[0]
    assert (200, TYPES[Path(file).suffix], f"<p>{file}") == (
        answer.status,
        answer.content_type,
        await answer.text(),
    )
    assert HEADERS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("name", ["other.html", "missing.css", "..%2fsome.html", "some.html/x"])
async def test_nothing_else(client: Client, name: str) -> None:
    """What merely lies in the folder is not given."""
    assert 404 == (await client.get(f"/some/{name}")).status


async def test_without_a_slash(client: Client) -> None:
    """Relative addresses would not hold."""
    answer = await client.get("/some", allow_redirects=False)
    assert (308, "/some/") == (answer.status, answer.headers["Location"])


PAGES = {"Overview": "server", "Shadow rules": "server", "Playground": "playground"}
FILES = {"Overview": "overview.html", "Shadow rules": "shadow.html", "Playground": "index.html"}
OWN = (
    r'<link rel="stylesheet" href="(?!/playground/)[\w.]+">\n',
    r'(?<=<script type="module" src=")[\w.]+',
    r'(?<=<a class="skip" href=").*(?=</a>)',
    r'(?<=<p class="promise">).*(?=</p>)',
    r"(?<=with the scope <code>)\w+",
    r'<link rel="stylesheet" href="/playground/style.css">\n',
    r' aria-current="page"',
)
"""What each page says in its own way: look and script, where to skip to, its promise, its scope."""


def head(title: str) -> str:
    """What stands before a page's own part, without what is its own."""
    folder = Path(relay.__file__).parent / PAGES[title] / "static"
    text, _, _ = (folder / FILES[title]).read_text("utf-8").partition("<main")
    assert re.search(rf'aria-current="page">{title}</a>', text)
    for own in OWN:
        text = re.sub(own, "", text)
    return text.replace(f"<title>{title} ", "<title>").replace(f"<h1>{title}</h1>", "<h1></h1>")


@pytest.mark.parametrize("title", ["Overview", "Shadow rules"])
def test_all_pages_begin_alike(title: str) -> None:
    """Each is a file of its own, so that one of them says what another does stands here."""
    assert head("Playground") == head(title)
