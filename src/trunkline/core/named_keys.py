"""Keys: secrets beside an account's token, each with a name, each revoked by itself. One use case per function."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import Account, Actor, Credential, CredentialKind, Page, Role
from trunkline.core.named_ports import NamedKey
from trunkline.core.ports import Store

MAX_NAME = 64
MAX_KEYS = 100
"""Live keys of one account."""


def create(store: Store, actor: Actor, account: Account, name: str, user: Callable[[str], str]) -> tuple[NamedKey, str]:
    """Give an account a key; return it with its secret, which is shown this once. It opens this account only.

    ``user`` makes of the key's id the user name by which it is given.
    """
    _check_name(name)
    if store.named_keys.page(account.id, Page(1)).total >= MAX_KEYS:
        raise InvalidError(f"an account has at most {MAX_KEYS} keys", field="keys", advice="Delete one first.")
    now, key_id, secret = store.now(), store.new_id(), store.new_secret()
    credential = Credential(
        id=key_id,
        account_id=account.id,
        carrier_id=None,
        kind=CredentialKind.TWILIO_KEY,
        public_id=user(key_id),
        role=Role.ACCOUNT,
        scopes="*",
        created_at=now,
        revoked_at=None,
    )
    store.credentials.add(credential, secret)
    store.named_keys.name(key_id, name, now)
    store.log.append(actor, account.id, "create", "key", key_id, name=name)
    return find(store, account, key_id), secret


def find(store: Store, account: Account, key_id: str) -> NamedKey:
    """Return a live key of an account; `NotFoundError` when it is not there."""
    key = store.named_keys.get(account.id, key_id)
    if key is None:
        raise NotFoundError("not found")
    return key


def rename(store: Store, actor: Actor, account: Account, key: NamedKey, name: str) -> NamedKey:
    """Call a key otherwise."""
    _check_name(name)
    store.named_keys.name(key.id, name, store.now())
    store.log.append(actor, account.id, "update", "key", key.id, name=name)
    return find(store, account, key.id)


def delete(store: Store, actor: Actor, account: Account, key: NamedKey) -> None:
    """Let a key open nothing any more, from the next request on."""
    store.credentials.revoke(key.id, store.now())
    store.log.append(actor, account.id, "delete", "key", key.id, name=key.name)


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not name.isprintable():
        raise InvalidError(f"a name has at most {MAX_NAME} printable characters", field="name")
