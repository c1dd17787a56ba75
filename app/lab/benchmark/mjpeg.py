"""Cameras to measure with, a process of its own: `python -m app.lab.benchmark.mjpeg FOLDER FPS`.

Every address below / is a camera that sends the folder's pictures over and over as MJPEG, each
beginning with another one. The port is printed.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

_BOUNDARY = "frame"


def application(pictures: list[bytes], fps: float) -> web.Application:
    begun = 0

    async def camera(request: web.Request) -> web.StreamResponse:
        nonlocal begun
        begun += 1
        number = begun * len(pictures) // 5  # cars do not pass all cameras at the same time
        answer = web.StreamResponse(
            headers={"Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}"}
        )
        await answer.prepare(request)
        loop = asyncio.get_running_loop()
        due = loop.time()
        while request.transport is not None and not request.transport.is_closing():
            picture = pictures[number % len(pictures)]
            head = f"--{_BOUNDARY}\r\nContent-Length: {len(picture)}\r\n\r\n"
            try:
                await answer.write(head.encode() + picture + b"\r\n")
            except ConnectionResetError:
                break
            number += 1
            due += 1 / fps
            await asyncio.sleep(max(0.0, due - loop.time()))
        return answer

    app = web.Application()
    app.router.add_get("/{camera}", camera)
    return app


async def serve(pictures: list[bytes], fps: float) -> None:
    runner = web.AppRunner(application(pictures, fps))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    files = sorted(Path(sys.argv[1]).glob("*.jpg"))
    asyncio.run(serve([file.read_bytes() for file in files], float(sys.argv[2])))
