"""What a usage event costs that nobody looks at: a bare aiohttp handler, as a program.

It takes any GET and answers 204, on the same loop as the relay, and keeps no access log.
"""

import asyncio
import json
import sys

from aiohttp import web

from relay.server.loop import run_loop


async def _answer(_: web.Request) -> web.Response:
    return web.Response(status=204)


async def main() -> None:
    """Serve until standard input ends; the port is the first line of the output."""
    app = web.Application()
    app.router.add_get("/{path:.*}", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (address,) = runner.addresses
    print(json.dumps({"port": address[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    run_loop(main())
