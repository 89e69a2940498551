"""`trunkline stock …`: the numbers that accounts can buy."""

from __future__ import annotations

import csv
import io
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trunkline.commands.opening import read, write
from trunkline.commands.printing import document, plain, table
from trunkline.core import e164, stocking
from trunkline.core.errors import InvalidError
from trunkline.core.model import Page
from trunkline.core.ports import Store
from trunkline.core.stock import TYPES, StockFilter, StockItem, StockState

MAX_BYTES = 32 << 20
"""Longest file."""

MAX_LISTED = 10_000
"""Numbers that one `stock list` prints at most; ``--after`` goes on below them."""

MAX_SHOWN = 64
"""Characters of a wrong value that are shown back."""


def fill(options: Namespace) -> int:
    """Import a CSV file; 1 when nothing was stored though it was meant to be, or would not be."""
    good, bad = stocking.read(_rows(options.file))
    told = {"skip_bad": options.skip_bad, "dry_run": options.dry_run}
    report = write(options, lambda store, actor: stocking.fill(store, actor, good, bad, **told))
    refused = [verdict for verdict in report.verdicts if not verdict.ok]
    if options.json:
        document(_document(report, dry_run=options.dry_run))
    else:
        for verdict in report.verdicts if options.dry_run else refused:
            told_of = "good" if verdict.ok else f"{verdict.problem}. {verdict.advice}".rstrip()
            print(f"line {verdict.line}: {verdict.number or '(no number)'}: {told_of}")
        _print_sum(report, len(refused), options)
    return 1 if refused and not options.skip_bad else 0


def _document(report: stocking.Report, *, dry_run: bool) -> dict[str, Any]:
    rows = [
        {"line": v.line, "number": v.number, "ok": v.ok, "problem": v.problem or None, "advice": v.advice or None}
        for v in report.verdicts
    ]
    sold = [{"carrier": carrier, "account": account} for carrier, account in report.sold_by]
    return {"stored": report.stored, "dry_run": dry_run, "offered_to": sold, "rows": rows}


def _print_sum(report: stocking.Report, refused: int, options: Namespace) -> None:
    good = len(report.verdicts) - refused
    print(f"{good} rows are good, {refused} are not; {report.stored} numbers stored")
    if options.dry_run:
        print("nothing was written: this was a dry run")
    elif refused and not options.skip_bad:
        print("nothing was written: correct the lines above, or leave them out with --skip-bad")
    for carrier, account in report.sold_by:
        print(f"numbers of carrier {plain(carrier)} are offered to account {plain(account)} and those below it")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    lines = csv.reader(io.StringIO(_text(path), newline=""))
    try:
        names = [name.strip().lower() for name in next(lines, [])]
        stocking.check_columns(names)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield lines.line_num, _cells(names, cells)
    except csv.Error as error:
        raise InvalidError(f"{path}, line {lines.line_num}: {error}", advice="Check the quotes there.") from None


def _cells(names: list[str], cells: list[str]) -> dict[str, str]:
    """Return a row's cells by name; those beyond the columns have none, for which the row is refused."""
    row = dict(zip(names, cells, strict=False))
    if len(cells) > len(names):
        row[""] = ""
    return row


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise InvalidError(f"{path} is larger than {MAX_BYTES} bytes", advice="Import it in parts.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidError(f"{path}, line {line} is not UTF-8", advice="Save the file as UTF-8.") from None


def show(options: Namespace) -> int:
    """List the stock; `InvalidError` names the option that is wrong."""
    wanted = StockFilter(
        country=options.country.strip().upper() if options.country is not None else None,
        number_type=_one_of(options.type, "--type", TYPES),
        state=StockState(state) if (state := _one_of(options.state, "--state", tuple(StockState))) else None,
    )
    limit = _limit(options.limit)
    after = int(e164.parse(options.after)) if options.after is not None else None

    def look_up(store: Store) -> tuple[list[dict[str, Any]], int | None]:
        at = store.now()
        found = store.stock.page(wanted, at, Page(limit, after=after))
        return [_row(item, item.state(at)) for item in found.items], found.last

    rows, last = read(options, look_up)
    if options.json:
        document(rows)
        return 0
    heads = ("number", "state", "country", "type", "services", "region", "city", "monthly_rental_rate", "carrier")
    table(tuple(head.replace("_", " ").upper() for head in heads), [[row[head] for head in heads] for row in rows])
    if last is not None:
        print(f"more: --after {last}", file=sys.stderr)
    return 0


def _one_of(value: str | None, option: str, allowed: tuple[str, ...]) -> str | None:
    if value is not None and value not in allowed:
        raise InvalidError(f"{option} is one of {', '.join(allowed)}, not {value[:MAX_SHOWN]!r}")
    return value


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LISTED)) and 1 <= int(text) <= MAX_LISTED):
        raise InvalidError(f"--limit is a whole number from 1 to {MAX_LISTED}, not {text[:MAX_SHOWN]!r}")
    return int(text)


def _row(item: StockItem, state: StockState) -> dict[str, Any]:
    facts, rates = item.facts, item.facts.rates
    return {
        "number": facts.e164,
        "state": state.value,
        "free_from": item.free_from.isoformat() if state is StockState.QUARANTINED else None,
        "country": facts.country,
        "type": facts.number_type,
        "services": ",".join(facts.services),
        "region": facts.region,
        "city": facts.city,
        "rate_center": facts.rate_center,
        "lata": facts.lata,
        "setup_rate": rates.setup,
        "monthly_rental_rate": rates.monthly_rental,
        "voice_rate": rates.voice,
        "sms_rate": rates.sms,
        "mms_rate": rates.mms,
        "restriction": facts.restriction,
        "restriction_text": facts.restriction_text,
        "carrier": item.carrier_id,
    }


def remove(options: Namespace) -> int:
    """Take a number out of the stock."""
    digits = e164.parse(options.number)
    write(options, lambda store, actor: stocking.remove(store, actor, digits))
    print(f"{digits} is no longer in the stock")
    return 0
