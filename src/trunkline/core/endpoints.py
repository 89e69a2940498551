"""Endpoints, the SIP users who register with us: one use case per function."""

from __future__ import annotations

import re
from dataclasses import replace

from trunkline.core import sip_logins
from trunkline.core.errors import InvalidError, NotFoundError, UnknownReferenceError
from trunkline.core.model import (
    Account,
    Actor,
    Application,
    CredentialKind,
    Endpoint,
    Owner,
    Ref,
    Scope,
)
from trunkline.core.ports import Store

MAX_USERNAME = 50
"""Characters of a user name as asked for; 12 digits are appended."""

DIGITS = 12
MIN_PASSWORD = 5
MAX_PASSWORD = 128
MAX_ALIAS = 255

_OTHERS = (CredentialKind.SIP_INBOUND, CredentialKind.SIP_TRUNK)
_USERNAME = re.compile(rf"[A-Za-z][A-Za-z0-9]{{0,{MAX_USERNAME - 1}}}", re.ASCII)


def create(
    store: Store,
    actor: Actor,
    account: Account,
    *,
    username: str,
    password: str,
    alias: str,
    application: Application | None,
) -> Endpoint:
    """Create an endpoint of ``account``, its user name followed by 12 digits that make it the only one of its kind.

    Without an application it gets the account's default for endpoints, if there is one.
    """
    if not _USERNAME.fullmatch(username):
        raise InvalidError(
            f"username begins with a letter and has 1 to {MAX_USERNAME} letters and digits", field="username"
        )
    _check_alias(alias)
    _check_password(password)
    if application is None and account.default_endpoint_application_id is not None:
        application = store.applications.get(Scope(account.id), account.default_endpoint_application_id)
    _check_application(store, account.id, application)
    whole = username + _digits(store)
    while store.endpoints.has(whole) or any(store.credentials.named(kind, whole) for kind in _OTHERS):
        whole = username + _digits(store)
    now = store.now()
    endpoint = Endpoint(
        id=store.new_id(),
        serial=store.new_serial(),
        owner=Owner(account.id, account.code, account.name, account.parent_id),
        username=whole,
        alias=alias,
        application=_ref(application),
        login_id=sip_logins.keep(store, CredentialKind.SIP_ENDPOINT, account.id, (whole, password)),
        created_at=now,
        updated_at=now,
    )
    store.endpoints.add(endpoint)
    detail = {"username": whole, "alias": alias, "application": application.id if application else None}
    store.log.append(actor, account.id, "create", "endpoint", endpoint.id, **detail)
    return endpoint


def find(store: Store, scope: Scope, serial: str) -> Endpoint:
    """Return an endpoint by serial; `NotFoundError` when it is not there or not in scope."""
    endpoint = store.endpoints.by_serial(scope, serial)
    if endpoint is None:
        raise NotFoundError("not found")
    return endpoint


def rename(store: Store, actor: Actor, endpoint: Endpoint, alias: str) -> Endpoint:
    """Give an endpoint another alias."""
    _check_alias(alias)
    return _write(store, actor, replace(endpoint, alias=alias), alias=alias)


def set_password(store: Store, actor: Actor, endpoint: Endpoint, password: str) -> Endpoint:
    """Give an endpoint another password: whoever registered with the old one is reached no more."""
    _check_password(password)
    store.credentials.revoke(endpoint.login_id, store.now())
    login_id = sip_logins.keep(store, CredentialKind.SIP_ENDPOINT, endpoint.owner.id, (endpoint.username, password))
    return _write(store, actor, replace(endpoint, login_id=login_id), changed="password")


def point_at(store: Store, actor: Actor, endpoint: Endpoint, application: Application | None) -> Endpoint:
    """Let an application answer the endpoint's own calls, or none.

    The application is the endpoint's account's, or one's above it, else `UnknownReferenceError`.
    """
    _check_application(store, endpoint.owner.id, application)
    changed = replace(endpoint, application=_ref(application))
    return _write(store, actor, changed, application=application.id if application else None)


def delete(store: Store, actor: Actor, endpoint: Endpoint) -> None:
    """Take an endpoint out of service; its password opens nothing any more."""
    now = store.now()
    store.credentials.revoke(endpoint.login_id, now)
    store.endpoints.remove(endpoint.id, now)
    store.log.append(actor, endpoint.owner.id, "delete", "endpoint", endpoint.id, username=endpoint.username)


def release(
    store: Store, actor: Actor, application: Application, *, cascade: bool, successor: Application | None
) -> dict[str, int]:
    """Take an application's endpoints from it: they get ``successor``, else are deleted (``cascade``), else have none.

    Returns how many there were, for the change log.
    """
    found = store.endpoints.of_application(application.id)
    for endpoint in found:
        if cascade and successor is None:
            delete(store, actor, endpoint)
        else:
            point_at(store, actor, endpoint, successor)
    return {"endpoints": len(found)}


def _digits(store: Store) -> str:
    return store.new_serial()[-DIGITS:]


def _write(store: Store, actor: Actor, endpoint: Endpoint, **detail: object) -> Endpoint:
    changed = replace(endpoint, updated_at=store.now())
    store.endpoints.update(changed)
    store.log.append(actor, endpoint.owner.id, "update", "endpoint", endpoint.id, **detail)
    return changed


def _check_alias(alias: str) -> None:
    if len(alias) > MAX_ALIAS or not alias.isprintable():
        raise InvalidError(f"alias has at most {MAX_ALIAS} printable characters", field="alias")


def _check_password(password: str) -> None:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or not password.isprintable():
        raise InvalidError(f"password has {MIN_PASSWORD} to {MAX_PASSWORD} printable characters", field="password")


def _check_application(store: Store, account_id: str, application: Application | None) -> None:
    if application is not None and application.account_id not in store.accounts.ancestors(account_id):
        raise UnknownReferenceError(
            "app_id is not an application of the endpoint's account or of one above it", field="app_id"
        )


def _ref(application: Application | None) -> Ref | None:
    return Ref(application.id, application.serial, application.name) if application else None
