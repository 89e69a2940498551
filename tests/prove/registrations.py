"""200 carriers that we register to at one Kamailio: how fast all are bound, refreshed, and back after it was away.

Run it as ``python -m tests.prove.registrations [CARRIERS]``. The rates are those of REGISTERs with right credentials,
as Kamailio counts them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.edge.kamailio import Kamailio
from tests.edge.lab import Lab, command
from tests.edge.registry import PASSWORD
from trunkline.store.registered import RegisteredReader

CARRIERS = 200
EXPIRES_S = 12
CYCLES = 3
DOWN_S = 30.0
MAX_BEGIN_S = 5.0
"""Longest from the start of the edge, and from the last create, until all are registered."""
MAX_BACK_S = 45.0
"""Longest from the registrar's return until all are registered again: the pauses have grown to 20 seconds by then."""
MAX_RATE = 120
"""REGISTERs in one second after the return that are no storm: all at once would be as many as there are carriers."""


def main(carriers: int = CARRIERS) -> int:
    """Go through it all and print what came of it; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="prove-") as folder, Kamailio("127.0.42.1", expires=EXPIRES_S) as registrar:
        lab = Lab(Path(folder) / "data", TRUNKLINE_SIP_T1="0.5")
        try:
            bad = _begin(lab, registrar, carriers) + _refresh(lab, registrar, carriers)
            bad += _return(lab, registrar, carriers)
            clean = "Traceback" not in lab.server.log.read_text()
        finally:
            stopped = lab.server.stop()
        taken_back = sum(1 for _, _, asked in registrar.seen() if asked == 0)
        print(f"registrations: at the end {taken_back} of {carriers} bindings were taken back")
        return 0 if not bad and clean and not stopped and taken_back == carriers else 1


def _registered(lab: Lab) -> int:
    ids = [carrier["id"] for carrier in _carriers(lab)]
    standings = RegisteredReader(lab.server.data).standings(ids)
    return sum(1 for standing in standings.values() if standing.phase == "registered")


def _carriers(lab: Lab) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    after = ""
    while True:
        page = lab.native("GET", f"carriers?limit=100{after}")
        found += [carrier for carrier in page["items"] if carrier["kind"] == "reg"]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def _wait(lab: Lab, carriers: int, within: float) -> float:
    """Wait until all are registered; return how long that took, ``within`` and more if they were not."""
    started = time.monotonic()
    while _registered(lab) < carriers and time.monotonic() - started < within:
        time.sleep(0.05)
    return time.monotonic() - started


def _begin(lab: Lab, registrar: Kamailio, carriers: int) -> int:
    """Create them, and start the edge anew with all of them."""
    created = time.monotonic()
    for place in range(carriers):
        registration = {"username": f"493000{place:04d}", "password": PASSWORD}
        lab.native_carrier(name=f"r{place}", kind="reg", gateways=[registrar.gateway], registration=registration)
    last = time.monotonic()
    after_last = _wait(lab, carriers, 4 * MAX_BEGIN_S)
    print(
        f"registrations: {carriers} carriers created in {last - created:.1f} s, "
        f"all registered {after_last:.2f} s after the last",
        flush=True,
    )
    before = len(registrar.seen())
    lab.server.kill("edge")
    killed = time.monotonic()
    while len({user for _, user, _ in registrar.seen()[before:]}) < carriers:
        if time.monotonic() - killed > 4 * MAX_BEGIN_S:
            break
        time.sleep(0.05)
    again = registrar.seen()[before:]
    users = {user for _, user, _ in again}
    spent = again[-1][0] - again[0][0] if again else 0.0
    total = time.monotonic() - killed
    print(
        f"registrations: after kill -9 of the edge {len(users)} of {carriers} within {spent:.2f} s of the first, "
        f"{total:.2f} s after the kill",
        flush=True,
    )
    return int(after_last > MAX_BEGIN_S) + int(len(users) < carriers or spent > MAX_BEGIN_S)


def _refresh(lab: Lab, registrar: Kamailio, carriers: int) -> int:
    """Let them be refreshed for some cycles: each in time, none lost."""
    before = len(registrar.seen())
    started = time.monotonic()
    while min(_refreshes(registrar, before, carriers).values(), default=0) < CYCLES:
        if time.monotonic() - started > CYCLES * EXPIRES_S * 2:
            break
        time.sleep(0.2)
    counts = _refreshes(registrar, before, carriers)
    lost = _events(lab).count("lost")
    least = min(counts.values(), default=0)
    peak = max(Counter(int(at) for at, _, _ in registrar.seen()[before:]).values(), default=0)
    print(
        f"registrations: {least} refreshes of each in {time.monotonic() - started:.1f} s ({EXPIRES_S} s granted), "
        f"at most {peak}/s, {lost} lost",
        flush=True,
    )
    return int(least < CYCLES) + lost


def _refreshes(registrar: Kamailio, before: int, carriers: int) -> Counter[str]:
    counts = Counter({f"493000{place:04d}": 0 for place in range(carriers)})
    counts.update(user for _, user, _ in registrar.seen()[before:])
    return counts


def _events(lab: Lab) -> list[str]:
    return [event.what for event in RegisteredReader(lab.server.data).events(None, 100_000)]


def _return(lab: Lab, registrar: Kamailio, carriers: int) -> int:
    """Let the registrar be away for a while and come back, with nothing bound."""
    registrar.stop()
    before = len(registrar.seen())
    time.sleep(DOWN_S)
    failing = carriers - _registered(lab)
    registrar.start()
    took = _wait(lab, carriers, 2 * MAX_BACK_S)
    came = registrar.seen()[before:]
    rates = Counter(int(at) for at, _, _ in came)
    users = {user for _, user, _ in came}
    restored = _events(lab).count("restored")
    print(
        f"registrations: {failing} of {carriers} lost while the registrar was away for {DOWN_S:.0f} s; all back "
        f"{took:.1f} s after its return, at most {max(rates.values(), default=0)}/s, {restored} told as restored",
        flush=True,
    )
    listed = command(lab.server, "carriers", "status").count(" registered ")
    bad = len(users) < carriers or listed != carriers or restored != carriers
    return int(bad) + int(took > MAX_BACK_S) + int(max(rates.values(), default=0) > MAX_RATE)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else CARRIERS))
