"""Lists of logins: user names and passwords of PBXs, several under one name. One use case per function."""

from __future__ import annotations

import re
from dataclasses import replace

from trunkline.core import sip_logins, trunks
from trunkline.core.errors import ConflictError, InvalidError, NotFoundError
from trunkline.core.model import Account, Actor, CredentialKind, Page, Scope
from trunkline.core.named_ports import LoginList
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import LoginFilter, TrunkLogin

MAX_LOGINS = 1000
"""Logins of one list."""
MAX_USERNAME = 32
MIN_PASSWORD, MAX_PASSWORD = 12, 128

_USERNAME = re.compile(rf"[A-Za-z0-9_.@+-]{{1,{MAX_USERNAME}}}", re.ASCII)


def create(store: Store, actor: Actor, account: Account, name: str) -> LoginList:
    """Create a list of ``account``, with no logins in it."""
    _check_name(name)
    now = store.now()
    made = LoginList(id=store.new_id(), account_id=account.id, name=name, created_at=now, updated_at=now)
    store.login_lists.add(made)
    store.log.append(actor, account.id, "create", "login_list", made.id, name=name)
    return made


def find(store: Store, scope: Scope, list_id: str) -> LoginList:
    """Return a list by id; `NotFoundError` when it is not there or not in scope."""
    found = store.login_lists.get(scope, list_id)
    if found is None:
        raise NotFoundError("not found")
    return found


def rename(store: Store, actor: Actor, login_list: LoginList, name: str) -> LoginList:
    """Call a list otherwise."""
    _check_name(name)
    changed = replace(login_list, name=name, updated_at=store.now())
    store.login_lists.update(changed)
    store.log.append(actor, login_list.account_id, "update", "login_list", login_list.id, name=name)
    return changed


def delete(store: Store, actor: Actor, login_list: LoginList) -> None:
    """Take a list and its logins out of service; refused while a trunk has it, which would admit others without it."""
    using = store.trunk_lists.uses_of_login_list(login_list.id)
    if using:
        raise ConflictError(
            f"this credential list is in use by {using} trunk{'s' if using != 1 else ''}",
            advice="Take it from them first.",
        )
    while logins := store.trunk_logins.page(_whose(login_list), LoginFilter(list_id=login_list.id), Page(100)).items:
        for login in logins:
            remove_login(store, actor, login)
    store.login_lists.remove(login_list.id, store.now())
    store.log.append(actor, login_list.account_id, "delete", "login_list", login_list.id, name=login_list.name)


def add_login(store: Store, actor: Actor, login_list: LoginList, username: str, password: str) -> TrunkLogin:
    """Add a user name with its password to a list, which has no other one of that spelling."""
    _check_username(store, login_list, username)
    _check_password(password)
    now = store.now()
    login = TrunkLogin(
        id=store.new_id(),
        account_id=login_list.account_id,
        name="",
        username=username,
        credential_id=_keep(store, login_list.account_id, username, password),
        list_id=login_list.id,
        created_at=now,
        updated_at=now,
    )
    store.trunk_logins.add(login)
    store.log.append(actor, login.account_id, "create", "trunk_login", login.id, username=username, list=login_list.id)
    return login


def find_login(store: Store, login_list: LoginList, login_id: str) -> TrunkLogin:
    """Return a login of a list; `NotFoundError` when it is not in it."""
    login = store.trunk_logins.get(_whose(login_list), login_id)
    if login is None or login.list_id != login_list.id:
        raise NotFoundError("not found")
    return login


def change_password(store: Store, actor: Actor, login: TrunkLogin, password: str) -> TrunkLogin:
    """Give a login of a list another password; the old one opens nothing any more."""
    _check_password(password)
    if login.credential_id is not None:
        store.credentials.revoke(login.credential_id, store.now())
    kept = _keep(store, login.account_id, login.username, password)
    changed = replace(login, credential_id=kept, updated_at=store.now())
    store.trunk_logins.update(changed)
    store.log.append(actor, login.account_id, "update", "trunk_login", login.id, password="changed")  # noqa: S106 -- says that it changed
    return changed


def remove_login(store: Store, actor: Actor, login: TrunkLogin) -> None:
    """Take a login out of its list, for good."""
    if login.credential_id is not None:
        store.credentials.revoke(login.credential_id, store.now())
    store.trunk_logins.remove(login.id, store.now())
    store.log.append(actor, login.account_id, "delete", "trunk_login", login.id, username=login.username)


def _keep(store: Store, account_id: str, username: str, password: str) -> str:
    return sip_logins.keep(store, CredentialKind.SIP_TRUNK, account_id, (username, password))


def _whose(login_list: LoginList) -> Scope:
    return Scope(login_list.account_id)


def _check_name(name: str) -> None:
    if not name.strip():
        raise InvalidError("a name is needed", field="name")
    trunks.check_label(name)


def _check_username(store: Store, login_list: LoginList, username: str) -> None:
    if not _USERNAME.fullmatch(username):
        raise InvalidError(f"username has 1 to {MAX_USERNAME} letters, digits or any of _.@+-", field="username")
    logins = store.trunk_logins.page(_whose(login_list), LoginFilter(list_id=login_list.id), Page(1)).total
    if logins >= MAX_LOGINS:
        raise InvalidError(f"a credential list has at most {MAX_LOGINS} credentials", field="username")
    wanted = LoginFilter(username=username, list_id=login_list.id)
    if store.trunk_logins.page(_whose(login_list), wanted, Page(1)).total:
        raise InvalidError("username is taken by another credential of this list", field="username")


def _check_password(password: str) -> None:
    long = MIN_PASSWORD <= len(password) <= MAX_PASSWORD and password.isprintable()
    mixed = any(c.islower() for c in password) and any(c.isupper() for c in password)
    if not (long and mixed and any(c.isdigit() for c in password)):
        raise InvalidError(
            f"password has {MIN_PASSWORD} to {MAX_PASSWORD} printable characters, among them a digit, "
            "a small and a capital letter",
            field="password",
        )
