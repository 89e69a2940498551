"""`trunkline keys …`."""

from __future__ import annotations

from argparse import Namespace

from trunkline.commands.opening import read, write
from trunkline.commands.printing import document, table
from trunkline.core import api_keys
from trunkline.core.model import CredentialKind, Role
from trunkline.core.ports import Store


def create(options: Namespace) -> int:
    """Create an API key and print it."""
    role = Role.OPERATOR if options.operator else Role.ACCOUNT
    scopes = options.scope or [api_keys.ALL]
    made = write(options, lambda store, actor: api_keys.create(store, actor, options.account, scopes, role))
    if options.json:
        document({"id": made.credential.id, "scopes": made.credential.scopes.split(), "api_key": made.secret})
        return 0
    print(f"API key {made.credential.id} of {made.credential.scopes}; it is not shown again")
    print(f"  {made.secret}")
    return 0


def show(options: Namespace) -> int:
    """List live API keys, without their secrets."""

    def look_up(store: Store) -> list[tuple[str, str, str, str, str]]:
        wanted = [a for a in store.accounts.all() if options.account in (None, a.id)]
        return [
            (key.id, account.id, key.role.value, key.scopes, key.created_at.isoformat(timespec="seconds"))
            for account in wanted
            for key in store.credentials.live(account.id, CredentialKind.API_KEY)
        ]

    found, names = read(options, look_up), ("id", "account_id", "role", "scopes", "created_at")
    if options.json:
        document([dict(zip(names, row, strict=True)) for row in found])
        return 0
    table(("ID", "ACCOUNT", "ROLE", "SCOPES", "CREATED"), found)
    return 0


def revoke(options: Namespace) -> int:
    """Let an API key open nothing any more."""
    write(options, lambda store, actor: api_keys.revoke(store, actor, options.key))
    print(f"API key {options.key} is revoked")
    return 0
