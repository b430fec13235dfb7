"""What a relay costs that does nothing: aiohttp takes a body, sends it on, and answers.

It runs on the loop that the relay runs on, with no log and no collector, and neither looks at what
it passes on nor keeps it. `python -m benchmarks.load.passthrough UPSTREAM` prints its port.
"""

import asyncio
import gc
import json
import sys

from aiohttp import ClientSession, TCPConnector, web

from relay.server.loop import run_loop

_LIMIT = 256 * 1024 * 1024


async def main(upstream: str) -> None:
    """Serve until the standard input ends."""
    async with ClientSession(
        connector=TCPConnector(limit=64), auto_decompress=False, raise_for_status=True
    ) as session:

        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            async with session.post(upstream + request.path_qs, data=body) as answer:
                await answer.read()
            return web.json_response({})

        app = web.Application(client_max_size=_LIMIT)
        app.router.add_post("/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gc.collect()
        gc.freeze()
        print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    run_loop(main(sys.argv[1]))
