"""The stock in SQL.

A search is a range of one index: every index below begins with the carrier, and ends with the number, in whose order
results come. What several carriers offer is merged in that order. The most telling condition picks the index; the
others are written so that no planner takes them for one, since without statistics it could prefer the wrong one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from trunkline.core.model import Listing, Page
from trunkline.core.rates import ListedRates
from trunkline.core.stock import MAX_COUNTED, PROVEN, StockFacts, StockFilter, StockItem, StockState
from trunkline.store.rows import marks, time_text, time_value

_VOICE, _SMS, _MMS = 1, 2, 4

_COLUMNS = (
    "e164, country, number_type, region, city, rate_center, lata, services, setup_rate, monthly_rental_rate, "
    "voice_rate, sms_rate, mms_rate, restriction, restriction_text, carrier_id, number_id, free_from, added_at"
)
_KEYS = "region_key, city_key, rate_center_key"
_INSERT = f"INSERT INTO stock ({_COLUMNS}, {_KEYS}) VALUES ({marks(_COLUMNS.split(', '))}, ?, ?, ?)"
_SELLS = "EXISTS (SELECT 1 FROM stock s WHERE s.carrier_id = c.id AND s.number_id IS NULL)"
MAX_APART = 100
"""Carriers whose numbers are sought in a range for each set of services (four at most, since SQLite joins 500)."""

_CHUNK = 500
"""Values per IN list, well under SQLite's and PostgreSQL's limits on parameters."""


def key(text: str | None) -> str | None:
    """Return the form of a place's name that is compared: no case, single blanks."""
    return " ".join(text.casefold().split()) if text else None


def _item(row: Sequence[Any]) -> StockItem:
    services = row[7]
    facts = StockFacts(
        e164=row[0],
        country=row[1],
        number_type=row[2],
        region=row[3],
        city=row[4],
        rate_center=row[5],
        lata=row[6],
        voice=bool(services & _VOICE),
        sms=bool(services & _SMS),
        mms=bool(services & _MMS),
        rates=ListedRates(setup=row[8], monthly_rental=row[9], voice=row[10], sms=row[11], mms=row[12]),
        restriction=row[13],
        restriction_text=row[14],
    )
    return StockItem(
        facts=facts,
        carrier_id=row[15],
        number_id=row[16],
        free_from=time_value(row[17]),
        added_at=time_value(row[18]),
    )


def _values(item: StockItem) -> tuple[object, ...]:
    facts, rates = item.facts, item.facts.rates
    return (
        facts.e164,
        facts.country,
        facts.number_type,
        facts.region,
        facts.city,
        facts.rate_center,
        facts.lata,
        _services(voice=facts.voice, sms=facts.sms, mms=facts.mms),
        rates.setup,
        rates.monthly_rental,
        rates.voice,
        rates.sms,
        rates.mms,
        facts.restriction,
        facts.restriction_text,
        item.carrier_id,
        item.number_id,
        time_text(item.free_from),
        time_text(item.added_at),
        key(facts.region),
        key(facts.city),
        key(facts.rate_center),
    )


def _services(*, voice: bool, sms: bool, mms: bool) -> int:
    return _VOICE * voice | _SMS * sms | _MMS * mms


class SqlStock:
    """`core.stock.StockStore` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, items: Iterable[StockItem]) -> None:
        """Write new items."""
        self._db.executemany(_INSERT, map(_values, items))

    def get(self, e164: str) -> StockItem | None:
        """Return what the stock has of a number, rented or not."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM stock WHERE e164 = ?", (e164,)).fetchone()
        return _item(row) if row is not None else None

    def held(self, e164s: Sequence[str]) -> set[str]:
        """Return those of these numbers that the stock has, rented or not."""
        found: set[str] = set()
        for start in range(0, len(e164s), _CHUNK):
            part = e164s[start : start + _CHUNK]
            rows = self._db.execute(f"SELECT e164 FROM stock WHERE e164 IN ({marks(part)})", list(part))
            found.update(str(row[0]) for row in rows)
        return found

    def carriers(self) -> set[str]:
        """Return the ids of the carriers that deliver numbers of the stock that are not rented."""
        return {str(row[0]) for row in self._db.execute(f"SELECT c.id FROM carriers c WHERE {_SELLS}")}

    def offered(self, sellers: Sequence[str], wanted: StockFilter, at: datetime, page: Page) -> Listing[StockItem]:
        """Return what can be bought from carriers of these accounts, in the order of the numbers."""
        parts: list[str] = []
        values: list[object] = []
        selling = self._selling(sellers)
        offers = _offers(wanted, at, apart=len(selling) <= MAX_APART)
        for carrier_id in selling:
            for conditions, found in offers:
                parts.append(f"carrier_id = ? AND {conditions}")
                values += [carrier_id, *found]
        return self._listing(parts, values, page)

    def _selling(self, sellers: Sequence[str]) -> list[str]:
        """Return the live carriers of these accounts that deliver anything in the stock that is not rented."""
        rows = self._db.execute(
            f"SELECT c.id FROM carriers c WHERE c.account_id IN ({marks(sellers)}) AND c.active = 1 "
            f"AND c.deleted_at IS NULL AND {_SELLS}",
            list(sellers),
        )
        return [str(row[0]) for row in rows]

    def kinds(self, sellers: Sequence[str]) -> set[tuple[str, str]]:
        """Return the countries and types of what carriers of these accounts deliver and is not rented."""
        selling = self._selling(sellers)
        rows = self._db.execute(
            "SELECT DISTINCT country, number_type FROM stock "
            f"WHERE number_id IS NULL AND carrier_id IN ({marks(selling)})",
            selling,
        )
        return {(str(country), str(kind)) for country, kind in rows}

    def page(self, wanted: StockFilter, at: datetime, page: Page) -> Listing[StockItem]:
        """Return items whoever may buy them, in the order of the numbers."""
        conditions, values = _any(wanted, at)
        return self._listing([conditions], values, page)

    def _listing(self, parts: Sequence[str], values: Sequence[object], page: Page) -> Listing[StockItem]:
        if not parts:
            return Listing((), 0, None)
        counted = " UNION ALL ".join(f"SELECT 1 FROM stock WHERE {part}" for part in parts)
        total = self._db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM ({counted}) AS found LIMIT {MAX_COUNTED}) AS counted", values
        ).fetchone()[0]
        seen = list(values)
        if not total or (page.after is None and page.offset >= MAX_COUNTED):
            return Listing((), int(total), None)  # what lies beyond the count is reached by cursor, not by skipping
        if page.after is not None:
            # A cursor is a number, and numbers are texts in the order of their digits.
            parts = [f"{part} AND e164 > ?" for part in parts]
            share = len(values) // len(parts)
            seen = []
            for i in range(len(parts)):
                seen += [*values[i * share : (i + 1) * share], str(page.after)]
        rows = self._db.execute(
            " UNION ALL ".join(f"SELECT {_COLUMNS} FROM stock WHERE {part}" for part in parts)
            + " ORDER BY e164 LIMIT ? OFFSET ?",
            [*seen, page.limit + 1, 0 if page.after is not None else page.offset],
        ).fetchall()
        shown = tuple(_item(row) for row in rows[: page.limit])
        return Listing(shown, int(total), int(shown[-1].facts.e164) if len(rows) > len(shown) else None)

    def rent(self, e164: str, number_id: str) -> bool:
        """Mark a number as rented; False where it is already."""
        done = self._db.execute(
            "UPDATE stock SET number_id = ? WHERE e164 = ? AND number_id IS NULL", (number_id, e164)
        )
        return done.rowcount == 1

    def give_back(self, number_id: str, free_from: datetime) -> bool:
        """Take back what a number was made of; False where it was not made of stock."""
        done = self._db.execute(
            "UPDATE stock SET number_id = NULL, free_from = ? WHERE number_id = ?", (time_text(free_from), number_id)
        )
        return done.rowcount == 1

    def remove(self, e164: str) -> None:
        """Take an item out of the stock."""
        self._db.execute("DELETE FROM stock WHERE e164 = ?", (e164,))


