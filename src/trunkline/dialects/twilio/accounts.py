"""Twilio's ``Accounts``: an account, and the subaccounts below it.

Source: the vendor's OpenAPI document and https://www.twilio.com/docs/iam/api/subaccounts. A subaccount that its parent
suspends is one that Plivo's ``enabled: false`` switches off: its credentials open nothing, its calls are refused. A
closed one gives its numbers back, for good.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trunkline.core import accounts, subaccounts
from trunkline.core.errors import NotAllowedError, NotFoundError
from trunkline.core.model import Account, AccountState, CredentialKind, Page
from trunkline.core.ports import Store
from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.twilio import arguments, ids, paging, views, views_accounts
from trunkline.dialects.twilio.answering import created, listed, one
from trunkline.dialects.twilio.problems import RefusedError

MAX_SUBACCOUNTS = 1000
BAD_STATUS, PARENT_SUSPENDED, NO_SUBACCOUNT, SUSPENDED, CLOSED, TOO_MANY = 21475, 21476, 21477, 21478, 21479, 21480
_ELEMENT = "Account"
_STATES = {
    "active": (AccountState.ACTIVE,),
    "suspended": (AccountState.DISABLED, AccountState.SUSPENDED),
    "closed": (AccountState.CLOSED,),
}


def only_token(ask: Ask) -> None:
    """Refuse API keys: who manages accounts and keys proves itself by the account's token."""
    credential = ask.caller.credential
    if credential is not None and credential.kind is CredentialKind.TWILIO_KEY:
        raise NotAllowedError("an API key reaches neither Accounts nor Keys", advice="Use the account's auth token.")


def _shown(store: Store, account: Account) -> dict[str, Any]:
    tokens = store.credentials.live(account.id, CredentialKind.TWILIO_TOKEN)
    token = store.credentials.reveal(tokens[0].id) if tokens else ""
    return views_accounts.account(account, _state(store, account), token)


def _state(store: Store, account: Account) -> AccountState:
    """Return an account's state: an active one below one that is not counts as suspended."""
    if account.state is AccountState.ACTIVE and _above_inactive(store, account):
        return AccountState.SUSPENDED
    return account.state


def _above_inactive(store: Store, account: Account) -> bool:
    above = (store.accounts.get(one) for one in store.accounts.ancestors(account.id)[1:])
    return any(one is None or one.state is not AccountState.ACTIVE for one in above)


def _current(store: Store, account: Account) -> Account:
    """Return the account as it is in this transaction: the caller's may be older."""
    found = store.accounts.get(account.id)
    if found is None:
        raise NotFoundError("not found")
    return found


async def create_account(ask: Ask) -> Answer:
    """Create a subaccount of the caller's account."""
    only_token(ask)
    name, caller = arguments.friendly_name(arguments.form(ask)), ask.caller

    def use_case(store: Store) -> dict[str, Any]:
        if store.accounts.below(caller.account.id, Page(1)).total >= MAX_SUBACCOUNTS:
            raise RefusedError(TOO_MANY, f"an account has at most {MAX_SUBACCOUNTS} subaccounts")
        given = name or default_name(store.now())
        made, _ = subaccounts.create(store, caller.actor, caller.account, name=given, enabled=True)
        return _shown(store, made)

    return created(ask, _ELEMENT, await ask.platform.inventory.write(use_case))


def default_name(now: datetime) -> str:
    """Return what a subaccount is called that was given no name."""
    return f"SubAccount Created at {now:%Y-%m-%d %I:%M} {'am' if now.hour < 12 else 'pm'}"


async def list_accounts(ask: Ask) -> Answer:
    """List the caller's account and those right below it, oldest first, closed ones too."""
    only_token(ask)
    query, account = ask.query(), ask.caller.account
    window = paging.window(query, ids.ACCOUNT)
    status = arguments.choice(query, "Status", tuple(_STATES))
    states = _STATES[status] if status else ()

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        name = query.get("FriendlyName") or None
        found = store.account_tree.page(account.id, window.page, name=name, states=states)
        return [_shown(store, one) for one in found.items], found.last

    shown, last = await ask.platform.inventory.search(look_up)
    return listed(ask, "accounts", _ELEMENT, shown, window=window, last=last)


async def get_account(ask: Ask) -> Answer:
    """Return one account; a closed one, too."""
    only_token(ask)
    account = ask.caller.account
    return one(ask, _ELEMENT, ask.platform.inventory.read(lambda store: _shown(store, _current(store, account))))


async def update_account(ask: Ask) -> Answer:
    """Rename an account; suspend, reactivate or close a subaccount."""
    only_token(ask)
    args, caller = arguments.form(ask), ask.caller
    name, status = arguments.friendly_name(args), args.get("Status", "").strip().lower()
    if status and status not in _STATES:
        raise RefusedError(BAD_STATUS, f"Status is one of {', '.join(_STATES)}")

    def use_case(store: Store) -> dict[str, Any]:
        account = _current(store, caller.account)
        if account.state is AccountState.CLOSED:
            raise RefusedError(CLOSED, "this account has been closed")
        if name:
            account = accounts.change(store, caller.actor, account, name=name)
        if status:
            _move(store, ask, account, status)
        return _shown(store, _current(store, account))

    return one(ask, _ELEMENT, await ask.platform.inventory.write(use_case))


def _move(store: Store, ask: Ask, account: Account, status: str) -> None:
    """Bring a subaccount into another status, as the account above it may."""
    actor = ask.caller.actor
    if not account.is_subaccount:
        raise RefusedError(NO_SUBACCOUNT, "Status of a parent account is the operator's to change")
    if actor.account.id == account.id:
        raise NotAllowedError("Status of a subaccount changes with its parent's credentials only")
    if status == "closed":
        subaccounts.delete(store, actor, account, cascade=True)
        return
    if account.state is AccountState.SUSPENDED and status == "active":
        raise RefusedError(SUSPENDED, "this subaccount was suspended by the operator of this installation")
    if status == "active" and _above_inactive(store, account):
        raise RefusedError(PARENT_SUSPENDED, "the parent account is suspended")
    subaccounts.switch(store, actor, account, enabled=status == "active")


_ALL = f"{views.PREFIX}/Accounts"
_ONE = f"{_ALL}/{{AccountSid}}"

OPERATIONS = (
    Operation("POST", _ALL, create_account),
    Operation("GET", _ALL, list_accounts, is_list=True),
    Operation("GET", _ONE, get_account),
    Operation("POST", _ONE, update_account),
)
