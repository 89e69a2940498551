"""What Plivo's operations have in common: answers to lists and changes, and the account that an argument names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from trunkline.core.errors import UnknownReferenceError
from trunkline.core.model import Account, AccountState, Listing, Scope
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask
from trunkline.dialects.plivo import ids, requests, views

T = TypeVar("T")

_GONE = Answer(204)


def listed(ask: Ask, resource: str, window: requests.Window, found: Listing[T], shown: Sequence[Any]) -> Answer:
    """Return a page of a resource with its ``meta``."""
    page = window.page
    path = views.uri(ask.params["auth_id"], resource)
    meta = views.meta(path, window.filters, limit=page.limit, offset=page.offset, total=found.total, last=found.last)
    return Answer(200, views.listing(shown, meta))


async def change(ask: Ask, use_case: Callable[[Store], object]) -> Answer:
    """Run a change: 202."""
    await ask.platform.inventory.write(use_case)
    return Answer(202, views.done("changed"))


async def delete(ask: Ask, use_case: Callable[[Store], object]) -> Answer:
    """Run a deletion: 204, without a body."""
    await ask.platform.inventory.write(use_case)
    return _GONE


def subaccount(store: Store, scope: Scope, auth_id: str, argument: str = "subaccount") -> Account:
    """Return the account that an ``argument`` names; empty is the caller's own."""
    if auth_id:
        code = ids.code(auth_id)
        account = store.accounts.by_code(code) if code else None
    else:
        account = store.accounts.get(scope.account_id)
    if (
        account is None
        or account.state is AccountState.CLOSED
        or auth_id not in ("", ids.auth_id(account))
        or not store.accounts.covers(scope, account.id)
    ):
        raise UnknownReferenceError(f"{argument} is not one of your subaccounts", field=argument)
    return account


def filtered_account(store: Store, scope: Scope, auth_id: str) -> str:
    """Return the id of the account that a list is filtered by; one that nothing has where the caller has no such."""
    try:
        return subaccount(store, scope, auth_id).id
    except UnknownReferenceError:
        return ""
