"""Decision time: from a parsed attempt to the Decision, both look-ups included, at a thousand and a million numbers.

Limit: at most 40 microseconds median, and flat within 1.5 times between the two sizes. As in the edge, the collector is
off while it is measured; the two sizes are measured in turns, so that both see the same moments of a busy machine.
"""

from __future__ import annotations

import gc
import random
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.filling import UNSORTED, in_bulk
from benchmarks.report import Aim, Outcome, Row
from trunkline.core import accounts, carriers, trunks
from trunkline.core.facts import NoUsage
from trunkline.core.model import Actor
from trunkline.core.ports import Rules, Store
from trunkline.core.routing import Verdict, attempt_of, decide
from trunkline.store import database
from trunkline.store.facts import FactReader
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once

SIZES = (1_000, 1_000_000)
SAMPLES = 40_000
ROUNDS = 8
FIRST = 14_150_000_000
SOURCE = "203.0.113.7"
MEDIAN_LIMIT_US = 40.0
FLAT_LIMIT = 1.5


def fill(data: Path, size: int) -> None:
    """Make an inventory with ``size`` numbers that point at one trunk."""
    vault = database.prepare(data, {})
    connection = database.open_writer(data)
    store = SqlStore(connection, vault, Rules(lab=True))

    def set_up(s: Store) -> tuple[str, str, str]:
        account = accounts.create(s, accounts.operator("bench"), name="Bench").account
        actor = Actor(account=account, label="bench")
        gateways = tuple(carriers.GatewayDraft(address=a) for a in (SOURCE, "198.51.100.0/28", "2001:db8::7"))
        carrier = carriers.create(s, actor, account, carriers.CarrierDraft(name="Carrier", gateways=gateways))
        uris = (trunks.UriDraft(uri="sip:127.0.0.1:5080"),)
        trunk = trunks.create(s, actor, account, trunks.TrunkDraft(name="Trunk", uris=uris))
        return account.id, carrier.id, trunk.id

    account_id, carrier_id, trunk_id = write_once(connection, store, set_up)
    with in_bulk(connection):
        connection.executemany(
            "INSERT INTO numbers (id, e164, account_id, status, trunk_id, voice, sms, mms, number_type, "
            "monthly_rental_rate, voice_rate, sms_rate, mms_rate, added_at, updated_at, kind) "
            "VALUES (?, ?, ?, 'active', ?, 1, 0, 0, 'local', '0', '0', '0', '0', '2026-01-01', '2026-01-01', "
            f"{UNSORTED})",
            ((f"n{i}", str(FIRST + i), account_id, trunk_id) for i in range(size)),
        )
        connection.executemany(
            "INSERT INTO number_carriers VALUES (?, ?, 0, 1)", ((f"n{i}", carrier_id) for i in range(size))
        )
    connection.close()


def measure(data: Path, size: int) -> list[float]:
    """Return the microseconds of one round of decisions on numbers drawn at random."""
    connection = database.open_reader(data)
    reader, usage, draw = FactReader(connection, None), NoUsage(), random.Random(7)
    called = [f"+{FIRST + draw.randrange(size)}" for _ in range(SAMPLES // ROUNDS)]
    gc.collect()
    gc.disable()
    for number in called[:500]:
        decide(attempt_of(SOURCE, number), reader.read(attempt_of(SOURCE, number), usage))
    taken = []
    for number in called:
        attempt = attempt_of(SOURCE, number)
        start = time.perf_counter_ns()
        decision = decide(attempt, reader.read(attempt, usage))
        taken.append((time.perf_counter_ns() - start) / 1000)
        assert decision.verdict is Verdict.ROUTE
    gc.enable()
    connection.close()
    return taken


def run(*, quick: bool) -> Outcome:
    """Measure both sizes."""
    sizes, rounds = (SIZES[0], SIZES[1] // 10) if quick else SIZES, ROUNDS
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            fill(Path(folder) / f"{size}" / "data", size)
            print(f"  [decision] {size:,} numbers made", flush=True)
        for _ in range(rounds):
            for size in sizes:
                taken[size] += measure(Path(folder) / f"{size}" / "data", size)
    medians = [statistics.median(taken[size]) for size in sizes]
    rows: list[Row] = [
        {"numbers": size, "median us": median, "p99 us": sorted(taken[size])[int(len(taken[size]) * 0.99)]}
        for size, median in zip(sizes, medians, strict=True)
    ]
    aims = [
        Aim("median, us", max(medians), MEDIAN_LIMIT_US, at_least=False),
        Aim("the larger inventory's median beside the smaller's", medians[1] / medians[0], FLAT_LIMIT, at_least=False),
    ]
    return Outcome("decision", "from a parsed attempt to the Decision, both look-ups included", rows, aims)
