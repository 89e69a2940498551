"""The same SIPp calls through one and through two workers: the most that each carries without a failed call.

Run it as ``python -m tests.prove.workers [RATE ...]``. SIPp's two ends run on the same machine and take their part of
it; the CPU seconds of each worker show how the work is shared.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.edge.lab import Lab
from tests.edge.sipp import Result, Sipp
from tests.prove.calls import cpu_seconds

RATES = (500, 1000, 1500)
"""Calls a second that are offered, one after the other; what follows a rate with a failed call is left out."""
SECONDS = 5
PATIENCE_S = 30


def main(rates: tuple[int, ...] = RATES) -> int:
    """Offer each rate to one and to two workers and print what came of it; returns the exit status."""
    best = {workers: max((rate for rate in rates if _carries(workers, rate)), default=0) for workers in (1, 2)}
    print(f"workers: without a failed call 1 worker carries {best[1]}/s of the rates offered, 2 carry {best[2]}/s")
    return 0 if 0 < best[1] <= best[2] else 1


def _carries(workers: int, rate: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        lab = Lab(Path(folder) / "data", "--workers", f"{workers}", TRUNKLINE_SIP_T1="0.5")
        try:
            return _offer(lab, workers, rate)
        finally:
            lab.server.stop()


def _offer(lab: Lab, workers: int, rate: int) -> bool:
    calls, seconds = rate * SECONDS, SECONDS + PATIENCE_S
    processes = [lab.server.child("edge", worker) for worker in range(workers)]
    before = [cpu_seconds(process) for process in processes]
    with Sipp("uas_answer", calls=calls, seconds=seconds) as phone:
        number, to = lab.to_trunk(phone.uri), lab.server.via
        with Sipp("uac_call", ip="127.0.0.2", to=to, number=number, calls=calls, rate=rate, seconds=seconds) as carrier:
            called: Result = carrier.wait()
    used = [cpu_seconds(process) - cpu for process, cpu in zip(processes, before, strict=True)]
    counts = lab.server.counts()
    shares = " + ".join(f"{seconds:.1f}" for seconds in used)
    print(
        f"workers: {workers} at {rate}/s: {called.succeeded} of {calls} calls succeeded, edge CPU {shares} s, "
        f"{1000 * sum(used) / calls:.2f} ms a call, {counts.get('handed_on', 0)} messages handed on, "
        f"{counts.get('handovers_lost', 0)} lost",
        flush=True,
    )
    return (called.succeeded, called.failed) == (calls, 0)


if __name__ == "__main__":
    sys.exit(main(tuple(int(word) for word in sys.argv[1:]) or RATES))
