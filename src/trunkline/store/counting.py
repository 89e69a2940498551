"""How many live numbers there are of a kind: two tables of counts, kept by triggers, so that no write can forget to.

Counting a million rows takes a tenth of a second; summing their kinds, a millisecond. ``number_kinds`` counts the
numbers of an account that are alike in all that has few values, ``number_blocks`` those that begin alike, too.
Triggers are the one thing here that SQLite and PostgreSQL spell differently.
"""

from __future__ import annotations

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
"""What makes a number's kind, beside its account and its primary carrier. Empty stands for null."""

BLOCK_DIGITS = 7

_PRIMARY = (
    "coalesce((SELECT d.carrier_id FROM number_carriers d WHERE d.number_id = {row}.id AND d.is_primary = 1), '')"
)


def _kind(row: str, carrier: str, step: int, rows: str = "WHERE true") -> str:
    """Return the statements that count the live number ``row`` on a carrier (SQL) once more, or once less."""
    kind = ", ".join([carrier, *(f"coalesce({row}.{name}, '')" for name in KINDS)])
    block = f"substr({row}.e164, 1, {BLOCK_DIGITS})"
    return " ".join(
        f"INSERT INTO {table} SELECT {row}.account_id, {key}{kind}, {step} "
        f"{rows} AND {row}.removed_at IS NULL ON CONFLICT DO UPDATE SET numbers = numbers + {step};"
        for table, key in (("number_kinds", ""), ("number_blocks", f"{block}, "))
    )


def _number(row: str, step: int) -> str:
    return _kind(row, _PRIMARY.format(row=row), step)


def _carried(row: str, step: int) -> str:
    """Return the statements after a number has got (1) or lost (-1) its primary carrier."""
    rows = f"FROM numbers n WHERE n.id = {row}.number_id"
    return _kind("n", f"{row}.carrier_id", step, rows) + " " + _kind("n", "''", -step, rows)


def _emptied(table: str, key: tuple[str, ...]) -> str:
    # Kinds without a carrier stay at none: every new number passes through one on the way to its carrier.
    same = " AND ".join(f"{name} = NEW.{name}" for name in key)
    return (
        f"CREATE TRIGGER {table}_emptied AFTER UPDATE ON {table} WHEN NEW.numbers = 0 AND NEW.carrier_id <> '' "
        f"BEGIN DELETE FROM {table} WHERE {same}; END"
    )


_COUNTED = ("account_id", "e164", "removed_at", *KINDS)
_DIFFERS = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COUNTED)

TRIGGERS = (
    f"CREATE TRIGGER numbers_inserted AFTER INSERT ON numbers BEGIN {_number('NEW', 1)} END",
    f"CREATE TRIGGER numbers_deleted AFTER DELETE ON numbers BEGIN {_number('OLD', -1)} END",
    f"CREATE TRIGGER numbers_updated AFTER UPDATE OF {', '.join(_COUNTED)} ON numbers WHEN {_DIFFERS} "
    f"BEGIN {_number('OLD', -1)} {_number('NEW', 1)} END",
    "CREATE TRIGGER number_carriers_inserted AFTER INSERT ON number_carriers WHEN NEW.is_primary = 1 "
    f"BEGIN {_carried('NEW', 1)} END",
    "CREATE TRIGGER number_carriers_deleted AFTER DELETE ON number_carriers WHEN OLD.is_primary = 1 "
    f"BEGIN {_carried('OLD', -1)} END",
    _emptied("number_kinds", ("account_id", "carrier_id", *KINDS)),
    _emptied("number_blocks", ("account_id", "block", "carrier_id", *KINDS)),
)
"""For SQLite. A carrier of a number is put there and taken away, never changed in place."""

_KIND_OF_ROW = ", ".join(f"coalesce(n.{name}, '') AS {name}_" for name in KINDS)

FROM_ROWS = tuple(
    f"INSERT INTO {table} SELECT n.account_id, {key}coalesce(d.carrier_id, '') AS carrier, "
    f"{_KIND_OF_ROW}, count(*) FROM numbers n "
    "LEFT JOIN number_carriers d ON d.number_id = n.id AND d.is_primary = 1 WHERE n.removed_at IS NULL "
    f"GROUP BY n.account_id, {group}carrier, {', '.join(f'{name}_' for name in KINDS)}"
    for table, key, group in (
        ("number_kinds", "", ""),
        ("number_blocks", f"substr(n.e164, 1, {BLOCK_DIGITS}) AS block, ", "block, "),
    )
)
"""Fills empty tables of counts from the numbers that there are, for who fills an inventory with a million at once."""
