"""What lookups are divided by: an endpoint that only answers, served as our services are; a process of its own."""

import asyncio
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/verify/{number}")
async def verify(number: str) -> dict[str, str]:
    """Nothing is looked up."""
    return {"number": number}


async def _serve(ready: Path) -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells by a flag only
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    written = ready.with_suffix(".part")
    written.write_text(f"http://127.0.0.1:{port}", encoding="ascii")
    written.replace(ready)
    await serving


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
