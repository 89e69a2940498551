"""The change log in SQL: appended in the transaction of the change itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from trunkline.core.model import Actor, Change, Listing, Page, Scope
from trunkline.store.rows import in_scope, time_text, time_value


class SqlChangeLog:
    """`core.ports.ChangeLog` on one connection."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], datetime]) -> None:
        self._db = connection
        self._now = now

    def append(self, actor: Actor, account_id: str, verb: str, kind: str, record_id: str, **detail: object) -> None:
        """Add a line; ``detail`` never holds a secret."""
        text = json.dumps(detail, separators=(",", ":"), ensure_ascii=False, default=str)
        self._db.execute(
            "INSERT INTO change_log (at, actor, account_id, verb, kind, record_id, detail) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (time_text(self._now()), actor.label, account_id, verb, kind, record_id, text),
        )

    def page(self, scope: Scope, page: Page) -> Listing[Change]:
        """Return lines, newest first; ``page.after`` continues below a known line."""
        return self._lines(*in_scope(scope, "account_id"), page)

    def history(self, scope: Scope, kind: str, record_id: str, page: Page) -> Listing[Change]:
        """Return the lines about one record, newest first; ``page.after`` continues below a known line."""
        inside, parameters = in_scope(scope, "account_id")
        return self._lines(f"kind = ? AND record_id = ? AND {inside}", (kind, record_id, *parameters), page)

    def _lines(self, inside: str, parameters: Sequence[object], page: Page) -> Listing[Change]:
        values: list[object] = list(parameters)
        below = ""
        if page.after is not None:
            below, values = " AND seq < ?", [*values, page.after]
        rows = self._db.execute(
            "SELECT seq, at, actor, account_id, verb, kind, record_id, detail FROM change_log "
            f"WHERE {inside}{below} ORDER BY seq DESC LIMIT ? OFFSET ?",
            [*values, page.limit, page.offset],
        ).fetchall()
        total = int(self._db.execute(f"SELECT count(*) FROM change_log WHERE {inside}", parameters).fetchone()[0])
        names = ("seq", "at", "actor", "account_id", "verb", "kind", "record_id", "detail")
        items = tuple(Change(**{**dict(zip(names, row, strict=True)), "at": time_value(row[1])}) for row in rows)
        return Listing(items, total, items[-1].seq if items else None)
