"""Two-legged calls per CPU-second: a call from a carrier to a number on a trunk, through INVITE, 200, ACK and BYE.

Trunkline's edge (decision, both look-ups and call record included) beside Kamailio 5.6 relaying the same calls
(native script, stateful, one worker, ``-x tlsf``), where Kamailio is installed: the same SIPp on both sides, the same
rate, one after the other.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import cpu_seconds, memory_mb
from tests.server import Server
from trunkline.core import accounts, carriers, numbers, trunks
from trunkline.core.model import Actor
from trunkline.core.ports import Rules, Store
from trunkline.store import database
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once

RATE = 400
CALLS = 4_000
NUMBER = "14155551234"
KAMAILIO = shutil.which("kamailio", path="/usr/sbin:/usr/bin")
_HERE = Path(__file__).parent


def free_port(host: str = "127.0.0.1") -> int:
    """Return a UDP port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


@contextmanager
def phone(port: int) -> Iterator[None]:
    """Run SIPp's built-in callee."""
    command = ["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-nostdin"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(0.5)
        try:
            yield
        finally:
            process.kill()


def place_calls(target: str) -> tuple[int, int]:
    """Place `CALLS` calls at `RATE` a second and return (successful, failed)."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                "sipp",
                "-sn",
                "uac",
                "-i",
                "127.0.0.2",
                "-p",
                str(free_port("127.0.0.2")),
                "-s",
                "+" + NUMBER,
                "-r",
                str(RATE),
                "-m",
                str(CALLS),
                "-timeout",
                "90",
                "-nostdin",
                target,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=folder,
        )
    text = done.stdout
    found = [re.findall(rf"{name} call +\| +\d+ +\| +(\d+)", text) for name in ("Successful", "Failed")]
    return (int(found[0][-1]), int(found[1][-1])) if all(found) else (0, CALLS)


def seed(data: Path, target: str) -> None:
    """Make an inventory: one carrier at 127.0.0.2, one number on one trunk to ``target``."""
    vault = database.prepare(data, {})
    connection = database.open_writer(data)

    def set_up(s: Store) -> None:
        account = accounts.create(s, accounts.operator("bench"), name="Bench").account
        actor = Actor(account=account, label="bench")
        gateways = (carriers.GatewayDraft(address="127.0.0.2"),)
        carrier = carriers.create(s, actor, account, carriers.CarrierDraft(name="Carrier", gateways=gateways))
        trunk = trunks.create(
            s, actor, account, trunks.TrunkDraft(name="Trunk", uris=(trunks.UriDraft(uri=f"sip:{target}"),))
        )
        wanted = numbers.Addition(numbers=[NUMBER], owner=account, carrier=carrier, region="Bench")
        numbers.point_at_trunk(s, actor, numbers.add(s, actor, wanted)[0], trunk)

    write_once(connection, SqlStore(connection, vault, Rules(lab=True)), set_up)
    connection.close()


def trunkline() -> tuple[float, float]:
    """Return Trunkline's calls per CPU-second and the edge's memory in MB."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, phone(port):
        data = Path(folder) / "data"
        seed(data, f"127.0.0.1:{port}")
        server = Server(data).start()
        try:
            edge = server.child("edge")
            before = cpu_seconds(edge)
            good, failed = place_calls(server.via)
            used = cpu_seconds(edge) - before
            assert failed == 0, f"{failed} calls failed"
            return good / used, memory_mb(edge)
        finally:
            server.stop()


def kamailio() -> float:
    """Return Kamailio's calls per CPU-second, over all its processes."""
    callee, port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder, phone(callee):
        config = Path(folder) / "kamailio.cfg"
        config.write_text((_HERE / "kamailio.cfg").read_text().replace("TARGET", f"127.0.0.1:{callee}"))
        command = [str(KAMAILIO), "-DD", "-E", "-x", "tlsf", "-f", str(config), "-l", f"udp:127.0.0.1:{port}"]
        command += ["-P", f"{folder}/pid", "-Y", folder, "-m", "256"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(1.5)
            try:
                family = [process.pid, *_children(process.pid)]
                before = cpu_seconds(*family)
                good, failed = place_calls(f"127.0.0.1:{port}")
                used = cpu_seconds(*family) - before
                assert failed == 0, f"{failed} calls failed"
                return good / used
            finally:
                process.terminate()


def _children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in found]


def main() -> int:
    """Measure and print both."""
    print(f"two-legged calls per CPU-second: {CALLS:,} calls at {RATE} a second, SIPp on both sides")
    ours, memory = trunkline()
    print(
        f"  Trunkline edge                         {ours:>8,.0f}   ({memory:.0f} MB resident after the run)", flush=True
    )
    if KAMAILIO is None:
        print("  Kamailio is not installed (Debian: apt-get install kamailio): no peer in this run")
        return 0
    theirs = kamailio()
    print(f"  Kamailio, native script, -x tlsf       {theirs:>8,.0f}")
    print(f"  ratio                                  {ours / theirs:>8.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
