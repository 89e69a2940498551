"""What core needs from outside for what numbers and trunks name: lists of logins, entries of IP lists, settings, keys,
postal addresses and registered papers. Their values, and their part of the `Store`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from trunkline.core.model import Account, AccountState, Listing, Number, Page, Scope, Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginList:
    """Several logins under one name: a trunk that has the list takes any of them, of an empty one none."""

    id: str
    account_id: str
    name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IpEntry:
    """One network of an IP list."""

    id: str
    list_id: str
    name: str
    host: str
    prefix: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkSettings:
    """What is kept of a trunk for those dialects that have words for it.

    ``recovery`` answers calls that no URI of the trunk takes. ``transfer_mode`` and ``transfer_caller_id`` are kept as
    they were told.
    """

    domain_name: str | None = None
    recovery: Webhook | None = None
    transfer_mode: str = "disable-all"
    transfer_caller_id: str = "from-transferee"
    caller_names: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDetails:
    """What is kept of an application for those dialects that have words for it; an empty URL is none."""

    api_version: str = "2010-04-01"
    caller_names: bool = False
    connectable: bool = False
    sms_status_url: str = ""
    message_status_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedKey:
    """A key that opens an account, beside its token: what it is called, never its secret."""

    id: str
    account_id: str
    name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """Where somebody lives or does business; nothing of it is checked against any register."""

    id: str
    account_id: str
    name: str
    customer: str
    street: str
    street_secondary: str
    city: str
    region: str
    postal_code: str
    country: str
    emergency: bool
    created_at: datetime
    updated_at: datetime


class PaperKind(StrEnum):
    """What the operator registers for an account: who it is, or the papers that a kind of number needs."""

    IDENTITY = "identity"
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulatoryRecord:
    """An identity or a bundle that the operator has registered for an account."""

    id: str
    account_id: str
    kind: PaperKind
    name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFilter:
    """Conditions on a list of postal addresses, joined by AND; None means any."""

    name: str | None = None
    customer: str | None = None
    country: str | None = None
    emergency: bool | None = None


class AccountTreeStore(Protocol):
    """An account and those right below it, closed ones included."""

    def page(
        self, account_id: str, page: Page, *, name: str | None = None, states: Sequence[AccountState] = ()
    ) -> Listing[Account]:
        """Return the account itself and its children, oldest first; no states mean any."""
        ...


class LoginListStore(Protocol):
    """Lists of logins."""

    def add(self, login_list: LoginList) -> None:
        """Write a list."""
        ...

    def get(self, scope: Scope, list_id: str) -> LoginList | None:
        """Return a live list by id."""
        ...

    def page(self, scope: Scope, page: Page) -> Listing[LoginList]:
        """Return live lists, oldest first."""
        ...

    def update(self, login_list: LoginList) -> None:
        """Write a list's changed fields."""
        ...

    def remove(self, list_id: str, at: datetime) -> None:
        """Take a list out of service; the row stays as history."""
        ...


class IpEntryStore(Protocol):
    """The networks of IP lists, each by its own id. A look-up goes through a list that was found in scope before."""

    def add(self, entry: IpEntry) -> None:
        """Write an entry after those that its list has."""
        ...

    def get(self, list_id: str, entry_id: str) -> IpEntry | None:
        """Return an entry of a list."""
        ...

    def page(self, list_id: str, page: Page) -> Listing[IpEntry]:
        """Return a list's entries, oldest first."""
        ...

    def update(self, entry: IpEntry) -> None:
        """Write an entry's changed fields."""
        ...

    def remove(self, entry_id: str) -> None:
        """Take an entry out of its list."""
        ...


class TrunkListStore(Protocol):
    """Which further IP lists and lists of logins trunks have, beside the ones of their own fields."""

    def of_trunk(self, trunk_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the ids of a trunk's further IP lists, and of its lists of logins."""
        ...

    def add(self, trunk_id: str, *, ip_list_id: str | None = None, login_list_id: str | None = None) -> None:
        """Give a trunk a list; one that it has stays."""
        ...

    def remove(self, trunk_id: str, *, ip_list_id: str | None = None, login_list_id: str | None = None) -> None:
        """Take a list from a trunk."""
        ...

    def clear(self, trunk_id: str) -> None:
        """Take all these lists from a trunk."""
        ...

    def uses_of_login_list(self, list_id: str) -> int:
        """Count the live trunks that have a list of logins."""
        ...


class TrunkSettingsStore(Protocol):
    """Settings of trunks."""

    def get(self, trunk_id: str) -> TrunkSettings:
        """Return a trunk's settings; of one that has none, the defaults."""
        ...

    def set(self, trunk_id: str, settings: TrunkSettings) -> None:
        """Write a trunk's settings."""
        ...

    def remove(self, trunk_id: str) -> None:
        """Forget a trunk's settings; its domain name is free again."""
        ...

    def has_domain(self, domain_name: str, besides: str) -> bool:
        """Tell whether another trunk than ``besides`` has this domain name, whosever it is."""
        ...

    def numbers(self, scope: Scope, trunk_id: str, page: Page) -> Listing[Number]:
        """Return the live numbers that point at a trunk, oldest first."""
        ...


class ApplicationDetailsStore(Protocol):
    """Details of applications."""

    def get(self, application_id: str) -> ApplicationDetails:
        """Return an application's details; of one that has none, the defaults."""
        ...

    def set(self, application_id: str, details: ApplicationDetails) -> None:
        """Write an application's details."""
        ...


class NamedKeyStore(Protocol):
    """Keys of accounts; their secrets are credentials of the same id."""

    def get(self, account_id: str, key_id: str) -> NamedKey | None:
        """Return a live key of an account."""
        ...

    def page(self, account_id: str, page: Page) -> Listing[NamedKey]:
        """Return an account's live keys, oldest first."""
        ...

    def name(self, key_id: str, name: str, at: datetime) -> None:
        """Say what a key is called."""
        ...


class PostalAddressStore(Protocol):
    """Postal addresses."""

    def add(self, address: PostalAddress) -> None:
        """Write an address."""
        ...

    def get(self, scope: Scope, address_id: str) -> PostalAddress | None:
        """Return a live address by id."""
        ...

    def page(self, scope: Scope, wanted: AddressFilter, page: Page) -> Listing[PostalAddress]:
        """Return live addresses, oldest first."""
        ...

    def numbers(self, scope: Scope, address_id: str, page: Page) -> Listing[Number]:
        """Return the live numbers that name an address, as theirs or for emergency calls, oldest first."""
        ...

    def emergency_numbers(self, address_id: str) -> int:
        """Count the live numbers whose emergency calling is on with this address, registered or waiting for that."""
        ...

    def update(self, address: PostalAddress) -> None:
        """Write an address's changed fields."""
        ...

    def remove(self, address_id: str, at: datetime) -> None:
        """Take an address out of service; the row stays as history."""
        ...


class RegulatoryStore(Protocol):
    """Identities and bundles that the operator has registered."""

    def add(self, record: RegulatoryRecord) -> None:
        """Write a record."""
        ...

    def get(self, scope: Scope, kind: PaperKind, record_id: str) -> RegulatoryRecord | None:
        """Return a live record of a kind by id."""
        ...

    def page(self, scope: Scope, page: Page) -> Listing[RegulatoryRecord]:
        """Return live records, oldest first."""
        ...
