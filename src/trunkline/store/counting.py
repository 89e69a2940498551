"""How many live numbers there are, of which kind and where in the list: lists count and skip a million by these.

Every live number has a kind: the row of ``number_kinds`` that tells its account, its primary carrier and all that has
few values. Two more tables say how many of a kind there are in each stretch of the list, and how many begin alike. All
writes of live numbers go through `Counts`, which counts once for all the numbers that a statement adds or changes. A
write that leaves a number without a kind, or changes what makes its kind and not the kind, is refused by the database.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from trunkline.store.rows import marks

KINDS = (
    "voice",
    "sms",
    "mms",
    "number_type",
    "status",
    "cnam_lookup",
    "campaign_status",
    "toll_free_status",
    "toll_free_order_status",
    "renewal_on",
    "stocked",
)
"""What makes a number's kind, beside its account and its primary carrier; texts, empty stands for null."""

STRETCH = 8192
"""Places in the list that are counted together. Sums of stretches are added up, rows of one are sorted, for a page."""

LEADS = (2, 4, 6)
"""Numbers that begin with as many same digits are counted together; what is sought by more digits is soon counted."""

OF_ACCOUNT = "kind IN (SELECT id FROM number_kinds WHERE account_id = ?)"
"""The condition on live numbers of an account."""

_KEY = ("account_id", "carrier_id", *KINDS)
_FIND = f"SELECT id FROM number_kinds WHERE {' AND '.join(f'{name} = ?' for name in _KEY)}"
_MAKE = f"INSERT INTO number_kinds ({', '.join(_KEY)}, numbers) VALUES ({marks(_KEY)}, 0) RETURNING id"
_READ = f"SELECT {', '.join(_KEY)} FROM number_kinds WHERE id = ?"

Step = tuple[int, int, str, int]
"""A number's kind, place in the list (``seq``) and digits, and 1 if it is new there, -1 if it is gone."""


