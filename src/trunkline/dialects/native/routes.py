"""The native API under ``/native/v1``: what no vendor's API has. `ROUTES` is its table, and its documentation.

An answer to a PATCH shows the record as it became; a cursor is the ``next`` of the page before.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from msgspec import UNSET

from trunkline.core import accounts, carriers, emergency, numbers, outbound_auth, pcap, sources, trunks
from trunkline.core.errors import NotAllowedError, NotFoundError, UnknownReferenceError
from trunkline.core.model import Actor, Carrier, CredentialKind, Gateway, Number, Page, Role, Scope, Trunk
from trunkline.core.ports import NumberFilter, Store
from trunkline.core.records import CallRecord
from trunkline.dialects.http import Answer, Ask, Dialect, Operation
from trunkline.dialects.native import (
    carrier_status,
    ids,
    regulated,
    requests,
    requests_stock,
    sheet,
    stock,
    texts,
    views,
    views_status,
    views_stock,
)
from trunkline.dialects.native import registrations as carrier_registrations
from trunkline.dialects.native.auth import authenticate
from trunkline.dialects.native.errors import refuse
from trunkline.dialects.native.openapi import document
from trunkline.dialects.native.rows import Row

PREFIX = "/native/v1"

# Carriers and their gateways


def _carrier(store: Store, ask: Ask) -> Carrier:
    carrier = store.carriers.get(ask.caller.scope, ids.record_id(ask.params["carrier_id"]))
    if carrier is None:
        raise NotFoundError("not found")
    return carrier


def _shown(store: Store, carrier: Carrier) -> views.CarrierView:
    users = store.credentials.of_carrier(carrier.id, CredentialKind.SIP_INBOUND)
    return views.carrier(carrier, users[0] if users else None, outbound_auth.current(store, carrier))


async def create_carrier(ask: Ask, body: requests.CarrierBody) -> views.CarrierView:
    """Create a carrier with its gateways."""
    caller = ask.caller
    return await ask.platform.inventory.write(
        lambda store: _shown(store, carriers.create(store, caller.actor, caller.account, body.draft()))
    )


async def list_carriers(ask: Ask, query: requests.NamedListQuery) -> views.CarrierPage:
    """List carriers, oldest first."""

    def look_up(store: Store) -> views.CarrierPage:
        found = store.carriers.page(ask.caller.scope, query.name, Page(query.limit, after=query.after))
        return views.CarrierPage([_shown(store, carrier) for carrier in found.items], found.total, found.last)

    return await ask.platform.inventory.search(look_up)


async def get_carrier(ask: Ask) -> views.CarrierView:
    """Return a carrier with its gateways."""
    return ask.platform.inventory.read(lambda store: _shown(store, _carrier(store, ask)))


async def update_carrier(ask: Ask, body: requests.CarrierPatch) -> views.CarrierView:
    """Change a carrier's name, state, services, profile, limits or outbound credentials."""

    def use_case(store: Store) -> views.CarrierView:
        changes: dict[str, Any] = body.changes()
        carrier = replace(_carrier(store, ask), **changes)
        changes |= outbound_auth.change(store, carrier, body.outbound_auth())
        return _shown(store, carriers.update(store, ask.caller.actor, carrier, **changes))

    return await ask.platform.inventory.write(use_case)


async def delete_carrier(ask: Ask) -> None:
    """Take a carrier out of service; refused while live numbers name it."""
    await ask.platform.inventory.write(lambda store: carriers.delete(store, ask.caller.actor, _carrier(store, ask)))


async def list_gateways(ask: Ask) -> views.GatewayList:
    """List a carrier's gateways, in their order."""
    carrier = ask.platform.inventory.read(lambda store: _carrier(store, ask))
    return views.GatewayList([views.gateway(gateway) for gateway in carrier.gateways])


async def add_gateway(ask: Ask, body: requests.GatewayBody) -> views.GatewayView:
    """Add a gateway to a carrier."""
    return await ask.platform.inventory.write(
        lambda store: views.gateway(carriers.add_gateway(store, ask.caller.actor, _carrier(store, ask), body.draft()))
    )


def _gateway(carrier: Carrier, ask: Ask) -> Gateway:
    wanted = ids.record_id(ask.params["gateway_id"])
    for gateway in carrier.gateways:
        if gateway.id == wanted:
            return gateway
    raise NotFoundError("not found")


