"""Fetching one number through the Plivo dialect, beside a bare Starlette route that answers the same bytes.

Both run on uvicorn in processes of their own, one after the other, asked by the same client over the same number of
kept-alive connections; the figure is requests per CPU-second of the server. Limit: at least half of the bare route, for
one number asked again and again. Since nothing is committed in between, that one is recalled, not read again; the row
below it asks for a number never asked before each time, which SQLite has to find.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import cpu_seconds
from benchmarks.report import Aim, Outcome, Row
from tests.server import Server

REQUESTS = 9_000
FIRST = 14_155_000_000
CONNECTIONS = 8
LIMIT = 0.5

_BARE = """
import sys, uvicorn, uvloop
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
body = sys.stdin.buffer.read()
async def number(request):
    return Response(body, media_type="application/json")
app = Starlette(routes=[Route("/v1/Account/{auth_id}/Number/{number}/", number)])
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off", server_header=False)
"""


async def _ask(host: str, port: int, requests: Sequence[bytes]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


def rate(host: str, port: int, paths: Sequence[str], authorization: str, pid: int) -> float:
    """Return requests per CPU-second of process ``pid``, asked for ``paths`` in turn."""
    head = f"HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: {authorization}\r\n\r\n"
    requests = [f"GET {path} {head}".encode() for path in paths]

    async def load(asked: Sequence[bytes]) -> None:
        await asyncio.gather(*(_ask(host, port, asked[i::CONNECTIONS]) for i in range(CONNECTIONS)))

    asyncio.run(load([requests[0]] * 800))
    before = cpu_seconds(pid)
    asyncio.run(load(requests))
    return len(requests) / (cpu_seconds(pid) - before)


def _customer(server: Server) -> tuple[str, str]:
    """Make an account with `REQUESTS` numbers and return (path of its numbers, authorization)."""
    login = server.account()["plivo"]
    authorization = "Basic " + base64.b64encode(f"{login['auth_id']}:{login['auth_token']}".encode()).decode()
    base = f"{server.url}/v1/Account/{login['auth_id']}"

    def post(what: str, body: dict[str, str]) -> dict[str, str]:
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{base}/{what}/", json.dumps(body).encode(), headers)  # noqa: S310 -- loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 -- loopback
            return dict(json.load(answer))

    carrier = post("IncomingCarrier", {"name": "Bench", "ip_set": "127.0.0.2"})["carrier_id"]
    for start in range(0, REQUESTS, 1000):
        wanted = ",".join(str(FIRST + i) for i in range(start, start + 1000))
        post("Number", {"numbers": wanted, "carrier": carrier, "region": "Bench"})
    return f"/v1/Account/{login['auth_id']}/Number", authorization


def trunkline() -> tuple[float, float, str, bytes]:
    """Return Trunkline's rates (one number again, another number each time), a number's path and its answer."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data").start()
        try:
            base, authorization = _customer(server)
            paths = [f"{base}/{FIRST + i}/" for i in range(REQUESTS)]
            request = urllib.request.Request(server.url + paths[0], headers={"Authorization": authorization})  # noqa: S310
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- loopback
                body = answer.read()
            api = server.child("api")
            again = rate(*server.http, [paths[0]] * REQUESTS, authorization, api)
            fresh = rate(*server.http, paths, authorization, api)
            return again, fresh, paths[0], body
        finally:
            server.stop()


def bare(path: str, body: bytes) -> float:
    """Return the rate of a Starlette route that answers ``body``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with subprocess.Popen([sys.executable, "-c", _BARE, str(port)], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(body)
        process.stdin.close()
        try:
            _until_open(port)
            return rate("127.0.0.1", port, [path] * REQUESTS, "Basic eDp5", process.pid)
        finally:
            process.terminate()


def _until_open(port: int, seconds: float = 20.0) -> None:
    """Wait until a port takes connections. Raises `OSError` when it does not."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def run(*, quick: bool) -> Outcome:  # noqa: ARG001 -- short as it is
    """Measure both servers."""
    ours, fresh, path, body = trunkline()
    print("  [get_number] Trunkline measured", flush=True)
    theirs = bare(path, body)
    rows: list[Row] = [
        {
            "server": "Trunkline, authenticated, one number",
            "requests/CPU-s": ours,
            "beside the bare route": ours / theirs,
        },
        {
            "server": "Trunkline, another number each time",
            "requests/CPU-s": fresh,
            "beside the bare route": fresh / theirs,
        },
        {"server": "a bare Starlette route, same bytes", "requests/CPU-s": theirs, "beside the bare route": 1.0},
    ]
    title = f"one number over HTTP: {REQUESTS:,} requests, {CONNECTIONS} connections"
    return Outcome("get_number", title, rows, [Aim("beside the bare route", ours / theirs, LIMIT, at_least=True)])
