"""The native API's operations on registrations at carriers: what was asked for, how it stands, what happened to it."""

from __future__ import annotations

import asyncio

from trunkline.core import registrations
from trunkline.core.errors import NotAllowedError, NotFoundError
from trunkline.core.model import Carrier, Registration, Role
from trunkline.core.ports import Store
from trunkline.dialects.http import Ask
from trunkline.dialects.native import ids, requests, views_registration
from trunkline.dialects.native.requests_registration import RegistrationPatch
from trunkline.dialects.native.rows import Row
from trunkline.store.registered import RegisteredReader


def _found(store: Store, ask: Ask) -> tuple[Carrier, Registration]:
    carrier = store.carriers.get(ask.caller.scope, ids.record_id(ask.params["carrier_id"]))
    if carrier is None or carrier.registration is None:
        raise NotFoundError("not found")
    return carrier, carrier.registration


def _reader(ask: Ask) -> RegisteredReader:
    return RegisteredReader(ask.platform.inventory.data)


def _shown(ask: Ask, record: Registration) -> views_registration.RegistrationView:
    standings = _reader(ask).standings([record.carrier_id])
    return views_registration.registration(record, standings.get(record.carrier_id))


async def get_registration(ask: Ask) -> views_registration.RegistrationView:
    """Return how we register to a carrier, and how that stands."""
    _, record = ask.platform.inventory.read(lambda store: _found(store, ask))
    return await asyncio.to_thread(_shown, ask, record)


async def update_registration(ask: Ask, body: RegistrationPatch) -> views_registration.RegistrationView:
    """Change how we register to a carrier; what is bound is taken back first where it would be another binding."""
    changes = body.changes()
    if "any_source" in changes and ask.caller.actor.role is not Role.OPERATOR:
        raise NotAllowedError("any_source is the operator's to set", advice="Use an operator's API key.")

    def use_case(store: Store) -> Registration:
        carrier, record = _found(store, ask)
        changed = registrations.change(store, carrier, changes).registration
        store.log.append(ask.caller.actor, carrier.account_id, "update", "carrier", carrier.id, registration=changes)
        return changed or record

    record = await ask.platform.inventory.write(use_case)
    return await asyncio.to_thread(_shown, ask, record)


async def list_registration_events(ask: Ask, query: requests.LogQuery) -> views_registration.RegistrationEventPage:
    """List what happened to a carrier's registration, newest first."""
    carrier, _ = ask.platform.inventory.read(lambda store: _found(store, ask))
    records = await asyncio.to_thread(_reader(ask).events, carrier.id, query.limit, query.before)
    return views_registration.events(records, query.limit)


_PATH = "/carriers/{carrier_id}/registration"

ROUTES: tuple[Row, ...] = (
    Row("GET", _PATH, get_registration, gives=views_registration.RegistrationView),
    Row("PATCH", _PATH, update_registration, body=RegistrationPatch, gives=views_registration.RegistrationView),
    Row(
        "GET",
        f"{_PATH}/events",
        list_registration_events,
        query=requests.LogQuery,
        gives=views_registration.RegistrationEventPage,
    ),
)
