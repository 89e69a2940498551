"""Trunks and their URIs in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trunkline.core.model import Direction, Listing, Page, Scope, Trunk, TrunkUri
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, marks, time_text, time_value

_COLUMNS = "seq, id, serial, account_id, name, direction, active, created_at, updated_at"


class SqlTrunks:
    """`core.ports.TrunkStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, trunk: Trunk) -> None:
        """Write a trunk and its URIs."""
        self._db.execute(
            "INSERT INTO trunks (id, serial, account_id, name, direction, active, created_at, updated_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                trunk.id,
                trunk.serial,
                trunk.account_id,
                trunk.name,
                trunk.direction.value,
                int(trunk.active),
                time_text(trunk.created_at),
                time_text(trunk.updated_at),
            ),
        )
        self.replace_uris(trunk.id, trunk.uris)

    def get(self, scope: Scope, trunk_id: str) -> Trunk | None:
        """Return a live trunk by id."""
        return self._one(scope, "id", trunk_id)

    def by_serial(self, scope: Scope, serial: str) -> Trunk | None:
        """Return a live trunk by serial."""
        return self._one(scope, "serial", serial)

    def _one(self, scope: Scope, column: str, value: str) -> Trunk | None:
        inside, parameters = in_scope(scope, "account_id")
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM trunks WHERE {column} = ? AND deleted_at IS NULL AND {inside}",
            (value, *parameters),
        ).fetchone()
        return self._trunks([row])[0] if row else None

    def page(self, scope: Scope, page: Page) -> Listing[Trunk]:
        """Return live trunks, oldest first."""
        inside, parameters = in_scope(scope, "account_id")
        rows, total, last = page_of(
            self._db,
            _COLUMNS,
            "trunks",
            where=f"deleted_at IS NULL AND {inside}",
            values=parameters,
            page=page,
            order="seq",
        )
        return Listing(tuple(self._trunks(rows)), total, last)

    def _trunks(self, rows: Sequence[Sequence[Any]]) -> list[Trunk]:
        ids = [row[1] for row in rows]
        uris: dict[str, list[TrunkUri]] = {trunk_id: [] for trunk_id in ids}
        for trunk_id, id_, uri, priority, weight, active in self._db.execute(
            "SELECT trunk_id, id, uri, priority, weight, active FROM trunk_uris "
            f"WHERE trunk_id IN ({marks(ids)}) ORDER BY trunk_id, position",
            ids,
        ):
            uris[trunk_id].append(TrunkUri(id=id_, uri=uri, priority=priority, weight=weight, active=bool(active)))
        return [_trunk(row, tuple(uris[row[1]])) for row in rows]

    def update(self, trunk: Trunk) -> None:
        """Write a trunk's own fields."""
        self._db.execute(
            "UPDATE trunks SET name = ?, active = ?, updated_at = ? WHERE id = ?",
            (trunk.name, int(trunk.active), time_text(trunk.updated_at), trunk.id),
        )

    def replace_uris(self, trunk_id: str, uris: Sequence[TrunkUri]) -> None:
        """Make these the trunk's URIs."""
        self._db.execute("DELETE FROM trunk_uris WHERE trunk_id = ?", (trunk_id,))
        self._db.executemany(
            "INSERT INTO trunk_uris (id, trunk_id, position, uri, priority, weight, active) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(u.id, trunk_id, i, u.uri, u.priority, u.weight, int(u.active)) for i, u in enumerate(uris)],
        )

    def remove(self, trunk_id: str, at: datetime) -> None:
        """Take a trunk out of service."""
        self._db.execute("UPDATE trunks SET deleted_at = ? WHERE id = ?", (time_text(at), trunk_id))


def _trunk(row: Sequence[Any], uris: tuple[TrunkUri, ...]) -> Trunk:
    return Trunk(
        id=row[1],
        serial=row[2],
        account_id=row[3],
        name=row[4],
        direction=Direction(row[5]),
        active=bool(row[6]),
        uris=uris,
        created_at=time_value(row[7]),
        updated_at=time_value(row[8]),
    )
