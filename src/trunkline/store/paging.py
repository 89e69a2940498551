"""Pages of a list in its stable order, oldest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trunkline.core.model import Page


def page_of(
    db: sqlite3.Connection, columns: str, tables: str, *, where: str, values: Sequence[object], page: Page, order: str
) -> tuple[list[Sequence[Any]], int, int | None]:
    """Return a page's rows, the count of the whole list, and the order number of the last row (None: nothing follows).

    ``order`` is the unique, growing column of the list, and the first of ``columns``. A page that continues ``after``
    a known row seeks to it, so removals before it neither repeat nor skip a row. One row more than asked for is read,
    to know whether any follows.
    """
    total = int(db.execute(f"SELECT count(*) FROM {tables} WHERE {where}", values).fetchone()[0])
    if page.after is not None:
        rows = db.execute(
            f"SELECT {columns} FROM {tables} WHERE {where} AND {order} > ? ORDER BY {order} LIMIT ?",
            [*values, page.after, page.limit + 1],
        ).fetchall()
    else:
        rows = db.execute(
            f"SELECT {columns} FROM {tables} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
            [*values, page.limit + 1, page.offset],
        ).fetchall()
    shown = rows[: page.limit]
    return shown, total, int(shown[-1][0]) if len(rows) > len(shown) else None
