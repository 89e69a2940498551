"""Plivo's operations under ``/v1/Account/{auth_id}/``: incoming carriers and numbers here, the rest beside it.

Sources: https://www.plivo.com/docs/numbers/incoming-carriers.md, /docs/numbers/account-phone-numbers.md. Where those
are silent: ``docs/compatibility.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec import UNSET

from trunkline.core import carriers, numbers
from trunkline.core.errors import NotFoundError, UnknownReferenceError
from trunkline.core.model import (
    Actor,
    Application,
    Carrier,
    Listing,
    Number,
    Scope,
    Trunk,
)
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask, Dialect, Operation
from trunkline.dialects.plivo import (
    campaigns,
    compliance,
    endpoints,
    ids,
    owners,
    regulated,
    requests,
    requests_regulated,
    requirements,
    stock,
    views,
    zentrunk,
)
from trunkline.dialects.plivo.answering import change, delete, filtered_account, listed, subaccount
from trunkline.dialects.plivo.applications import (
    create_application,
    delete_application,
    get_application,
    list_applications,
    update_application,
)
from trunkline.dialects.plivo.auth import authenticate
from trunkline.dialects.plivo.errors import refuse
from trunkline.dialects.plivo.openapi import document
from trunkline.dialects.plivo.subaccounts import ACCOUNTS

# Incoming carriers


async def create_carrier(ask: Ask) -> Answer:
    """Add a carrier with the addresses that it calls from."""
    args, caller = requests.new_carrier(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> Carrier:
        gateways = carriers.inbound_drafts(carriers.parse_ip_set(args.ip_set or [], store.rules))
        draft = carriers.CarrierDraft(name=args.name or "", gateways=gateways)
        return carriers.create(store, caller.actor, caller.account, draft)

    created = await ask.platform.inventory.write(use_case)
    return Answer(201, views.done("created", carrier_id=created.serial))


async def list_carriers(ask: Ask) -> Answer:
    """List the caller's carriers, oldest first."""
    args, scope = requests.arguments(ask), ask.caller.scope
    window, name = requests.window(args), requests.name_filter(args, "name")
    found = await ask.platform.inventory.search(lambda store: store.carriers.page(scope, name, window.page))
    shown = [views.carrier(carrier, ask.params["auth_id"]) for carrier in found.items]
    return listed(ask, "IncomingCarrier", window, found, shown)


def _carrier(store: Store, ask: Ask) -> Carrier:
    serial = ids.carrier_serial(ask.params["carrier_id"])
    if serial is None:
        raise NotFoundError("not found")
    return carriers.find(store, ask.caller.scope, serial)


async def get_carrier(ask: Ask) -> Answer:
    """Return one carrier."""
    carrier = ask.platform.inventory.read(lambda store: _carrier(store, ask))
    return Answer(200, views.one(views.carrier(carrier, ask.params["auth_id"])))


async def update_carrier(ask: Ask) -> Answer:
    """Change a carrier's name or addresses; ``ip_set`` replaces the whole set."""
    args, actor = requests.carrier_change(requests.arguments(ask)), ask.caller.actor

    def use_case(store: Store) -> None:
        carrier = _carrier(store, ask)
        if args.name is not None and args.name != carrier.name:
            carrier = carriers.rename(store, actor, carrier, requests.checked_name(args.name, "name"))
        if args.ip_set is not None:
            networks = carriers.parse_ip_set(args.ip_set, store.rules)
            carriers.set_inbound_addresses(store, actor, carrier, networks)

    return await change(ask, use_case)


async def delete_carrier(ask: Ask) -> Answer:
    """Take a carrier out of service; refused while numbers name it."""
    return await delete(ask, lambda store: carriers.delete(store, ask.caller.actor, _carrier(store, ask)))


# Numbers


