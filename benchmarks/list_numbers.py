"""Listing numbers through the Plivo dialect, by every filter, at ten thousand and at a million numbers.

A page is asked for over HTTP from a running server: by following ``next`` from the start, at offset 10,000 (of shorter
lists half-way and at the end), and deep, which is half-way and at the end by turns. Every answer has its
``total_count``. Limits: p99 at most 20 ms by cursor and up to offset 10,000, at most 200 ms beyond.
"""

from __future__ import annotations

import base64
import http.client
import json
import math
import time
from typing import Any
from urllib.parse import urlencode

from benchmarks.inventory import filled
from benchmarks.load import percentile
from benchmarks.report import Aim, Outcome, Row
from tests.server import Server

SIZES = (10_000, 1_000_000)
SAMPLES = 120
"""Pages asked for per filter and place; of deep ones a third as many, by turns half-way and at the end."""
CURSOR_LIMIT_MS = 20.0
BEYOND_LIMIT_MS = 200.0
NEAR = 10_000

FILTERS: dict[str, dict[str, str]] = {
    "none": {},
    "type": {"type": "mobile"},
    "type, most": {"type": "local"},
    "number_startswith": {"number_startswith": "1415000"},
    "number_startswith, most": {"number_startswith": "1"},
    "number_startswith, the last tenth": {"number_startswith": "4420"},
    "number_startswith, every tenth": {"number_startswith": "4930"},
    "subaccount": {"subaccount": "SUB"},
    "alias": {"alias": "Main Line"},
    "alias, a third": {"alias": "Spare"},
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
    "alias, a third, and two more": {"alias": "Spare", "services": "voice", "number_startswith": "1"},
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


Times = dict[str, list[float]]
"""Milliseconds of pages, by place: ``first``, ``cursor``, ``offset`` and ``deep``."""


def _measure(client: _Client, filters: dict[str, str], samples: int) -> tuple[int, Times]:
    """Return a filter's ``total_count`` and times. The first page is apart: it may count what later ones remember."""
    first, meta = client.page(filters)
    total, step = int(meta["total_count"]), ""
    times: Times = {"first": [first], "cursor": [], "offset": [], "deep": []}
    for _ in range(samples):
        taken, meta = client.page(step or filters)
        step = meta["next"] or ""
        times["cursor"].append(taken)
    far = [offset for offset in (total // 2, total - 10) if offset >= 0]
    near = [NEAR] if total > NEAR else far
    for i in range(samples):
        for place, offsets in (("offset", near), ("deep", far if total > 2 * NEAR and i < samples // 3 else [])):
            if offsets:
                asked = filters | {"offset": str(offsets[i % len(offsets)])}
                times[place].append(client.page(asked)[0])
    return total, times


def _lists(size: int, samples: int) -> dict[str, tuple[int, Times]]:
    with filled(size) as inventory:
        server = Server(inventory.data).start()
        try:
            auth_id = inventory.auth_id
            return measured(_Client(server, auth_id, inventory.plivo_token), auth_id, inventory.sub_auth_id, samples)
        finally:
            server.stop()


def measured(client: _Client, auth_id: str, sub: str, samples: int) -> dict[str, tuple[int, Times]]:
    """Return what `_measure` says of every filter on a running server."""
    found = {}
    for name, filters in FILTERS.items():
        named = {key: {"SUB": sub, "MAIN": auth_id}.get(value, value) for key, value in filters.items()}
        found[name] = _measure(client, named, samples)
    return found


_SHOWN = (
    # column, size (0 the small one), place, limit
    ("10k cursor", 0, "cursor", CURSOR_LIMIT_MS),
    ("10k offset", 0, "offset", CURSOR_LIMIT_MS),
    ("1M first", 1, "first", math.inf),
    ("1M cursor", 1, "cursor", CURSOR_LIMIT_MS),
    ("1M offset", 1, "offset", CURSOR_LIMIT_MS),
    ("1M deep", 1, "deep", BEYOND_LIMIT_MS),
)


def table(small: dict[str, tuple[int, Times]], big: dict[str, tuple[int, Times]]) -> list[Row]:
    """Return a row for each filter: p50 / p99 of each place at both sizes, and whether the aims are met."""
    rows: list[Row] = []
    for name in FILTERS:
        row: Row = {"filter": name, "total_count": big[name][0]}
        missed = []
        for column, size, place, limit in _SHOWN:
            times = (small, big)[size][name][1][place]
            p50, p99 = (percentile(times, share) for share in (0.5, 0.99))
            row[column] = "-" if not times else f"{p50:.1f}" if place == "first" else f"{p50:.1f} / {p99:.1f}"
            if times and p99 > limit:
                missed.append(column)
        row["aim"] = "MISS: " + ", ".join(missed) if missed else "met"
        rows.append(row)
    return rows


def _worst(lists: dict[str, tuple[int, Times]], *places: str) -> float:
    return max(percentile(times[place], 0.99) for _, times in lists.values() for place in places if times[place])


def run(*, quick: bool) -> Outcome:
    """Measure both sizes."""
    sizes, samples = ((SIZES[0], SIZES[1] // 10), SAMPLES // 4) if quick else (SIZES, SAMPLES)
    small, big = (_lists(size, samples) for size in sizes)
    near = max(_worst(small, "cursor", "offset"), _worst(big, "cursor", "offset"))
    aims = [
        Aim("p99 by cursor and up to offset 10,000, any filter, ms", near, CURSOR_LIMIT_MS, at_least=False),
        Aim("p99 half-way and at the end, any filter, ms", _worst(big, "deep"), BEYOND_LIMIT_MS, at_least=False),
    ]
    title = (
        f"a page of 20 numbers over HTTP with its total_count, p50 / p99 in milliseconds, at {sizes[0]:,} (10k) and "
        f"{sizes[1]:,} (1M) numbers. Offset is 10,000, or half-way and the end of lists that are shorter; deep is "
        "half-way and the end"
    )
    return Outcome("list_numbers", title, table(small, big), aims)
