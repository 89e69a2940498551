"""Twilio's ``Addresses``. Source: the vendor's OpenAPI document of the 2010-04-01 API.

Nothing is looked up in any register of streets: an address is ``validated`` and ``verified`` by nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trunkline.core import postal_addresses
from trunkline.core.errors import InvalidError
from trunkline.core.named_ports import PostalAddress
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import arguments, ids, paging, requests_addresses, views, views_addresses
from trunkline.dialects.twilio.answering import created, deleted, listed, one
from trunkline.dialects.twilio.trunk_numbers import number_view

_ELEMENT = "Address"


def _found(store: Store, ask: Ask) -> PostalAddress:
    return postal_addresses.find(store, ask.caller.scope, ids.path_id(ask, "AddressSid", ids.ADDRESS))


async def _write(ask: Ask, use_case: Callable[[Store], PostalAddress]) -> dict[str, Any]:
    def coded(store: Store) -> PostalAddress:
        try:
            return use_case(store)
        except InvalidError as error:
            raise requests_addresses.refused(error) from None

    return views_addresses.address(await ask.platform.inventory.write(coded))


async def create_address(ask: Ask) -> Answer:
    """Add an address."""
    draft, caller = requests_addresses.address(arguments.form(ask)), ask.caller
    made = await _write(ask, lambda store: postal_addresses.create(store, caller.actor, caller.account, draft))
    return created(ask, _ELEMENT, made)


async def list_addresses(ask: Ask) -> Answer:
    """List the account's addresses, oldest first."""
    query, scope = ask.query(), ask.caller.scope
    window, wanted = paging.window(query, ids.ADDRESS), requests_addresses.address_filter(query)
    found = await ask.platform.inventory.search(lambda store: store.postal_addresses.page(scope, wanted, window.page))
    shown = [views_addresses.address(address) for address in found.items]
    return listed(ask, "addresses", _ELEMENT, shown, window=window, last=found.last)


async def get_address(ask: Ask) -> Answer:
    """Return one address."""
    return one(ask, _ELEMENT, views_addresses.address(ask.platform.inventory.read(lambda store: _found(store, ask))))


async def update_address(ask: Ask) -> Answer:
    """Change an address; what is not given stays, its country always."""
    change, actor = requests_addresses.address(arguments.form(ask)), ask.caller.actor
    changed = await _write(ask, lambda store: postal_addresses.update(store, actor, _found(store, ask), change))
    return one(ask, _ELEMENT, changed)


async def delete_address(ask: Ask) -> Answer:
    """Take an address out of service."""
    await ask.platform.inventory.write(
        lambda store: postal_addresses.delete(store, ask.caller.actor, _found(store, ask))
    )
    return deleted(ask)


async def list_dependent_numbers(ask: Ask) -> Answer:
    """List the account's numbers that name an address, as theirs or for emergency calls."""
    window, scope = paging.window(ask.query(), ids.NUMBER), ask.caller.scope

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        found = store.postal_addresses.numbers(scope, _found(store, ask).id, window.page)
        return [views_addresses.dependent(number_view(store, number)) for number in found.items], found.last

    shown, last = await ask.platform.inventory.search(look_up)
    return listed(ask, "dependent_phone_numbers", "DependentPhoneNumber", shown, window=window, last=last)


_ALL = f"{views.PREFIX}/Accounts/{{AccountSid}}/Addresses"
_ONE = f"{_ALL}/{{AddressSid}}"

OPERATIONS = (
    Operation("POST", _ALL, create_address),
    Operation("GET", _ALL, list_addresses, is_list=True),
    Operation("GET", _ONE, get_address),
    Operation("POST", _ONE, update_address),
    Operation("DELETE", _ONE, delete_address),
    Operation("GET", f"{_ONE}/DependentPhoneNumbers", list_dependent_numbers, is_list=True),
)
