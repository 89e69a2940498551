"""The composition of the `api` process: the inventory behind every dialect, on uvicorn."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from trunkline import explaining
from trunkline.config import Settings
from trunkline.core import renewals
from trunkline.core.addresses import AddressFilter
from trunkline.core.fetching import HookRequest
from trunkline.core.ports import Store
from trunkline.core.regulated import Callback
from trunkline.dialects.asgi import build
from trunkline.dialects.limits import RateLimit
from trunkline.dialects.plivo import callbacks
from trunkline.documents import plivo_hooks
from trunkline.hooks.client import AiohttpHookClient
from trunkline.hooks.outbox import Outbox
from trunkline.installation import priced_rules
from trunkline.process import run_loop, say_ready, told_to_stop
from trunkline.store import database
from trunkline.store.calls import CallReader
from trunkline.store.inventory import Inventory

log = logging.getLogger(__name__)

RENEWALS_S = 900.0
"""Seconds between looks at whose renewal day has come."""


def serve_api(settings: Settings, sock: socket.socket) -> None:
    """Run the API process on its listening TCP socket until SIGTERM."""
    run_loop(_api(settings, sock))


async def _api(settings: Settings, sock: socket.socket) -> None:
    vault = database.open_vault(settings.data)
    inventory = Inventory(settings.data, vault, priced_rules(settings))
    app = build(inventory, CallReader(settings.data), explaining.EdgeExplainer(settings.data), limit=_limit(settings))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", server_header=False)
    server = _Server(config)
    client = AiohttpHookClient(AddressFilter(allow_private=settings.hooks.allow_private, lab=settings.lab_mode))
    outbox = Outbox(inventory, client, _callback)
    stop = told_to_stop()
    telling = asyncio.ensure_future(outbox.run())
    serving = asyncio.ensure_future(server.serve(sockets=[sock]))
    told = asyncio.ensure_future(stop.wait())
    renewing = asyncio.ensure_future(_renew(inventory))
    await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    renewing.cancel()
    server.should_exit = True
    await serving
    telling.cancel()
    await asyncio.wait({telling})
    await outbox.close()
    await client.close()
    inventory.close()


def _limit(settings: Settings) -> RateLimit | None:
    """Return the limit on an account's requests; a lab has none."""
    http = settings.http
    return RateLimit(http.rate_requests, http.rate_seconds) if http.rate_requests and not settings.lab_mode else None


def _callback(store: Store, callback: Callback) -> HookRequest:
    """Word and sign a callback. Each dialect has its line here."""
    if callback.dialect == "plivo":
        return plivo_hooks(store, callback.account_id).news(callback.hook, callbacks.params(callback))
    raise LookupError(f"no dialect {callback.dialect}")


async def _renew(inventory: Inventory) -> None:
    """Move the renewal days of numbers on, as long as the process lives."""
    while True:
        try:
            while await inventory.write(renewals.renew) == renewals.MAX_AT_ONCE:
                pass
        except Exception:  # whatever it was, calls and requests go on, and the next look may go well
            log.exception("renewal days could not be moved on")
        await asyncio.sleep(RENEWALS_S)


class _Server(uvicorn.Server):
    """uvicorn's server, which says when its door is open and leaves signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals: uvicorn would end the process before the inventory is closed."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door and say so."""
        await super().startup(sockets=sockets)
        say_ready()
