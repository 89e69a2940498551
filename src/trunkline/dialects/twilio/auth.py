"""Who asks in Twilio's dialect: HTTP Basic with an AccountSid and its auth token, or with an API key's SID and secret.

An account acts on its own paths and on those of the accounts below it, a key on its own account's only. A path of any
other account is not found, like one of no account at all. Test credentials have an AccountSid of their own: they are an
account that has nothing, and reach what `magic_numbers` answers only.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from hashlib import blake2b

from trunkline.core import accounts
from trunkline.core.errors import NotAuthenticatedError, NotFoundError
from trunkline.core.model import Account, AccountState, Actor, Credential, CredentialKind, Scope
from trunkline.core.ports import Store
from trunkline.dialects.http import Ask, Caller
from trunkline.dialects.twilio import ids
from trunkline.dialects.twilio.problems import RefusedError
from trunkline.dialects.twilio.views import PREFIX

NOT_ACTIVE, TEST_CREDENTIALS = 20005, 20008
_FORM = "application/x-www-form-urlencoded"
_THE_ACCOUNT = "/Accounts/{AccountSid}"
"""The one path on which a closed account is still seen: its own."""
_FOR_TESTS = ("POST", f"{PREFIX}/Accounts/{{AccountSid}}/IncomingPhoneNumbers")
"""The one operation that test credentials reach, at their own AccountSid."""


def authenticate(ask: Ask) -> Caller:
    """Return the caller: ``account`` and ``scope`` are the path's account, the actor's account is who authenticated.

    A path without an AccountSid is the caller's own.
    """
    header, path_sid = ask.header(b"authorization"), ask.params.get("AccountSid")
    shown = ask.operation is not None and ask.operation.path.endswith(_THE_ACCOUNT)
    key = blake2b(f"twilio {path_sid} {shown} {header}".encode(), digest_size=32).digest()
    caller = ask.platform.inventory.recall(key, lambda store: _caller(store, header, path_sid, closed_too=shown))
    if is_test(caller):
        _check_reach(ask, caller, path_sid or "")
    return caller


def is_test(caller: Caller) -> bool:
    """Tell whether somebody asks with test credentials."""
    return caller.credential is not None and caller.credential.kind is CredentialKind.TWILIO_TEST


def _check_reach(ask: Ask, caller: Caller, path_sid: str) -> None:
    wanted = (ask.operation.method, ask.operation.path) if ask.operation is not None else None
    if wanted != _FOR_TESTS or ids.record_id(ids.ACCOUNT, path_sid) != caller.account.id:
        raise RefusedError(TEST_CREDENTIALS, "Resource not accessible with Test Account Credentials", 403)


def admit(ask: Ask) -> None:
    """Refuse a representation that the operation does not have, and a body that is no form."""
    if ask.suffix == ".csv" and not (ask.operation is not None and ask.operation.is_list and ask.method == "GET"):
        raise NotFoundError("not found")
    sent = ask.header(b"content-type").partition(";")[0].strip().lower()
    length = ask.header(b"content-length")
    if ask.method == "POST" and sent not in ("", _FORM) and length != "0":
        raise RefusedError(415, f"send the arguments as a form, with Content-Type: {_FORM}", 415)


def _caller(store: Store, header: str, path_sid: str | None, *, closed_too: bool) -> Caller:
    user, secret = _basic(header)
    credential = _credential(store, user, secret) if secret else None
    own = store.accounts.get(credential.account_id) if credential else None
    if credential is None or own is None or accounts.is_closed(store, own):
        raise NotAuthenticatedError("Authenticate", advice="Your AccountSid or AuthToken was incorrect.")
    if accounts.is_disabled(store, own):
        raise RefusedError(NOT_ACTIVE, "Account not active: its parent account has suspended it", 401)
    if credential.kind is CredentialKind.TWILIO_TEST:
        # No record is this account's, and none can be written for it.
        nobody = replace(own, id=credential.id, parent_id=None)
        return Caller(nobody, Scope(nobody.id), Actor(account=nobody, label=user), credential)
    acting = own if path_sid is None else _named(store, own, path_sid)
    if acting.id != own.id and credential.kind is CredentialKind.TWILIO_KEY:
        raise NotFoundError("not found")
    if acting.state is AccountState.CLOSED and not closed_too:
        raise NotFoundError("not found")
    return Caller(acting, Scope(acting.id), Actor(account=own, label=user), credential)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64, no ASCII before it was decoded, or no UTF-8 after
        return "", ""
    return user, secret


def _credential(store: Store, user: str, secret: str) -> Credential | None:
    """Return what opens: a token's public id is its account's code, any other's its SID in lower-case hex."""
    key_id = ids.record_id(ids.KEY, user)
    if key_id is not None:
        return store.credentials.check(CredentialKind.TWILIO_KEY, ids.sid(ids.KEY, key_id), secret)
    account_id = ids.record_id(ids.ACCOUNT, user)
    if account_id is None:
        return None
    account = store.accounts.get(account_id)
    if account is None:
        return store.credentials.check(CredentialKind.TWILIO_TEST, ids.sid(ids.ACCOUNT, account_id), secret)
    return store.credentials.check(CredentialKind.TWILIO_TOKEN, account.code, secret)


def _named(store: Store, own: Account, path_sid: str) -> Account:
    account_id = ids.record_id(ids.ACCOUNT, path_sid)
    account = store.accounts.get(account_id) if account_id else None
    if account is None or not store.accounts.covers(Scope(own.id, include_children=True), account.id):
        raise NotFoundError("not found")
    return account
