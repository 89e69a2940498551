"""The stock in SQL: every search walks one index in the order of its results, whatever its filters are."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.store.opening import open_room
from trunkline.core.model import Page
from trunkline.core.stock import StockFacts, StockFilter, StockItem
from trunkline.store import stock

US = StockFilter(country="US")


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (US, "stock_country"),
        (replace(US, prefixes=("1415",)), "stock_country"),
        (replace(US, prefixes=("1415", "1415555"), unproven=True), "stock_country"),
        (replace(US, prefixes=("1415", "1415555"), sms=True, unproven=True), "stock_services"),
        (replace(US, unproven=True, proven_types=("local", "mobile")), "stock_country"),
        (replace(US, number_type="local", unproven=True, proven_types=("local",)), "stock_number_type"),
        (replace(US, voice=True, mms=True), "stock_services"),
        (replace(US, number_type="local"), "stock_number_type"),
        (replace(US, number_type="local", voice=True, prefixes=("1415",)), "stock_number_type"),
        (replace(US, region="California"), "stock_region"),
        (replace(US, region="California", number_type="local", prefixes=("1415",)), "stock_region"),
        (replace(US, city="San Francisco", region="California", number_type="local"), "stock_city"),
        (replace(US, lata="722", region="California"), "stock_lata"),
        (replace(US, rate_center="SNFC CNTRL", lata="722", city="San Francisco"), "stock_rate_center"),
    ],
)
@pytest.mark.parametrize("page", [Page(20), Page(20, offset=40), Page(20, after=14155551234)])
def test_a_search_walks_one_index(tmp_path: Path, wanted: StockFilter, index: str, page: Page) -> None:
    room = open_room(tmp_path)
    account = room.account().account
    now = datetime.now(UTC)
    for number in ("14155550100", "14155550101"):
        facts = StockFacts(
            e164=number,
            country="US",
            number_type="local",
            region="California",
            city="San Francisco",
            rate_center="SNFC CNTRL",
            lata="722",
            sms=True,
            mms=True,
        )
        carrier = room.carrier(account, name=f"Carrier_{number}")
        item = StockItem(facts=facts, carrier_id=carrier.id, number_id=None, free_from=now, added_at=now)
        room.store.stock.add([item])
    asked: list[str] = []
    room.connection.set_trace_callback(asked.append)
    room.store.stock.offered([account.id], wanted, now, page)
    room.connection.set_trace_callback(None)
    searches = [text for text in asked if "UNION ALL" in text]
    assert len(searches) == 2  # the count, and the page
    sets = 2 ** (3 - wanted.voice - wanted.sms - wanted.mms) if index == "stock_services" else 1
    for text in searches:
        plan = [str(row[3]) for row in room.connection.execute(f"EXPLAIN QUERY PLAN {text}")]
        walks = [step for step in plan if "stock" in step]
        assert len(walks) == 2 * sets, plan  # one for each carrier, and each set of services that has those wanted
        assert all(f"INDEX {index} (" in step for step in walks), plan
        assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize("apart", [stock.MAX_APART, 0])
def test_services_give_what_reading_every_row_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: int
) -> None:
    monkeypatch.setattr(stock, "MAX_APART", apart)
    room, draw, now = open_room(tmp_path), random.Random(5), datetime.now(UTC)
    account = room.account().account
    carriers = [room.carrier(account, name=name) for name in ("One", "Two")]
    items = []
    for i in range(120):
        has = {service: draw.random() < 0.5 for service in ("voice", "sms", "mms")}
        kind = draw.choice(["local", "tollfree"])
        facts = StockFacts(
            e164=str(14155550100 + i),
            country="US",
            number_type=kind,
            voice=has["voice"],
            sms=has["sms"],
            mms=has["mms"],
        )
        items.append(
            StockItem(facts=facts, carrier_id=draw.choice(carriers).id, number_id=None, free_from=now, added_at=now)
        )
    room.store.stock.add(items)
    for chosen in range(32):
        asked = {service: bool(chosen & bit) for service, bit in (("voice", 1), ("sms", 2), ("mms", 4))}
        wanted = replace(
            US,
            voice=asked["voice"],
            sms=asked["sms"],
            mms=asked["mms"],
            number_type="local" if chosen & 8 else None,
            prefixes=("141555501",) if chosen & 16 else (),
        )
        passing = [
            item.facts.e164
            for item in items
            if all(getattr(item.facts, service) or not asked[service] for service in asked)
            and item.facts.number_type == (wanted.number_type or item.facts.number_type)
            and item.facts.e164.startswith(wanted.prefixes or "")
        ]
        first = room.store.stock.offered([account.id], wanted, now, Page(7))
        skipped = room.store.stock.offered([account.id], wanted, now, Page(7, offset=3))
        followed = room.store.stock.offered([account.id], wanted, now, Page(7, after=int(passing[2])))
        assert [i.facts.e164 for i in first.items] == passing[:7]
        assert [i.facts.e164 for i in skipped.items] == [i.facts.e164 for i in followed.items] == passing[3:10]
        assert first.total == skipped.total == followed.total == len(passing)
