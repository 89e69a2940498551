"""SIPp as the load: a callee, and callers at a steady rate whose counts and response times come back."""

from __future__ import annotations

import csv
import math
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CALLER, CALLEE = "127.0.0.2", "127.0.0.1"
BUFFER = 4 << 20
"""Bytes of SIPp's socket buffers, so that a pause of the machine loses nothing."""

TALK_MS = 100
MAX_AT_ONCE = 12_000

_SCENARIOS = Path(__file__).with_name("sipp")


@dataclass
class Load:
    """What became of a load: counts, seconds, and the times from INVITE to the first answer but 100.

    The times are in ms by SIPp's clock, which only ticks with the kernel's (4 ms on many): good enough to see a queue
    grow, no more. `probes` measures.
    """

    succeeded: int
    failed: int
    retransmissions: int
    seconds: float
    errors: str
    times_ms: list[float] = field(default_factory=list)


def free_port(host: str = CALLEE) -> int:
    """Return a UDP port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


def until_bound(port: int, process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """Wait until a process has opened its UDP port, as the kernel says. Raises `RuntimeError` when it does not."""
    until = time.monotonic() + seconds
    while f":{port:04X} " not in Path("/proc/net/udp").read_text():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{process.args!r} opened no port {port} (exit status {process.poll()})")
        time.sleep(0.02)


@contextmanager
def callee() -> Iterator[int]:
    """Run a phone that answers every call; yields its port on `CALLEE`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        shutil.copy(_SCENARIOS / "answer.xml", folder)
        command = ["sipp", "-sf", "answer.xml", "-i", CALLEE, "-p", str(port), *_options()]
        with subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                until_bound(port, process)
                yield port
            finally:
                process.kill()


def _options() -> list[str]:
    return ["-buff_size", str(BUFFER), "-timer_resol", "1", "-l", str(MAX_AT_ONCE), "-nostdin", "-deadcall_wait", "0"]


class Calls:
    """Calls under way: ``count`` of them at ``rate`` a second to ``number`` at ``target`` (HOST:PORT).

    ``final`` None: answered, `TALK_MS` (or ``talk_ms``) of talk, hung up; else the final answer that each must get.
    """

    def __init__(
        self, target: str, number: str, rate: float, count: int, *, final: int | None = None, talk_ms: int = TALK_MS
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        home = Path(self._folder.name)
        name = "call" if final is None else "refused"
        text = (_SCENARIOS / f"{name}.xml").read_text()
        (home / "calls.xml").write_text(text.replace("TALK_MS", str(talk_ms)).replace("STATUS", str(final)))
        self.limit_s = 2 * count / rate + talk_ms / 1000 + 15
        command = ["sipp", target, "-s", number, "-sf", "calls.xml", "-i", CALLER, "-p", str(free_port(CALLER))]
        command += ["-r", str(max(1, round(rate))), "-m", str(count), "-timeout", f"{math.ceil(self.limit_s)}s"]
        command += ["-timeout_error", "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_err"]
        command += ["-error_file", "errors.log", "-trace_rtt", "-rtt_freq", "1", *_options()]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._count = count

    def __enter__(self) -> Calls:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()

    def wait(self) -> Load:
        """Return the counts and times once all calls are over."""
        self.process.wait(self.limit_s + 10)
        seconds = time.monotonic() - self.began
        home = Path(self._folder.name)
        rows = list(csv.DictReader((home / "stat.csv").open(), delimiter=";")) if (home / "stat.csv").exists() else []
        last = rows[-1] if rows else {}
        good, again = (int(last.get(name) or 0) for name in ("SuccessfulCall(C)", "Retransmissions(C)"))
        errors = home / "errors.log"
        said = errors.read_text(errors="replace")[-2000:] if errors.exists() else ""
        return Load(good, self._count - good, again, seconds, said, _times(home))


def _times(home: Path) -> list[float]:
    """Return the response times that SIPp wrote down."""
    found: list[float] = []
    for path in home.glob("*_rtt.csv"):
        rows = (line.split(";") for line in path.read_text().splitlines()[1:])
        found += [float(row[1]) for row in rows if len(row) >= 3]
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the values lie; nan of none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))] if ranked else math.nan
