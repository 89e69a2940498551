"""What numbers and accounts name, in SQL: the tree of accounts, keys, details of applications, addresses, papers."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trunkline.core.model import Account, AccountState, Listing, Number, Page, Scope
from trunkline.core.named_ports import (
    AddressFilter,
    ApplicationDetails,
    NamedKey,
    PaperKind,
    PostalAddress,
    RegulatoryRecord,
)
from trunkline.core.number_settings import EmergencyState
from trunkline.store.accounts import SqlAccounts
from trunkline.store.numbers import SqlNumbers
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, marks, time_text, time_value
from trunkline.store.trunk_access import Records

_DETAILS = "api_version, caller_names, connectable, sms_status_url, message_status_url"
_KEY = "c.seq, c.id, c.account_id, k.name, c.created_at, k.updated_at"
_KEYS = "credentials c JOIN key_names k ON k.credential_id = c.id"
_LIVE_KEY = "c.account_id = ? AND c.kind = 'twilio_key' AND c.revoked_at IS NULL"
_TEXTS = ("name", "customer", "street", "street_secondary", "city", "region", "postal_code", "country")
_ADDRESS = f"seq, id, account_id, {', '.join(_TEXTS)}, emergency, created_at, updated_at"
_RECORD = "seq, id, account_id, kind, name, created_at, updated_at"


class SqlAccountTree:
    """`core.named_ports.AccountTreeStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._accounts = SqlAccounts(connection)

    def page(
        self, account_id: str, page: Page, *, name: str | None = None, states: Sequence[AccountState] = ()
    ) -> Listing[Account]:
        """Return the account itself and its children, oldest first; no states mean any."""
        where, values = "(id = ? OR parent_id = ?)", [account_id, account_id]
        if name is not None:
            where, values = f"{where} AND name = ?", [*values, name]
        if states:
            where, values = f"{where} AND state IN ({marks(states)})", [*values, *(s.value for s in states)]
        rows, total, last = page_of(self._db, "seq, id", "accounts", where=where, values=values, page=page, order="seq")
        found = (self._accounts.get(row[1]) for row in rows)
        return Listing(tuple(account for account in found if account is not None), total, last)


class SqlApplicationDetails:
    """`core.named_ports.ApplicationDetailsStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, application_id: str) -> ApplicationDetails:
        """Return an application's details; of one that has none, the defaults."""
        row = self._db.execute(
            f"SELECT {_DETAILS} FROM application_details WHERE application_id = ?", (application_id,)
        ).fetchone()
        if row is None:
            return ApplicationDetails()
        return ApplicationDetails(
            api_version=row[0],
            caller_names=bool(row[1]),
            connectable=bool(row[2]),
            sms_status_url=row[3],
            message_status_url=row[4],
        )

    def set(self, application_id: str, details: ApplicationDetails) -> None:
        """Write an application's details."""
        self._db.execute(
            f"INSERT OR REPLACE INTO application_details (application_id, {_DETAILS}) VALUES (?, ?, ?, ?, ?, ?)",
            (
                application_id,
                details.api_version,
                int(details.caller_names),
                int(details.connectable),
                details.sms_status_url,
                details.message_status_url,
            ),
        )


class SqlNamedKeys:
    """`core.named_ports.NamedKeyStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, account_id: str, key_id: str) -> NamedKey | None:
        """Return a live key of an account."""
        row = self._db.execute(
            f"SELECT {_KEY} FROM {_KEYS} WHERE c.id = ? AND {_LIVE_KEY}", (key_id, account_id)
        ).fetchone()
        return _key(row) if row else None

    def page(self, account_id: str, page: Page) -> Listing[NamedKey]:
        """Return an account's live keys, oldest first."""
        rows, total, last = page_of(
            self._db, _KEY, _KEYS, where=_LIVE_KEY, values=[account_id], page=page, order="c.seq"
        )
        return Listing(tuple(_key(row) for row in rows), total, last)

    def name(self, key_id: str, name: str, at: datetime) -> None:
        """Say what a key is called."""
        self._db.execute("INSERT OR REPLACE INTO key_names VALUES (?, ?, ?)", (key_id, name, time_text(at)))


def _key(row: Sequence[Any]) -> NamedKey:
    return NamedKey(
        id=row[1], account_id=row[2], name=row[3], created_at=time_value(row[4]), updated_at=time_value(row[5])
    )


