"""Inline hooks in SQL. A hook without a URL has null there, so that routing takes it for none, and keeps its method."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime

from trunkline.core.model import CallHooks, Hook, Webhook
from trunkline.store.rows import HOOK_COLUMNS, marks, time_text

_NAMES = tuple(field.name for field in fields(CallHooks))
_COLUMNS = f"id, account_id, dialect, {HOOK_COLUMNS}"


class SqlHooks:
    """`core.inline_hooks.HookStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, hook: Hook) -> None:
        """Write a hook; a number names it from then on."""
        now = time_text(datetime.now(UTC))
        values = (hook.id, hook.account_id, hook.dialect, *_values(hook.hooks), now, now)
        self._db.execute(f"INSERT INTO hooks ({_COLUMNS}, created_at, updated_at) VALUES ({marks(values)})", values)

    def find(self, hook_ids: list[str]) -> dict[str, Hook]:
        """Return these hooks by their ids."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM hooks WHERE id IN ({marks(hook_ids)})", hook_ids)
        return {row[0]: Hook(id=row[0], account_id=row[1], dialect=row[2], hooks=_hooks(row[3:])) for row in rows}

    def update(self, hook: Hook) -> None:
        """Write a hook's changed URLs, methods and account."""
        written = ", ".join(f"{name} = ?" for name in ("account_id", *HOOK_COLUMNS.split(", "), "updated_at"))
        values = (hook.account_id, *_values(hook.hooks), time_text(datetime.now(UTC)), hook.id)
        self._db.execute(f"UPDATE hooks SET {written} WHERE id = ?", values)


def _values(hooks: CallHooks) -> list[str | None]:
    found: list[str | None] = []
    for name in _NAMES:
        hook: Webhook = getattr(hooks, name) or Webhook("")
        found += [hook.url or None, hook.method]
    return found


def _hooks(row: Sequence[str | None]) -> CallHooks:
    pairs = zip(_NAMES, row[::2], row[1::2], strict=True)
    return CallHooks(**{name: Webhook(url or "", method or "POST") for name, url, method in pairs})
