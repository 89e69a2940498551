"""A sample application: the web server behind a number, whose XML dials one phone."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from aiohttp import web

from trunkline.lab.agent import LabError
from trunkline.sip.uri import print_host_port

MAX_KEPT = 1_000
"""Requests that are kept; the oldest go first."""
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the application: its path, parameters of query and form together, and headers (any case)."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]


class SampleApplication:
    """An HTTP server at `host`:`port` (0 picks a free port); an async context manager.

    /answer (GET or POST) returns Plivo XML that dials `phone_uri`; /hangup takes what is told at the end of a call.
    `requests` keeps what came, `on_line` hears a line per request. Entering raises LabError if the port is taken.
    """

    def __init__(self, host: str, port: int, phone_uri: str, *, on_line: Callable[[str], None] | None = None) -> None:
        self.host = host
        self.port = port
        self.document = f"<Response><Dial><User>{escape(phone_uri)}</User></Dial></Response>"
        self.requests: deque[Asked] = deque(maxlen=MAX_KEPT)
        self._on_line = on_line
        self._came = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY)
        for method in ("GET", "POST"):
            app.router.add_route(method, "/answer", self._on_answer)
            app.router.add_route(method, "/hangup", self._on_hangup)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError as error:
            await runner.cleanup()
            where = print_host_port(self.host, self.port)
            raise LabError(f"cannot open {where} for the application: {error.strerror or error}") from None
        self._runner = runner
        self.port = int(runner.addresses[0][1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def answer_url(self) -> str:
        """Where a call's document is asked for."""
        return f"http://{print_host_port(self.host, self.port)}/answer"

    @property
    def hangup_url(self) -> str:
        """Where the end of a call is told."""
        return f"http://{print_host_port(self.host, self.port)}/hangup"

    async def asked(self, path: str, within_s: float) -> Asked | None:
        """The first request kept for this path, waited for if there is none; None if none comes in time."""

        def found() -> Asked | None:
            return next((asked for asked in self.requests if asked.path == path), None)

        try:
            async with asyncio.timeout(within_s), self._came:
                await self._came.wait_for(found)
        except TimeoutError:
            return None
        return found()

    async def _on_answer(self, request: web.Request) -> web.Response:
        await self._keep(request)
        return web.Response(text=self.document, content_type="application/xml")

    async def _on_hangup(self, request: web.Request) -> web.Response:
        await self._keep(request)
        return web.Response()

    async def _keep(self, request: web.Request) -> None:
        form = await request.post()
        params = dict(request.query) | {name: value for name, value in form.items() if isinstance(value, str)}
        asked = Asked(request.method, request.path, params, request.headers.copy())
        async with self._came:
            self.requests.append(asked)
            self._came.notify_all()
        if self._on_line is not None:
            what = params.get("Event", "")
            self._on_line(f"{asked.method} {asked.path} {what} CallUUID={params.get('CallUUID', '')}".strip())
