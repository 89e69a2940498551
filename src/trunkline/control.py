"""The edge's control socket: how the API and the command line ask the running edge, over a socket in the data folder.

Of several workers each has one: ``edge.sock`` the first, ``edge-1.sock`` the next, and so on. One request and one
answer per connection, JSON, each at most 64 KiB, each within two seconds. Only who may read the data folder can
connect.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

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


def file_of(worker: int) -> str:
    """Return the name of a worker's socket."""
    return f"edge-{worker}.sock" if worker else FILE


def claim(data: Path) -> TextIO:
    """Claim a data folder: one edge, of one or several workers, runs on it at a time.

    The claim holds while the file that is returned is open, here or in a process that has inherited it. Raises
    `TakenError` while another edge runs.
    """
    lock = (data / LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise TakenError(f"another edge runs on {data}; one data folder is one installation") from None
    return lock


@contextmanager
def _short_path(data: Path, file: str) -> Iterator[str]:
    """Yield a path to the socket that fits a socket address (108 bytes) however deep the data folder lies."""
    folder = os.open(data, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file}"
    finally:
        os.close(folder)


class ControlServer:
    """The running edge's side of the socket, of its first worker or another one."""

    def __init__(self, data: Path, worker: int = 0) -> None:
        self._data = data
        self._file = file_of(worker)
        self._server: asyncio.Server | None = None

    async def start(self, handler: Handler) -> None:
        """Answer questions with ``handler``; a socket that a dead edge left behind is replaced."""
        self._handler = handler
        with suppress(FileNotFoundError):
            (self._data / self._file).unlink()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short_path(self._data, self._file) as path:
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
                (self._data / self._file).unlink()


def _present(data: Path) -> list[int]:
    """Return the workers that have a socket, or left one behind."""
    others = [path.stem.removeprefix("edge-") for path in data.glob("edge-*.sock")]
    first = [0] if (data / FILE).exists() else []
    return first + sorted([int(number) for number in others if number.isdecimal()])


async def ask(data: Path, question: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of the first worker of the running edge that gives one. Raises `NoEdgeError`."""
    until = time.monotonic() + 2 * TIMEOUT_S
    for worker in _present(data):
        with suppress(NoEdgeError):
            return await ask_worker(data, worker, question)
        if time.monotonic() > until:
            break
    raise NoEdgeError(f"no edge answers on {data}")


async def ask_all(data: Path, question: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return the answers of all workers that give one, by their numbers. Raises `NoEdgeError` where none does."""

    async def one(worker: int) -> dict[str, Any] | None:
        with suppress(NoEdgeError):
            return await ask_worker(data, worker, question)
        return None

    workers = _present(data)
    answers = await asyncio.gather(*[one(worker) for worker in workers])
    found = {worker: answer for worker, answer in zip(workers, answers, strict=True) if answer is not None}
    if not found:
        raise NoEdgeError(f"no edge answers on {data}")
    return found


async def ask_worker(data: Path, worker: int, question: dict[str, Any]) -> dict[str, Any]:
    """Return one worker's answer. Raises `NoEdgeError`."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            with _short_path(data, file_of(worker)) as path:
                reader, writer = await asyncio.open_unix_connection(path, limit=MAX_BYTES)
            try:
                writer.write(msgspec.json.encode(question) + b"\n")
                return msgspec.json.decode(await reader.readuntil(b"\n"), type=dict[str, Any])
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise NoEdgeError(f"no edge answers on {data}") from error
