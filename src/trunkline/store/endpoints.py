"""Endpoints in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trunkline.core.model import EVERYTHING, Endpoint, Listing, Owner, Page, Ref, Scope
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, time_text, time_value

_COLUMNS = (
    "e.seq, e.id, e.serial, e.username, e.alias, e.login_id, e.created_at, e.updated_at, "
    "o.id, o.code, o.name, o.parent_id, a.id, a.serial, a.name"
)
_TABLES = (
    "endpoints e JOIN accounts o ON o.id = e.account_id "
    "LEFT JOIN applications a ON a.id = e.application_id AND a.deleted_at IS NULL"
)


def _endpoint(row: Sequence[Any]) -> Endpoint:
    _, id_, serial, username, alias, login_id, created_at, updated_at = row[:8]
    return Endpoint(
        id=id_,
        serial=serial,
        owner=Owner(*row[8:12]),
        username=username,
        alias=alias,
        application=Ref(*row[12:15]) if row[12] is not None else None,
        login_id=login_id,
        created_at=time_value(created_at),
        updated_at=time_value(updated_at),
    )


class SqlEndpoints:
    """`core.ports.EndpointStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, endpoint: Endpoint) -> None:
        """Write an endpoint; its login is a credential that was written before."""
        self._db.execute(
            "INSERT INTO endpoints (id, serial, account_id, username, alias, application_id, login_id, created_at, "
            "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                endpoint.id,
                endpoint.serial,
                endpoint.owner.id,
                endpoint.username,
                endpoint.alias,
                endpoint.application.id if endpoint.application else None,
                endpoint.login_id,
                time_text(endpoint.created_at),
                time_text(endpoint.updated_at),
            ),
        )

    def by_serial(self, scope: Scope, serial: str) -> Endpoint | None:
        """Return a live endpoint by serial."""
        found = self._where(scope, "e.serial = ?", serial)
        return found[0] if found else None

    def has(self, username: str) -> bool:
        """Tell whether any endpoint, live or not, has or had this user name."""
        return self._db.execute("SELECT 1 FROM endpoints WHERE username = ?", (username,)).fetchone() is not None

    def of_application(self, application_id: str) -> list[Endpoint]:
        """Return the live endpoints whose calls this application answers."""
        return self._where(EVERYTHING, "e.application_id = ?", application_id)

    def _where(self, scope: Scope, condition: str, value: str) -> list[Endpoint]:
        inside, parameters = in_scope(scope, "e.account_id")
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM {_TABLES} WHERE {condition} AND e.deleted_at IS NULL AND {inside} ORDER BY e.seq",
            (value, *parameters),
        )
        return [_endpoint(row) for row in rows]

    def page(self, scope: Scope, page: Page) -> Listing[Endpoint]:
        """Return live endpoints, oldest first."""
        inside, parameters = in_scope(scope, "e.account_id")
        where = f"e.deleted_at IS NULL AND {inside}"
        rows, total, last = page_of(
            self._db, _COLUMNS, _TABLES, where=where, values=parameters, page=page, order="e.seq"
        )
        return Listing(tuple(_endpoint(row) for row in rows), total, last)

    def update(self, endpoint: Endpoint) -> None:
        """Write an endpoint's changed fields."""
        self._db.execute(
            "UPDATE endpoints SET alias = ?, application_id = ?, login_id = ?, updated_at = ? WHERE id = ?",
            (
                endpoint.alias,
                endpoint.application.id if endpoint.application else None,
                endpoint.login_id,
                time_text(endpoint.updated_at),
                endpoint.id,
            ),
        )

    def remove(self, endpoint_id: str, at: datetime) -> None:
        """Take an endpoint out of service; the row stays as history."""
        self._db.execute("UPDATE endpoints SET deleted_at = ? WHERE id = ?", (time_text(at), endpoint_id))
