"""What core needs from outside for trunks' URIs, IP lists and logins: their values, and their part of the `Store`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trunkline.core.model import Direction, Listing, Page, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginationUri:
    """A SIP URI that takes the calls of one or several trunks.

    ``authenticates``: the target's challenges are answered with ``username`` and the password of the credential.
    ``inline``: made with its trunk, and leaves with it.
    """

    id: str
    account_id: str
    name: str
    uri: str
    authenticates: bool
    username: str | None
    credential_id: str | None
    inline: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkLogin:
    """A user name by which calls of outbound trunks prove themselves; without a credential it admits nobody."""

    id: str
    account_id: str
    name: str
    username: str
    credential_id: str | None
    created_at: datetime
    updated_at: datetime
    list_id: str | None = None
    """The list of logins that it stands in (`core.login_lists`), None where it stands alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IpList:
    """Networks from which outbound trunks' calls may come, as (address, prefix), in the order given."""

    id: str
    account_id: str
    name: str
    networks: tuple[tuple[str, int], ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkFilter:
    """Conditions on a list of trunks, joined by AND; None means any."""

    serial: str | None = None
    name: str | None = None
    active: bool | None = None
    direction: Direction | None = None
    ip_list_id: str | None = None
    login_id: str | None = None
    primary_uri_id: str | None = None
    fallback_uri_id: str | None = None


ANY_TRUNK = TrunkFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class UriFilter:
    """Conditions on a list of origination URIs, joined by AND; None means any."""

    id: str | None = None
    name: str | None = None
    uri: str | None = None
    authenticates: bool | None = None
    username: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFilter:
    """Conditions on a list of trunk logins, joined by AND; None means any."""

    id: str | None = None
    name: str | None = None
    username: str | None = None
    list_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IpListFilter:
    """Conditions on a list of IP lists, joined by AND; None means any. ``networks`` are all in the list."""

    id: str | None = None
    name: str | None = None
    networks: tuple[tuple[str, int], ...] = ()


class OriginationStore(Protocol):
    """URIs that take trunks' calls."""

    def add(self, uri: OriginationUri) -> None:
        """Write a URI; its credential was written before."""
        ...

    def get(self, scope: Scope, uri_id: str) -> OriginationUri | None:
        """Return a live URI by id."""
        ...

    def page(self, scope: Scope, wanted: UriFilter, page: Page) -> Listing[OriginationUri]:
        """Return live URIs, oldest first."""
        ...

    def update(self, uri: OriginationUri) -> None:
        """Write a URI's changed fields."""
        ...

    def remove(self, uri_id: str, at: datetime) -> None:
        """Take a URI out of service; the row stays as history."""
        ...


class TrunkLoginStore(Protocol):
    """User names of outbound trunks."""

    def add(self, login: TrunkLogin) -> None:
        """Write a login; its credential was written before."""
        ...

    def get(self, scope: Scope, login_id: str) -> TrunkLogin | None:
        """Return a live login by id."""
        ...

    def page(self, scope: Scope, wanted: LoginFilter, page: Page) -> Listing[TrunkLogin]:
        """Return live logins, oldest first."""
        ...

    def update(self, login: TrunkLogin) -> None:
        """Write a login's changed fields."""
        ...

    def remove(self, login_id: str, at: datetime) -> None:
        """Take a login out of service; the row stays as history."""
        ...


class IpListStore(Protocol):
    """IP access control lists of outbound trunks."""

    def add(self, ip_list: IpList) -> None:
        """Write a list and its entries."""
        ...

    def get(self, scope: Scope, list_id: str) -> IpList | None:
        """Return a live list by id."""
        ...

    def page(self, scope: Scope, wanted: IpListFilter, page: Page) -> Listing[IpList]:
        """Return live lists, oldest first."""
        ...

    def update(self, ip_list: IpList) -> None:
        """Write a list's changed fields, and make its networks its only entries."""
        ...

    def remove(self, list_id: str, at: datetime) -> None:
        """Take a list out of service; its entries go, the row stays as history."""
        ...
