"""Logins of outbound trunks: a user name and a password by which a PBX proves that a call is its account's."""

from __future__ import annotations

import re
from dataclasses import replace

from trunkline.core import sip_logins, trunks
from trunkline.core.errors import ConflictError, InvalidError, NotFoundError, UnknownReferenceError
from trunkline.core.model import EVERYTHING, Account, Actor, CredentialKind, Page, Scope
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import LoginFilter, TrunkFilter, TrunkLogin

MIN_TEXT = 5
MAX_TEXT = 20
"""Characters of a user name, and of a password."""

_USERNAME = re.compile(rf"[A-Za-z0-9]{{{MIN_TEXT},{MAX_TEXT}}}", re.ASCII)


def create(store: Store, actor: Actor, account: Account, *, name: str, username: str, password: str) -> TrunkLogin:
    """Create a login of ``account``; its user name is the account's only one of that spelling."""
    trunks.check_label(name)
    _check_username(store, account.id, username)
    now = store.now()
    login = TrunkLogin(
        id=store.new_id(),
        account_id=account.id,
        name=name,
        username=username,
        credential_id=_keep(store, account.id, username, password),
        created_at=now,
        updated_at=now,
    )
    store.trunk_logins.add(login)
    store.log.append(actor, account.id, "create", "trunk_login", login.id, name=name, username=username)
    return login


def find(store: Store, scope: Scope, login_id: str) -> TrunkLogin:
    """Return a login by id; `NotFoundError` when it is not there or not in scope."""
    login = store.trunk_logins.get(scope, login_id)
    if login is None:
        raise NotFoundError("not found")
    return login


def named(store: Store, scope: Scope, account_id: str, login_id: str, argument: str) -> TrunkLogin:
    """Return the login that an argument names for a trunk of this account: the account's own, or one's above it."""
    login = store.trunk_logins.get(scope, login_id)
    if login is None or login.account_id not in store.accounts.ancestors(account_id):
        raise UnknownReferenceError(f"{argument} is not one of your credentials", field=argument)
    return login


def update(
    store: Store,
    actor: Actor,
    login: TrunkLogin,
    *,
    name: str | None = None,
    username: str | None = None,
    password: str | None,
) -> TrunkLogin:
    """Change a login. A name of None stays; a password of None is taken away: the login then admits nobody."""
    if name is not None:
        trunks.check_label(name)
    if username is not None and username != login.username:
        _check_username(store, login.account_id, username)
    changed = replace(
        login,
        name=login.name if name is None else name,
        username=login.username if username is None else username,
        updated_at=store.now(),
    )
    if login.credential_id is not None:
        store.credentials.revoke(login.credential_id, store.now())
    kept = None if password is None else _keep(store, login.account_id, changed.username, password)
    changed = replace(changed, credential_id=kept)
    store.trunk_logins.update(changed)
    told = {"name": changed.name, "username": changed.username, "password": "changed" if kept else "taken away"}
    store.log.append(actor, login.account_id, "update", "trunk_login", login.id, **told)
    return changed


def delete(store: Store, actor: Actor, login: TrunkLogin) -> None:
    """Take a login out of service; refused while a trunk has it, which would admit other calls without it."""
    using = store.trunks.page(EVERYTHING, Page(1), TrunkFilter(login_id=login.id)).total
    if using:
        raise ConflictError(
            f"this credential is in use by {using} trunk{'s' if using != 1 else ''}",
            advice="Give them another one, or delete them first.",
        )
    if login.credential_id is not None:
        store.credentials.revoke(login.credential_id, store.now())
    store.trunk_logins.remove(login.id, store.now())
    store.log.append(actor, login.account_id, "delete", "trunk_login", login.id, username=login.username)


def _check_username(store: Store, account_id: str, username: str) -> None:
    if not _USERNAME.fullmatch(username):
        raise InvalidError(f"username has {MIN_TEXT} to {MAX_TEXT} letters and digits", field="username")
    if store.trunk_logins.page(Scope(account_id), LoginFilter(username=username), Page(1)).total:
        raise InvalidError("username is taken by another of your credentials", field="username")


def _keep(store: Store, account_id: str, username: str, password: str) -> str:
    """Write a login's password; return the credential's id."""
    if not MIN_TEXT <= len(password) <= MAX_TEXT or not password.isprintable():
        raise InvalidError(f"password has {MIN_TEXT} to {MAX_TEXT} printable characters", field="password")
    return sip_logins.keep(store, CredentialKind.SIP_TRUNK, account_id, (username, password))
