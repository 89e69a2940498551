"""`trunkline keys …`."""

from __future__ import annotations

from argparse import Namespace

from trunkline.commands.opening import read, write
from trunkline.commands.printing import document, table
from trunkline.commands.records import one_of
from trunkline.core import api_keys, test_credentials
from trunkline.core.errors import InvalidError
from trunkline.core.model import Credential, CredentialKind, Role
from trunkline.core.ports import Store
from trunkline.dialects.twilio import ids

TEST = "twilio-test"
_KINDS = {CredentialKind.API_KEY: "api", CredentialKind.TWILIO_KEY: "twilio", CredentialKind.TWILIO_TEST: TEST}
_WORDS = {
    CredentialKind.API_KEY: "API key",
    CredentialKind.TWILIO_KEY: "Twilio key",
    CredentialKind.TWILIO_TEST: "test pair",
}


def create(options: Namespace) -> int:
    """Create an API key, or test credentials of Twilio's dialect, and print them."""
    return _create_pair(options) if options.kind == TEST else _create_key(options)


def _create_key(options: Namespace) -> int:
    role = Role.OPERATOR if options.operator else Role.ACCOUNT
    scopes = options.scope or [api_keys.ALL]
    made = write(options, lambda store, actor: api_keys.create(store, actor, options.account, scopes, role))
    if options.json:
        document({"id": made.credential.id, "scopes": made.credential.scopes.split(), "api_key": made.secret})
        return 0
    print(f"API key {made.credential.id} of {made.credential.scopes}; it is not shown again")
    print(f"  {made.secret}")
    return 0


def _create_pair(options: Namespace) -> int:
    if options.scope or options.operator:
        raise InvalidError(f"--scope and --operator say nothing to --kind {TEST}", advice="Leave them out.")
    made = write(options, lambda store, actor: test_credentials.create(store, actor, options.account, _account_sid))
    if options.json:
        sids = {"account_sid": made.credential.public_id, "auth_token": made.secret}
        document({"id": made.credential.id, "twilio_test": sids})
        return 0
    print(f"test credentials {made.credential.id}; the token is not shown again")
    print(f"  Twilio   account_sid {made.credential.public_id}   auth_token {made.secret}")
    return 0


def _account_sid(pair_id: str) -> str:
    return ids.sid(ids.ACCOUNT, pair_id)


def show(options: Namespace) -> int:
    """List live keys and test credentials, without their secrets."""

    def look_up(store: Store) -> list[tuple[str | None, ...]]:
        one_of(store, options.account)
        wanted = [a for a in store.accounts.all() if options.account in (None, a.id)]
        return [
            _row(account.id, key)
            for account in wanted
            for kind in _KINDS
            for key in store.credentials.live(account.id, kind)
        ]

    found = read(options, look_up)
    names = ("id", "account_id", "kind", "sid", "role", "scopes", "created_at")
    if options.json:
        document([dict(zip(names, row, strict=True)) for row in found])
        return 0
    table(("ID", "ACCOUNT", "KIND", "SID", "ROLE", "SCOPES", "CREATED"), found)
    return 0


def _row(account_id: str, key: Credential) -> tuple[str | None, ...]:
    sid = next(iter(api_keys.named(key)[1:]), None)
    created_at = key.created_at.isoformat(timespec="seconds")
    return key.id, account_id, _KINDS[key.kind], sid, key.role.value, key.scopes, created_at


def revoke(options: Namespace) -> int:
    """Let a key, or test credentials, open nothing any more."""
    gone = write(options, lambda store, actor: api_keys.revoke(store, actor, options.key))
    print(f"{_WORDS[gone.kind]} {gone.id} is revoked")
    return 0
