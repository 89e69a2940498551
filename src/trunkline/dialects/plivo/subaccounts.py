"""Plivo's ``Account`` and ``Subaccount``. Source: https://www.plivo.com/docs/account/api/subaccount and the SDKs."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from trunkline.core import accounts, subaccounts
from trunkline.core.errors import NotFoundError
from trunkline.core.model import Account, Listing
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.plivo import ids, requests, requests_accounts, views, views_accounts
from trunkline.dialects.plivo.answering import change, delete, listed


async def get_account(ask: Ask) -> Answer:
    """Return the caller's own account."""
    account = ask.caller.account
    details = ask.platform.inventory.read(lambda store: store.accounts.details(account.id))
    return Answer(200, views.one(views_accounts.account(account, details)))


async def update_account(ask: Ask) -> Answer:
    """Change the caller's name and what it tells of its holder; null leaves things as they are."""
    args, caller = requests_accounts.account(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> None:
        account, details = _current(store, caller.account.id), store.accounts.details(caller.account.id)
        told = {field.name: getattr(args, field.name) for field in fields(details)}
        changed = replace(details, **{name: value for name, value in told.items() if value is not None})
        accounts.change(store, caller.actor, account, name=args.name, details=changed)

    return await change(ask, use_case)


def _current(store: Store, account_id: str) -> Account:
    """Return the account as it is in this transaction: the caller's may be older."""
    account = store.accounts.get(account_id)
    if account is None:
        raise NotFoundError("not found")
    return account


async def create_subaccount(ask: Ask) -> Answer:
    """Create a subaccount; its token is in the answer, and in the record from now on."""
    args, caller = requests_accounts.new_subaccount(requests.arguments(ask)), ask.caller

    def use_case(store: Store) -> tuple[Account, str]:
        enabled = bool(args.enabled)
        return subaccounts.create(store, caller.actor, caller.account, name=args.name or "", enabled=enabled)

    made, token = await ask.platform.inventory.write(use_case)
    return Answer(201, views.done("created", auth_id=ids.auth_id(made), auth_token=token))


async def list_subaccounts(ask: Ask) -> Answer:
    """List the caller's subaccounts, oldest first; a subaccount has none."""
    window = requests.window(requests.arguments(ask))
    caller = ask.caller

    def look_up(store: Store) -> tuple[Listing[Account], list[dict[str, Any]]]:
        if caller.account.is_subaccount:
            return Listing((), 0, None), []
        found = store.accounts.below(caller.account.id, window.page)
        return found, [_view(store, account, ask) for account in found.items]

    found, shown = await ask.platform.inventory.search(look_up)
    return listed(ask, "Subaccount", window, found, shown)


def _subaccount(store: Store, ask: Ask) -> Account:
    name = ask.params["subauth_id"]
    account = subaccounts.find(store, ask.caller.account, ids.code(name))
    if ids.auth_id(account) != name:
        raise NotFoundError("not found")
    return account


def _view(store: Store, account: Account, ask: Ask) -> dict[str, Any]:
    parent = store.accounts.get(account.parent_id or "") or ask.caller.account
    return views_accounts.subaccount(account, parent, subaccounts.tokens(store, account), ask.params["auth_id"])


async def get_subaccount(ask: Ask) -> Answer:
    """Return one subaccount, with its token."""
    view = ask.platform.inventory.read(lambda store: _view(store, _subaccount(store, ask), ask))
    return Answer(200, views.one(view))


async def update_subaccount(ask: Ask) -> Answer:
    """Rename, enable or disable a subaccount."""
    args, actor = requests_accounts.subaccount(requests.arguments(ask)), ask.caller.actor

    def use_case(store: Store) -> None:
        account = _subaccount(store, ask)
        if args.enabled is not None:
            account = subaccounts.switch(store, actor, account, enabled=args.enabled)
        if args.name is not None:
            accounts.change(store, actor, account, name=args.name)

    return await change(ask, use_case)


async def delete_subaccount(ask: Ask) -> Answer:
    """Delete a subaccount; what it has goes to the main account, or with ``cascade`` for good."""
    cascade, actor = requests_accounts.cascades(requests.arguments(ask)), ask.caller.actor
    return await delete(ask, lambda store: subaccounts.delete(store, actor, _subaccount(store, ask), cascade=cascade))


_ACCOUNT = "/v1/Account/{auth_id}"

ACCOUNTS = (
    Operation("GET", _ACCOUNT, get_account),
    Operation("POST", _ACCOUNT, update_account),
    Operation("POST", f"{_ACCOUNT}/Subaccount", create_subaccount),
    Operation("GET", f"{_ACCOUNT}/Subaccount", list_subaccounts, is_list=True),
    Operation("GET", f"{_ACCOUNT}/Subaccount/{{subauth_id}}", get_subaccount),
    Operation("POST", f"{_ACCOUNT}/Subaccount/{{subauth_id}}", update_subaccount),
    Operation("DELETE", f"{_ACCOUNT}/Subaccount/{{subauth_id}}", delete_subaccount),
)
