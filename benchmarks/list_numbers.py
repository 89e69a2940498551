"""Listing numbers through the Plivo dialect, by every filter, at ten thousand and at a million numbers.

A page is asked for over HTTP from a running server: at the start, at offset 10,000, further in, and by following
``next``. Every answer has its ``total_count``. Limits: p99 at most 20 ms by cursor and up to offset 10,000, at most
200 ms beyond. The inventory is as one customer might have it: two carriers, a subaccount, blocks of numbers in order.
"""

from __future__ import annotations

import base64
import http.client
import json
import math
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.filling import in_bulk
from benchmarks.load import percentile
from benchmarks.report import Aim, Outcome, Row
from tests.server import Server
from trunkline.core import accounts, carriers
from trunkline.core.model import Actor
from trunkline.core.ports import Rules, Store
from trunkline.store import database
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once

SIZES = (10_000, 1_000_000)
SAMPLES = 120
"""Pages asked for per filter and place."""
CURSOR_LIMIT_MS = 20.0
BEYOND_LIMIT_MS = 200.0
NEAR = 10_000

FIRST_DAY = date(2027, 1, 1)

FILTERS: dict[str, dict[str, str]] = {
    "none": {},
    "type": {"type": "mobile"},
    "type, most": {"type": "local"},
    "number_startswith": {"number_startswith": "1415000"},
    "number_startswith, most": {"number_startswith": "1"},
    "number_startswith, last": {"number_startswith": "4420"},
    "subaccount": {"subaccount": "SUB"},
    "alias": {"alias": "Main Line"},
    "services=voice": {"services": "voice"},
    "services=voice,sms": {"services": "voice,sms"},
    "services=voice,sms,mms": {"services": "voice,sms,mms"},
    "cnam_lookup": {"cnam_lookup": "enabled"},
    "renewal_date": {"renewal_date": "2027-01-05"},
    "renewal_date from, to": {"renewal_date__gte": "2027-01-05", "renewal_date__lt": "2027-01-20"},
    "tendlc_registration_status": {"tendlc_registration_status": "registered"},
    "tendlc_campaign_id": {"tendlc_campaign_id": "C70"},
    "toll_free_sms_verification": {"toll_free_sms_verification": "verified"},
    "toll_free_..._order_status": {"toll_free_sms_verification_order_status": "APPROVED"},
    "nothing found": {"alias": "nobody"},
    "three that most pass": {"type": "local", "services": "voice", "number_startswith": "1"},
    "all together": {
        "type": "local",
        "number_startswith": "1415",
        "services": "voice,sms",
        "cnam_lookup": "enabled",
        "renewal_date__gte": "2027-01-01",
        "tendlc_registration_status": "registered",
        "tendlc_campaign_id": "C0",
        "alias": "Main Line",
        "subaccount": "MAIN",
    },
}

_COLUMNS = (
    "id, e164, account_id, status, voice, sms, mms, number_type, alias, cnam_lookup, campaign_id, campaign_status, "
    "toll_free_status, toll_free_order_status, renewal_on, country, region, monthly_rental_rate, voice_rate, sms_rate, "
    "mms_rate, added_at, updated_at"
)


def _rows(size: int, main: str, sub: str) -> Iterator[tuple[object, ...]]:
    """Yield numbers: American ones first, the last tenth in London; every 50th is the subaccount's."""
    for i in range(size):
        american = i < size * 9 // 10
        kind = "tollfree" if i % 50 == 3 else "mobile" if i % 12 == 5 else "local"
        texts = i % 5 == 0
        campaign = f"C{i % 1000}" if texts and i % 10 == 0 else None
        yield (
            f"n{i}",
            str((14_150_000_000 if american else 442_070_000_000) + i),
            sub if i % 50 == 7 else main,
            "active",
            1,
            0,
            int(i % 20 == 0),
            kind,
            "Main Line" if i % 100 == 0 else None,
            (int(i % 100 == 0) if american and kind != "mobile" else None),
            campaign,
            ("completed" if campaign else "unregistered") if american and texts and kind == "local" else None,
            ("verified" if i % 100 == 3 else "unverified") if kind == "tollfree" else None,
            "APPROVED" if kind == "tollfree" and i % 100 == 3 else None,
            (FIRST_DAY + timedelta(days=i % 28)).isoformat() if i % 2 == 0 else None,
            "US" if american else "GB",
            "California, UNITED STATES",
            "0.80000",
            "0.00000",
            "0.00000",
            "0.00000",
            "2026-01-01T00:00:00.000000+00:00",
            "2026-01-01T00:00:00.000000+00:00",
        )


