"""The native API's view of what the edge knows of a carrier's gateways."""

from __future__ import annotations

import asyncio

from trunkline.core.errors import NotFoundError
from trunkline.dialects.http import Ask
from trunkline.dialects.native import ids, views_status


async def get_carrier_status(ask: Ask) -> views_status.CarrierStatusView:
    """Return what is known of a carrier's gateways: where names lead, and which answer OPTIONS."""
    wanted = ids.record_id(ask.params["carrier_id"])
    carrier = ask.platform.inventory.read(lambda store: store.carriers.get(ask.caller.scope, wanted))
    if carrier is None:
        raise NotFoundError("not found")
    known = await asyncio.to_thread(ask.platform.gateways.of, carrier.gateways)
    return views_status.carrier_status(carrier, known)
