"""Plivo's arguments of Zentrunk: trunks, origination URIs, credentials and IP access control lists, beside `requests`.

Of what names another record an empty text takes it away, while what is absent or null stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from trunkline.core import ip_lists
from trunkline.core.errors import IncompleteError, MissingError, NotAvailableYetError
from trunkline.core.model import Direction
from trunkline.core.origination import UriChange
from trunkline.core.ports import Rules
from trunkline.core.trunk_ports import IpListFilter, LoginFilter, TrunkFilter, UriFilter
from trunkline.dialects.plivo import ids
from trunkline.dialects.plivo.requests import Args, choice, entries, flag, required, text

T = TypeVar("T")

_STATUSES = ("enabled", "disabled")
_DIRECTIONS = ("inbound", "outbound")
_NOTHING = ""
"""An id that no record has: what a filter by a value that cannot be comes to."""


def _needed(read: Callable[[Args, str], T], args: Args, name: str) -> T:
    """Return an argument that a new record cannot do without; this part of the vendor's API says 422 of it."""
    try:
        return read(args, name)
    except MissingError as error:
        raise IncompleteError(error.message, field=name, advice=error.advice) from None


@dataclass(frozen=True, slots=True)
class TrunkArgs:
    """Arguments of a trunk; None: not given. An empty reference takes away what was there."""

    name: str | None
    direction: Direction
    active: bool | None
    ip_list: str | None
    login: str | None
    primary: str | None
    fallback: str | None


def new_trunk(args: Args) -> TrunkArgs:
    """Read a creation: ``name`` and ``trunk_direction`` are required."""
    _needed(required, args, "trunk_direction")
    name = _needed(required, args, "name")
    return _trunk(args, name)


def trunk_change(args: Args) -> TrunkArgs:
    """Read an update: ``trunk_direction`` is repeated, what is absent or null stays."""
    required(args, "trunk_direction")
    return _trunk(args, text(args, "name"))


def _trunk(args: Args, name: str | None) -> TrunkArgs:
    direction = choice(args, "trunk_direction", _DIRECTIONS)
    status = choice(args, "trunk_status", _STATUSES)
    if flag(args, "secure"):
        raise NotAvailableYetError(
            "secure is not available yet: there is no TLS and no SRTP", field="secure", advice="Leave it out."
        )
    return TrunkArgs(
        name=name,
        direction=Direction(direction or ""),
        active=None if status is None else status == "enabled",
        ip_list=_reference(args, "ipacl_uuid"),
        login=_reference(args, "credential_uuid"),
        primary=_reference(args, "primary_uri_uuid"),
        fallback=_reference(args, "fallback_uri_uuid"),
    )


def _reference(args: Args, name: str) -> str | None:
    value = text(args, name)
    return None if value is None else value.strip().lower()


def trunk_filter(args: Args, sip_host: str) -> TrunkFilter:
    """Return the conditions on a list of trunks."""
    direction = choice(args, "trunk_direction", _DIRECTIONS)
    status = choice(args, "trunk_status", _STATUSES)
    named = [_trunk_serial(text(args, "trunk_id") or "")] if text(args, "trunk_id") else []
    domain = (text(args, "trunk_domain") or "").strip().lower()
    if domain:
        trunk_id = domain.removesuffix(ids.trunk_domain("", sip_host).lower())
        named.append(_trunk_serial(trunk_id if trunk_id != domain else ""))
    if flag(args, "secure"):
        named.append(_NOTHING)
    return TrunkFilter(
        serial=None if not named else named[0] if len(set(named)) == 1 else _NOTHING,
        name=text(args, "name") or None,
        active=None if status is None else status == "enabled",
        direction=None if direction is None else Direction(direction),
        ip_list_id=_reference(args, "ipacl_uuid") or None,
        login_id=_reference(args, "credential_uuid") or None,
        primary_uri_id=_reference(args, "primary_uri_uuid") or None,
        fallback_uri_id=_reference(args, "fallback_uri_uuid") or None,
    )


def _trunk_serial(trunk_id: str) -> str:
    tag, serial = ids.tagged(trunk_id.strip())
    return serial if tag == ids.TRUNK_TAG else _NOTHING


def new_uri(args: Args) -> UriChange:
    """Read a creation: ``uri`` is required, and user name and password where ``authentication_needed`` says so."""
    _needed(required, args, "uri")
    return uri_change(args)


def uri_change(args: Args) -> UriChange:
    """Read an update: what is absent or null stays, and so does an empty ``uri``, user name or password."""
    return UriChange(
        name=text(args, "name"),
        uri=text(args, "uri") or None,
        authenticates=flag(args, "authentication_needed"),
        username=text(args, "username") or None,
        password=text(args, "password") or None,
    )


def uri_filter(args: Args) -> UriFilter:
    """Return the conditions on a list of origination URIs."""
    return UriFilter(
        id=_reference(args, "uri_uuid") or None,
        name=text(args, "name") or None,
        uri=text(args, "uri") or None,
        authenticates=flag(args, "authentication_needed"),
        username=text(args, "username") or None,
    )


@dataclass(frozen=True, slots=True)
class CredentialArgs:
    """Arguments of a credential; None: not given."""

    name: str | None
    username: str | None
    password: str | None = field(repr=False)


def new_credential(args: Args) -> CredentialArgs:
    """Read a creation: ``username`` and ``password`` are required."""
    username = _needed(required, args, "username")
    if not _password(args):
        raise IncompleteError("password is required", field="password")
    return CredentialArgs(text(args, "name"), username, _password(args))


def credential_change(args: Args) -> CredentialArgs:
    """Read an update: an absent name or user name stays, an absent password is taken away."""
    return CredentialArgs(text(args, "name"), text(args, "username") or None, _password(args))


def _password(args: Args) -> str | None:
    """Return the password; the vendor's own examples spell it ``Password``."""
    return text(args, "password") or text(args, "Password") or None


def credential_filter(args: Args) -> LoginFilter:
    """Return the conditions on a list of credentials."""
    return LoginFilter(
        id=_reference(args, "credential_uuid") or None,
        name=text(args, "name") or None,
        username=text(args, "username") or None,
    )


@dataclass(frozen=True, slots=True)
class IpListArgs:
    """Arguments of an IP access control list; None: not given."""

    name: str | None
    entries: list[str] | None


def new_ip_list(args: Args) -> IpListArgs:
    """Read a creation: ``ip_addresses`` is required."""
    return IpListArgs(text(args, "name"), _needed(entries, args, "ip_addresses"))


def ip_list_change(args: Args) -> IpListArgs:
    """Read an update: what is absent or null stays, ``ip_addresses`` replaces all of them."""
    given = args.get("ip_addresses") is not None
    return IpListArgs(text(args, "name"), entries(args, "ip_addresses") if given else None)


def ip_list_filter(args: Args, rules: Rules) -> IpListFilter:
    """Return the conditions on a list of IP access control lists: all of ``ip_addresses`` stand in it as entries."""
    wanted = entries(args, "ip_addresses") if text(args, "ip_addresses") else []
    return IpListFilter(
        id=_reference(args, "ipacl_uuid") or None,
        name=text(args, "name") or None,
        networks=ip_lists.networks(wanted, rules) if wanted else (),
    )
