"""Trunks and their URIs in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trunkline.core.model import EVERYTHING, Direction, Listing, Page, Scope, Trunk, TrunkUri
from trunkline.core.trunk_ports import ANY_TRUNK, TrunkFilter
from trunkline.core.trunks import sip_uri
from trunkline.store.paging import page_of
from trunkline.store.rows import in_scope, marks, time_text, time_value

_COLUMNS = "seq, id, serial, account_id, name, direction, active, created_at, updated_at, ip_list_id, login_id"
_NTH_URI = (
    "(SELECT uri_id FROM trunk_uris WHERE trunk_id = trunks.id ORDER BY priority, position LIMIT 1 OFFSET {}) = ?"
)
_DIRECTION = "CASE direction WHEN 'both' THEN 'inbound' ELSE direction END = ?"
_HAS_IP_LIST = (
    "id IN (SELECT id FROM trunks WHERE ip_list_id = ? UNION SELECT trunk_id FROM trunk_ip_lists WHERE list_id = ?)"
)


class SqlTrunks:
    """`core.ports.TrunkStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, trunk: Trunk) -> None:
        """Write a trunk and which URIs take its calls; those were written before."""
        self._db.execute(
            "INSERT INTO trunks (id, serial, account_id, name, direction, active, created_at, updated_at, ip_list_id, "
            "login_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                trunk.id,
                trunk.serial,
                trunk.account_id,
                trunk.name,
                trunk.direction.value,
                int(trunk.active),
                time_text(trunk.created_at),
                time_text(trunk.updated_at),
                trunk.ip_list_id,
                trunk.login_id,
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
        found = self._where(scope, f"{column} = ?", value)
        return found[0] if found else None

    def of_uri(self, uri_id: str) -> list[Trunk]:
        """Return the live trunks whose calls this URI takes."""
        return self._where(EVERYTHING, "id IN (SELECT trunk_id FROM trunk_uris WHERE uri_id = ?)", uri_id)

    def uses(self, uri_id: str) -> int:
        """Count the live trunks whose calls this URI takes."""
        row = self._db.execute(
            "SELECT count(DISTINCT t.id) FROM trunk_uris l JOIN trunks t ON t.id = l.trunk_id "
            "WHERE l.uri_id = ? AND t.deleted_at IS NULL",
            (uri_id,),
        ).fetchone()
        return int(row[0])

    def _where(self, scope: Scope, condition: str, value: str) -> list[Trunk]:
        inside, parameters = in_scope(scope, "account_id")
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM trunks WHERE {condition} AND deleted_at IS NULL AND {inside} ORDER BY seq",
            (value, *parameters),
        ).fetchall()
        return self._trunks(rows)

    def page(self, scope: Scope, page: Page, wanted: TrunkFilter = ANY_TRUNK) -> Listing[Trunk]:
        """Return live trunks, oldest first."""
        inside, parameters = in_scope(scope, "account_id")
        where, values = f"deleted_at IS NULL AND {inside}", list[object](parameters)
        for condition, value in _conditions(wanted):
            if value is not None:
                where += f" AND {condition}"
                values += [value] * condition.count("?")
        rows, total, last = page_of(self._db, _COLUMNS, "trunks", where=where, values=values, page=page, order="seq")
        return Listing(tuple(self._trunks(rows)), total, last)

    def _trunks(self, rows: Sequence[Sequence[Any]]) -> list[Trunk]:
        ids = [row[1] for row in rows]
        uris: dict[str, list[TrunkUri]] = {trunk_id: [] for trunk_id in ids}
        for trunk_id, id_, uri, priority, weight, active in self._db.execute(
            "SELECT l.trunk_id, u.id, u.uri, l.priority, l.weight, l.active FROM trunk_uris l "
            "JOIN origination_uris u ON u.id = l.uri_id "
            f"WHERE l.trunk_id IN ({marks(ids)}) ORDER BY l.trunk_id, l.position",
            ids,
        ):
            uris[trunk_id].append(
                TrunkUri(id=id_, uri=sip_uri(uri), priority=priority, weight=weight, active=bool(active))
            )
        return [_trunk(row, tuple(uris[row[1]])) for row in rows]

    def update(self, trunk: Trunk) -> None:
        """Write a trunk's own fields."""
        self._db.execute(
            "UPDATE trunks SET name = ?, direction = ?, active = ?, updated_at = ?, ip_list_id = ?, login_id = ? "
            "WHERE id = ?",
            (
                trunk.name,
                trunk.direction.value,
                int(trunk.active),
                time_text(trunk.updated_at),
                trunk.ip_list_id,
                trunk.login_id,
                trunk.id,
            ),
        )

    def replace_uris(self, trunk_id: str, uris: Sequence[TrunkUri]) -> None:
        """Make these, which were written before, the trunk's URIs."""
        self._db.execute("DELETE FROM trunk_uris WHERE trunk_id = ?", (trunk_id,))
        self._db.executemany(
            "INSERT INTO trunk_uris (trunk_id, uri_id, position, priority, weight, active) VALUES (?, ?, ?, ?, ?, ?)",
            [(trunk_id, u.id, i, u.priority, u.weight, int(u.active)) for i, u in enumerate(uris)],
        )

    def remove(self, trunk_id: str, at: datetime) -> None:
        """Take a trunk out of service."""
        self._db.execute("UPDATE trunks SET deleted_at = ? WHERE id = ?", (time_text(at), trunk_id))


def _conditions(wanted: TrunkFilter) -> list[tuple[str, object]]:
    """Return each condition with its value, None where the filter leaves it open."""
    return [
        ("serial = ?", wanted.serial),
        ("name = ?", wanted.name),
        ("active = ?", None if wanted.active is None else int(wanted.active)),
        (_DIRECTION, wanted.direction.value if wanted.direction else None),
        (_HAS_IP_LIST, wanted.ip_list_id),
        ("login_id = ?", wanted.login_id),
        (_NTH_URI.format(0), wanted.primary_uri_id),
        (_NTH_URI.format(1), wanted.fallback_uri_id),
    ]


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
        ip_list_id=row[9],
        login_id=row[10],
    )
