"""A private Trunkline in processes of its own, and its HTTP door as a customer uses it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from trunkline.lab.agent import LabError
from trunkline.sip.uri import MessageError, parse_host_port

READY_S = 30.0
STOP_S = 10.0
COMMAND_S = 30.0
MAX_LINES = 40
"""Lines of the server's output that are kept, to show when it fails."""

_READY = re.compile(r"ready http=(\S+) sip=([^\s,]+)")


class Platform:
    """`trunkline serve` on free ports of 127.0.0.1 with the data folder `data`; an async context manager.

    `http` and `sip` are its doors. Entering waits until both are open and raises LabError if they do not open in time.
    """

    def __init__(self, data: Path) -> None:
        self.http: tuple[str, int] = ("", 0)
        self.sip: tuple[str, int] = ("", 0)
        self._data = data
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[tuple[str, str]] | None = None
        self._output: deque[str] = deque(maxlen=MAX_LINES)

    @property
    def url(self) -> str:
        """The HTTP door as a URL."""
        return f"http://{self.http[0]}:{self.http[1]}"

    @property
    def via(self) -> str:
        """The SIP door as HOST:PORT."""
        return f"{self.sip[0]}:{self.sip[1]}"

    def output(self) -> str:
        """What the server said last."""
        return "\n".join(self._output)

    async def __aenter__(self) -> Self:
        doors = ("--http", "127.0.0.1:0", "--sip", "127.0.0.1:0")
        self._process = await _start("serve", "--data", str(self._data), *doors)
        self._ready = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(self._process, self._ready))
        try:
            http, sip = await asyncio.wait_for(asyncio.shield(self._ready), READY_S)
            self.http, self.sip = _door(http), _door(sip)
        except TimeoutError:
            await self._stop()
            raise LabError(f"the server was not ready within {READY_S:g} s. It said:\n{self.output()}") from None
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _read(self, process: Process, ready: asyncio.Future[tuple[str, str]]) -> None:
        """Read all that the server says, so that it never waits for us, and find the line that tells its doors."""
        if process.stdout is None:
            return
        while line := await process.stdout.readline():
            text = line.decode("utf-8", "replace").rstrip()
            self._output.append(text)
            found = _READY.fullmatch(text)
            if found and not ready.done():
                ready.set_result((found[1], found[2]))
        if not ready.done():
            ready.set_exception(LabError(f"the server ended before it was ready. It said:\n{self.output()}"))

    async def _stop(self) -> None:
        """End the server as Ctrl-C does, by force if it does not end in time."""
        if self._ready is not None:
            self._ready.cancel()
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return
        try:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), STOP_S)
        except (TimeoutError, ProcessLookupError):
            if process.returncode is None:
                process.kill()
                await process.wait()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def create_account(self, name: str) -> dict[str, Any]:
        """The credentials of a new account, as `trunkline accounts create --json` prints them. Raises LabError."""
        process = await _start("accounts", "create", "--data", str(self._data), "--name", name, "--json")
        try:
            said, _ = await asyncio.wait_for(process.communicate(), COMMAND_S)
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        try:
            made: dict[str, Any] = json.loads(said)
        except ValueError:
            raise LabError(f"creating an account failed: {said.decode('utf-8', 'replace').strip()}") from None
        return made


class Customer:
    """Requests to one installation; an async context manager. All of them end within a few seconds."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10.0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: object = None
    ) -> tuple[int, dict[str, Any]]:
        """The status and JSON of an answer ({} without a body). Raises LabError if there is none, or not JSON."""
        if self._http is None:
            raise RuntimeError("entered first")
        try:
            async with self._http.request(method, self._url + path, headers=headers, json=body) as answer:
                text = await answer.text()
                document = json.loads(text) if text else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise LabError(f"{method} {path}: {error or 'no answer in time'}") from None
        if not isinstance(document, dict):
            raise LabError(f"{method} {path} was not answered with a JSON object")
        return answer.status, document


async def _start(*words: str) -> Process:
    """Start `trunkline` with this interpreter, in a session of its own: Ctrl-C is for us, and we end it in order."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline", *words, stdout=PIPE, stderr=STDOUT, env=environ, start_new_session=True
    )


def _door(text: str) -> tuple[str, int]:
    try:
        host, port = parse_host_port(text)
    except MessageError:
        port = None
    if port is None:
        raise LabError(f"the server named a door that is none: {text!r}")
    return host, port
