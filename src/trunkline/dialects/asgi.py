"""The HTTP application: every dialect behind its prefix, and the health check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trunkline.core.ports import Explainer
from trunkline.dialects.door import Door
from trunkline.dialects.http import Answer, Ask, Dialect, Handler, Operation, Platform
from trunkline.dialects.limits import RateLimit
from trunkline.dialects.native.routes import NATIVE
from trunkline.dialects.plivo.routes import PLIVO
from trunkline.dialects.topcalls.routes import TOPCALLS
from trunkline.dialects.twilio.routes import TWILIO
from trunkline.store.bindings import BindingReader
from trunkline.store.calls import CallReader
from trunkline.store.gateway_states import GatewayStateReader
from trunkline.store.inventory import Inventory


def describing(native: Dialect, others: Sequence[Dialect]) -> Dialect:
    """Return the native dialect, which also serves the others' OpenAPI documents: ``/openapi/<name>.json``."""

    documents = {other.name: other.describe(other.operations) for other in others if other.describe}
    operations = [
        Operation("GET", f"{native.prefix}/openapi/{name}.json", _serving(document), public=True)
        for name, document in documents.items()
    ]
    return replace(native, operations=(*native.operations, *operations))


def _serving(document: bytes) -> Handler:
    async def serve(_ask: Ask) -> Answer:
        return Answer(200, document)

    return serve


VENDORS: tuple[Dialect, ...] = (PLIVO, TOPCALLS, *TWILIO)
DIALECTS: tuple[Dialect, ...] = (*VENDORS, describing(NATIVE, VENDORS))


class Application:
    """ASGI application: a dialect's paths go straight to its door, the rest to Starlette.

    Starlette's mounts and middlewares would answer the same; they take about as long as the whole rest of reading a
    number, and a dialect has its own words for every error anyhow.
    """

    def __init__(self, doors: Sequence[tuple[str, ASGIApp]], exact: Mapping[str, ASGIApp], rest: ASGIApp) -> None:
        self._doors = tuple(doors)
        self._exact = exact
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one event of the server's life."""
        if scope["type"] == "http":
            path = scope["path"]
            for prefix, door in self._doors:
                if path.startswith(prefix):
                    await door(scope, receive, send)
                    return
            if path in self._exact:
                await self._exact[path](scope, receive, send)
                return
        await self._rest(scope, receive, send)


def build(
    inventory: Inventory,
    calls: CallReader,
    explainer: Explainer,
    *,
    ready: Callable[[], bool] = lambda: True,
    limit: RateLimit | None = None,
) -> Application:
    """Return the ASGI application over an open inventory.

    ``ready`` tells whether calls are taken: ``GET /healthz`` answers 200 while it does, else 503. ``limit`` counts
    the requests of those dialects that are `Dialect.rate_limited`; None: nobody's. The inventory stays the caller's to
    close, after the server has ended.
    """
    platform = Platform(inventory, calls, explainer, BindingReader(inventory.data), GatewayStateReader(inventory.data))
    rest = Starlette(routes=[Route("/healthz", _health(ready))], exception_handlers={404: _no_such_path})
    rest.router.redirect_slashes = False
    doors = [(dialect, Door(dialect, platform, limit)) for dialect in DIALECTS]
    exact = {o.path: door for dialect, door in doors for o in dialect.operations if o.path == dialect.prefix}
    return Application([(f"{dialect.prefix}/", door) for dialect, door in doors], exact, rest)


def _health(ready: Callable[[], bool]) -> Callable[[Request], Awaitable[Response]]:
    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"}) if ready() else JSONResponse({"status": "not ready"}, 503)

    return health


async def _no_such_path(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "not found"}, 404)
