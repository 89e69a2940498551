"""5,000 SIPp calls at 50 a second through an application whose document dials: none failed, nothing left behind.

Run it as ``python -m tests.prove.calls [CALLS] [RATE]``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path

from tests.edge.lab import Lab
from tests.edge.sipp import Sipp
from tests.edge.web import Web

CALLS, RATE = 5000, 50
PROGRESS_S = 10.0


def main(calls: int = CALLS, rate: int = RATE) -> int:
    """Run the load and print its figures; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="prove-") as folder:
        lab, web = Lab(Path(folder) / "data", TRUNKLINE_SIP_T1="0.5"), Web()
        try:
            return _load(lab, web, calls, rate)
        finally:
            web.stop()
            lab.server.stop()


def _load(lab: Lab, web: Web, calls: int, rate: int) -> int:
    seconds = calls // rate + 60
    with Sipp("uas_answer", calls=calls, seconds=seconds) as phone:
        web.pages["/answer"] = f"<Response><Dial><User>{phone.uri}</User></Dial></Response>"
        number = lab.to_application(answer_url=f"{web.url}/answer")
        edge = lab.server.child("edge")
        memory, cpu = resident(edge), cpu_seconds(edge)
        done = threading.Event()
        watch = threading.Thread(target=_watch, args=(lab, done), daemon=True)
        to = lab.server.via
        with Sipp("uac_call", ip="127.0.0.2", to=to, number=number, calls=calls, rate=rate, seconds=seconds) as carrier:
            watch.start()
            called = carrier.wait()
            done.set()
            answered = phone.wait()
    used = cpu_seconds(edge) - cpu
    left = lab.server.until_empty(15.0)
    drained = lab.server.until_empty(60.0, transactions=True)
    print(f"calls: {called.succeeded} of {calls} answered and hung up, {called.failed} failed; phone {answered.failed}")
    print(f"calls: left behind {left['calls']} calls, {left['legs']} legs, {drained['transactions']} transactions")
    print(f"calls: {drained['records_dropped']} records dropped, the application was asked {len(web.asked)} times")
    print(f"calls: edge memory {memory / 1024:.1f} MB before, {resident(edge) / 1024:.1f} MB after")
    print(f"calls: edge CPU {used:.1f} s, {1000 * used / calls:.2f} ms a call")
    good = (called.succeeded, called.failed, answered.succeeded, answered.failed) == (calls, 0, calls, 0)
    if not good:
        print(called.errors[-1000:], answered.errors[-1000:], file=sys.stderr)
    return 0 if good and not drained["records_dropped"] else 1


def _watch(lab: Lab, done: threading.Event) -> None:
    elapsed = 0.0
    while not done.wait(PROGRESS_S):
        elapsed += PROGRESS_S
        counts = lab.server.counts()
        print(f"calls: {elapsed:.0f} s; {counts['calls']} calls, {counts['transactions']} transactions", flush=True)


def resident(process: int) -> int:
    """Return a process's memory in KiB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise LookupError(f"process {process} shows no memory")


def cpu_seconds(process: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:3])))