async def update_gateway(ask: Ask, body: requests.GatewayPatch) -> views.GatewayView:
    """Change one gateway of a carrier."""

    def use_case(store: Store) -> views.GatewayView:
        carrier = _carrier(store, ask)
        gateway = _gateway(carrier, ask)
        changed = carriers.change_gateway(store, ask.caller.actor, carrier, gateway.id, body.draft(gateway))
        return views.gateway(changed)

    return await ask.platform.inventory.write(use_case)


async def remove_gateway(ask: Ask) -> None:
    """Take one gateway away from a carrier."""

    def use_case(store: Store) -> None:
        carrier = _carrier(store, ask)
        carriers.remove_gateway(store, ask.caller.actor, carrier, _gateway(carrier, ask).id)

    await ask.platform.inventory.write(use_case)


# Trunks


def _trunk(store: Store, ask: Ask) -> Trunk:
    return trunks.find(store, ask.caller.scope, ids.record_id(ask.params["trunk_id"]))


async def create_trunk(ask: Ask, body: requests.TrunkBody) -> views.TrunkView:
    """Create a trunk with its URIs."""
    caller = ask.caller
    draft = trunks.TrunkDraft(name=body.name, direction=body.direction, uris=tuple(u.draft() for u in body.uris))
    return await ask.platform.inventory.write(
        lambda store: views.trunk(trunks.create(store, caller.actor, caller.account, draft))
    )


async def list_trunks(ask: Ask, query: requests.ListQuery) -> views.TrunkPage:
    """List trunks, oldest first."""
    page = Page(query.limit, after=query.after)
    found = await ask.platform.inventory.search(lambda store: store.trunks.page(ask.caller.scope, page))
    return views.TrunkPage([views.trunk(trunk) for trunk in found.items], found.total, found.last)


async def get_trunk(ask: Ask) -> views.TrunkView:
    """Return a trunk with its URIs."""
    return views.trunk(ask.platform.inventory.read(lambda store: _trunk(store, ask)))


async def update_trunk(ask: Ask, body: requests.TrunkPatch) -> views.TrunkView:
    """Change a trunk's name, state or URIs."""

    def use_case(store: Store) -> views.TrunkView:
        changed = trunks.update(
            store,
            ask.caller.actor,
            _trunk(store, ask),
            name=None if body.name is UNSET else body.name,
            active=None if body.active is UNSET else body.active,
            uris=None if body.uris is UNSET else [uri.draft() for uri in body.uris],
        )
        return views.trunk(changed)

    return await ask.platform.inventory.write(use_case)


async def delete_trunk(ask: Ask) -> None:
    """Take a trunk out of service; numbers that point at it point at nothing."""
    await ask.platform.inventory.write(lambda store: trunks.delete(store, ask.caller.actor, _trunk(store, ask)))


# Numbers and applications


def _number(store: Store, ask: Ask) -> Number:
    return numbers.find(store, ask.caller.scope, ids.digits(ask.params["number"]))


def _whole(store: Store, number: Number) -> views.NumberView:
    return views.number(number, store.numbers.carriers(number.id))


async def list_numbers(ask: Ask, query: requests.NumberListQuery) -> views.NumberPage:
    """List numbers, oldest first."""
    wanted, page = NumberFilter(prefix=query.prefix), Page(query.limit, after=query.after)
    found = await ask.platform.inventory.search(lambda store: store.numbers.page(ask.caller.scope, wanted, page))
    return views.NumberPage([views.number(number) for number in found.items], found.total, found.last)


async def get_number(ask: Ask) -> views.NumberView:
    """Return a number with all carriers that deliver it."""
    return ask.platform.inventory.read(lambda store: _whole(store, _number(store, ask)))


async def update_number(ask: Ask, body: requests.NumberPatch) -> views.NumberView:
    """Say who delivers a number, what it points at, and its alias: all of it, or nothing."""
    actor, scope = ask.caller.actor, ask.caller.scope

    def use_case(store: Store) -> views.NumberView:
        number = _number(store, ask)
        if body.carrier_ids is not UNSET:
            named = [_named_carrier(store, scope, carrier_id) for carrier_id in body.carrier_ids]
            number = numbers.set_carriers(store, actor, number, named)
        number = _point(store, actor, scope, number, body)
        if body.alias is not UNSET:
            number = numbers.set_alias(store, actor, number, body.alias)
        return _whole(store, number)

    return await ask.platform.inventory.write(use_case)


