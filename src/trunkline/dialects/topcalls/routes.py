"""TopCalls' operations under ``/v1/phone-numbers``: carriers and numbers.

Sources: https://docs.topcalls.ai/api-reference/introduction and the pages of phone-numbers. Changing a carrier (PATCH)
is an addition of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.core import carriers, numbers, outbound_auth, registrations
from trunkline.core.errors import NotFoundError, UnknownReferenceError
from trunkline.core.model import EVERYTHING, Carrier, Number
from trunkline.core.ports import NumberFilter, Store
from trunkline.core.registered import Standing
from trunkline.core.registrations import RegistrationDraft
from trunkline.core.sip_domains import sip_domain
from trunkline.dialects.http import Answer, Ask, Dialect, Operation
from trunkline.dialects.topcalls import ids, requests, requests_carriers, views
from trunkline.dialects.topcalls.auth import admit, authenticate
from trunkline.dialects.topcalls.errors import refuse
from trunkline.dialects.topcalls.idempotency import once
from trunkline.dialects.topcalls.problems import no_default_carrier
from trunkline.store.registered import RegisteredReader

# Carriers


def _carrier(store: Store, ask: Ask, carrier_id: str) -> Carrier:
    carrier = store.carriers.get(ask.caller.scope, ids.masked(carrier_id))
    if carrier is None:
        raise NotFoundError("not found")
    return carrier


def _standings(ask: Ask, found: Sequence[Carrier]) -> dict[str, Standing]:
    """Return how the registrations of those carriers stand that have one."""
    return RegisteredReader(ask.platform.inventory.data).standings([c.id for c in found if c.registration])


def _shown(store: Store, ask: Ask, carrier: Carrier, standings: Mapping[str, Standing] | None = None) -> dict[str, Any]:
    known = _standings(ask, [carrier]) if standings is None else standings
    domain = sip_domain(ask.caller.account.code, store.rules.sip_host)
    inbound, outbound = carriers.inbound_auth(store, carrier), outbound_auth.current(store, carrier)
    return views.registered(views.carrier(carrier, domain, inbound, outbound), known.get(carrier.id))


async def create_carrier(ask: Ask) -> Answer:
    """Create a carrier with its gateways."""
    caller, body = ask.caller, requests.json_object(ask)
    key = requests.idempotency_key(ask)
    draft = requests_carriers.new_carrier(body, ask.platform.inventory.rules)

    def work(store: Store) -> bytes:
        return views.encode(_shown(store, ask, carriers.create(store, caller.actor, caller.account, draft)))

    return await once(ask, body, key, work)


async def list_carriers(ask: Ask) -> Answer:
    """List carriers with how their registrations stand, oldest first."""
    page = requests.window(ask)

    def look_up(store: Store) -> bytes:
        found = store.carriers.page(ask.caller.scope, None, page)
        standings = _standings(ask, found.items)
        return views.listing([_shown(store, ask, carrier, standings) for carrier in found.items], found.last)

    return Answer(200, await ask.platform.inventory.search(look_up))


async def get_carrier(ask: Ask) -> Answer:
    """Return a carrier with its gateways, and how its registration stands."""
    carrier_id = requests.path_id(ask, "carrier_id")
    shown = await ask.platform.inventory.search(lambda store: _shown(store, ask, _carrier(store, ask, carrier_id)))
    return Answer(200, views.encode(shown))


async def update_carrier(ask: Ask) -> Answer:
    """Change a carrier's name, gateways, credentials or registration: all of it, or nothing."""
    carrier_id, body, actor = requests.path_id(ask, "carrier_id"), requests.json_object(ask), ask.caller.actor

    def use_case(store: Store) -> bytes:
        carrier = _carrier(store, ask, carrier_id)
        change = requests_carriers.carrier_change(body, carrier, _shown(store, ask, carrier), store.rules)
        if change.name is not None:
            carrier = carriers.rename(store, actor, carrier, change.name)
        if change.registration is not None:
            carrier = _register_otherwise(store, ask, carrier, change.registration)
        if change.gateways is not None:
            carrier = carriers.arrange_gateways(store, actor, carrier, change.gateways)
        if change.inbound_auth is not None:
            carriers.change_inbound_auth(store, actor, carrier, *change.inbound_auth)
        return views.encode(_shown(store, ask, carrier))

    return Answer(200, await ask.platform.inventory.write(use_case))


