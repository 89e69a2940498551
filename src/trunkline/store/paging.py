"""Pages of a list in its stable order, oldest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trunkline.core.model import Page


def page_of(
    db: sqlite3.Connection, columns: str, tables: str, *, where: str, values: Sequence[object], page: Page, order: str
) -> tuple[list[Sequence[Any]], int, int | None]:
    """Return a page's rows, the count of the whole list, and the order number of the last row.

    ``order`` is the unique, growing column of the list, and the first of ``columns``. A page that continues ``after``
    a known row seeks to it, so removals before it neither repeat nor skip a row.
    """
    total = int(db.execute(f"SELECT count(*) FROM {tables} WHERE {where}", values).fetchone()[0])
    if page.after is not None:
        rows = db.execute(
            f"SELECT {columns} FROM {tables} WHERE {where} AND {order} > ? ORDER BY {order} LIMIT ?",
            [*values, page.after, page.limit],
        ).fetchall()
    else:
        rows = db.execute(
            f"SELECT {columns} FROM {tables} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
            [*values, page.limit, page.offset],
        ).fetchall()
    return rows, total, int(rows[-1][0]) if rows else None
