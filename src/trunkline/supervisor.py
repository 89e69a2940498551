"""`trunkline serve`: binds both doors, starts the two processes behind them, and keeps them alive.

The sockets belong to the supervisor, which never reads them: a process that dies leaves its door standing, what comes
meanwhile waits in it, and the new process takes it over at the same address. A process that keeps dying is restarted
ever more slowly, up to `MAX_PAUSE_S`. When the supervisor itself dies, the kernel ends both processes.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from trunkline.config import Settings
from trunkline.sip.uri import print_host_port
from trunkline.store import database

READY_S = 30.0
"""Longest time that a process may take to open its door."""

STOP_S = 8.0
"""Time that a process has to end calls and writes before it is killed."""

MIN_PAUSE_S, MAX_PAUSE_S = 0.1, 10.0
STEADY_S = 10.0
"""A process that lived this long is restarted at once when it dies."""


class StartError(Exception):
    """The server cannot start; the message says why."""


def bind(settings: Settings) -> tuple[socket.socket, socket.socket]:
    """Return the bound HTTP and SIP sockets. Raises `StartError` naming the door that is taken."""
    http = _bound(settings.http.host, settings.http.port, socket.SOCK_STREAM, "http")
    sip = _bound(settings.sip.host, settings.sip.port, socket.SOCK_DGRAM, "sip")
    http.listen(1024)
    return http, sip


def _bound(host: str, port: int, kind: socket.SocketKind, door: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    if kind is socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        where = print_host_port(host, port)
        raise StartError(f"{door} {where} cannot be opened: {error.strerror}. Choose another with --{door}.") from None
    sock.set_inheritable(True)
    return sock


@dataclass
class _Child:
    """One process: how to start it, since when it runs, how long to wait before the next start."""

    role: str
    sock: socket.socket
    start: Callable[[_Child], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    pause: float = MIN_PAUSE_S
    again_at: float = field(default=0.0)


class Supervisor:
    """The two processes of one installation."""

    def __init__(self, settings: Settings, http: socket.socket, sip: socket.socket) -> None:
        self._settings = settings
        self._children = (_Child("edge", sip, self._start), _Child("api", http, self._start))
        self._stopping = False

    def run(self, ready: Callable[[], None]) -> int:
        """Start both processes, call ``ready`` when both doors are open, watch them until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            for child in self._children:
                child.process = self._started(child)
            ready()
            while not self._stopping:
                self._watch()
        except StartError as error:
            if not self._stopping:
                print(f"trunkline: {error}", file=sys.stderr)
                return 1
        finally:
            self._end()
        return 0

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _start(self, child: _Child) -> subprocess.Popen[bytes]:
        """Start a process with its socket; it tells through a pipe that its door is open."""
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        environ = _environment(self._settings) | {
            "TRUNKLINE_READY_FD": str(writing),
            "TRUNKLINE_SOCKET_FD": str(child.sock.fileno()),
        }
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module, no text from outside
            [sys.executable, "-m", "trunkline", child.role],
            env=environ,
            pass_fds=(child.sock.fileno(), writing),
            start_new_session=True,  # Ctrl-C reaches the supervisor, which ends them in order
        )
        os.close(writing)
        try:
            if not select.select([reading], [], [], READY_S)[0] or not os.read(reading, 16):
                process.kill()
                process.wait()
                raise StartError(f"the {child.role} process did not start; its message stands above")
        finally:
            os.close(reading)
        return process

    def _started(self, child: _Child) -> subprocess.Popen[bytes]:
        child.since = time.monotonic()
        return child.start(child)

    def _watch(self) -> None:
        """Wait a moment; restart what has died and may be started again."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                code = child.process.returncode
                child.process = None
                child.pause = MIN_PAUSE_S if now - child.since > STEADY_S else min(child.pause * 2, MAX_PAUSE_S)
                child.again_at = now + child.pause
                print(f"trunkline: the {child.role} process ended ({code}); restarting", file=sys.stderr, flush=True)
            if child.process is None and now >= child.again_at:
                try:
                    child.process = self._started(child)
                except StartError:
                    child.pause = min(child.pause * 2, MAX_PAUSE_S)
                    child.again_at = time.monotonic() + child.pause
        time.sleep(0.05)

    def _end(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + STOP_S
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment that gives a child process the very same settings."""
    environ = dict(os.environ)
    for part in ("http", "sip", "hooks"):
        group = getattr(settings, part)
        for name in group.__dataclass_fields__:
            value = getattr(group, name)
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            environ[f"TRUNKLINE_{part.upper()}_{name.upper()}"] = text
    environ["TRUNKLINE_DATA"] = str(settings.data.resolve())
    environ["TRUNKLINE_LAB"] = str(settings.lab_mode)
    return environ


def serve(settings: Settings, ready: Callable[[str, str], None] | None = None) -> int:
    """Run an installation until told to stop; returns the exit status.

    ``ready`` gets the two doors as HOST:PORT when both are open.
    """
    database.prepare(settings.data)
    try:
        http, sip = bind(settings)
    except StartError as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return 1
    doors = [print_host_port(*sock.getsockname()[:2]) for sock in (http, sip)]

    def opened() -> None:
        print(f"ready http={doors[0]} sip={doors[1]}", flush=True)
        if ready is not None:
            ready(doors[0], doors[1])

    with http, sip:
        return Supervisor(settings, http, sip).run(opened)
