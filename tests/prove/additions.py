"""1,000 number additions and a kill -9 in the middle, three times: what was answered is there and routes, or it fails.

Run it as ``python -m tests.prove.additions``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.edge.lab import Lab
from tests.edge.peer import Peer
from tests.prove.loads import Adder, after, digits, judge, present, total

ROUNDS = (150, 500, 850)
"""After how many answered numbers each round's kill comes."""

SINGLES, BATCHES, SIZE = 500, 25, 20
"""1,000 numbers a round: half of them one by one on two connections, half in batches on a third."""


def main() -> int:
    """Run the rounds; returns the exit status."""
    failures = 0
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        lab = Lab(Path(folder) / "data")
        try:
            numbers, application = digits(5000000), lab.application(answer_url="http://127.0.0.1:9/")
            for round_, kill_after in enumerate(ROUNDS, 1):
                singles = [[next(numbers)] for _ in range(SINGLES)]
                batches = [[next(numbers) for _ in range(SIZE)] for _ in range(BATCHES)]
                parts = (singles[::2], singles[1::2], batches)
                failures += _round(lab, [Adder(lab, lab.carrier_id, part, application) for part in parts], kill_after)
                print(f"additions: round {round_} of {len(ROUNDS)} done", flush=True)
        finally:
            lab.server.stop()
    print(f"additions: {'failed' if failures else 'nothing answered was lost, no batch is half written'}")
    return 1 if failures else 0


def _round(lab: Lab, adders: list[Adder], kill_after: int) -> int:
    began = time.monotonic()
    for adder in adders:
        adder.start()
    after(adders, kill_after)
    lab.server.kill()
    took = time.monotonic() - began
    for adder in adders:
        adder.join(30)
    lab.server.start()
    there = present(lab)
    missing, half = judge(adders, there)
    answered = [number for adder in adders for batch in adder.answered for number in batch]
    unrouted = [number for number in answered if lab.explain("127.0.0.2", number)["verdict"] != "route"]
    with Peer("127.0.0.2") as caller:
        live = {caller.call(lab.sip, number).refused().status for number in answered[:20] + answered[-20:]}
    wrong = len(missing) + len(half) + len(unrouted) + (live != {480}) + (not answered)
    print(
        f"additions: killed after {total(adders)} answered in {took:.1f} s; {len(missing)} missing, "
        f"{len(half)} half-written batches, {len(unrouted)} not routable, live calls answered {sorted(live)}",
        flush=True,
    )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