def fill(data: Path, size: int) -> tuple[str, str, str]:
    """Make an inventory of ``size`` numbers; return the main account's auth_id and token, and the subaccount's."""
    vault = database.prepare(data, {})
    connection = database.open_writer(data)
    store = SqlStore(connection, vault, Rules(lab=True))

    def set_up(s: Store) -> tuple[accounts.NewAccount, accounts.NewAccount, list[str]]:
        main = accounts.create(s, accounts.operator("bench"), name="Bench")
        sub = accounts.create(s, accounts.operator("bench"), name="Branch", parent_id=main.account.id)
        actor = Actor(account=main.account, label="bench")
        made = [
            carriers.create(
                s,
                actor,
                main.account,
                carriers.CarrierDraft(name=name, sms=sms, gateways=(carriers.GatewayDraft(address=address),)),
            )
            for name, sms, address in (("Voice", False, "203.0.113.7"), ("Text", True, "203.0.113.8"))
        ]
        return main, sub, [carrier.id for carrier in made]

    main, sub, (voice, text) = write_once(connection, store, set_up)
    _insert(connection, size, (main.account.id, sub.account.id), (voice, text))
    connection.close()
    return f"MA{main.account.code}", main.plivo_token, f"SA{sub.account.code}"


def _insert(connection: sqlite3.Connection, size: int, owners: tuple[str, str], delivered_by: tuple[str, str]) -> None:
    places = ", ".join("?" * len(_COLUMNS.split(",")))
    voice, text = delivered_by
    with in_bulk(connection):
        connection.executemany(f"INSERT INTO numbers ({_COLUMNS}) VALUES ({places})", _rows(size, *owners))
        connection.executemany(
            "INSERT INTO number_carriers VALUES (?, ?, 0, 1)",
            ((f"n{i}", voice if i % 5 else text) for i in range(size)),
        )


class _Client:
    """Asks for pages over one kept-alive connection and times each."""

    def __init__(self, server: Server, auth_id: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(*server.http, timeout=60)
        self._headers = {"Authorization": "Basic " + base64.b64encode(f"{auth_id}:{token}".encode()).decode()}
        self._base = f"/v1/Account/{auth_id}/Number/"

    def page(self, query: dict[str, Any] | str) -> tuple[float, dict[str, Any]]:
        """Return the milliseconds that a page took, and its ``meta``; the query is arguments, or a ``next``."""
        path = query if isinstance(query, str) else f"{self._base}?{urlencode(query)}"
        start = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        taken = (time.perf_counter() - start) * 1000
        assert answer.status == 200, body
        return taken, dict(json.loads(body)["meta"])


def _measure(client: _Client, filters: dict[str, str], samples: int) -> Row:
    """Return a filter's figures. The first page is apart: it may have to count what later ones remember."""
    first, meta = client.page(filters)
    total, step = int(meta["total_count"]), ""
    cursor = []
    for _ in range(samples):
        taken, meta = client.page(step or filters)
        step = meta["next"] or ""
        cursor.append(taken)
    far = total // 2 if total > 2 * NEAR else None
    places = {"offset 0": 0, "offset 10,000": NEAR if total > NEAR else None, "half-way": far}
    row: Row = {"total_count": total, "first ms": first}
    row |= {"cursor p50": percentile(cursor, 0.5), "cursor p99": percentile(cursor, 0.99)}
    for place, offset in places.items():
        taken_ms = (
            [client.page(filters | {"offset": str(offset)})[0] for _ in range(samples)] if offset is not None else []
        )
        row |= {f"{place} p50": percentile(taken_ms, 0.5), f"{place} p99": percentile(taken_ms, 0.99)}
    return row


def _lists(size: int, samples: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        auth_id, token, sub = fill(data, size)
        print(f"  [list_numbers] {size:,} numbers made", flush=True)
        server = Server(data).start()
        try:
            return measured(_Client(server, auth_id, token), size, auth_id, sub, samples)
        finally:
            server.stop()


def measured(client: _Client, size: int, auth_id: str, sub: str, samples: int) -> list[Row]:
    """Return the figures of every filter on a running server."""
    rows: list[Row] = []
    for name, filters in FILTERS.items():
        named = {key: {"SUB": sub, "MAIN": auth_id}.get(value, value) for key, value in filters.items()}
        rows.append({"numbers": size, "filter": name} | _measure(client, named, samples))
    return rows


def _worst(rows: list[Row], *places: str) -> float:
    return max(float(row[f"{place} p99"]) for row in rows for place in places if not math.isnan(row[f"{place} p99"]))


def run(*, quick: bool) -> Outcome:
    """Measure both sizes."""
    sizes, samples = ((SIZES[0], SIZES[1] // 10), SAMPLES // 4) if quick else (SIZES, SAMPLES)
    rows = [row for size in sizes for row in _lists(size, samples)]
    near = _worst(rows, "cursor", "offset 0", "offset 10,000")
    aims = [
        Aim("p99 by cursor and up to offset 10,000, any filter, ms", near, CURSOR_LIMIT_MS, at_least=False),
        Aim("p99 half-way, any filter, ms", _worst(rows, "half-way"), BEYOND_LIMIT_MS, at_least=False),
    ]
    title = "a page of 20 numbers over HTTP with its total_count, by filter, in milliseconds"
    return Outcome("list_numbers", title, rows, aims)
