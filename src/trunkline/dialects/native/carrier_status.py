"""The native API's view of what the edge knows of a carrier."""

from __future__ import annotations

import asyncio

from trunkline.core.errors import NotFoundError
from trunkline.dialects.http import Ask
from trunkline.dialects.native import ids, views_status
from trunkline.store.registered import RegisteredReader


async def get_carrier_status(ask: Ask) -> views_status.CarrierStatusView:
    """Return what is known of a carrier: where names lead, which gateways answer OPTIONS, how we are registered."""
    wanted = ids.record_id(ask.params["carrier_id"])
    carrier = ask.platform.inventory.read(lambda store: store.carriers.get(ask.caller.scope, wanted))
    if carrier is None:
        raise NotFoundError("not found")
    known = await asyncio.to_thread(ask.platform.gateways.of, carrier.gateways)
    standings = await asyncio.to_thread(RegisteredReader(ask.platform.inventory.data).standings, [carrier.id])
    return views_status.carrier_status(carrier, known, standings.get(carrier.id))
