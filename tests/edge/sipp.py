"""Runs SIPp with the scenarios beside this file: bounded in calls and in time, its counts returned."""

from __future__ import annotations

import csv
import re
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from trunkline.sip.uri import print_host_port

SCENARIOS = Path(__file__).with_name("scenarios")
BINARY = shutil.which("sipp")


@dataclass
class Result:
    """What SIPp counted, its exit status, and what it complained of."""

    succeeded: int
    failed: int
    status: int
    errors: str


def free_port(ip: str, kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """Return a port of ``ip`` that nobody has."""
    with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, kind) as sock:
        sock.bind((ip, 0))
        return int(sock.getsockname()[1])


class Sipp:
    """One SIPp: a called party until `wait`, or a caller when ``to`` and ``number`` are given.

    ``{{name}}`` in a scenario stands for a value of ``words``.
    """

    def __init__(
        self,
        scenario: str,
        *,
        ip: str = "127.0.0.1",
        transport: str = "udp",
        to: str | None = None,
        number: str = "service",
        calls: int = 1,
        rate: int = 10,
        seconds: int = 15,
        **words: str,
    ) -> None:
        assert BINARY is not None, "SIPp is not installed: apt-get install sip-tester"
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.ip, self.port, self.transport = ip, free_port(ip, kind), transport
        self._folder = Path(tempfile.mkdtemp(prefix="sipp-"))
        text = (SCENARIOS / f"{scenario}.xml").read_text()
        said = {"caller": "14155550100", **words}
        text = re.sub(r"\{\{(\w+)\}\}", lambda found: said[found[1]], text)
        (self._folder / "scenario.xml").write_text(text)
        command = [BINARY, *([to, "-s", number] if to else []), "-sf", "scenario.xml", "-i", ip, "-p", str(self.port)]
        command += ["-m", str(calls), "-r", str(rate), "-timeout", f"{seconds}s", "-timeout_error", "-nostdin"]
        command += ["-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_err", "-error_file", "errors.log"]
        command += ["-t", "u1" if transport == "udp" else "t1"]
        command += ["-default_behaviors", "all,-bye", "-recv_timeout", f"{seconds * 1000}"]
        self._seconds = seconds
        self._process = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        if to is None:
            self._until_bound()

    def _until_bound(self) -> None:
        """Wait until its socket is open: SIPp says so nowhere, the kernel does."""
        wanted = f":{self.port:04X} "
        table = Path("/proc/net") / f"{self.transport}{'6' if ':' in self.ip else ''}"
        for _ in range(500):
            if wanted in table.read_text():
                return
            try:
                self._process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
            break
        raise AssertionError(f"SIPp did not start: {self._errors()}")

    @property
    def uri(self) -> str:
        """Where it is called."""
        suffix = ";transport=tcp" if self.transport == "tcp" else ""
        return f"sip:{print_host_port(self.ip, self.port)}{suffix}"

    def __enter__(self) -> Sipp:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _errors(self) -> str:
        path = self._folder / "errors.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def wait(self) -> Result:
        """Return the counts once all its calls are over."""
        status = self._process.wait(self._seconds + 5)
        rows = list(csv.DictReader((self._folder / "stat.csv").open(), delimiter=";"))
        last = rows[-1] if rows else {}
        counts = [int(last.get(name) or 0) for name in ("SuccessfulCall(C)", "FailedCall(C)")]
        return Result(counts[0], counts[1], status, self._errors())

    def succeeded(self, calls: int = 1) -> None:
        """Wait, and check that every call went as its scenario says."""
        result = self.wait()
        assert (result.succeeded, result.failed) == (calls, 0), result
