"""`make bench`: figures beside peers, `python -m benchmarks [NAME ...] [--quick] [--json FILE]`.

Exits 1 when an aim is missed, a call of Trunkline's failed or a candidate could not be measured.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import decision, get_number, held, list_numbers, report, scenarios, search_stock, twilio_numbers
from benchmarks.machine import described

RUNS: dict[str, Callable[..., report.Outcome]] = {
    "decision": decision.run,
    "get_number": get_number.run,
    "list_numbers": list_numbers.run,
    "twilio_numbers": twilio_numbers.run,
    **scenarios.RUNS,
    "held": held.run,
    "search_stock": search_stock.run,
}


def main() -> int:
    """Run what was asked for and print what was measured on what."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Figures beside peers, in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to run; all by default: {', '.join(RUNS)}")
    parser.add_argument("--quick", action="store_true", help="one short round of each: to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the run there, for benchmarks.report")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in RUNS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(RUNS)}")
    if shutil.which("sipp") is None:
        raise SystemExit("SIPp is missing. Install Debian's package: apt-get install sip-tester")
    _allow_files()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped on the way out
    return _run(options.names or list(RUNS), options.json, quick=options.quick)


def _run(names: list[str], target: Path | None, *, quick: bool) -> int:
    on, at, began = described(), datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), time.monotonic()
    for name, value in on.items():
        print(f"{name:>9}: {value}")
    outcomes = []
    for name in names:
        print(f"\n{name} ...", flush=True)
        outcomes.append(RUNS[name](quick=quick))
    print()
    for outcome in outcomes:
        print(report.show(outcome) + "\n")
    print(f"{time.monotonic() - began:.0f} s; {'every aim met' if all(o.good for o in outcomes) else 'NOT all met'}")
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(report.as_json(on, at, quick=quick, outcomes=outcomes))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _allow_files() -> None:
    """Let SIPp open as many files as this user may: it refuses more calls at once than that."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    raise SystemExit(main())
