"""Whose applications a subaccount's numbers and endpoints point at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trunkline.core.model import EVERYTHING, Account, Ref, Scope
from trunkline.core.ports import Store
from trunkline.dialects.plivo import ids


def above(store: Store, caller: Account, scope: Scope, pointed_at: Iterable[Ref | None]) -> Mapping[str, str]:
    """Return the auth_ids of the accounts that have these applications, by application, where ``scope`` lacks them.

    A subaccount's numbers and endpoints may point at applications of an account above it: only there is such a one
    found, so its URI has to say so. Nothing is above a main account, and nothing is looked up for it.
    """
    if caller.parent_id is None:
        return {}
    found: dict[str, str] = {}
    for application in {ref.id: ref for ref in pointed_at if ref is not None}.values():
        if store.applications.by_serial(scope, application.serial) is not None:
            continue
        theirs = store.applications.by_serial(EVERYTHING, application.serial)
        owner = store.accounts.get(theirs.account_id) if theirs is not None else None
        if owner is not None:
            found[application.id] = ids.auth_id(owner)
    return found
