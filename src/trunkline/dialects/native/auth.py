"""Who asks in the native API: a bearer key, ``Authorization: Bearer tc_live_…``.

An account's key sees its account and everything below; ``?account_id=`` narrows that to one account of it and what is
below that one. An operator's key sees the whole installation, acts for its own account, and may name any other.
"""

from __future__ import annotations

from trunkline.core import api_keys
from trunkline.core.errors import NotAllowedError, NotFoundError
from trunkline.core.model import EVERYTHING, Account, Actor, Role, Scope
from trunkline.core.ports import Store
from trunkline.dialects.http import Ask, Caller

ACCOUNT_ARGUMENT = "account_id"


def authenticate(ask: Ask) -> Caller:
    """Return the caller behind a request; a key of some scopes only is for the dialects that know these."""
    named = ask.query().get(ACCOUNT_ARGUMENT) if ask.query_string else None
    return ask.platform.inventory.read(lambda store: _caller(store, ask.bearer(), named))


def _caller(store: Store, key: str, named: str | None) -> Caller:
    account, credential = api_keys.opened(store, key)
    if not api_keys.allows(credential, api_keys.ALL):
        raise NotAllowedError(
            f"this API key is good for {credential.scopes} only", advice="Use a key without such bounds here."
        )
    label = f"api key of {account.name}"
    whole = EVERYTHING if credential.role is Role.OPERATOR else Scope(account.id, include_children=True)
    if not named:
        return Caller(account, whole, Actor(account=account, label=label, role=credential.role))
    chosen = _chosen(store, whole, named)
    actor = Actor(account=chosen, label=label, role=credential.role)
    return Caller(chosen, Scope(chosen.id, include_children=True), actor)


def _chosen(store: Store, whole: Scope, named: str) -> Account:
    account = store.accounts.get(named)
    if account is None or not store.accounts.covers(whole, account.id):
        raise NotFoundError("not found", field=ACCOUNT_ARGUMENT)
    return account
