"""Lists of trunks in SQL: their entries, their logins, which trunk has which; and trunks' settings."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trunkline.core import sources
from trunkline.core.model import Listing, Number, Page, Scope
from trunkline.core.named_ports import IpEntry, LoginList, TrunkSettings
from trunkline.store.numbers import SqlNumbers
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, time_text, time_value, webhook_value
from trunkline.store.trunk_access import Records

_LIST = "seq, id, account_id, name, created_at, updated_at"
_ENTRY = "seq, id, list_id, name, host, prefix, created_at, updated_at"
_SETTINGS = "domain_name, recovery_url, recovery_method, transfer_mode, transfer_caller_id, caller_names"


class SqlLoginLists:
    """`core.named_ports.LoginListStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._rows = Records(connection, "login_lists", _LIST)

    def add(self, login_list: LoginList) -> None:
        """Write a list."""
        made = {"id": login_list.id, "account_id": login_list.account_id, "name": login_list.name}
        times = {"created_at": time_text(login_list.created_at), "updated_at": time_text(login_list.updated_at)}
        self._rows.insert(made | times)

    def get(self, scope: Scope, list_id: str) -> LoginList | None:
        """Return a live list by id."""
        row = self._rows.one(scope, list_id)
        return _login_list(row) if row else None

    def page(self, scope: Scope, page: Page) -> Listing[LoginList]:
        """Return live lists, oldest first."""
        rows, total, last = self._rows.page(scope, {}, page)
        return Listing(tuple(_login_list(row) for row in rows), total, last)

    def update(self, login_list: LoginList) -> None:
        """Write a list's changed fields."""
        self._rows.set(login_list.id, {"name": login_list.name, "updated_at": time_text(login_list.updated_at)})

    def remove(self, list_id: str, at: datetime) -> None:
        """Take a list out of service; the row stays as history."""
        self._rows.set(list_id, {"deleted_at": time_text(at)})


def _login_list(row: Sequence[Any]) -> LoginList:
    return LoginList(
        id=row[1], account_id=row[2], name=row[3], created_at=time_value(row[4]), updated_at=time_value(row[5])
    )


class SqlIpEntries:
    """`core.named_ports.IpEntryStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, entry: IpEntry) -> None:
        """Write an entry after those that its list has."""
        self._know(entry)
        self._db.execute(
            "INSERT INTO ip_list_entries (list_id, position, host, prefix, source_key, id, name, created_at, "
            "updated_at) VALUES (?1, (SELECT coalesce(max(position), -1) + 1 FROM ip_list_entries WHERE list_id = ?1), "
            "?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                entry.list_id,
                entry.host,
                entry.prefix,
                sources.network_key(entry.host, entry.prefix),
                entry.id,
                entry.name,
                time_text(entry.created_at),
                time_text(entry.updated_at),
            ),
        )

    def _know(self, entry: IpEntry) -> None:
        values = (6 if ":" in entry.host else 4, entry.prefix)
        self._db.execute("INSERT INTO mask_lengths VALUES (?, ?) ON CONFLICT DO NOTHING", values)

    def get(self, list_id: str, entry_id: str) -> IpEntry | None:
        """Return an entry of a list."""
        row = self._db.execute(
            f"SELECT {_ENTRY} FROM ip_list_entries WHERE id = ? AND list_id = ?", (entry_id, list_id)
        ).fetchone()
        return _entry(row) if row else None

    def page(self, list_id: str, page: Page) -> Listing[IpEntry]:
        """Return a list's entries, oldest first."""
        rows, total, last = page_of(
            self._db, _ENTRY, "ip_list_entries", where="list_id = ?", values=[list_id], page=page, order="seq"
        )
        return Listing(tuple(_entry(row) for row in rows), total, last)

    def update(self, entry: IpEntry) -> None:
        """Write an entry's changed fields."""
        self._know(entry)
        self._db.execute(
            "UPDATE ip_list_entries SET name = ?, host = ?, prefix = ?, source_key = ?, updated_at = ? WHERE id = ?",
            (
                entry.name,
                entry.host,
                entry.prefix,
                sources.network_key(entry.host, entry.prefix),
                time_text(entry.updated_at),
                entry.id,
            ),
        )

    def remove(self, entry_id: str) -> None:
        """Take an entry out of its list."""
        self._db.execute("DELETE FROM ip_list_entries WHERE id = ?", (entry_id,))


def _entry(row: Sequence[Any]) -> IpEntry:
    return IpEntry(
        id=row[1],
        list_id=row[2],
        name=row[3],
        host=row[4],
        prefix=row[5],
        created_at=time_value(row[6]),
        updated_at=time_value(row[7]),
    )


