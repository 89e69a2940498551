"""Twilio's ``Keys``: an SK SID and a secret, which open their account beside its token, Accounts and Keys apart."""

from __future__ import annotations

from functools import partial
from typing import Any

from trunkline.core import named_keys
from trunkline.core.named_ports import NamedKey
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import arguments, ids, paging, views, views_accounts
from trunkline.dialects.twilio.accounts import only_token
from trunkline.dialects.twilio.answering import created, deleted, listed, one

_ELEMENT = "Key"


def _found(store: Store, ask: Ask) -> NamedKey:
    return named_keys.find(store, ask.caller.account, ids.path_id(ask, "KeySid", ids.KEY))


async def create_key(ask: Ask) -> Answer:
    """Give the account a key; its secret is in this answer only."""
    only_token(ask)
    name, caller = arguments.friendly_name(arguments.form(ask)) or "", ask.caller

    def use_case(store: Store) -> dict[str, Any]:
        made, secret = named_keys.create(store, caller.actor, caller.account, name, partial(ids.sid, ids.KEY))
        return views_accounts.key(made, secret)

    return created(ask, _ELEMENT, await ask.platform.inventory.write(use_case))


async def list_keys(ask: Ask) -> Answer:
    """List the account's keys, oldest first."""
    only_token(ask)
    window, account = paging.window(ask.query(), ids.KEY), ask.caller.account
    found = await ask.platform.inventory.search(lambda store: store.named_keys.page(account.id, window.page))
    shown = [views_accounts.key(key) for key in found.items]
    return listed(ask, "keys", _ELEMENT, shown, window=window, last=found.last)


async def get_key(ask: Ask) -> Answer:
    """Return one key, without its secret."""
    only_token(ask)
    return one(ask, _ELEMENT, views_accounts.key(ask.platform.inventory.read(lambda store: _found(store, ask))))


async def update_key(ask: Ask) -> Answer:
    """Call a key otherwise."""
    only_token(ask)
    name, caller = arguments.friendly_name(arguments.form(ask)), ask.caller

    def use_case(store: Store) -> dict[str, Any]:
        key = _found(store, ask)
        if name is not None:
            key = named_keys.rename(store, caller.actor, caller.account, key, name)
        return views_accounts.key(key)

    return one(ask, _ELEMENT, await ask.platform.inventory.write(use_case))


async def delete_key(ask: Ask) -> Answer:
    """Let a key open nothing any more."""
    only_token(ask)

    def use_case(store: Store) -> None:
        named_keys.delete(store, ask.caller.actor, ask.caller.account, _found(store, ask))

    await ask.platform.inventory.write(use_case)
    return deleted(ask)


_ALL = f"{views.PREFIX}/Accounts/{{AccountSid}}/Keys"
_ONE = f"{_ALL}/{{KeySid}}"

OPERATIONS = (
    Operation("POST", _ALL, create_key),
    Operation("GET", _ALL, list_keys, is_list=True),
    Operation("GET", _ONE, get_key),
    Operation("POST", _ONE, update_key),
    Operation("DELETE", _ONE, delete_key),
)
