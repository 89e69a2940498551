"""Twilio's IncomingPhoneNumbers: an account's numbers, brought along or bought from the stock.

Source: the vendor's OpenAPI document of the 2010-04-01 API. What answers a call: a trunk, else an application, else the
URLs on the number itself; the latter are kept while they are not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

from trunkline.core import address_needs, inline_hooks, number_settings, numbers
from trunkline.core.errors import NotFoundError
from trunkline.core.model import CallHooks, Number
from trunkline.core.number_settings import NumberSettings
from trunkline.core.ports import Store
from trunkline.core.regulated import AddressNeed
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import (
    answering,
    arguments,
    ids,
    magic_numbers,
    obtaining,
    paging,
    requests_numbers,
    views_numbers,
)
from trunkline.dialects.twilio.auth import is_test
from trunkline.dialects.twilio.changing import apply, check_address, check_may_move, transferred
from trunkline.dialects.twilio.problems import ANY, RefusedError
from trunkline.dialects.twilio.views import PREFIX

ELEMENT = "IncomingPhoneNumber"
KEY = "incoming_phone_numbers"

Kind: TypeAlias = str | None
"""``Local``, ``Mobile``, ``TollFree``, or None for the list of all."""


Whole: TypeAlias = tuple[Number, CallHooks, NumberSettings, AddressNeed]
"""A number with all that an IncomingPhoneNumber tells of it."""


def shown_of(store: Store, found: Sequence[Number], *, typed: bool = True) -> list[dict[str, Any]]:
    """Return numbers as IncomingPhoneNumbers."""
    return [views_numbers.incoming(*whole, typed=typed) for whole in _wholes(store, found)]


def _wholes(store: Store, found: Sequence[Number]) -> list[Whole]:
    hook_ids = [n.hook_id for n in found if n.hook_id is not None]
    hooks = store.hooks.find(hook_ids) if hook_ids else {}
    settings = store.number_settings.find([n.id for n in found])
    needs = address_needs.all_needs(store)
    return [
        (
            number,
            hooks[number.hook_id].hooks if number.hook_id is not None else inline_hooks.EMPTY,
            settings.get(number.id, number_settings.DEFAULTS),
            address_needs.of_number(needs, number),
        )
        for number in found
    ]


def _number(store: Store, ask: Ask) -> Number:
    return numbers.find_by_id(store, ask.caller.scope, ids.path_id(ask, "PhoneNumberSid", ids.NUMBER))


async def list_numbers(ask: Ask, kind: Kind = None) -> Answer:
    """List numbers, newest first."""
    args = ask.query()
    window, wanted = paging.window(args, ids.NUMBER), requests_numbers.number_filter(args, kind)

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        if wanted is None:
            return [], None
        found, last = store.numbers.newest(ask.caller.scope, wanted, window.page)
        return shown_of(store, found, typed=kind is None), last

    shown, last = await ask.platform.inventory.search(look_up)
    return answering.listed(ask, KEY, ELEMENT, shown, window=window, last=last)


async def create_number(ask: Ask, kind: Kind = None) -> Answer:
    """Add a number that a carrier delivers, or buy one from the stock; one that the account has is changed.

    With test credentials it is a magic number, which nobody gets.
    """
    if is_test(ask.caller):
        return answering.created(ask, ELEMENT, magic_numbers.shown(ask))
    wanted, caller = requests_numbers.new_number(arguments.form(ask), kind), ask.caller

    def use_case(store: Store) -> dict[str, Any]:
        number = obtaining.obtain(store, caller.actor, caller.account, wanted, kind)
        changed = apply(store, caller.actor, caller.account, number, wanted.change)
        check_address(store, changed)
        return shown_of(store, [changed], typed=kind is None)[0]

    return answering.created(ask, ELEMENT, await ask.platform.inventory.write(use_case))


async def get_number(ask: Ask) -> Answer:
    """Return a number."""
    key = ("IncomingPhoneNumber", ask.caller.scope, ask.params["PhoneNumberSid"])
    (whole,) = ask.platform.inventory.recall(key, lambda store: _wholes(store, [_number(store, ask)]))
    return answering.one(ask, ELEMENT, views_numbers.incoming(*whole))


async def update_number(ask: Ask) -> Answer:
    """Change a number, all of it or nothing; ``AccountSid`` moves it to another account of the caller's tree."""
    asked, actor = requests_numbers.number_change(arguments.form(ask)), ask.caller.actor

    def use_case(store: Store) -> dict[str, Any]:
        number, account = _number(store, ask), ask.caller.account
        to_id = asked.account if asked.account != account.id else None
        if to_id is not None:
            check_may_move(ask.caller)
            number, account = transferred(store, actor, number, to_id)
        changed = apply(store, actor, account, number, asked)
        if to_id is not None or asked.address is not None:
            check_address(store, changed)
        return shown_of(store, [changed])[0]

    return answering.one(ask, ELEMENT, await ask.platform.inventory.write(use_case))


async def delete_number(ask: Ask) -> Answer:
    """Take a number out of the inventory; one that was bought goes back to the stock."""
    await ask.platform.inventory.write(lambda store: numbers.remove(store, ask.caller.actor, _number(store, ask)))
    return answering.deleted(ask)


async def list_add_ons(ask: Ask) -> Answer:
    """List a number's add-ons: there are none here."""
    window = paging.window(ask.query(), ids.ADD_ON)
    ask.platform.inventory.read(lambda store: _number(store, ask))
    return answering.listed(ask, "assigned_add_ons", "AssignedAddOn", [], window=window, last=None)


async def assign_add_on(ask: Ask) -> Answer:
    """Refuse an add-on, of a number that is there."""
    ask.platform.inventory.read(lambda store: _number(store, ask))
    arguments.sid(arguments.form(ask), "InstalledAddOnSid", ids.ADD_ON)
    raise RefusedError(ANY, "InstalledAddOnSid is no installed add-on: this installation has none")


async def no_add_on(_ask: Ask) -> Answer:
    """Refuse what is below an add-on."""
    raise NotFoundError("not found")


_ALL = f"{PREFIX}/Accounts/{{AccountSid}}/IncomingPhoneNumbers"
_ONE = f"{_ALL}/{{PhoneNumberSid}}"
_ADD_ONS = f"{_ONE}/AssignedAddOns"

OPERATIONS = (
    Operation("GET", _ALL, list_numbers, is_list=True),
    Operation("POST", _ALL, create_number),
    *(
        Operation("GET", f"{_ALL}/{kind}", partial(list_numbers, kind=kind), is_list=True)
        for kind in requests_numbers.KINDS
    ),
    *(Operation("POST", f"{_ALL}/{kind}", partial(create_number, kind=kind)) for kind in requests_numbers.KINDS),
    Operation("GET", _ONE, get_number),
    Operation("POST", _ONE, update_number),
    Operation("DELETE", _ONE, delete_number),
    Operation("GET", _ADD_ONS, list_add_ons, is_list=True),
    Operation("POST", _ADD_ONS, assign_add_on),
    Operation("GET", f"{_ADD_ONS}/{{AddOnSid}}", no_add_on),
    Operation("DELETE", f"{_ADD_ONS}/{{AddOnSid}}", no_add_on),
    Operation("GET", f"{_ADD_ONS}/{{AddOnSid}}/Extensions", no_add_on, is_list=True),
    Operation("GET", f"{_ADD_ONS}/{{AddOnSid}}/Extensions/{{ExtensionSid}}", no_add_on),
)