class SqlTrunkLists:
    """`core.named_ports.TrunkListStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def of_trunk(self, trunk_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the ids of a trunk's further IP lists, and of its lists of logins."""
        return self._of("trunk_ip_lists", "ip_lists", trunk_id), self._of("trunk_login_lists", "login_lists", trunk_id)

    def _of(self, table: str, lists: str, trunk_id: str) -> tuple[str, ...]:
        rows = self._db.execute(
            f"SELECT l.id FROM {table} j JOIN {lists} l ON l.id = j.list_id WHERE j.trunk_id = ? ORDER BY l.seq",
            (trunk_id,),
        )
        return tuple(str(row[0]) for row in rows)

    def add(self, trunk_id: str, *, ip_list_id: str | None = None, login_list_id: str | None = None) -> None:
        """Give a trunk a list; one that it has stays."""
        for table, list_id in _tables(ip_list_id, login_list_id):
            self._db.execute(f"INSERT INTO {table} VALUES (?, ?) ON CONFLICT DO NOTHING", (trunk_id, list_id))

    def remove(self, trunk_id: str, *, ip_list_id: str | None = None, login_list_id: str | None = None) -> None:
        """Take a list from a trunk."""
        for table, list_id in _tables(ip_list_id, login_list_id):
            self._db.execute(f"DELETE FROM {table} WHERE trunk_id = ? AND list_id = ?", (trunk_id, list_id))

    def clear(self, trunk_id: str) -> None:
        """Take all these lists from a trunk."""
        for table in ("trunk_ip_lists", "trunk_login_lists"):
            self._db.execute(f"DELETE FROM {table} WHERE trunk_id = ?", (trunk_id,))

    def uses_of_login_list(self, list_id: str) -> int:
        """Count the live trunks that have a list of logins."""
        row = self._db.execute("SELECT count(*) FROM trunk_login_lists WHERE list_id = ?", (list_id,)).fetchone()
        return int(row[0])


def _tables(ip_list_id: str | None, login_list_id: str | None) -> list[tuple[str, str]]:
    given = (("trunk_ip_lists", ip_list_id), ("trunk_login_lists", login_list_id))
    return [(table, list_id) for table, list_id in given if list_id is not None]


class SqlTrunkSettings:
    """`core.named_ports.TrunkSettingsStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._numbers = SqlNumbers(connection)

    def get(self, trunk_id: str) -> TrunkSettings:
        """Return a trunk's settings; of one that has none, the defaults."""
        row = self._db.execute(f"SELECT {_SETTINGS} FROM trunk_settings WHERE trunk_id = ?", (trunk_id,)).fetchone()
        if row is None:
            return TrunkSettings()
        return TrunkSettings(
            domain_name=row[0],
            recovery=webhook_value(row[1], row[2]),
            transfer_mode=row[3],
            transfer_caller_id=row[4],
            caller_names=bool(row[5]),
        )

    def set(self, trunk_id: str, settings: TrunkSettings) -> None:
        """Write a trunk's settings."""
        recovery = settings.recovery
        self._db.execute(
            f"INSERT OR REPLACE INTO trunk_settings (trunk_id, {_SETTINGS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                trunk_id,
                settings.domain_name,
                recovery.url if recovery else None,
                recovery.method if recovery else "POST",
                settings.transfer_mode,
                settings.transfer_caller_id,
                int(settings.caller_names),
            ),
        )

    def remove(self, trunk_id: str) -> None:
        """Forget a trunk's settings; its domain name is free again."""
        self._db.execute("DELETE FROM trunk_settings WHERE trunk_id = ?", (trunk_id,))

    def has_domain(self, domain_name: str, besides: str) -> bool:
        """Tell whether another trunk than ``besides`` has this domain name, whosever it is."""
        row = self._db.execute(
            "SELECT 1 FROM trunk_settings WHERE domain_name = ? AND trunk_id <> ?", (domain_name, besides)
        ).fetchone()
        return row is not None

    def numbers(self, scope: Scope, trunk_id: str, page: Page) -> Listing[Number]:
        """Return the live numbers that point at a trunk, oldest first."""
        inside, parameters = in_scope(scope, "account_id")
        where = f"trunk_id = ? AND removed_at IS NULL AND {inside}"
        rows, total, last = page_of(
            self._db, "seq, id", "numbers", where=where, values=[trunk_id, *parameters], page=page, order="seq"
        )
        found = (self._numbers.by_id(scope, row[1]) for row in rows)
        return Listing(tuple(number for number in found if number is not None), total, last)
