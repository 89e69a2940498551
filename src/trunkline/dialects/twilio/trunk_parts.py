"""What belongs to a trunk in Twilio's Trunking API: origination URLs, phone numbers, recording."""

from __future__ import annotations

from typing import Any

from trunkline.core import numbers, trunk_settings, trunks
from trunkline.core.errors import NotFoundError
from trunkline.core.model import Listing, Number, Page, Trunk, TrunkUri
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import arguments, ids, named_ids, paging, product, requests_trunking, views_trunking
from trunkline.dialects.twilio.answering import deleted
from trunkline.dialects.twilio.problems import RefusedError
from trunkline.dialects.twilio.trunk_numbers import number_view

TOO_MANY_URLS = 21249
BAD_REFERENCE = 20404


def found_trunk(store: Store, ask: Ask) -> Trunk:
    """Return the trunk that the path names."""
    return trunks.find(store, ask.caller.scope, ids.path_id(ask, "TrunkSid", ids.TRUNK))


def slice_of(found: list[Any], page: Page) -> Listing[Any]:
    """Return a page of what belongs to one trunk, which is little; ``after`` is a place in it, from 1."""
    begin = page.offset if page.after is None else page.after
    shown = found[begin : begin + page.limit]
    end = begin + len(shown)
    return Listing(tuple(shown), len(found), end if end < len(found) else None)


# Origination URLs


def _target(store: Store, ask: Ask) -> tuple[Trunk, TrunkUri]:
    trunk = found_trunk(store, ask)
    return trunk, trunk_settings.target(trunk, ids.path_id(ask, "OriginationUrlSid", named_ids.URI))


def _target_view(store: Store, ask: Ask, trunk: Trunk, uri: TrunkUri) -> dict[str, Any]:
    return views_trunking.target(ask, trunk, uri, trunk_settings.record_of(store, uri))


async def create_url(ask: Ask) -> Answer:
    """Let a SIP URI take the trunk's calls, too."""
    name, draft = requests_trunking.new_target(arguments.form(ask))

    def use_case(store: Store) -> dict[str, Any]:
        trunk = found_trunk(store, ask)
        if len(trunk.uris) >= trunks.MAX_URIS:
            raise RefusedError(TOO_MANY_URLS, f"a trunk has at most {trunks.MAX_URIS} origination URLs")
        changed, made = trunk_settings.add_target(store, ask.caller.actor, trunk, name, draft)
        return _target_view(store, ask, changed, made)

    return product.one(ask, await ask.platform.inventory.write(use_case), 201)


async def list_urls(ask: Ask) -> Answer:
    """List the trunk's origination URLs, in the order in which they were added."""
    window = paging.window(ask.query(), named_ids.URI)

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        trunk = found_trunk(store, ask)
        found = slice_of(list(trunk.uris), window.page)
        return [_target_view(store, ask, trunk, uri) for uri in found.items], found.last

    shown, last = await ask.platform.inventory.search(look_up)
    return product.listed(ask, "origination_urls", shown, window=window, last=last)


async def get_url(ask: Ask) -> Answer:
    """Return one origination URL."""
    view = ask.platform.inventory.read(lambda store: _target_view(store, ask, *_target(store, ask)))
    return product.one(ask, view)


async def update_url(ask: Ask) -> Answer:
    """Change an origination URL; what is not given stays."""
    args = arguments.form(ask)

    def use_case(store: Store) -> dict[str, Any]:
        trunk, uri = _target(store, ask)
        name, draft = requests_trunking.target(args, uri)
        changed = trunk_settings.change_target(store, ask.caller.actor, trunk, uri, name=name, draft=draft)
        return _target_view(store, ask, changed, trunk_settings.target(changed, uri.id))

    return product.one(ask, await ask.platform.inventory.write(use_case))


async def delete_url(ask: Ask) -> Answer:
    """Let a SIP URI take the trunk's calls no more."""

    def use_case(store: Store) -> None:
        trunk, uri = _target(store, ask)
        trunk_settings.remove_target(store, ask.caller.actor, trunk, uri)

    await ask.platform.inventory.write(use_case)
    return deleted(ask)


