"""Test credentials: a user name and a secret of an account's that open nothing of it. One use case per function."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.core.api_keys import NewKey
from trunkline.core.errors import InvalidError, UnknownReferenceError
from trunkline.core.model import Actor, Credential, CredentialKind, Role
from trunkline.core.ports import Store

MAX_PAIRS = 100
"""Live test credentials of one account."""


def create(store: Store, actor: Actor, account_id: str, user: Callable[[str], str]) -> NewKey:
    """Give an account another pair; ``user`` makes of its id the user name, its public id, by which it is given."""
    account = store.accounts.get(account_id)
    if account is None:
        raise UnknownReferenceError(
            f"{account_id!r} is no account", field="account", advice="trunkline accounts list shows them."
        )
    if len(store.credentials.live(account.id, CredentialKind.TWILIO_TEST)) >= MAX_PAIRS:
        raise InvalidError(
            f"an account has at most {MAX_PAIRS} test credentials", field="account", advice="Revoke some first."
        )
    pair_id, secret = store.new_id(), store.new_secret()
    credential = Credential(
        id=pair_id,
        account_id=account.id,
        carrier_id=None,
        kind=CredentialKind.TWILIO_TEST,
        public_id=user(pair_id),
        role=Role.ACCOUNT,
        scopes="",
        created_at=store.now(),
        revoked_at=None,
    )
    store.credentials.add(credential, secret)
    store.log.append(actor, account.id, "create", "test_credentials", pair_id)
    return NewKey(credential, secret)
