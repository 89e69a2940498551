"""Registrations of `reg` carriers in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from trunkline.core.model import Registration, Transport
from trunkline.store.rows import marks, time_text, time_value

COLUMNS = tuple(field.name for field in fields(Registration))
"""The value's fields are columns of the same names."""

_READ = ", ".join(COLUMNS)
_SAVE = (
    f"INSERT INTO registrations ({_READ}) VALUES ({marks(COLUMNS)}) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
)


def value(row: Sequence[Any]) -> Registration:
    """Return a registration from the columns of `COLUMNS`."""
    values: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
    transport = values["registrar_transport"]
    values["registrar_transport"] = Transport(transport) if transport is not None else None
    values["any_source"] = bool(values["any_source"])
    for name in ("created_at", "updated_at"):
        values[name] = time_value(values[name])
    return Registration(**values)


def of(db: sqlite3.Connection, carrier_ids: Sequence[str]) -> dict[str, Registration]:
    """Return the registrations of these carriers by the carriers' ids."""
    if not carrier_ids:
        return {}
    rows = db.execute(f"SELECT {_READ} FROM registrations WHERE carrier_id IN ({marks(carrier_ids)})", carrier_ids)
    return {found.carrier_id: found for found in map(value, rows)}


def save(db: sqlite3.Connection, registration: Registration) -> None:
    """Write a registration, a new one or a changed one."""
    db.execute(_SAVE, [_stored(getattr(registration, name)) for name in COLUMNS])


def _stored(value: object) -> object:
    if isinstance(value, datetime):
        return time_text(value)
    return int(value) if isinstance(value, bool) else value.value if isinstance(value, Transport) else value
