"""Settings of numbers in SQL."""

from __future__ import annotations

import sqlite3
from dataclasses import fields
from datetime import datetime
from typing import Any

from trunkline.core.number_settings import EmergencyState, NumberSettings
from trunkline.store.rows import marks, time_text, time_value

_NAMES = tuple(field.name for field in fields(NumberSettings))
"""The settings' fields are columns of the same names."""


class SqlNumberSettings:
    """`core.number_settings.NumberSettingsStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def find(self, number_ids: list[str]) -> dict[str, NumberSettings]:
        """Return the settings of those of these numbers that have any."""
        rows = self._db.execute(
            f"SELECT number_id, {', '.join(_NAMES)} FROM number_settings WHERE number_id IN ({marks(number_ids)})",
            number_ids,
        )
        return {row[0]: _settings(row[1:]) for row in rows}

    def put(self, number_id: str, settings: NumberSettings) -> None:
        """Write a number's settings."""
        values = [getattr(settings, name) for name in _NAMES]
        values = [time_text(value) if isinstance(value, datetime) else value for value in values]
        self._db.execute(
            f"INSERT INTO number_settings (number_id, {', '.join(_NAMES)}) VALUES (?, {marks(_NAMES)}) "
            f"ON CONFLICT (number_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _NAMES)}",
            [number_id, *(int(v) if isinstance(v, bool) else v for v in values)],
        )

    def drop(self, number_id: str) -> None:
        """Forget a number's settings."""
        self._db.execute("DELETE FROM number_settings WHERE number_id = ?", (number_id,))

    def unlink(self, application_id: str) -> None:
        """Take an application that answers messages from all numbers."""
        self._db.execute(
            "UPDATE number_settings SET message_application_id = NULL WHERE message_application_id = ?",
            (application_id,),
        )


def _settings(row: tuple[Any, ...]) -> NumberSettings:
    columns = dict(zip(_NAMES, row, strict=True))
    columns["emergency"] = bool(columns["emergency"])
    columns["emergency_state"] = EmergencyState(columns["emergency_state"])
    at = columns["emergency_at"]
    columns["emergency_at"] = None if at is None else time_value(at)
    return NumberSettings(**columns)