def _offers(wanted: StockFilter, at: datetime, *, apart: bool) -> list[tuple[str, list[object]]]:
    """Return the conditions on what is free now, and their values; the carrier's stands before them.

    Where nothing but services tells numbers ``apart``, there is a range for each set of services that has those wanted.
    """
    telling: list[tuple[str, object]] = [
        (column, value)
        for column, value in (
            ("rate_center_key", key(wanted.rate_center)),
            ("city_key", key(wanted.city)),
            ("lata", wanted.lata),
            ("region_key", key(wanted.region)),
            ("number_type", wanted.number_type),
        )
        if value is not None
    ]
    services = _services(voice=wanted.voice, sms=wanted.sms, mms=wanted.mms)
    if services and apart and not telling:
        alone = replace(wanted, voice=False, sms=False, mms=False)
        sets = [held for held in range(_VOICE | _SMS | _MMS, 0, -1) if held & services == services]
        return [_offer(alone, at, [("services", held)]) for held in sets]
    return [_offer(wanted, at, telling)]


def _offer(wanted: StockFilter, at: datetime, telling: Sequence[tuple[str, object]]) -> tuple[str, list[object]]:
    conditions = ["number_id IS NULL", "country = ?", "free_from <= ?"]
    values: list[object] = [wanted.country, time_text(at)]
    for i, (column, value) in enumerate(telling):
        conditions.append(f"{column} = ?" if i == 0 else f"{column} || '' = ?")
        values.append(value)
    if not telling:
        conditions.append("e164 > ''")  # true of all; it tells the index of the whole country from its siblings
    more, found = _common(wanted)
    return " AND ".join(conditions + more), values + found


def _any(wanted: StockFilter, at: datetime) -> tuple[str, list[object]]:
    """Return the conditions of the operator's list."""
    conditions, values = ["1 = 1"], list[object]()
    for column, value in (("country", wanted.country), ("number_type", wanted.number_type)):
        if value is not None:
            conditions.append(f"{column} || '' = ?")
            values.append(value)
    if wanted.state is StockState.RENTED:
        conditions.append("number_id IS NOT NULL")
    elif wanted.state is not None:
        conditions.append(f"number_id IS NULL AND free_from {'<=' if wanted.state is StockState.FREE else '>'} ?")
        values.append(time_text(at))
    more, found = _common(wanted)
    return " AND ".join(conditions + more), values + found


def _common(wanted: StockFilter) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    for prefix in wanted.prefixes:
        # A range instead of LIKE, so that the index serves it; ":" follows "9" in ASCII.
        conditions.append("e164 >= ? AND e164 < ?")
        values += [prefix, prefix + ":"]
    if wanted.pattern is not None:
        conditions.append("e164 LIKE ?")
        values.append(wanted.pattern)
    services = _services(voice=wanted.voice, sms=wanted.sms, mms=wanted.mms)
    if services:
        conditions.append("services & ? = ?")
        values += [services, services]
    if wanted.unproven:
        proven = wanted.proven_types
        ways = ["restriction IS NULL", f"restriction NOT IN ({marks(PROVEN)})"]
        ways += [f"number_type || '' IN ({marks(proven)})"] if proven else []
        conditions.append(f"({' OR '.join(ways)})")
        values += [*PROVEN, *proven]
    return conditions, values