async def add_numbers(ask: Ask) -> Answer:
    """Add numbers of the caller's own carrier: all of them, or none."""
    args, caller = requests.new_numbers(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> None:
        serial = ids.carrier_serial(args.carrier)
        carrier = store.carriers.by_serial(caller.scope, serial) if serial else None
        if carrier is None:
            raise UnknownReferenceError("carrier is not one of your carriers", field="carrier")
        target = _target(store, caller.scope, args.app_id) if args.app_id else None
        addition = numbers.Addition(
            numbers=args.numbers,
            owner=subaccount(store, caller.scope, args.subaccount) if args.subaccount else caller.account,
            carrier=carrier,
            region=args.region,
            number_type=args.number_type,
            application=target if isinstance(target, Application) else None,
            trunk=target if isinstance(target, Trunk) else None,
        )
        numbers.add(store, caller.actor, addition)

    return await change(ask, use_case)


def _target(store: Store, scope: Scope, app_id: str) -> Application | Trunk:
    """Return what an ``app_id`` argument names: an application, or a trunk by its ``trunk_id``."""
    tag, serial = ids.tagged(app_id)
    target: Application | Trunk | None = None
    if tag == ids.APPLICATION_TAG:
        target = store.applications.by_serial(scope, serial)
    elif tag == ids.TRUNK_TAG:
        target = store.trunks.by_serial(scope, serial)
    if target is None:
        raise UnknownReferenceError("app_id is not one of your applications or inbound trunks", field="app_id")
    return target


async def list_numbers(ask: Ask) -> Answer:
    """List the caller's numbers, oldest first."""
    args, scope = requests.arguments(ask), ask.caller.scope
    window, wanted, owner = requests.window(args), requests.number_filter(args), requests.subaccount(args)

    def look_up(store: Store) -> tuple[Listing[Number], Mapping[str, str]]:
        owned = wanted
        if owner is not UNSET and owner:
            owned = replace(wanted, owner_id=filtered_account(store, scope, owner))
        listing = store.numbers.page(scope, owned, window.page)
        return listing, owners.above(store, ask.caller.account, scope, [n.application for n in listing.items])

    found, above = await ask.platform.inventory.search(look_up)
    shown = [views.number(number, ask.params["auth_id"], above) for number in found.items]
    return listed(ask, "Number", window, found, shown)


def _number(store: Store, ask: Ask) -> Number:
    digits = ask.params["number"].strip().removeprefix("+")
    return numbers.find(store, ask.caller.scope, digits)


async def get_number(ask: Ask) -> Answer:
    """Return one number."""
    caller = ask.caller
    key = ("number", caller.scope, ask.params["number"])

    def look_up(store: Store) -> tuple[Number, Mapping[str, str]]:
        number = _number(store, ask)
        return number, owners.above(store, caller.account, caller.scope, [number.application])

    number, above = ask.platform.inventory.recall(key, look_up)
    return Answer(200, views.one(views.number(number, ask.params["auth_id"], above)))


async def update_number(ask: Ask) -> Answer:
    """Move a number to another account of the tree, point it elsewhere, give it an alias: all of it, or nothing."""
    given, caller = requests.arguments(ask), ask.caller
    args, more = requests.number_change(given), requests_regulated.number_change(given)

    def use_case(store: Store) -> None:
        number = _number(store, ask)
        if args.subaccount is not UNSET and args.subaccount is not None:
            owner = subaccount(store, caller.scope, args.subaccount)
            number = numbers.move_within(store, caller.actor, number, owner)
        if args.app_id is not UNSET:
            number = _point(store, caller.actor, caller.scope, number, args.app_id)
        if args.alias is not UNSET:
            number = numbers.set_alias(store, caller.actor, number, args.alias)
        regulated.change_number(store, caller, number, more)

    return await change(ask, use_case)


def _point(store: Store, actor: Actor, scope: Scope, number: Number, app_id: str | None) -> Number:
    target = _target(store, scope, app_id) if app_id else None
    if isinstance(target, Trunk):
        return numbers.point_at_trunk(store, actor, number, target)
    return numbers.point_at_application(store, actor, number, target)


async def buy_number(ask: Ask) -> Answer:
    """Buy a number of the stock."""
    return await stock.buy_number(ask, target=_target)


async def delete_number(ask: Ask) -> Answer:
    """Take a number out of the inventory; a bought one goes back to the stock."""
    return await delete(ask, lambda store: numbers.remove(store, ask.caller.actor, _number(store, ask)))


_ACCOUNT = "/v1/Account/{auth_id}"

PLIVO = Dialect(
    name="plivo",
    prefix="/v1/Account",
    operations=(
        Operation("POST", f"{_ACCOUNT}/IncomingCarrier", create_carrier),
        Operation("GET", f"{_ACCOUNT}/IncomingCarrier", list_carriers, is_list=True),
        Operation("GET", f"{_ACCOUNT}/IncomingCarrier/{{carrier_id}}", get_carrier),
        Operation("POST", f"{_ACCOUNT}/IncomingCarrier/{{carrier_id}}", update_carrier),
        Operation("DELETE", f"{_ACCOUNT}/IncomingCarrier/{{carrier_id}}", delete_carrier),
        Operation("POST", f"{_ACCOUNT}/Number", add_numbers),
        Operation("GET", f"{_ACCOUNT}/Number", list_numbers, is_list=True),
        Operation("GET", f"{_ACCOUNT}/Number/{{number}}", get_number),
        Operation("POST", f"{_ACCOUNT}/Number/{{number}}", update_number),
        Operation("DELETE", f"{_ACCOUNT}/Number/{{number}}", delete_number),
        Operation("POST", f"{_ACCOUNT}/Application", create_application),
        Operation("GET", f"{_ACCOUNT}/Application", list_applications, is_list=True),
        Operation("GET", f"{_ACCOUNT}/Application/{{app_id}}", get_application),
        Operation("POST", f"{_ACCOUNT}/Application/{{app_id}}", update_application),
        Operation("DELETE", f"{_ACCOUNT}/Application/{{app_id}}", delete_application),
        *ACCOUNTS,
        *regulated.OPERATIONS,
        *compliance.OPERATIONS,
        Operation("GET", f"{_ACCOUNT}/PhoneNumber", stock.search_numbers, is_list=True),
        Operation("POST", f"{_ACCOUNT}/PhoneNumber/{{number}}", buy_number),
        *endpoints.OPERATIONS,
        *zentrunk.OPERATIONS,
        *campaigns.OPERATIONS,
        *requirements.OPERATIONS,
    ),
    authenticate=authenticate,
    refuse=refuse,
    rate_limited=True,
    describe=document,
)
