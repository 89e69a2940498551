"""What trunks refer to, in SQL: origination URIs, logins and IP lists."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trunkline.core import sources
from trunkline.core.model import Listing, Page, Scope
from trunkline.core.trunk_ports import (
    IpList,
    IpListFilter,
    LoginFilter,
    OriginationUri,
    TrunkLogin,
    UriFilter,
)
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, marks, time_text, time_value

_URI = "seq, id, account_id, name, uri, authenticates, username, credential_id, inline, created_at, updated_at"
_LOGIN = "seq, id, account_id, name, username, credential_id, created_at, updated_at, list_id"
_LIST = "seq, id, account_id, name, created_at, updated_at"


class Records:
    """Live rows of one table, found by id and listed by equal columns, always in scope."""

    def __init__(self, connection: sqlite3.Connection, table: str, columns: str) -> None:
        self._db = connection
        self._table = table
        self._columns = columns

    def one(self, scope: Scope, record_id: str) -> Sequence[Any] | None:
        inside, parameters = in_scope(scope, "account_id")
        row: Sequence[Any] | None = self._db.execute(
            f"SELECT {self._columns} FROM {self._table} WHERE id = ? AND deleted_at IS NULL AND {inside}",
            (record_id, *parameters),
        ).fetchone()
        return row

    def page(
        self, scope: Scope, wanted: Mapping[str, object], page: Page, more: Sequence[tuple[str, Sequence[object]]] = ()
    ) -> tuple[list[Sequence[Any]], int, int | None]:
        inside, parameters = in_scope(scope, "account_id")
        where, values = f"deleted_at IS NULL AND {inside}", list[object](parameters)
        for column, value in wanted.items():
            if value is not None:
                where += f" AND {column} = ?"
                values.append(int(value) if isinstance(value, bool) else value)
        for condition, its_values in more:
            where += f" AND {condition}"
            values += its_values
        return page_of(self._db, self._columns, self._table, where=where, values=values, page=page, order="seq")

    def insert(self, values: Mapping[str, object]) -> None:
        self._db.execute(
            f"INSERT INTO {self._table} ({', '.join(values)}) VALUES ({marks(list(values))})", list(values.values())
        )

    def set(self, record_id: str, values: Mapping[str, object]) -> None:
        self._db.execute(
            f"UPDATE {self._table} SET {', '.join(f'{name} = ?' for name in values)} WHERE id = ?",
            [*values.values(), record_id],
        )


def _made(record: OriginationUri | TrunkLogin | IpList) -> dict[str, object]:
    """Return the columns that are written once."""
    return {"id": record.id, "account_id": record.account_id, "created_at": time_text(record.created_at)}


class SqlOriginations:
    """`core.trunk_ports.OriginationStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._rows = Records(connection, "origination_uris", _URI)

    def add(self, uri: OriginationUri) -> None:
        """Write a URI; its credential was written before."""
        self._rows.insert(_made(uri) | _uri_values(uri))

    def get(self, scope: Scope, uri_id: str) -> OriginationUri | None:
        """Return a live URI by id."""
        row = self._rows.one(scope, uri_id)
        return _uri(row) if row else None

    def page(self, scope: Scope, wanted: UriFilter, page: Page) -> Listing[OriginationUri]:
        """Return live URIs, oldest first."""
        columns = {
            "id": wanted.id,
            "name": wanted.name,
            "uri": wanted.uri,
            "authenticates": wanted.authenticates,
            "username": wanted.username,
        }
        rows, total, last = self._rows.page(scope, columns, page)
        return Listing(tuple(_uri(row) for row in rows), total, last)

    def update(self, uri: OriginationUri) -> None:
        """Write a URI's changed fields."""
        self._rows.set(uri.id, _uri_values(uri))

    def remove(self, uri_id: str, at: datetime) -> None:
        """Take a URI out of service; the row stays as history."""
        self._rows.set(uri_id, {"deleted_at": time_text(at)})


def _uri_values(uri: OriginationUri) -> dict[str, object]:
    return {
        "name": uri.name,
        "uri": uri.uri,
        "authenticates": int(uri.authenticates),
        "username": uri.username,
        "credential_id": uri.credential_id,
        "inline": int(uri.inline),
        "updated_at": time_text(uri.updated_at),
    }


def _uri(row: Sequence[Any]) -> OriginationUri:
    return OriginationUri(
        id=row[1],
        account_id=row[2],
        name=row[3],
        uri=row[4],
        authenticates=bool(row[5]),
        username=row[6],
        credential_id=row[7],
        inline=bool(row[8]),
        created_at=time_value(row[9]),
        updated_at=time_value(row[10]),
    )


class SqlTrunkLogins:
    """`core.trunk_ports.TrunkLoginStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._rows = Records(connection, "trunk_logins", _LOGIN)

    def add(self, login: TrunkLogin) -> None:
        """Write a login; its credential was written before."""
        self._rows.insert(_made(login) | _login_values(login))

    def get(self, scope: Scope, login_id: str) -> TrunkLogin | None:
        """Return a live login by id."""
        row = self._rows.one(scope, login_id)
        return _login(row) if row else None

    def page(self, scope: Scope, wanted: LoginFilter, page: Page) -> Listing[TrunkLogin]:
        """Return live logins, oldest first."""
        columns = {"id": wanted.id, "name": wanted.name, "username": wanted.username, "list_id": wanted.list_id}
        rows, total, last = self._rows.page(scope, columns, page)
        return Listing(tuple(_login(row) for row in rows), total, last)

    def update(self, login: TrunkLogin) -> None:
        """Write a login's changed fields."""
        self._rows.set(login.id, _login_values(login))

    def remove(self, login_id: str, at: datetime) -> None:
        """Take a login out of service; the row stays as history."""
        self._rows.set(login_id, {"deleted_at": time_text(at)})


