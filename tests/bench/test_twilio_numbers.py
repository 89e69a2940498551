"""The benchmark of Twilio's dialect, on few numbers: everything that it asks is answered, through both dialects."""

from __future__ import annotations

import pytest

from benchmarks import twilio_numbers
from benchmarks.inventory import filled
from benchmarks.twilio_numbers import TURNS
from tests.server import Server

SIZE = 2000


@pytest.mark.outside
@pytest.mark.timeout(180)
def test_every_operation_is_answered() -> None:
    with filled(SIZE) as inventory:
        server = Server(inventory.data).start()
        try:
            found = twilio_numbers.measure(server, inventory, SIZE, TURNS)
        finally:
            server.stop()
    assert {len(times.taken) for operation, times, _ in found if not operation.scan} == {TURNS}
    assert {len(times.taken) for operation, times, _ in found if operation.scan} == {1}
    assert all(bool(times.taken) == (operation.plivo is not None) for operation, _, times in found)
    rows = twilio_numbers.table(found)
    assert [row["operation"] for row in rows] == [operation.name for operation, *_ in found]
    assert all((row["Twilio : Plivo"] is None) == (row["Plivo p50 / p99 ms"] is None) for row in rows)
