"""The stock in SQL: every search walks one index in the order of its results, whatever its filters are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.store.opening import open_room
from trunkline.core.model import Page
from trunkline.core.stock import StockFacts, StockFilter, StockItem

US = StockFilter(country="US")


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (US, "stock_country"),
        (replace(US, prefixes=("1415",)), "stock_country"),
        (replace(US, prefixes=("1415", "1415555"), sms=True, unproven=True), "stock_country"),
        (replace(US, unproven=True, proven_types=("local", "mobile")), "stock_country"),
        (replace(US, number_type="local", unproven=True, proven_types=("local",)), "stock_number_type"),
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
    for text in searches:
        plan = [str(row[3]) for row in room.connection.execute(f"EXPLAIN QUERY PLAN {text}")]
        walks = [step for step in plan if "stock" in step]
        assert len(walks) == 2, plan  # one for each carrier
        assert all(f"INDEX {index} (" in step for step in walks), plan
        assert not any("TEMP B-TREE" in step for step in plan), plan
