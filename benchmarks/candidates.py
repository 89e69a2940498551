"""The candidates: how each is started on its core, and stopped by its process id.

Each is a context manager that takes the port of the callee and yields a `Running`. Trunkline is the whole product with
a tenant and an inventory, made through HTTP as users make it; the peers stand in ``peers/``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import CALLEE, CALLER, free_port, until_bound
from benchmarks.machine import cores, family, parent_of, pinned
from tests.clients.environments import environment
from tests.edge.lab import Tenant, account
from tests.server import Server

NUMBER = "+14155551234"
"""What callers of peers dial."""

STOP_S = 10.0
_PATH = "/usr/sbin:/usr/bin"
_PEERS = Path(__file__).with_name("peers")


@dataclass
class Running:
    """A running candidate: where it takes calls, what to dial, its first process; the server where it is Trunkline."""

    target: str
    number: str
    pid: int
    server: Server | None = None

    def processes(self) -> list[int]:
        """Return all its processes."""
        return family(self.pid)


@dataclass(frozen=True)
class Candidate:
    """A candidate of one scenario: ``final`` is the final answer that its callers get, None for 200."""

    name: str
    start: Callable[[int], AbstractContextManager[Running]]
    final: int | None = None


AS_ELSEWHERE = {"TRUNKLINE_SIP_KEEP_MESSAGES": "failed"}
"""What is the default off loopback: in lab mode the messages of all calls would be kept."""


@contextmanager
def _installation(environ: dict[str, str] | None = None) -> Iterator[tuple[Server, Tenant, str]]:
    """Run Trunkline with a tenant whose carrier is the caller; yields (server, tenant, carrier)."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        server = Server(Path(folder) / "data", environ=AS_ELSEWHERE | (environ or {}))
        with pinned(cores()[0]):
            server.start()
        try:
            tenant = Tenant(server, account(server, "Bench"))
            yield server, tenant, tenant.carrier(CALLER)
        finally:
            server.stop()


def _running(server: Server, digits: str) -> Running:
    return Running(server.via, f"+{digits}", parent_of(server.child("edge")), server)


@contextmanager
def refusing(_callee: int) -> Iterator[Running]:
    """Trunkline with a number that points nowhere: 480."""
    with _installation() as (server, tenant, carrier):
        yield _running(server, tenant.number(carrier))


@contextmanager
def to_trunk(callee: int, environ: dict[str, str] | None = None) -> Iterator[Running]:
    """Trunkline with a number on a trunk that leads to the callee."""
    with _installation(environ) as (server, tenant, carrier):
        yield _running(server, tenant.number(carrier, trunk=tenant.trunk(f"sip:{CALLEE}:{callee}")))


@contextmanager
def to_application(callee: int) -> Iterator[Running]:
    """Trunkline with a number whose application dials the callee; the application runs beside the load."""
    document = f"<Response><Dial><User>sip:{CALLEE}:{callee}</User></Dial></Response>"
    application = _python(sys.executable, "-m", "benchmarks.web", where=cores()[1], told=document)
    with application as (_, port), _installation() as (server, tenant, carrier):
        url = f"http://127.0.0.1:{port}/answer"
        yield _running(server, tenant.number(carrier, application=tenant.application(answer_url=url)))


@contextmanager
def answering(_callee: int) -> Iterator[Running]:
    """Trunkline's core alone, with the user agent server of `answering`."""
    with _python(sys.executable, "-m", "benchmarks.answering", where=cores()[0]) as (pid, port):
        yield Running(f"{CALLEE}:{port}", NUMBER, pid)


def sipmessage(mode: str, loop: str, collector: str = "default") -> Callable[[int], AbstractContextManager[Running]]:
    """Return the start of an asyncio server on sipmessage: see ``peers/sipmessage_peer.py``."""

    @contextmanager
    def start(_callee: int) -> Iterator[Running]:
        python = str(environment("bench-sipmessage", "bench-sipmessage"))
        script = str(_PEERS / "sipmessage_peer.py")
        with _python(python, script, mode, loop, collector, where=cores()[0]) as (pid, port):
            yield Running(f"{CALLEE}:{port}", NUMBER, pid)

    return start


@contextmanager
def _python(*command: str, where: set[int], told: str = "") -> Iterator[tuple[int, int]]:
    """Run a script that prints its port; yields (process id, port)."""
    with pinned(where):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process, _stopped(process):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(told)
        process.stdin.close()
        port = process.stdout.readline()
        if not port:
            raise RuntimeError(f"{' '.join(command[1:])} ended before it opened a port; what it said stands above")
        yield process.pid, int(port)


def sippy(mode: str) -> Callable[[int], AbstractContextManager[Running]]:
    """Return the start of a server on sippy: see ``peers/sippy_peer.py``."""

    @contextmanager
    def start(callee: int) -> Iterator[Running]:
        python = str(environment("bench-sippy", "bench-sippy"))
        port = free_port()
        command = [python, str(_PEERS / "sippy_peer.py"), mode, str(port), f"{CALLEE}:{callee}"]
        with _quiet(command, port) as pid:
            yield Running(f"{CALLEE}:{port}", NUMBER, pid)

    return start


def kamailio_modules() -> Path | None:
    """Return the folder of Kamailio's modules; None where it, or its Python module, is not installed."""
    found = next(Path("/usr/lib").glob("**/kamailio/modules/app_python3.so"), None)
    return found.parent if found is not None and shutil.which("kamailio", path=_PATH) else None


def kamailio(mode: str, *, python: bool = False) -> Callable[[int], AbstractContextManager[Running]]:
    """Return the start of Kamailio: its own script or Python (KEMI) decides; ``mode`` is redirect or relay."""

    @contextmanager
    def start(callee: int) -> Iterator[Running]:
        binary, modules = shutil.which("kamailio", path=_PATH), kamailio_modules()
        assert binary is not None, "Kamailio is not installed"
        port, target = free_port(), f"{CALLEE}:{callee}"
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            config, script = Path(folder) / "kamailio.cfg", Path(folder) / "kemi.py"
            script.write_text((_PEERS / "kemi.py").read_text().replace("TARGET", target).replace("MODE", mode))
            text = (_PEERS / "kamailio.cfg").read_text().replace("TARGET", target)
            config.write_text(text.replace("KEMI_SCRIPT", str(script)).replace("MODULES", f"{modules}/"))
            command = [binary, "-DD", "-E", "-x", "tlsf", "-m", "512", "-b", str(4 << 20), "-f", str(config)]
            command += ["-l", f"udp:{CALLEE}:{port}", "-P", f"{folder}/pid", "-Y", folder]
            command += ["-A", "REDIRECT"] if mode == "redirect" else []
            command += ["-A", "KEMI"] if python else []
            with _quiet(command, port) as pid:
                yield Running(f"{CALLEE}:{port}", NUMBER, pid)

    return start


@contextmanager
def _quiet(command: list[str], port: int) -> Iterator[int]:
    """Run a peer that opens a port and says nothing; yields its process id."""
    with pinned(cores()[0]):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    with process, _stopped(process):
        until_bound(port, process)
        yield process.pid


@contextmanager
def _stopped(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> Iterator[None]:
    """Stop a process, and what it started, at the end of the block."""
    try:
        yield
    finally:
        left = family(process.pid) if process.poll() is None else []
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
