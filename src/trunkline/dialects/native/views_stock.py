"""The native API's bodies about the stock: a part of `views`, by the same rules."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from trunkline.core.stock import StockItem, StockState
from trunkline.core.stocking import Report


class StockItemView(Struct, frozen=True):
    """A number of the stock. Rates are texts with five decimals; null where the tariff says them when it is bought."""

    number: str
    state: StockState
    free_from: datetime
    country: str
    type: str
    services: list[str]
    region: str | None
    city: str | None
    rate_center: str | None
    lata: str | None
    setup_rate: str | None
    monthly_rental_rate: str | None
    voice_rate: str | None
    sms_rate: str | None
    mms_rate: str | None
    restriction: str | None
    restriction_text: str | None
    carrier_id: str
    added_at: datetime


class StockPage(Struct, frozen=True):
    """Numbers of the stock in the order of their digits; ``total`` stops at 10,000, ``next`` is the next ``after``."""

    items: list[StockItemView]
    total: int
    next: int | None


class StockVerdictView(Struct, frozen=True):
    """What became of a row, counted from 1: ``ok``, or the problem and what to do."""

    row: int
    number: str
    ok: bool
    problem: str | None
    advice: str | None


class StockReportView(Struct, frozen=True):
    """An import: how many numbers were stored, and a verdict for each row."""

    stored: int
    dry_run: bool
    rows: list[StockVerdictView]


def stock_item(item: StockItem, at: datetime) -> StockItemView:
    """Show a number of the stock as it is at a time."""
    facts, rates = item.facts, item.facts.rates
    return StockItemView(
        number=facts.e164,
        state=item.state(at),
        free_from=item.free_from,
        country=facts.country,
        type=facts.number_type,
        services=facts.services,
        region=facts.region,
        city=facts.city,
        rate_center=facts.rate_center,
        lata=facts.lata,
        setup_rate=rates.setup,
        monthly_rental_rate=rates.monthly_rental,
        voice_rate=rates.voice,
        sms_rate=rates.sms,
        mms_rate=rates.mms,
        restriction=facts.restriction,
        restriction_text=facts.restriction_text,
        carrier_id=item.carrier_id,
        added_at=item.added_at,
    )


def stock_report(report: Report, *, dry_run: bool) -> StockReportView:
    """Show what became of an import."""
    rows = [StockVerdictView(v.line, v.number, v.ok, v.problem or None, v.advice or None) for v in report.verdicts]
    return StockReportView(report.stored, dry_run, rows)
