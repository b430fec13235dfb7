"""Pages of the admin port: files without a secret, which anybody who reaches the port may load.

Law of this file: a page is what lies in a folder of the package, under the names that are listed.
It comes from this relay alone, and its script asks nobody else.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
}
"""On every page and what belongs to it: nothing from elsewhere, nothing to elsewhere."""

TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
}


def add_page(app: web.Application, path: str, folder: Path, names: tuple[str, ...]) -> None:
    """Mount a page. Its own routes are to be there before: what has another name is 404.

    Args:
        app: the admin port's.
        path: such as `/playground`; the page is there with a slash, without one it leads there.
        folder: where the files lie.
        names: of the files, the page itself first.
    """
    files = {name: (folder / name).read_bytes() for name in names}

    async def give(request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("file", names[0])
        if name not in files:
            raise web.HTTPNotFound
        kind = TYPES[Path(name).suffix]
        return web.Response(body=files[name], content_type=kind, charset="utf-8", headers=HEADERS)

    async def moved(_: web.Request) -> web.StreamResponse:
        # To where relative addresses of the page hold.
        headers = {hdrs.LOCATION: f"{path}/"}
        return web.Response(status=HTTPStatus.PERMANENT_REDIRECT, headers=headers)

    app.router.add_get(path, moved)
    app.router.add_get(f"{path}/", give)
    app.router.add_get(f"{path}/{{file}}", give)