# Phone numbers


def _number_on(store: Store, ask: Ask) -> tuple[Trunk, Number]:
    trunk = found_trunk(store, ask)
    number = numbers.find_by_id(store, ask.caller.scope, ids.path_id(ask, "PhoneNumberSid", ids.NUMBER))
    if number.trunk is None or number.trunk.id != trunk.id:
        raise NotFoundError("not found")
    return trunk, number


def _number_view(store: Store, ask: Ask, trunk: Trunk, number: Number) -> dict[str, Any]:
    return views_trunking.number(ask, trunk, number, number_view(store, number))


async def create_number(ask: Ask) -> Answer:
    """Point a number at the trunk: the same as the number's own ``TrunkSid``."""
    number_id = requests_trunking.sid(arguments.form(ask), "PhoneNumberSid", ids.NUMBER)

    def use_case(store: Store) -> dict[str, Any]:
        trunk = found_trunk(store, ask)
        number = store.numbers.by_id(ask.caller.scope, number_id)
        if number is None:
            raise RefusedError(BAD_REFERENCE, "PhoneNumberSid is none of this account's", 404)
        number = numbers.point_at_trunk(store, ask.caller.actor, number, trunk)
        return _number_view(store, ask, trunk, number)

    return product.one(ask, await ask.platform.inventory.write(use_case), 201)


async def list_numbers(ask: Ask) -> Answer:
    """List the numbers that point at the trunk, oldest first."""
    window = paging.window(ask.query(), ids.NUMBER)

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        trunk = found_trunk(store, ask)
        found = store.trunk_settings.numbers(ask.caller.scope, trunk.id, window.page)
        return [_number_view(store, ask, trunk, number) for number in found.items], found.last

    shown, last = await ask.platform.inventory.search(look_up)
    return product.listed(ask, "phone_numbers", shown, window=window, last=last)


async def get_number(ask: Ask) -> Answer:
    """Return one of the trunk's numbers."""
    view = ask.platform.inventory.read(lambda store: _number_view(store, ask, *_number_on(store, ask)))
    return product.one(ask, view)


async def delete_number(ask: Ask) -> Answer:
    """Take a number from the trunk; it stays the account's."""

    def use_case(store: Store) -> None:
        _, number = _number_on(store, ask)
        numbers.point_at_application(store, ask.caller.actor, number, None)

    await ask.platform.inventory.write(use_case)
    return deleted(ask)


# Recording


async def get_recording(ask: Ask) -> Answer:
    """Return how the trunk's calls are recorded."""
    ask.platform.inventory.read(lambda store: found_trunk(store, ask))
    return product.one(ask, views_trunking.recording())


async def update_recording(ask: Ask) -> Answer:
    """Say how the trunk's calls are recorded: not at all is what can be said yet."""
    requests_trunking.recording(arguments.form(ask))
    return await get_recording(ask)


def operations(trunk: str) -> tuple[Operation, ...]:
    """Return the operations on what belongs to the trunk with this path."""
    urls, phone_numbers = f"{trunk}/OriginationUrls", f"{trunk}/PhoneNumbers"
    return (
        Operation("POST", urls, create_url),
        Operation("GET", urls, list_urls, is_list=True),
        Operation("GET", f"{urls}/{{OriginationUrlSid}}", get_url),
        Operation("POST", f"{urls}/{{OriginationUrlSid}}", update_url),
        Operation("DELETE", f"{urls}/{{OriginationUrlSid}}", delete_url),
        Operation("POST", phone_numbers, create_number),
        Operation("GET", phone_numbers, list_numbers, is_list=True),
        Operation("GET", f"{phone_numbers}/{{PhoneNumberSid}}", get_number),
        Operation("DELETE", f"{phone_numbers}/{{PhoneNumberSid}}", delete_number),
        Operation("GET", f"{trunk}/Recording", get_recording),
        Operation("POST", f"{trunk}/Recording", update_recording),
    )