def _named_carrier(store: Store, scope: Scope, carrier_id: str) -> Carrier:
    carrier = store.carriers.get(scope, carrier_id)
    if carrier is None:
        raise UnknownReferenceError("carrier_ids names a carrier that is not yours", field="carrier_ids")
    return carrier


def _point(store: Store, actor: Actor, scope: Scope, number: Number, body: requests.NumberPatch) -> Number:
    if isinstance(body.trunk_id, str):
        trunk = store.trunks.get(scope, body.trunk_id)
        if trunk is None:
            raise UnknownReferenceError("trunk_id is not one of your trunks", field="trunk_id")
        return numbers.point_at_trunk(store, actor, number, trunk)
    if isinstance(body.application_id, str):
        application = store.applications.get(scope, body.application_id)
        if application is None:
            raise UnknownReferenceError("application_id is not one of your applications", field="application_id")
        return numbers.point_at_application(store, actor, number, application)
    let_go = (body.trunk_id is None and number.trunk) or (body.application_id is None and number.application)
    return numbers.point_at_application(store, actor, number, None) if let_go else number


async def list_applications(ask: Ask, query: requests.NamedListQuery) -> views.ApplicationPage:
    """List applications of every dialect, oldest first."""
    scope, page = ask.caller.scope, Page(query.limit, after=query.after)
    found = await ask.platform.inventory.search(lambda store: store.applications.page(scope, query.name, page))
    return views.ApplicationPage([views.application(a) for a in found.items], found.total, found.last)


# Calls, their explanations, and the change log


async def list_calls(ask: Ask, query: requests.CallListQuery) -> views.CallPage | Answer:
    """List call attempts, newest first, as JSON or CSV."""
    scope = ask.caller.scope
    digits = emergency.number_of_call(query.number) if query.number else None
    source = sources.parse_address(query.source) if query.source is not None else None
    family = await ask.platform.inventory.search(lambda store: accounts.family(store, scope))
    found = await asyncio.to_thread(
        ask.platform.calls.page,
        scope,
        family,
        limit=query.limit,
        before=query.before,
        number=digits,
        verdict=query.verdict,
        source=source,
        since=query.since,
        until=query.until,
        answered=query.answered,
    )
    last = found[-1][0] if len(found) == query.limit else None
    records = [record for _, record in found]
    if query.format == "csv":
        return _sheet(ask, records, last)
    return views.CallPage([views.call(record) for record in records], last)


def _sheet(ask: Ask, records: list[CallRecord], last: int | None) -> Answer:
    """Return a page of calls as CSV; a header names the page below ``last``, which a sheet has no place for."""
    following = urlencode({**ask.query(), "before": last})
    link = f'<{PREFIX}/calls?{following}>; rel="next"'.encode()
    headers = ((b"link", link),) if last is not None else ()
    return Answer(200, sheet.sheet(records).encode(), headers, f"{sheet.MEDIA_TYPE}; charset=utf-8".encode())


async def _call(ask: Ask) -> CallRecord:
    record = await asyncio.to_thread(ask.platform.calls.get, ask.params["call_id"])
    scope = ask.caller.scope
    if record is None or not ask.platform.inventory.read(lambda s: s.accounts.covers(scope, record.account_id)):
        raise NotFoundError("not found")
    return record


async def get_call(ask: Ask) -> views.CallDetailView:
    """Return a call attempt with its trace and its ladder."""
    return views.call_detail(await _call(ask))


async def get_call_pcap(ask: Ask) -> Answer:
    """Return the SIP messages of a call's legs as a capture file, secrets and pressed digits masked."""
    record = await _call(ask)

    def look_up() -> bytes:
        return pcap.write(ask.platform.calls.messages(record))

    return Answer(200, await asyncio.to_thread(look_up), content_type=pcap.MEDIA_TYPE.encode())


async def list_unclaimed(ask: Ask, query: requests.LimitQuery) -> views.UnclaimedList:
    """List refused attempts that belong to no account; an operator's key only."""
    if ask.caller.actor.role is not Role.OPERATOR:
        raise NotAllowedError("unclaimed calls are the operator's", advice="Use an operator's API key.")
    found = await asyncio.to_thread(ask.platform.calls.unclaimed, query.limit)
    return views.UnclaimedList([views.unclaimed(record) for record in found])


async def explain(ask: Ask, body: requests.ExplainBody) -> views.ExplainedView:
    """Tell what would happen to a call, and why, without placing it."""
    scope = ask.caller.scope
    return views.explained(await ask.platform.explainer.explain(body.source, body.to, body.caller, scope))