class Counts:
    """Keeps the counts on the connection that writes numbers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def kind(self, values: Mapping[str, object]) -> int:
        """Return the id of a kind, by account, carrier and the columns of `KINDS`; it is made where it is new."""
        return self._kind([_text(values[name]) for name in _KEY])

    def _kind(self, key: Sequence[str]) -> int:
        found = self._db.execute(_FIND, key).fetchone() or self._db.execute(_MAKE, key).fetchone()
        return int(found[0])

    def write(
        self, where: str, sought: Sequence[object], columns: Mapping[str, object], *, carrier_id: str | None = None
    ) -> list[str]:
        """Write columns of the live numbers that ``where`` finds, with their kinds and counts; return the numbers.

        ``carrier_id`` is their new primary carrier. With ``removed_at`` they are live no more.
        """
        changed = {name: _text(value) for name, value in columns.items() if name in _KEY}
        if carrier_id is not None:
            changed["carrier_id"] = carrier_id
        if not changed and "removed_at" not in columns:
            return self._write_alike(where, sought, columns)
        written = ", ".join(f"{name} = ?" for name in (*columns, "kind"))
        kinds = self._db.execute(f"SELECT DISTINCT kind FROM numbers WHERE kind IS NOT NULL AND {where}", sought)
        steps: list[Step] = []
        numbers: list[str] = []
        for (old,) in kinds.fetchall():
            new = None if "removed_at" in columns else self._changed(old, changed)
            rows = self._db.execute(
                f"UPDATE numbers SET {written} WHERE kind = ? AND {where} RETURNING seq, e164",
                (*columns.values(), new, old, *sought),
            ).fetchall()
            numbers += [e164 for _, e164 in rows]
            if new != old:
                steps += [(old, seq, e164, -1) for seq, e164 in rows]
            if new is not None and new != old:
                steps += [(new, seq, e164, 1) for seq, e164 in rows]
        self.count(steps)
        return numbers

    def _write_alike(self, where: str, sought: Sequence[object], columns: Mapping[str, object]) -> list[str]:
        """Write columns that no kind is made of; return the numbers."""
        if not columns:
            return []
        written = ", ".join(f"{name} = ?" for name in columns)
        rows = self._db.execute(
            f"UPDATE numbers SET {written} WHERE kind IS NOT NULL AND {where} RETURNING e164",
            (*columns.values(), *sought),
        )
        return [e164 for (e164,) in rows.fetchall()]

    def _changed(self, kind: int, changed: dict[str, str]) -> int:
        key = dict(zip(_KEY, self._db.execute(_READ, (kind,)).fetchone(), strict=True))
        return self._kind(list((key | changed).values())) if key | changed != key else kind

    def count(self, steps: Iterable[Step]) -> None:
        """Count numbers that came and went."""
        kinds, stretches, leads = Counter[int](), Counter[tuple[int, int]](), Counter[tuple[int, int, str]]()
        places: dict[tuple[int, int, str], tuple[int, int]] = {}
        for kind, seq, e164, step in steps:
            kinds[kind] += step
            stretches[kind, seq // STRETCH] += step
            for digits in LEADS:
                lead = kind, digits, e164[:digits]
                leads[lead] += step
                first, last = places.get(lead, (seq, seq))
                places[lead] = min(first, seq), max(last, seq)
        if not kinds:
            return
        self._db.executemany(
            "UPDATE number_kinds SET numbers = numbers + ? WHERE id = ?", [(step, kind) for kind, step in kinds.items()]
        )
        self._db.executemany(_COUNT_STRETCH, [(*key, step) for key, step in stretches.items()])
        self._db.executemany(_COUNT_LEAD, [(*key, step, *places[key]) for key, step in leads.items()])
        # What nothing is counted under would make sums longer for ever: days of renewal come and go.
        for table, columns, counted in (
            ("number_kinds", ("id",), [(kind, step) for kind, step in kinds.items()]),
            ("number_stretches", ("kind", "stretch"), [(*key, step) for key, step in stretches.items()]),
            ("number_leads", ("kind", "digits", "lead"), [(*key, step) for key, step in leads.items()]),
        ):
            same = " AND ".join(f"{name} = ?" for name in columns)
            gone = [entry[:-1] for entry in counted if entry[-1] <= 0]
            self._db.executemany(f"DELETE FROM {table} WHERE {same} AND numbers = 0", gone)


_COUNT_STRETCH = (
    "INSERT INTO number_stretches (kind, stretch, numbers) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, stretch) DO UPDATE SET numbers = number_stretches.numbers + excluded.numbers"
)
_COUNT_LEAD = (
    "INSERT INTO number_leads (kind, digits, lead, numbers, first_seq, last_seq) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (kind, digits, lead) DO UPDATE SET numbers = number_leads.numbers + excluded.numbers, "
    "first_seq = CASE WHEN excluded.first_seq < number_leads.first_seq THEN excluded.first_seq "
    "ELSE number_leads.first_seq END, "
    "last_seq = CASE WHEN excluded.last_seq > number_leads.last_seq THEN excluded.last_seq "
    "ELSE number_leads.last_seq END"
)


def _text(value: object) -> str:
    return "" if value is None else str(value)


_DIFFERS = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in ("account_id", *KINDS))

GUARD = (
    f"CREATE TRIGGER numbers_kept_kind AFTER UPDATE OF {', '.join(('account_id', *KINDS))} ON numbers "
    f"WHEN NEW.kind = OLD.kind AND ({_DIFFERS}) "
    "BEGIN SELECT RAISE(ABORT, 'this changes a number''s kind: write it through Counts'); END"
)
"""For SQLite: refuses a write that would leave the counts wrong."""

_ROW = ("n.account_id", "coalesce(d.carrier_id, '')", *(f"coalesce(n.{name}, '') || ''" for name in KINDS))
_DELIVERED = "LEFT JOIN number_carriers d ON d.number_id = n.id AND d.is_primary = 1"

FROM_ROWS = (
    f"INSERT INTO number_kinds ({', '.join(_KEY)}, numbers) SELECT {', '.join(_ROW)}, count(*) FROM numbers n "
    f"{_DELIVERED} WHERE n.removed_at IS NULL GROUP BY {', '.join(_ROW)}",
    "UPDATE numbers SET kind = found.kind FROM (SELECT n.seq AS seq, k.id AS kind FROM numbers n "
    f"{_DELIVERED} JOIN number_kinds k ON {' AND '.join(f'k.{a} = {b}' for a, b in zip(_KEY, _ROW, strict=True))} "
    "WHERE n.removed_at IS NULL) AS found WHERE numbers.seq = found.seq",
    f"INSERT INTO number_stretches SELECT kind, seq / {STRETCH} AS stretch, count(*) FROM numbers "
    "WHERE kind IS NOT NULL GROUP BY kind, stretch",
    *(
        f"INSERT INTO number_leads SELECT kind, {digits}, substr(e164, 1, {digits}) AS lead, count(*), min(seq), "
        "max(seq) FROM numbers WHERE kind IS NOT NULL GROUP BY kind, lead"
        for digits in LEADS
    ),
)
"""Fills empty tables of counts from the numbers that there are, for who fills an inventory with a million at once."""
