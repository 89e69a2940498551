"""Filling the stock: rows of a price list are read, judged one by one, and written together.

A carrier's list is bad in a few rows more often than not. So every row gets its verdict, and nothing is written unless
all are good, or the operator said to leave the bad ones out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trunkline.core import e164
from trunkline.core.errors import ConflictError, InvalidError, MissingError, NotFoundError, UnknownReferenceError
from trunkline.core.model import EVERYTHING, Actor, Carrier
from trunkline.core.ports import Store
from trunkline.core.rates import ListedRates, rate
from trunkline.core.stock import MAX_CARRIERS, RESTRICTIONS, SERVICES, TYPES, StockFacts, StockItem

MAX_ROWS = 100_000
"""Rows of one list; a larger one comes in parts."""

MAX_CELL = 255
"""Characters of one cell."""

REQUIRED = ("number", "country_iso", "type", "services", "carrier")
COLUMNS = (
    *REQUIRED,
    "region",
    "city",
    "rate_center",
    "lata",
    "setup_rate",
    "monthly_rental_rate",
    "sms_rate",
    "mms_rate",
    "voice_rate",
    "restriction",
    "restriction_text",
)
"""What a row may say; NPA and NXX are read off the number."""

Cells = Mapping[str, str]

_LATA = re.compile(r"[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be read: where it stood, its facts, and what it calls its carrier."""

    line: int
    facts: StockFacts
    carrier: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a row: an empty ``problem`` is a good one; ``advice`` says what to do."""

    line: int
    number: str
    problem: str = ""
    advice: str = ""

    @property
    def ok(self) -> bool:
        """True for a row that can be stored."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Report:
    """An import: a verdict for each row, how many were stored, and of each carrier (its name, its account's)."""

    verdicts: tuple[Verdict, ...]
    stored: int
    sold_by: tuple[tuple[str, str], ...]


def check_columns(names: Sequence[str]) -> None:
    """Raise `InvalidError` for a list whose columns are not those of a stock."""
    twice = {name for name in names if names.count(name) > 1} if len(names) <= len(COLUMNS) else set()
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in names]
    if twice or unknown or missing or len(names) > len(COLUMNS):
        found = missing or unknown or sorted(twice) or ["too many columns"]
        wrong = "is missing" if missing else "is not one of the stock's" if unknown else "stands there twice"
        raise InvalidError(
            f"column {found[0][:MAX_CELL]!r} {wrong}",
            field="columns",
            advice=f"The columns are {', '.join(COLUMNS)}; the first {len(REQUIRED)} must be there.",
        )


def read(rows: Iterable[tuple[int, Cells]]) -> tuple[list[Row], list[Verdict]]:
    """Return the rows that can be read, and the verdicts on those that cannot; lines come with the rows."""
    good: list[Row] = []
    bad: list[Verdict] = []
    seen: dict[str, int] = {}
    for count, (line, cells) in enumerate(rows, 1):
        if count > MAX_ROWS:
            raise InvalidError(f"more than {MAX_ROWS} rows", field="rows", advice="Import the list in parts.")
        try:
            row = _read(line, cells)
            if row.facts.e164 in seen:
                first = seen[row.facts.e164]
                raise InvalidError(f"this number stands in line {first} already", advice="Take one of them out.")
        except InvalidError as error:
            bad.append(_refused(line, cells.get("number", ""), error))
        else:
            seen[row.facts.e164] = line
            good.append(row)
    if not good and not bad:
        raise MissingError(
            "there are no rows", field="rows", advice="Give a line of columns, and then one for each number."
        )
    return good, bad


def _refused(line: int, number: str, error: InvalidError) -> Verdict:
    return Verdict(line, number.strip()[: e164.MAX_WRITTEN], error.message, error.advice)


def _read(line: int, cells: Cells) -> Row:
    for name, value in cells.items():
        if name not in COLUMNS:
            problem = (
                f"{name[:MAX_CELL]!r} is not one of the stock's columns"
                if name
                else "there are more cells than columns"
            )
            raise InvalidError(problem, advice="Take it out; a text with commas in it stands in quotes.")
        if len(value) > MAX_CELL or not value.replace("\t", " ").isprintable():
            raise InvalidError(f"{name} is not a text of at most {MAX_CELL} printable characters", advice="Shorten it.")
    for name in REQUIRED:
        if not cells.get(name, "").strip():
            raise MissingError(f"{name} is missing", advice="Fill it in.")
    digits = e164.parse(cells["number"])
    country = cells["country_iso"].strip().upper()
    kind = _choice(cells, "type", TYPES) or ""
    _check_country(digits, country, kind)
    services = _services(cells["services"])
    facts = StockFacts(
        e164=digits,
        country=country,
        number_type=kind,
        region=_text(cells, "region"),
        city=_text(cells, "city"),
        rate_center=_text(cells, "rate_center"),
        lata=_lata(cells),
        voice="voice" in services,
        sms="sms" in services,
        mms="mms" in services,
        rates=ListedRates(
            setup=_rate(cells, "setup_rate"),
            monthly_rental=_rate(cells, "monthly_rental_rate"),
            voice=_rate(cells, "voice_rate"),
            sms=_rate(cells, "sms_rate"),
            mms=_rate(cells, "mms_rate"),
        ),
        restriction=_choice(cells, "restriction", RESTRICTIONS),
        restriction_text=_text(cells, "restriction_text"),
    )
    return Row(line, facts, cells["carrier"].strip())


