"""Searching a stock of a million numbers over HTTP: the time of one request of each kind, on kept-alive connections.

One account, two carriers; numbers of 100 NPA-NXX in 50 regions, 1,000 cities and rate centres and 200 LATAs. One number
in twenty does SMS, none MMS: the search for MMS walks everything and finds nothing, the worst that can be asked.
Limit: the slowest kind's median, the worst case included.
"""

from __future__ import annotations

import base64
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.filling import in_bulk
from benchmarks.report import Aim, Outcome, Row
from tests.server import Server
from trunkline.core import accounts, carriers
from trunkline.core.model import Actor
from trunkline.core.ports import Rules, Store
from trunkline.core.stock import StockFacts, StockItem
from trunkline.store import database
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once

SIZE = 1_000_000
QUICK_SIZE = 100_000
REQUESTS = 40
FIRST = 12_010_000_000
LIMIT_MS = 500.0

QUERIES: tuple[tuple[str, dict[str, str]], ...] = (
    ("country", {}),
    ("country, offset 9,980", {"offset": "9980"}),
    ("type, services=voice", {"type": "local", "services": "voice"}),
    ("pattern of 3 digits", {"pattern": "201"}),
    ("pattern of 7 digits", {"pattern": "2015000"}),
    ("region", {"region": "Region 7"}),
    ("region, type, services=voice,sms", {"region": "Region 7", "type": "local", "services": "voice,sms"}),
    ("city", {"city": "City 77"}),
    ("lata, rate_center", {"lata": "77", "rate_center": "RC 77"}),
    ("npanxx", {"npanxx": "201500"}),
    ("local calling area", {"npanxx": "201500", "local_calling_area": "true"}),
    ("services=sms", {"services": "sms"}),
    ("services=mms, of which there are none", {"services": "mms"}),
)


def fill(data: Path, size: int) -> tuple[str, str]:
    """Make an installation with a stock of ``size`` numbers; returns the account's auth_id and token."""
    vault = database.prepare(data, {})
    connection = database.open_writer(data)
    store = SqlStore(connection, vault, Rules(lab=True))

    def set_up(s: Store) -> tuple[str, str, list[str]]:
        made = accounts.create(s, accounts.operator("bench"), name="Bench")
        actor = Actor(account=made.account, label="bench")
        drafts = [carriers.CarrierDraft(name=name) for name in ("One", "Two")]
        ids = [carriers.create(s, actor, made.account, draft).id for draft in drafts]
        return "MA" + made.account.code, made.plivo_token, ids

    auth_id, token, ids = write_once(connection, store, set_up)
    with in_bulk(connection):
        store.stock.add(_items(store, size, ids))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return auth_id, token


def _items(store: Store, size: int, carrier_ids: list[str]) -> Iterator[StockItem]:
    now = store.now()
    for i in range(size):
        block, last = divmod(i * 7919 % size, size // 100)  # spread, so that no index is filled in its own order
        facts = StockFacts(
            e164=str(FIRST + block * 10_000_000 + 5_000_000 + last),
            country="US",
            number_type="tollfree" if i % 50 == 0 else "local",
            region=f"Region {i % 50}",
            city=f"City {i % 1000}",
            rate_center=f"RC {i % 1000}",
            lata=str(i % 200),
            sms=i % 20 == 0,
        )
        yield StockItem(facts=facts, carrier_id=carrier_ids[i % 2], number_id=None, free_from=now, added_at=now)


def _times(server: Server, auth_id: str, token: str, query: dict[str, str]) -> tuple[list[float], int]:
    """Return the milliseconds of `REQUESTS` requests, and how many numbers the first one found."""
    basic = base64.b64encode(f"{auth_id}:{token}".encode()).decode()
    path = f"/v1/Account/{auth_id}/PhoneNumber/?" + urlencode({"country_iso": "US", **query})
    connection = http.client.HTTPConnection(*server.http, timeout=60)
    times: list[float] = []
    found = 0
    for i in range(REQUESTS + 1):
        before = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Basic {basic}"})
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - before) * 1000
        assert answer.status == 200, body
        if i == 0:
            found = int(json.loads(body)["meta"]["total_count"])
        else:
            times.append(took)
    connection.close()
    return times, found


def run(*, quick: bool) -> Outcome:
    """Measure every kind of search."""
    size = QUICK_SIZE if quick else SIZE
    rows: list[Row] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        auth_id, token = fill(data, size)
        print(f"  [search_stock] {size:,} numbers in the stock", flush=True)
        server = Server(data).start()
        try:
            for name, query in QUERIES:
                times, found = _times(server, auth_id, token, query)
                median = statistics.median(times)
                slowest = max(slowest, median)
                rows.append({"search": name, "counted": found, "median ms": median, "worst ms": max(times)})
        finally:
            server.stop()
    title = f"searches in a stock of {size:,} numbers over HTTP, {REQUESTS} each"
    return Outcome("search_stock", title, rows, [Aim("slowest median, ms", slowest, LIMIT_MS, at_least=False)])
