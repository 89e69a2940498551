"""`trunkline carriers`: where gateways that are names lead, which answer, how our registrations stand."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from trunkline import control
from trunkline.cli import settings_of
from trunkline.commands.opening import read
from trunkline.commands.printing import BAD, GOOD, WARN, document, table
from trunkline.commands.records import limit_of
from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import EVERYTHING, Carrier, Page
from trunkline.core.ports import Store
from trunkline.dialects.native import views_registration
from trunkline.dialects.native.views_registration import RegistrationView
from trunkline.dialects.native.views_status import CarrierStatusView, GatewayStatusView, carrier_status
from trunkline.store.gateway_states import GatewayStateReader
from trunkline.store.registered import RegisteredReader

SHOWN = 3
"""Addresses of a name that a row shows; JSON has all."""

MAX_LISTED = 10_000
PAGE = 100
HEADS = ("CARRIER", "GATEWAY", "USE", "ANSWERS", "SINCE (UTC)", "LEADS TO", "NOTE")
REGISTRATION_HEADS = (
    *("CARRIER", "REGISTRATION", "LAST ANSWER", "REGISTERED UNTIL (UTC)", "NEXT ATTEMPT (UTC)", "FAILURES", "ID"),
)
EVENT_HEADS = ("TIME (UTC)", "CARRIER", "WHAT", "DETAIL")
COLOURS = {"up": GOOD, "down": BAD, "unknown": WARN, "nothing": BAD}
COLOURS |= {"registered": GOOD, "failing": WARN, "refused": BAD}


def status(options: Namespace) -> int:
    """Show what is known of the gateways and registrations of all carriers, or of one."""
    data = settings_of(options).data
    found = read(options, lambda store: _carriers(store, options.carrier, options.limit))
    reader = GatewayStateReader(data)
    standings = RegisteredReader(data).standings([carrier.id for carrier in found])
    shown = [carrier_status(c, reader.of(c.gateways), standings.get(c.id)) for c in found]
    if options.json:
        document({"edge": _edge_runs(data), "carriers": msgspec.to_builtins(shown)})
        return 0
    table(HEADS, [_row(carrier, gateway) for carrier in shown for gateway in carrier.gateways], colours=COLOURS)
    registered = [_registered(c, c.registration) for c in shown if c.registration is not None]
    if registered:
        print()
        table(REGISTRATION_HEADS, registered, colours=COLOURS)
    if not _edge_runs(data):
        print("no edge runs on this data folder: this is what it last knew")
    return 0


def _edge_runs(data: Path) -> bool:
    try:
        asyncio.run(control.ask(data, {"op": "counts"}))
    except control.NoEdgeError:
        return False
    return True


def _carriers(store: Store, carrier_id: str | None, limit: int) -> Sequence[Carrier]:
    if carrier_id is not None:
        carrier = store.carriers.get(EVERYTHING, carrier_id) or store.carriers.by_serial(EVERYTHING, carrier_id)
        if carrier is None:
            raise NotFoundError(f"there is no carrier {carrier_id}")
        return [carrier]
    if not 1 <= limit <= MAX_LISTED:
        raise InvalidError(f"--limit is between 1 and {MAX_LISTED}")
    found: list[Carrier] = []
    after: int | None = None
    while len(found) < limit:
        page = store.carriers.page(EVERYTHING, None, Page(min(PAGE, limit - len(found)), after=after))
        found += page.items
        after = page.last
        if not page.items or after is None:
            break
    return found


def _row(carrier: CarrierStatusView, gateway: GatewayStatusView) -> tuple[str, ...]:
    port = f":{gateway.port}" if gateway.port is not None else ""
    transport = f" {gateway.transport}" if gateway.transport else ""
    use = ", ".join(word for word, used in (("in", gateway.inbound), ("out", gateway.outbound)) if used)
    health, resolution = gateway.health, gateway.resolution
    notes = []
    if not (carrier.active and gateway.active):
        notes.append("switched off")
    leads = ""
    if resolution is not None:
        leads = _addresses(resolution.addresses)
        notes += [resolution.problem] if resolution.problem else []
        notes += [f"refused: {refused}" for refused in resolution.refused]
    if health is not None and health.said:
        notes.append(f"OPTIONS: {health.said}" + (f" ({health.misses} missed)" if health.misses else ""))
    return (
        carrier.name,
        f"{gateway.address}{port}{transport}",
        use,
        health.condition.value if health else "",
        _time(health.since) if health else "",
        leads,
        "; ".join(notes),
    )


def _registered(carrier: CarrierStatusView, view: RegistrationView) -> tuple[object, ...]:
    until, following = _time(view.registered_until), _time(view.next_attempt)
    return (
        carrier.name, view.state, view.last_answer, until, following, view.failures + view.refusals, carrier.id,
    )  # fmt: skip


def events(options: Namespace) -> int:
    """List what happened to registrations, newest first."""
    found = RegisteredReader(settings_of(options).data).events(options.carrier, limit_of(options.limit))
    shown = [views_registration.event(record) for record in found]
    if options.json:
        document([msgspec.to_builtins(view) for view in shown])
    else:
        table(EVENT_HEADS, [(_time(view.at), view.carrier_id, view.what, view.text) for view in shown])
    return 0


def _addresses(addresses: Sequence[str]) -> str:
    if not addresses:
        return "nothing"
    more = f" and {len(addresses) - SHOWN} more" if len(addresses) > SHOWN else ""
    return ", ".join(addresses[:SHOWN]) + more


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""
