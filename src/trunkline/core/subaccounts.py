"""Subaccounts, as their main account keeps them: one use case per function."""

from __future__ import annotations

from dataclasses import replace

from trunkline.core import accounts, applications, endpoints, numbers
from trunkline.core.errors import ConflictError, NotAllowedError, NotFoundError
from trunkline.core.model import Account, AccountState, Actor, CredentialKind, Page, Scope
from trunkline.core.ports import NumberFilter, Store

HOLDINGS = (
    "carrier",
    "trunk",
    "application",
    "number",
    "campaign",
    "profile",
    "compliance",
    "endpoint",
    "origination_uri",
    "trunk_login",
    "ip_list",
    "login_list",
    "address",
    "regulatory",
)
"""Kinds of record that an account has of its own: what a deleted subaccount leaves to its main account."""

_OPENING = (
    CredentialKind.PLIVO_TOKEN,
    CredentialKind.TWILIO_TOKEN,
    CredentialKind.API_KEY,
    CredentialKind.TWILIO_KEY,
    CredentialKind.TWILIO_TEST,
)
_BATCH = Page(500)


def create(store: Store, actor: Actor, main: Account, *, name: str, enabled: bool) -> tuple[Account, str]:
    """Create a subaccount of ``main`` and return it with its Plivo token.

    Its Twilio token is made with it, an API key is not: nobody would ever see it.
    """
    if main.is_subaccount:
        raise NotAllowedError("a subaccount has no subaccounts", advice="Use the main account's credentials.")
    state = AccountState.ACTIVE if enabled else AccountState.DISABLED
    account = accounts.enter(store, actor, name=name, parent_id=main.id, state=state)
    token = accounts.issue(store, account, CredentialKind.PLIVO_TOKEN, store.new_secret())
    accounts.issue(store, account, CredentialKind.TWILIO_TOKEN, store.new_secret())
    return account, token


def find(store: Store, main: Account, code: str | None) -> Account:
    """Return the account of this code below ``main``; `NotFoundError` when it is not there, or deleted."""
    account = store.accounts.by_code(code) if code else None
    if account is None or account.id == main.id or main.is_subaccount or account.state is AccountState.CLOSED:
        raise NotFoundError("not found")
    if main.id not in store.accounts.ancestors(account.id):
        raise NotFoundError("not found")
    return account


def tokens(store: Store, account: Account) -> list[str]:
    """Return an account's live Plivo tokens, oldest first: its main account may see them."""
    live = store.credentials.live(account.id, CredentialKind.PLIVO_TOKEN)
    return [store.credentials.reveal(credential.id) for credential in live]


def switch(store: Store, actor: Actor, account: Account, *, enabled: bool) -> Account:
    """Enable or disable a subaccount: a disabled one's credentials open nothing, and its calls do not route.

    One that the operator has suspended stays so: enabling it is a `ConflictError`.
    """
    if account.state is AccountState.SUSPENDED:
        if enabled:
            raise ConflictError(
                "enabled: this subaccount is suspended by the operator", advice="Ask the operator to activate it."
            )
        return account
    state = AccountState.ACTIVE if enabled else AccountState.DISABLED
    return account if account.state is state else accounts.set_state(store, actor, account.id, state)


def delete(store: Store, actor: Actor, account: Account, *, cascade: bool) -> None:
    """Close a subaccount, and those below it, for good.

    What it has goes to the account above it, what its numbers point at included, so calls go on; with ``cascade`` its
    numbers, endpoints and applications are removed instead. Carriers, and trunks with what they refer to, are never
    removed: other accounts of the tree may use them.
    """
    heir = account.parent_id
    if heir is None:
        raise NotFoundError("not found")
    while below := store.accounts.below(account.id, _BATCH).items:
        for closing in below:
            _close(store, actor, closing, heir, cascade=cascade)
    _close(store, actor, account, heir, cascade=cascade)


def _close(store: Store, actor: Actor, account: Account, heir: str, *, cascade: bool) -> None:
    if cascade:
        _remove_belongings(store, actor, account)
    for kind in HOLDINGS:
        for name in store.accounts.hand_over(kind, account.id, heir):
            store.log.append(actor, heir, "update", kind, name, owner=heir)
    for opening in _OPENING:
        for credential in store.credentials.live(account.id, opening):
            store.credentials.revoke(credential.id, store.now())
    closed = replace(
        account,
        state=AccountState.CLOSED,
        default_application_id=None,
        default_endpoint_application_id=None,
        updated_at=store.now(),
    )
    store.accounts.update(closed)
    store.log.append(actor, account.id, "delete", "account", account.id, cascade=cascade)


def _remove_belongings(store: Store, actor: Actor, account: Account) -> None:
    own = Scope(account.id)
    while found := store.numbers.page(own, NumberFilter(), _BATCH).items:
        for number in found:
            numbers.remove(store, actor, number)
    while users := store.endpoints.page(own, _BATCH).items:
        for endpoint in users:
            endpoints.delete(store, actor, endpoint)
    while listed := store.applications.page(own, None, _BATCH).items:
        for application in listed:
            applications.delete(store, actor, application)
