"""The edge's control socket: how the API and the command line ask the running edge, over a socket in the data folder.

One request and one answer per connection, JSON, each at most 64 KiB, each within two seconds. Only who may read the
data folder can connect.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

FILE = "edge.sock"
LOCK = "edge.lock"
MAX_BYTES = 65_536
TIMEOUT_S = 2.0

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class TakenError(Exception):
    """Another edge runs on this data folder."""


class NoEdgeError(Exception):
    """No edge runs on this data folder, or it does not answer."""


@contextmanager
def _short_path(data: Path) -> Iterator[str]:
    """Yield a path to the socket that fits a socket address (108 bytes) however deep the data folder lies."""
    folder = os.open(data, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{FILE}"
    finally:
        os.close(folder)


class ControlServer:
    """The running edge's side of the socket, and its claim on the data folder: one edge runs on it at a time."""

    def __init__(self, data: Path) -> None:
        """Claim the folder for as long as this process lives. Raises `TakenError` while another edge runs."""
        self._data = data
        self._server: asyncio.Server | None = None
        self._lock = (data / LOCK).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TakenError(f"another edge runs on {self._data}; one data folder is one installation") from None

    async def start(self, handler: Handler) -> None:
        """Answer questions with ``handler``; a socket that a dead edge left behind is replaced."""
        self._handler = handler
        with suppress(FileNotFoundError):
            (self._data / FILE).unlink()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short_path(self._data) as path:
            sock.bind(path)
        self._server = await asyncio.start_unix_server(self._answer, sock=sock, limit=MAX_BYTES)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                question = msgspec.json.decode(await reader.readuntil(b"\n"), type=dict[str, Any])
                writer.write(msgspec.json.encode(self._handler(question)) + b"\n")
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, OSError):
            pass  # whoever asked wrongly, or left, gets no answer
        finally:
            writer.close()

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            with suppress(FileNotFoundError):
                (self._data / FILE).unlink()


async def ask(data: Path, question: dict[str, Any]) -> dict[str, Any]:
    """Return the running edge's answer. Raises `NoEdgeError`."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            with _short_path(data) as path:
                reader, writer = await asyncio.open_unix_connection(path, limit=MAX_BYTES)
            try:
                writer.write(msgspec.json.encode(question) + b"\n")
                return msgspec.json.decode(await reader.readuntil(b"\n"), type=dict[str, Any])
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise NoEdgeError(f"no edge answers on {data}") from error
