"""Twilio's Trunking API: ``/v1/Trunks``. What belongs to a trunk stands in `trunk_parts` and `trunk_access`.

Source: the vendor's OpenAPI document of trunking v1. A trunk is the same record as Zentrunk's and the native API's: its
origination URLs take the calls of the numbers that point at it, its lists admit the calls of its PBXs.
"""

from __future__ import annotations

from typing import Any

from trunkline.core import trunk_lists, trunk_settings, trunks
from trunkline.core.errors import ConflictError, NotFoundError
from trunkline.core.model import Page, Trunk
from trunkline.core.ports import Store
from trunkline.core.trunk_lists import ListKind
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import (
    arguments,
    ids,
    paging,
    product,
    requests_trunking,
    trunk_access,
    trunk_parts,
    views_trunking,
)
from trunkline.dialects.twilio.answering import deleted
from trunkline.dialects.twilio.errors import refuse_json
from trunkline.dialects.twilio.problems import RefusedError
from trunkline.dialects.twilio.trunk_parts import found_trunk

PREFIX = "/v1/Trunks"
MAX_TRUNKS = 100
"""Trunks of one account that this dialect makes."""
TOO_MANY, IN_USE, TAKEN = 21244, 21247, 21248


def _shown(store: Store, ask: Ask, trunk: Trunk) -> dict[str, Any]:
    lists, login_lists = (trunk_lists.lists_of(store, trunk, kind) for kind in ListKind)
    listed, with_logins = views_trunking.auth_types(lists, login_lists, trunk.login_id)
    settings = store.trunk_settings.get(trunk.id)
    return views_trunking.trunk(ask, trunk, settings, listed=listed, with_logins=with_logins)


def _set(store: Store, ask: Ask, trunk: Trunk, args: requests_trunking.TrunkArgs) -> None:
    had = store.trunk_settings.get(trunk.id)
    wanted = requests_trunking.settings(had, args)
    if wanted == had:
        return
    try:
        trunk_settings.change(store, ask.caller.actor, trunk, wanted)
    except ConflictError:
        raise RefusedError(TAKEN, f"DomainName {wanted.domain_name} is taken") from None


async def create_trunk(ask: Ask) -> Answer:
    """Add a trunk; nothing takes its calls and it admits nobody until it has URLs and lists."""
    args, caller = requests_trunking.trunk(arguments.form(ask)), ask.caller

    def use_case(store: Store) -> dict[str, Any]:
        if store.trunks.page(caller.scope, Page(1)).total >= MAX_TRUNKS:
            raise RefusedError(TOO_MANY, f"an account has at most {MAX_TRUNKS} trunks")
        draft = trunks.TrunkDraft(name=args.name or requests_trunking.DEFAULT_NAME)
        trunk = trunks.create(store, caller.actor, caller.account, draft)
        _set(store, ask, trunk, args)
        return _shown(store, ask, trunk)

    return product.one(ask, await ask.platform.inventory.write(use_case), 201)


async def list_trunks(ask: Ask) -> Answer:
    """List the account's trunks, oldest first."""
    window, scope = paging.window(ask.query(), ids.TRUNK), ask.caller.scope

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        found = store.trunks.page(scope, window.page)
        return [_shown(store, ask, trunk) for trunk in found.items], found.last

    shown, last = await ask.platform.inventory.search(look_up)
    return product.listed(ask, "trunks", shown, window=window, last=last)


async def get_trunk(ask: Ask) -> Answer:
    """Return one trunk."""
    return product.one(ask, ask.platform.inventory.read(lambda store: _shown(store, ask, found_trunk(store, ask))))


async def update_trunk(ask: Ask) -> Answer:
    """Change a trunk; what is not given stays."""
    args, actor = requests_trunking.trunk(arguments.form(ask)), ask.caller.actor

    def use_case(store: Store) -> dict[str, Any]:
        trunk = found_trunk(store, ask)
        name = requests_trunking.DEFAULT_NAME if args.name == "" else args.name
        _set(store, ask, trunk, args)
        return _shown(store, ask, trunks.update(store, actor, trunk, name=name))

    return product.one(ask, await ask.platform.inventory.write(use_case))


async def delete_trunk(ask: Ask) -> Answer:
    """Take a trunk out of service; refused while numbers point at it, which would lead nowhere."""

    def use_case(store: Store) -> None:
        trunk = found_trunk(store, ask)
        if store.trunk_settings.numbers(ask.caller.scope, trunk.id, Page(1)).total:
            raise RefusedError(IN_USE, "phone numbers are associated with this trunk: take them from it first")
        trunks.delete(store, ask.caller.actor, trunk)

    await ask.platform.inventory.write(use_case)
    return deleted(ask)


async def absent(ask: Ask) -> Answer:
    """Say that there is nothing here."""
    return refuse_json(NotFoundError("not found"), ask)


_ONE = f"{PREFIX}/{{TrunkSid}}"

OPERATIONS = (
    Operation("POST", PREFIX, create_trunk),
    Operation("GET", PREFIX, list_trunks, is_list=True),
    Operation("GET", _ONE, get_trunk),
    Operation("POST", _ONE, update_trunk),
    Operation("DELETE", _ONE, delete_trunk),
    *trunk_parts.operations(_ONE),
    *trunk_access.IP_LISTS.operations(_ONE),
    *trunk_access.LOGIN_LISTS.operations(_ONE),
)

VOICE = ("/v1/ByocTrunks", "/v1/ConnectionPolicies", "/v1/IpRecords", "/v1/SourceIpMappings")
"""The Voice API's trunks and what they need, none of it served: not found, in this vendor's words."""


def voice_operations(prefix: str) -> tuple[Operation, ...]:
    """Return what answers at a path of the Voice API; below it is no path at all."""
    return Operation("GET", prefix, absent), Operation("POST", prefix, absent)
