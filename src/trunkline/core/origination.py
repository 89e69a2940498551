"""Origination URIs: the SIP targets that trunks' calls go to, each of its own and good for several trunks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address

from trunkline.core import sip_logins, trunks
from trunkline.core.errors import (
    IncompleteError,
    InvalidError,
    NotAvailableYetError,
    NotFoundError,
    UnknownReferenceError,
)
from trunkline.core.model import Account, Actor, CredentialKind, Scope
from trunkline.core.outbound_auth import MAX_PASSWORD, MAX_USERNAME, check_text
from trunkline.core.ports import Store
from trunkline.core.trunk_ports import OriginationUri

MAX_URI = trunks.MAX_URI
"""Longest URI, in characters."""

_TRANSPORTS = ("udp", "tcp")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII | re.IGNORECASE)
_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,;?/%#-]+", re.ASCII)
_PARAMETER = re.compile(r"[A-Za-z0-9_.!~*'()%-]+(?:=[A-Za-z0-9_.!~*'()%/:&+$-]+)?", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class UriChange:
    """What to change of a URI, or a whole new one; None leaves as it is, on creation empty."""

    name: str | None = None
    uri: str | None = None
    authenticates: bool | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def create(store: Store, actor: Actor, account: Account, draft: UriChange) -> OriginationUri:
    """Create a URI of ``account``; ``draft.uri`` is needed."""
    now = store.now()
    blank = OriginationUri(
        id=store.new_id(),
        account_id=account.id,
        name="",
        uri="",
        authenticates=False,
        username=None,
        credential_id=None,
        inline=False,
        created_at=now,
        updated_at=now,
    )
    uri = _changed(store, blank, draft)
    store.originations.add(uri)
    store.log.append(actor, account.id, "create", "origination_uri", uri.id, name=uri.name, uri=uri.uri)
    return uri


def find(store: Store, scope: Scope, uri_id: str) -> OriginationUri:
    """Return a URI by id; `NotFoundError` when it is not there or not in scope."""
    uri = store.originations.get(scope, uri_id)
    if uri is None:
        raise NotFoundError("not found")
    return uri


def named(store: Store, scope: Scope, account_id: str, uri_id: str, argument: str) -> OriginationUri:
    """Return the URI that an argument names for a trunk of this account: the account's own, or one's above it."""
    uri = store.originations.get(scope, uri_id)
    if uri is None or uri.account_id not in store.accounts.ancestors(account_id):
        raise UnknownReferenceError(f"{argument} is not one of your origination URIs", field=argument)
    return uri


def update(store: Store, actor: Actor, uri: OriginationUri, change: UriChange) -> OriginationUri:
    """Change a URI; all trunks that have it follow with their next call."""
    changed = replace(_changed(store, uri, change), updated_at=store.now())
    store.originations.update(changed)
    store.log.append(
        actor,
        uri.account_id,
        "update",
        "origination_uri",
        uri.id,
        name=changed.name,
        uri=changed.uri,
        authenticates=changed.authenticates,
        password="changed" if change.password is not None else "kept",
    )
    return changed


def delete(store: Store, actor: Actor, uri: OriginationUri) -> None:
    """Take a URI out of service, and every trunk that has it: their numbers point at nothing."""
    using = store.trunks.of_uri(uri.id)
    for trunk in using:
        trunks.delete(store, actor, trunk)
    trunks.forget_uri(store, uri)
    store.log.append(actor, uri.account_id, "delete", "origination_uri", uri.id, deleted_trunks=[t.id for t in using])


def _changed(store: Store, uri: OriginationUri, change: UriChange) -> OriginationUri:
    """Return a URI with its changes, all checked; a new password is written, the old one forgotten."""
    name = uri.name if change.name is None else change.name
    trunks.check_label(name)
    target = uri.uri if change.uri is None else change.uri.strip()
    if change.uri is not None:
        check_target(target)
    username = uri.username if change.username is None else change.username
    if username is not None:
        check_text("username", username, MAX_USERNAME, barred=":")  # RFC 7616 section 3.4.2: a colon ends it
    if change.password is not None:
        check_text("password", change.password, MAX_PASSWORD)
    authenticates = uri.authenticates if change.authenticates is None else change.authenticates
    known = change.password is not None or uri.credential_id is not None
    if authenticates and (username is None or not known):
        lacking = "username" if username is None else "password"
        raise IncompleteError(
            f"{lacking} is required: a target that asks for credentials is answered with both", field=lacking
        )
    credential_id = uri.credential_id if change.password is None else _keep(store, uri, username, change.password)
    return replace(
        uri, name=name, uri=target, authenticates=authenticates, username=username, credential_id=credential_id
    )


def _keep(store: Store, uri: OriginationUri, username: str | None, password: str) -> str:
    """Write a URI's password instead of the one that it had; return the credential's id."""
    if uri.credential_id is not None:
        store.credentials.revoke(uri.credential_id, store.now())
    return sip_logins.keep(store, CredentialKind.SIP_ORIGINATION, uri.account_id, (username or "", password))


def check_target(text: str) -> None:
    """Check what an origination URI says: ``[sip:][user@]host[:port][;params]``, the host an address or a name.

    Raises `InvalidError`, and `NotAvailableYetError` for what needs a transport that is not there.
    """
    if len(text) > MAX_URI or not text.isascii() or not text.isprintable() or " " in text:
        raise _refused(text)
    if text[:5].lower() == "sips:":
        raise NotAvailableYetError("uri: TLS (sips:) is not available yet", field="uri", advice="Use sip:.")
    user, at, rest = trunks.sip_uri(text)[4:].rpartition("@")
    hostport, *parameters = rest.split(";")
    host, port = _host_and_port(hostport)
    if (
        (at and not _USER.fullmatch(user))  # no password: it would stand in logs and traces
        or not _is_host(host)
        or (port is not None and not (_PORT.fullmatch(port) and 0 < int(port) <= 65535))
        or not all(_PARAMETER.fullmatch(parameter) for parameter in parameters)
    ):
        raise _refused(text)
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.lower() == "transport" and value.lower() not in _TRANSPORTS:
            raise NotAvailableYetError(
                f"uri: transport {value} is not available yet", field="uri", advice="Use udp or tcp."
            )


def _host_and_port(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        return f"[{host}]" if closed else "", rest[1:] if rest.startswith(":") else (None if not rest else "")
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _is_address(host[1:-1], IPv6Address)
    labels = host.rstrip(".").split(".")
    if labels[-1].isdigit():
        return _is_address(host, IPv4Address)
    return 0 < len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def _is_address(text: str, kind: type[IPv4Address | IPv6Address]) -> bool:
    try:
        return isinstance(ip_address(text), kind) and "%" not in text
    except ValueError:
        return False


def _refused(text: str) -> InvalidError:
    return InvalidError(
        f"uri {text[:MAX_URI]!r} is not a SIP target",
        field="uri",
        advice="Write it like 203.0.113.9, pbx.example.com:5060 or sip:user@pbx.example.com;transport=tcp.",
    )
