"""Applications in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trunkline.core.model import Application, Listing, Page, Scope
from trunkline.store.paging import page_of
from trunkline.store.rows import HOOK_COLUMNS, hook_values, hooks_value, in_scope, marks, time_text, time_value

_OWN = "id, serial, account_id, name, dialect, active, public_uri, log_messages, created_at, updated_at"
_COLUMNS = f"seq, {_OWN}, {HOOK_COLUMNS}"


def _application(row: Sequence[Any]) -> Application:
    _, id_, serial, account_id, name, dialect, active, public_uri, log_messages, created_at, updated_at = row[:11]
    return Application(
        id=id_,
        serial=serial,
        account_id=account_id,
        name=name,
        dialect=dialect,
        active=bool(active),
        hooks=hooks_value(row[11:]),
        public_uri=bool(public_uri),
        log_messages=bool(log_messages),
        created_at=time_value(created_at),
        updated_at=time_value(updated_at),
    )


def _values(application: Application) -> tuple[object, ...]:
    return (
        application.id,
        application.serial,
        application.account_id,
        application.name,
        application.dialect,
        int(application.active),
        int(application.public_uri),
        int(application.log_messages),
        time_text(application.created_at),
        time_text(application.updated_at),
        *hook_values(application.hooks),
    )


class SqlApplications:
    """`core.ports.ApplicationStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, application: Application) -> None:
        """Write an application."""
        values = _values(application)
        self._db.execute(f"INSERT INTO applications ({_OWN}, {HOOK_COLUMNS}) VALUES ({marks(values)})", values)

    def get(self, scope: Scope, application_id: str) -> Application | None:
        """Return a live application by id."""
        return self._one(scope, "id", application_id)

    def by_serial(self, scope: Scope, serial: str) -> Application | None:
        """Return a live application by serial."""
        return self._one(scope, "serial", serial)

    def _one(self, scope: Scope, column: str, value: str) -> Application | None:
        inside, parameters = in_scope(scope, "account_id")
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM applications WHERE {column} = ? AND deleted_at IS NULL AND {inside}",
            (value, *parameters),
        ).fetchone()
        return _application(row) if row else None

    def page(self, scope: Scope, name: str | None, page: Page) -> Listing[Application]:
        """Return live applications, oldest first; ``name`` is matched exactly."""
        inside, parameters = in_scope(scope, "account_id")
        where, values = f"deleted_at IS NULL AND {inside}", list(parameters)
        if name is not None:
            where, values = where + " AND name = ?", [*values, name]
        rows, total, last = page_of(
            self._db, _COLUMNS, "applications", where=where, values=values, page=page, order="seq"
        )
        return Listing(tuple(_application(row) for row in rows), total, last)

    def update(self, application: Application) -> None:
        """Write an application's changed fields."""
        names = f"{_OWN}, {HOOK_COLUMNS}".split(", ")
        self._db.execute(
            f"UPDATE applications SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?",
            (*_values(application), application.id),
        )

    def remove(self, application_id: str, at: datetime) -> None:
        """Take an application out of service."""
        self._db.execute("UPDATE applications SET deleted_at = ? WHERE id = ?", (time_text(at), application_id))