class SqlPostalAddresses:
    """`core.named_ports.PostalAddressStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._rows = Records(connection, "addresses", _ADDRESS)
        self._numbers = SqlNumbers(connection)

    def add(self, address: PostalAddress) -> None:
        """Write an address."""
        made = {"id": address.id, "account_id": address.account_id, "created_at": time_text(address.created_at)}
        self._rows.insert(made | _address_values(address))

    def get(self, scope: Scope, address_id: str) -> PostalAddress | None:
        """Return a live address by id."""
        row = self._rows.one(scope, address_id)
        return _address(row) if row else None

    def page(self, scope: Scope, wanted: AddressFilter, page: Page) -> Listing[PostalAddress]:
        """Return live addresses, oldest first."""
        columns = {
            "name": wanted.name,
            "customer": wanted.customer,
            "country": wanted.country,
            "emergency": wanted.emergency,
        }
        rows, total, last = self._rows.page(scope, columns, page)
        return Listing(tuple(_address(row) for row in rows), total, last)

    def numbers(self, scope: Scope, address_id: str, page: Page) -> Listing[Number]:
        """Return the live numbers that name an address, as theirs or for emergency calls, oldest first."""
        inside, parameters = in_scope(scope, "account_id")
        where = (
            "removed_at IS NULL AND id IN (SELECT number_id FROM number_settings WHERE address_id = ? "
            f"UNION SELECT number_id FROM number_settings WHERE emergency_address_id = ?) AND {inside}"
        )
        values = [address_id, address_id, *parameters]
        rows, total, last = page_of(self._db, "seq, id", "numbers", where=where, values=values, page=page, order="seq")
        found = (self._numbers.by_id(scope, row[1]) for row in rows)
        return Listing(tuple(number for number in found if number is not None), total, last)

    def emergency_numbers(self, address_id: str) -> int:
        """Count the live numbers whose emergency calling is on with this address, registered or waiting for that."""
        states = (EmergencyState.REGISTERED.value, EmergencyState.PENDING.value)
        (count,) = self._db.execute(
            "SELECT count(*) FROM number_settings s JOIN numbers n ON n.id = s.number_id WHERE n.removed_at IS NULL "
            f"AND s.emergency_address_id = ? AND s.emergency = 1 AND s.emergency_state IN ({marks(states)})",
            (address_id, *states),
        ).fetchone()
        return int(count)

    def update(self, address: PostalAddress) -> None:
        """Write an address's changed fields."""
        self._rows.set(address.id, _address_values(address))

    def remove(self, address_id: str, at: datetime) -> None:
        """Take an address out of service; the row stays as history."""
        self._rows.set(address_id, {"deleted_at": time_text(at)})


def _address_values(address: PostalAddress) -> dict[str, object]:
    texts: dict[str, object] = {name: getattr(address, name) for name in _TEXTS}
    return texts | {"emergency": int(address.emergency), "updated_at": time_text(address.updated_at)}


def _address(row: Sequence[Any]) -> PostalAddress:
    texts = dict(zip(_TEXTS, row[3:], strict=False))
    emergency, created_at, updated_at = row[3 + len(_TEXTS) :]
    return PostalAddress(
        id=row[1],
        account_id=row[2],
        emergency=bool(emergency),
        created_at=time_value(created_at),
        updated_at=time_value(updated_at),
        **texts,
    )


class SqlRegulatory:
    """`core.named_ports.RegulatoryStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._rows = Records(connection, "regulatory_records", _RECORD)

    def add(self, record: RegulatoryRecord) -> None:
        """Write a record."""
        self._rows.insert(
            {
                "id": record.id,
                "account_id": record.account_id,
                "kind": record.kind.value,
                "name": record.name,
                "created_at": time_text(record.created_at),
                "updated_at": time_text(record.updated_at),
            }
        )

    def get(self, scope: Scope, kind: PaperKind, record_id: str) -> RegulatoryRecord | None:
        """Return a live record of a kind by id."""
        row = self._rows.one(scope, record_id)
        return _record(row) if row and row[3] == kind.value else None

    def page(self, scope: Scope, page: Page) -> Listing[RegulatoryRecord]:
        """Return live records, oldest first."""
        rows, total, last = self._rows.page(scope, {}, page)
        return Listing(tuple(_record(row) for row in rows), total, last)


def _record(row: Sequence[Any]) -> RegulatoryRecord:
    return RegulatoryRecord(
        id=row[1],
        account_id=row[2],
        kind=PaperKind(row[3]),
        name=row[4],
        created_at=time_value(row[5]),
        updated_at=time_value(row[6]),
    )