def _register_otherwise(store: Store, ask: Ask, carrier: Carrier, draft: RegistrationDraft) -> Carrier:
    changed = registrations.change(store, carrier, draft.changes)
    detail = outbound_auth.change(store, carrier, draft.credentials)
    return carriers.update(store, ask.caller.actor, changed, registration=draft.username, **detail)


async def delete_carrier(ask: Ask) -> Answer:
    """Take a carrier out of service; refused while live numbers name it."""
    carrier_id, actor = requests.path_id(ask, "carrier_id"), ask.caller.actor
    await ask.platform.inventory.write(lambda store: carriers.delete(store, actor, _carrier(store, ask, carrier_id)))
    return Answer(204)


# Numbers


def _number(store: Store, ask: Ask) -> Number:
    return numbers.find_by_id(store, ask.caller.scope, requests.path_id(ask, "phone_number_id"))


def _numbers(store: Store, ask: Ask, found: Sequence[Number]) -> list[dict[str, Any]]:
    """Show numbers, each with whether its carrier is the account's own or one's above it."""
    scope = ask.caller.scope
    named = {number.carrier.id for number in found if number.carrier is not None}
    own = {carrier_id for carrier_id in named if store.carriers.get(scope, carrier_id) is not None}
    return [views.number(n, own_carrier=n.carrier is None or n.carrier.id in own) for n in found]


async def create_number(ask: Ask) -> Answer:
    """Add a number that one of the caller's carriers delivers."""
    caller, body = ask.caller, requests.json_object(ask)
    key = requests.idempotency_key(ask)
    wanted = requests.new_number(body)

    def work(store: Store) -> bytes:
        carrier = _delivering(store, ask, wanted.carrier_id)
        addition = numbers.Addition(numbers=[wanted.e164], owner=caller.account, carrier=carrier)
        (number,) = numbers.add(store, caller.actor, addition)
        if wanted.label:
            number = numbers.set_alias(store, caller.actor, number, wanted.label)
        return views.encode(views.created_number(number, own_carrier=carrier.account_id == caller.account.id))

    return await once(ask, body, key, work)


def _delivering(store: Store, ask: Ask, carrier_id: str | None) -> Carrier:
    """Return the carrier of this id, or the account's default one."""
    account = ask.caller.account
    if carrier_id is None:
        carrier = numbers.default_carrier(store, account)
        if carrier is None:
            raise no_default_carrier()
        return carrier
    found = store.carriers.get(EVERYTHING, carrier_id)
    if found is None or found.account_id not in store.accounts.ancestors(account.id):
        raise UnknownReferenceError("voip_carrier_sid is not one of your carriers", field="carrier")
    return found


async def list_numbers(ask: Ask) -> Answer:
    """List numbers, oldest first."""
    page = requests.window(ask)

    def look_up(store: Store) -> bytes:
        found = store.numbers.page(ask.caller.scope, NumberFilter(), page)
        return views.listing(_numbers(store, ask, found.items), found.last)

    return Answer(200, await ask.platform.inventory.search(look_up))


async def get_number(ask: Ask) -> Answer:
    """Return a number."""
    (shown,) = ask.platform.inventory.read(lambda store: _numbers(store, ask, [_number(store, ask)]))
    return Answer(200, views.encode(shown))


async def delete_number(ask: Ask) -> Answer:
    """Take a number out of the inventory; its history stays."""
    await ask.platform.inventory.write(lambda store: numbers.remove(store, ask.caller.actor, _number(store, ask)))
    return Answer(204)


PREFIX = "/v1/phone-numbers"
_CARRIERS = f"{PREFIX}/carriers"
_ONE_CARRIER = f"{PREFIX}/carriers/{{carrier_id}}"
_ONE = f"{PREFIX}/{{phone_number_id}}"

TOPCALLS = Dialect(
    name="topcalls",
    prefix=PREFIX,
    operations=(
        Operation("POST", _CARRIERS, create_carrier, max_body=requests.MAX_BODY),
        Operation("GET", _CARRIERS, list_carriers, is_list=True),
        Operation("GET", _ONE_CARRIER, get_carrier),
        Operation("PATCH", _ONE_CARRIER, update_carrier, max_body=requests.MAX_BODY),
        Operation("DELETE", _ONE_CARRIER, delete_carrier),
        Operation("POST", PREFIX, create_number, max_body=requests.MAX_BODY),
        Operation("GET", PREFIX, list_numbers, is_list=True),
        Operation("GET", _ONE, get_number),
        Operation("DELETE", _ONE, delete_number),
    ),
    authenticate=authenticate,
    refuse=refuse,
    rate_limited=True,
    admit=admit,
)
