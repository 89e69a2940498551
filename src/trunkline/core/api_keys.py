"""API keys: bearer secrets of an account, each good for what its scopes say. One use case per function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.core import accounts
from trunkline.core.errors import InvalidError, NotAuthenticatedError, NotFoundError, UnknownReferenceError
from trunkline.core.model import Account, Actor, Credential, CredentialKind, Role
from trunkline.core.ports import Store

ALL = "*"
"""The scope that holds every other one."""
READ_NUMBERS = "phone_numbers:read"
WRITE_NUMBERS = "phone_numbers:write"
SCOPES = (READ_NUMBERS, WRITE_NUMBERS)
MAX_KEYS = 100
"""Live keys of one account."""
REVOCABLE = {
    CredentialKind.API_KEY: "api_key",
    CredentialKind.TWILIO_KEY: "key",
    CredentialKind.TWILIO_TEST: "test_credentials",
}
"""What the operator revokes, and its names in the change log."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A created key with its secret, which is shown this once."""

    credential: Credential
    secret: str


def create(store: Store, actor: Actor, account_id: str, scopes: Sequence[str], role: Role = Role.ACCOUNT) -> NewKey:
    """Give an account another key with these scopes."""
    account = store.accounts.get(account_id)
    if account is None:
        raise UnknownReferenceError(
            f"{account_id!r} is no account", field="account", advice="trunkline accounts list shows them."
        )
    unknown = [scope for scope in scopes if scope not in (ALL, *SCOPES)]
    if unknown or not scopes:
        raise InvalidError(f"a key's scopes are of {', '.join((ALL, *SCOPES))}, not {unknown}", field="scopes")
    if len(store.credentials.live(account.id, CredentialKind.API_KEY)) >= MAX_KEYS:
        raise InvalidError(f"an account has at most {MAX_KEYS} API keys", field="account", advice="Revoke one first.")
    given = [ALL] if ALL in scopes else [scope for scope in SCOPES if scope in scopes]
    secret = accounts.API_KEY_PREFIX + store.new_secret()
    credential = Credential(
        id=store.new_id(),
        account_id=account.id,
        carrier_id=None,
        kind=CredentialKind.API_KEY,
        public_id=account.code,
        role=role,
        scopes=" ".join(given),
        created_at=store.now(),
        revoked_at=None,
    )
    store.credentials.add(credential, secret)
    store.log.append(actor, account.id, "create", "api_key", credential.id, scopes=credential.scopes)
    return NewKey(credential, secret)


def revoke(store: Store, actor: Actor, key_id: str) -> Credential:
    """Let a key, or test credentials, open nothing any more, from the next request on; return what it was.

    ``key_id`` is what `named` gives.
    """
    for account in store.accounts.all():
        for kind, name in REVOCABLE.items():
            for credential in store.credentials.live(account.id, kind):
                if key_id in named(credential):
                    store.credentials.revoke(credential.id, store.now())
                    store.log.append(actor, account.id, "delete", name, credential.id)
                    return credential
    raise NotFoundError(f"{key_id!r} is no live key", advice="trunkline keys list shows them.")


def named(credential: Credential) -> tuple[str, ...]:
    """Return by what a credential is told from all others: its id, and the user name by which it is given, if any."""
    own = credential.kind is not CredentialKind.API_KEY  # whose public id is its account's
    return (credential.id, credential.public_id) if own else (credential.id,)


def opened(store: Store, secret: str) -> tuple[Account, Credential]:
    """Return the account that a key opens, and the key; `NotAuthenticatedError` for one that opens nothing."""
    credential = store.credentials.by_secret(CredentialKind.API_KEY, secret) if secret else None
    account = store.accounts.get(credential.account_id) if credential else None
    if credential is None or account is None or accounts.is_closed(store, account):
        raise NotAuthenticatedError("authentication failed", advice="Send `Authorization: Bearer` and your API key.")
    if accounts.is_disabled(store, account):
        raise NotAuthenticatedError("this account is disabled", advice="The account above it can enable it.")
    return account, credential


def allows(credential: Credential, scope: str) -> bool:
    """Tell whether a key is good for ``scope``: one of `SCOPES`, or `ALL` for what has no scope of its own."""
    held = credential.scopes.split()
    return ALL in held or scope in held
