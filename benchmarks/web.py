"""The cheapest application that an HTTP client can ask: one answer for every request, ``python -m benchmarks.web``.

The document is read from standard input; the port is printed. It runs beside the load, so its CPU is not measured.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,6})\r\n", re.IGNORECASE)


class _Web(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._data, 0, end + 4)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._data) < whole:
                return
            self._data = self._data[whole:]
            assert self._transport is not None
            self._transport.write(self._answer)


async def serve(document: bytes) -> None:
    """Answer every request until the process is ended."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {len(document)}\r\n\r\n"
    server = await asyncio.get_running_loop().create_server(lambda: _Web(head.encode() + document), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(sys.stdin.buffer.read()))