def _check_country(digits: str, country: str, kind: str) -> None:
    if not digits.startswith(e164.plan(country).calling_code):
        raise InvalidError(f"{digits} is not a number of {country}", advice="Correct number or country_iso.")
    # Countries that share a calling code share its toll-free numbers.
    real = e164.country_of(digits) if kind != "tollfree" else None
    if real is not None and len(real) == 2 and real.isalpha() and real != country:
        raise InvalidError(f"{digits} is a number of {real}, not of {country}", advice="Correct country_iso.")


def _text(cells: Cells, name: str) -> str | None:
    return " ".join(cells.get(name, "").split()) or None


def _choice(cells: Cells, name: str, allowed: Sequence[str]) -> str | None:
    value = cells.get(name, "").strip().lower()
    if value and value not in allowed:
        raise InvalidError(f"{name} is none of {', '.join(allowed)}", advice="Write one of them.")
    return value or None


def _services(written: str) -> set[str]:
    found = {part.strip().lower() for part in written.replace(";", ",").split(",")} - {""}
    if not found or not found <= set(SERVICES):
        raise InvalidError("services takes voice, sms and mms, joined by commas", advice='Write it like "voice,sms".')
    return found


def _lata(cells: Cells) -> str | None:
    value = cells.get("lata", "").strip()
    if value and not _LATA.fullmatch(value):
        raise InvalidError("lata is not a number of up to 5 digits", advice="Write it like 722, or leave it empty.")
    return str(int(value)) if value else None


def _rate(cells: Cells, name: str) -> str | None:
    """Return a rate; None for a blank cell, which leaves it to the tariff."""
    written = cells.get(name, "").strip()
    return rate(written, name) if written else None


def fill(
    store: Store, actor: Actor, good: Sequence[Row], bad: Sequence[Verdict], *, skip_bad: bool, dry_run: bool
) -> Report:
    """Judge rows by what the installation has, and store them: all, or with ``skip_bad`` the good ones."""
    carriers: dict[str, Carrier | None] = {}
    taken = _taken(store, [row.facts.e164 for row in good])
    known = store.stock.carriers()
    items: list[StockItem] = []
    verdicts = list(bad)
    for row in good:
        try:
            if row.carrier not in carriers:
                carriers[row.carrier] = _carrier(store, row.carrier)
            carrier = carriers[row.carrier]
            _judge(row, carrier, taken)
            if carrier is not None:
                known.add(carrier.id)
                items.append(_item(store, row.facts, carrier))
        except InvalidError as error:
            verdicts.append(_refused(row.line, row.facts.e164, error))
        else:
            verdicts.append(Verdict(row.line, row.facts.e164))
    if len(known) > MAX_CARRIERS:
        raise InvalidError(f"the stock's numbers come from at most {MAX_CARRIERS} carriers", field="carrier")
    verdicts.sort(key=lambda verdict: verdict.line)
    store_them = not dry_run and (skip_bad or all(verdict.ok for verdict in verdicts))
    if store_them:
        _store(store, actor, items)
    sold = {c.name: account.name for c in carriers.values() if c and (account := store.accounts.get(c.account_id))}
    return Report(tuple(verdicts), len(items) if store_them else 0, tuple(sold.items()))


def _taken(store: Store, numbers: Sequence[str]) -> dict[str, str]:
    live = dict.fromkeys(store.numbers.owners(numbers), "an account has this number already")
    return live | dict.fromkeys(store.stock.held(numbers), "the stock has this number already")


def _carrier(store: Store, named: str) -> Carrier | None:
    return store.carriers.get(EVERYTHING, named) or store.carriers.by_serial(EVERYTHING, named)


def _judge(row: Row, carrier: Carrier | None, taken: Mapping[str, str]) -> None:
    if carrier is None:
        raise UnknownReferenceError(
            "carrier is no carrier of this installation", advice="Give its id, or its carrier_id."
        )
    if row.facts.e164 in taken:
        raise InvalidError(taken[row.facts.e164], advice="Take the row out, or first remove what is there.")
    for service, wanted, able in (
        ("voice", row.facts.voice, carrier.voice),
        ("sms", row.facts.sms or row.facts.mms, carrier.sms),
    ):
        if wanted and not able:
            raise InvalidError(
                f"carrier {carrier.name} does not deliver {service}",
                advice="Take the service out of the row, or switch it on with "
                f'PATCH /native/v1/carriers/{carrier.id} {{"{service}": true}}.',
            )


def _item(store: Store, facts: StockFacts, carrier: Carrier) -> StockItem:
    now = store.now()
    return StockItem(facts=facts, carrier_id=carrier.id, number_id=None, free_from=now, added_at=now)


def _store(store: Store, actor: Actor, items: Sequence[StockItem]) -> None:
    store.stock.add(items)
    counts: dict[str, int] = {}
    for item in items:
        counts[item.carrier_id] = counts.get(item.carrier_id, 0) + 1
    for carrier_id, count in counts.items():
        carrier = store.carriers.get(EVERYTHING, carrier_id)
        if carrier is not None:
            store.log.append(actor, carrier.account_id, "import", "stock", carrier_id, numbers=count)


def remove(store: Store, actor: Actor, digits: str) -> None:
    """Take a number out of the stock; refused while it is rented."""
    item = store.stock.get(digits)
    if item is None:
        raise NotFoundError(f"the stock does not have {digits}")
    if item.number_id is not None:
        raise ConflictError(f"{digits} is rented", advice="It can be removed once it has been given back.")
    store.stock.remove(digits)
    carrier = store.carriers.get(EVERYTHING, item.carrier_id)
    owner = carrier.account_id if carrier is not None else actor.account.id
    store.log.append(actor, owner, "remove", "stock", digits)
