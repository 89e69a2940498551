"""An inventory as one customer might have it, filled once for all benchmarks of a run that read or change numbers.

Two carriers, a subaccount, blocks of numbers in order, one country's spread among them. Every benchmark gets a copy of
its own to write to.
"""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from benchmarks.filling import UNSORTED, in_bulk
from trunkline.core import accounts, carriers
from trunkline.core.model import Actor, Carrier
from trunkline.core.ports import Rules, Store
from trunkline.store import database
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once

FIRST_DAY = date(2027, 1, 1)
FIRST_AMERICAN, FIRST_BRITISH, FIRST_GERMAN = 14_150_000_000, 442_070_000_000, 493_010_000_000

_SPREAD = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Filled:
    """An inventory's data folder, its main account's names and secrets, its subaccount, the serial of a carrier."""

    data: Path
    auth_id: str
    plivo_token: str
    sub_auth_id: str
    account_id: str
    twilio_token: str
    carrier_serial: str


@contextmanager
def filled(size: int) -> Iterator[Filled]:
    """Lend a copy of an inventory of ``size`` numbers; the original is made once in a run."""
    original = _made(size)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(original.data.parent, folder, dirs_exist_ok=True)
        yield replace(original, data=Path(folder) / original.data.name)


@cache
def _made(size: int) -> Filled:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    began = time.monotonic()
    made = fill(folder / "data", size)
    print(f"  [inventory] {size:,} numbers made ({time.monotonic() - began:.0f} s)", flush=True)
    return made


def number_id(i: int) -> str:
    """Return the id of the number that was filled in at place ``i``: spread as random ones are."""
    return str(UUID(int=(i * _SPREAD & (1 << 64) - 1) << 64 | i))


_COLUMNS = (
    "id, e164, account_id, status, voice, sms, mms, number_type, alias, cnam_lookup, campaign_id, campaign_status, "
    "toll_free_status, toll_free_order_status, renewal_on, country, region, monthly_rental_rate, voice_rate, sms_rate, "
    "mms_rate, added_at, updated_at, kind"
)


def _rows(size: int, main: str, sub: str) -> Iterator[tuple[object, ...]]:
    """Yield numbers: American ones, each tenth from Berlin, the last tenth from London; every 50th the subaccount's."""
    for i in range(size):
        country, first = ("US", FIRST_AMERICAN) if i < size * 9 // 10 else ("GB", FIRST_BRITISH)
        if i % 10 == 4:
            country, first = "DE", FIRST_GERMAN
        american = country == "US"
        kind = "tollfree" if i % 50 == 3 else "mobile" if i % 12 == 5 else "local"
        texts = i % 5 == 0
        campaign = f"C{i % 1000}" if texts and i % 10 == 0 else None
        yield (
            number_id(i),
            str(first + i),
            sub if i % 50 == 7 else main,
            "active",
            1,
            int(texts),  # as its carrier
            int(i % 20 == 0),
            kind,
            "Main Line" if i % 100 == 0 else "Spare" if i % 3 == 1 else None,
            (int(i % 100 == 0) if american and kind != "mobile" else None),
            campaign,
            ("completed" if campaign else "unregistered") if american and texts and kind == "local" else None,
            ("verified" if i % 100 == 3 else "unverified") if kind == "tollfree" else None,
            "APPROVED" if kind == "tollfree" and i % 100 == 3 else None,
            (FIRST_DAY + timedelta(days=i % 28)).isoformat() if i % 2 == 0 else None,
            country,
            "Somewhere",
            "0.80000",
            "0.00000",
            "0.00000",
            "0.00000",
            "2026-01-01T00:00:00.000000+00:00",
            "2026-01-01T00:00:00.000000+00:00",
            UNSORTED,
        )


def fill(data: Path, size: int) -> Filled:
    """Make an inventory of ``size`` numbers."""
    vault = database.prepare(data, {})
    connection = database.open_writer(data)
    store = SqlStore(connection, vault, Rules(lab=True))

    def set_up(s: Store) -> tuple[accounts.NewAccount, accounts.NewAccount, list[Carrier]]:
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
        return main, sub, made

    main, sub, (voice, text) = write_once(connection, store, set_up)
    _insert(connection, size, (main.account.id, sub.account.id), (voice.id, text.id))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Filled(
        data=data,
        auth_id=f"MA{main.account.code}",
        plivo_token=main.plivo_token,
        sub_auth_id=f"SA{sub.account.code}",
        account_id=main.account.id,
        twilio_token=main.twilio_token,
        carrier_serial=voice.serial,
    )


def _insert(connection: sqlite3.Connection, size: int, owners: tuple[str, str], delivered_by: tuple[str, str]) -> None:
    places = ", ".join("?" * len(_COLUMNS.split(",")))
    voice, text = delivered_by
    with in_bulk(connection):
        connection.executemany(f"INSERT INTO numbers ({_COLUMNS}) VALUES ({places})", _rows(size, *owners))
        connection.executemany(
            "INSERT INTO number_carriers VALUES (?, ?, 0, 1)",
            sorted((number_id(i), voice if i % 5 else text) for i in range(size)),  # in the order of the table
        )
