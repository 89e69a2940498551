"""Who asks in Plivo's dialect: HTTP Basic with ``auth_id`` and ``auth_token``, on that account's own paths only.

Source: https://www.plivo.com/docs/ (every page's examples). What a foreign ``auth_id`` in the path answers is
published nowhere; here it is 401 like any wrong credential (``docs/compatibility.md``).
"""

from __future__ import annotations

from base64 import b64decode
from hashlib import blake2b

from trunkline.core import accounts
from trunkline.core.errors import NotAuthenticatedError
from trunkline.core.model import Actor, CredentialKind, Scope
from trunkline.core.ports import Store
from trunkline.dialects.http import Ask, Caller
from trunkline.dialects.plivo import ids


def authenticate(ask: Ask) -> Caller:
    """Return the caller behind a request; a main account sees its whole tree, a subaccount only itself."""
    header, path_id = ask.header(b"authorization"), ask.params["auth_id"]
    key = blake2b(f"plivo {path_id} {header}".encode(), digest_size=32).digest()
    return ask.platform.inventory.recall(key, lambda store: _named(store, header, path_id))


def _named(store: Store, header: str, path_id: str) -> Caller:
    user, token = _basic(header)
    if not token or user != path_id:
        raise _refused()
    return _caller(store, user, token)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, token = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64, no ASCII before it was decoded, or no UTF-8 after
        return "", ""
    return user, token


def _caller(store: Store, user: str, token: str) -> Caller:
    code = ids.code(user)
    credential = store.credentials.check(CredentialKind.PLIVO_TOKEN, code, token) if code else None
    account = store.accounts.get(credential.account_id) if credential else None
    if account is None or ids.auth_id(account) != user or accounts.is_closed(store, account):
        raise _refused()
    if accounts.is_disabled(store, account):
        raise NotAuthenticatedError("this subaccount is disabled", advice="Its main account can enable it.")
    scope = Scope(account.id, include_children=not account.is_subaccount)
    return Caller(account, scope, Actor(account=account, label=user))


def _refused() -> NotAuthenticatedError:
    return NotAuthenticatedError(
        "authentication failed", advice="Send your auth_id and auth_token by HTTP Basic, on your own account's path."
    )