def _login_values(login: TrunkLogin) -> dict[str, object]:
    return {
        "name": login.name,
        "username": login.username,
        "credential_id": login.credential_id,
        "list_id": login.list_id,
        "updated_at": time_text(login.updated_at),
    }


def _login(row: Sequence[Any]) -> TrunkLogin:
    return TrunkLogin(
        id=row[1],
        account_id=row[2],
        name=row[3],
        username=row[4],
        credential_id=row[5],
        created_at=time_value(row[6]),
        updated_at=time_value(row[7]),
        list_id=row[8],
    )


class SqlIpLists:
    """`core.trunk_ports.IpListStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._rows = Records(connection, "ip_lists", _LIST)

    def add(self, ip_list: IpList) -> None:
        """Write a list and its entries."""
        self._rows.insert(_made(ip_list) | {"name": ip_list.name, "updated_at": time_text(ip_list.updated_at)})
        self._replace(ip_list.id, ip_list.networks, time_text(ip_list.updated_at))

    def get(self, scope: Scope, list_id: str) -> IpList | None:
        """Return a live list by id."""
        row = self._rows.one(scope, list_id)
        return self._lists([row])[0] if row else None

    def page(self, scope: Scope, wanted: IpListFilter, page: Page) -> Listing[IpList]:
        """Return live lists, oldest first."""
        holds = "id IN (SELECT list_id FROM ip_list_entries WHERE source_key = ?)"
        more = [(holds, [sources.network_key(*network)]) for network in wanted.networks]
        rows, total, last = self._rows.page(scope, {"id": wanted.id, "name": wanted.name}, page, more)
        return Listing(tuple(self._lists(rows)), total, last)

    def update(self, ip_list: IpList) -> None:
        """Write a list's changed fields, and make its networks its only entries."""
        self._rows.set(ip_list.id, {"name": ip_list.name, "updated_at": time_text(ip_list.updated_at)})
        self._replace(ip_list.id, ip_list.networks, time_text(ip_list.updated_at))

    def remove(self, list_id: str, at: datetime) -> None:
        """Take a list out of service; its entries go, the row stays as history."""
        self._rows.set(list_id, {"deleted_at": time_text(at)})
        self._replace(list_id, (), time_text(at))

    def _replace(self, list_id: str, networks: Sequence[tuple[str, int]], at: str) -> None:
        """Make these a list's only entries; one that it had keeps its id and its name."""
        had = {
            (host, prefix): (id_, name, made)
            for host, prefix, id_, name, made in self._db.execute(
                "SELECT host, prefix, id, name, created_at FROM ip_list_entries WHERE list_id = ?", (list_id,)
            )
        }
        self._db.execute("DELETE FROM ip_list_entries WHERE list_id = ?", (list_id,))
        self._db.executemany(
            "INSERT INTO mask_lengths VALUES (?, ?) ON CONFLICT DO NOTHING",
            {(6 if ":" in host else 4, prefix) for host, prefix in networks},
        )
        self._db.executemany(
            "INSERT INTO ip_list_entries (list_id, position, host, prefix, source_key, id, name, created_at, "
            "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (list_id, place, host, prefix, sources.network_key(host, prefix), *_entry(had, host, prefix, at), at)
                for place, (host, prefix) in enumerate(networks)
            ],
        )

    def _lists(self, rows: Sequence[Sequence[Any]]) -> list[IpList]:
        ids = [row[1] for row in rows]
        networks: dict[str, list[tuple[str, int]]] = {list_id: [] for list_id in ids}
        for list_id, host, prefix in self._db.execute(
            f"SELECT list_id, host, prefix FROM ip_list_entries WHERE list_id IN ({marks(ids)}) "
            "ORDER BY list_id, position",
            ids,
        ):
            networks[list_id].append((host, prefix))
        return [
            IpList(
                id=row[1],
                account_id=row[2],
                name=row[3],
                networks=tuple(networks[row[1]]),
                created_at=time_value(row[4]),
                updated_at=time_value(row[5]),
            )
            for row in rows
        ]


def _entry(
    had: Mapping[tuple[str, int], tuple[str, str, str]], host: str, prefix: int, at: str
) -> tuple[str, str, str]:
    """Return the id, the name and the time of making of a list's entry, new ones where it had none."""
    return had.get((host, prefix)) or (str(uuid.uuid4()), "", at)
