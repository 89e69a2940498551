"""The HTTP application: every dialect behind its prefix, and the health check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from trunkline.core.ports import Explainer
from trunkline.dialects.door import Door
from trunkline.dialects.http import Dialect, Platform
from trunkline.dialects.native.routes import NATIVE
from trunkline.dialects.plivo.routes import PLIVO
from trunkline.store.calls import CallReader
from trunkline.store.inventory import Inventory

DIALECTS: tuple[Dialect, ...] = (
    PLIVO,
    NATIVE,
)


def build(
    inventory: Inventory, calls: CallReader, explainer: Explainer, *, ready: Callable[[], bool] = lambda: True
) -> Starlette:
    """Return the ASGI application over an open inventory.

    ``ready`` tells whether calls are taken: ``GET /healthz`` answers 200 while it does, else 503. The inventory stays
    the caller's to close, after the server has ended.
    """
    platform = Platform(inventory, calls, explainer)
    routes = [Mount(dialect.prefix, Door(dialect, platform)) for dialect in DIALECTS]
    app = Starlette(routes=[*routes, Route("/healthz", _health(ready))], exception_handlers={404: _no_such_path})
    app.router.redirect_slashes = False  # a 301 or 307 would turn some clients' POST into a GET
    return app


def _health(ready: Callable[[], bool]) -> Callable[[Request], Awaitable[Response]]:
    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"}) if ready() else JSONResponse({"status": "not ready"}, 503)

    return health


async def _no_such_path(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "not found"}, 404)