async def list_changes(ask: Ask, query: requests.LogQuery) -> views.ChangePage:
    """List who did what to which record, newest first."""
    scope, page = ask.caller.scope, Page(query.limit, after=query.before)
    found = await ask.platform.inventory.search(lambda store: store.log.page(scope, page))
    last = found.last if len(found.items) == query.limit else None
    return views.ChangePage([views.change(change) for change in found.items], last)


# The table


ROUTES: tuple[Row, ...] = (
    Row("POST", "/carriers", create_carrier, 201, body=requests.CarrierBody, gives=views.CarrierView),
    Row("GET", "/carriers", list_carriers, query=requests.NamedListQuery, gives=views.CarrierPage),
    Row("GET", "/carriers/{carrier_id}", get_carrier, gives=views.CarrierView),
    Row("PATCH", "/carriers/{carrier_id}", update_carrier, body=requests.CarrierPatch, gives=views.CarrierView),
    Row("DELETE", "/carriers/{carrier_id}", delete_carrier, 204),
    Row("GET", "/carriers/{carrier_id}/gateways", list_gateways, gives=views.GatewayList),
    Row(
        "GET", "/carriers/{carrier_id}/status", carrier_status.get_carrier_status, gives=views_status.CarrierStatusView
    ),
    Row(
        "POST",
        "/carriers/{carrier_id}/gateways",
        add_gateway,
        201,
        body=requests.GatewayBody,
        gives=views.GatewayView,
    ),
    Row(
        "PATCH",
        "/carriers/{carrier_id}/gateways/{gateway_id}",
        update_gateway,
        body=requests.GatewayPatch,
        gives=views.GatewayView,
    ),
    Row("DELETE", "/carriers/{carrier_id}/gateways/{gateway_id}", remove_gateway, 204),
    Row("POST", "/trunks", create_trunk, 201, body=requests.TrunkBody, gives=views.TrunkView),
    Row("GET", "/trunks", list_trunks, query=requests.ListQuery, gives=views.TrunkPage),
    Row("GET", "/trunks/{trunk_id}", get_trunk, gives=views.TrunkView),
    Row("PATCH", "/trunks/{trunk_id}", update_trunk, body=requests.TrunkPatch, gives=views.TrunkView),
    Row("DELETE", "/trunks/{trunk_id}", delete_trunk, 204),
    Row("GET", "/numbers", list_numbers, query=requests.NumberListQuery, gives=views.NumberPage),
    Row("GET", "/numbers/{number}", get_number, gives=views.NumberView),
    Row("PATCH", "/numbers/{number}", update_number, body=requests.NumberPatch, gives=views.NumberView),
    Row("GET", "/applications", list_applications, query=requests.NamedListQuery, gives=views.ApplicationPage),
    Row(
        "GET",
        "/calls",
        list_calls,
        query=requests.CallListQuery,
        gives=views.CallPage,
        text=sheet.MEDIA_TYPE,
    ),
    Row("GET", "/calls/{call_id}", get_call, gives=views.CallDetailView),
    Row("GET", "/calls/{call_id}/pcap", get_call_pcap, file=pcap.MEDIA_TYPE),
    Row("GET", "/unclaimed", list_unclaimed, query=requests.LimitQuery, gives=views.UnclaimedList),
    Row("POST", "/explain", explain, body=requests.ExplainBody, gives=views.ExplainedView),
    Row("GET", "/log", list_changes, query=requests.LogQuery, gives=views.ChangePage),
    *regulated.ROUTES,
    Row("GET", "/numbers/{number}/history", stock.number_history, query=requests.LogQuery, gives=views.ChangePage),
    Row("GET", "/stock", stock.list_stock, query=requests_stock.StockListQuery, gives=views_stock.StockPage),
    Row("POST", "/stock", stock.import_stock, body=requests_stock.StockBody, gives=views_stock.StockReportView),
    *carrier_registrations.ROUTES,
    *texts.ROUTES,
)


_DOCUMENT = document(PREFIX, ROUTES)


async def _document(_ask: Ask) -> Answer:
    return Answer(200, _DOCUMENT)


NATIVE = Dialect(
    name="native",
    prefix=PREFIX,
    operations=(
        *(row.operation(PREFIX) for row in ROUTES),
        Operation("GET", f"{PREFIX}/openapi.json", _document, public=True),
    ),
    authenticate=authenticate,
    refuse=refuse,
)
