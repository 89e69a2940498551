"""The composition of the `api` process: the inventory behind every dialect, on uvicorn."""

from __future__ import annotations

import socket

import uvicorn

from trunkline import explaining
from trunkline.app import run_loop, say_ready
from trunkline.config import Settings
from trunkline.dialects.asgi import build
from trunkline.installation import rules
from trunkline.store import database
from trunkline.store.calls import CallReader
from trunkline.store.inventory import Inventory


def serve_api(settings: Settings, sock: socket.socket) -> None:
    """Run the API process on its listening TCP socket until SIGTERM."""
    run_loop(_api(settings, sock))


async def _api(settings: Settings, sock: socket.socket) -> None:
    vault = database.open_vault(settings.data)
    inventory = Inventory(settings.data, vault, rules(settings))
    app = build(inventory, CallReader(settings.data), explaining.EdgeExplainer(settings.data))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", server_header=False)
    server = _Server(config)
    await server.serve(sockets=[sock])
    inventory.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which says when its door is open."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door and say so."""
        await super().startup(sockets=sockets)
        say_ready()
