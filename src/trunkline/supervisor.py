"""`trunkline serve`: binds both doors, starts the processes behind them, and keeps them alive.

Behind the SIP door stands one edge, or several workers that share its addresses, each with sockets of its own
(SO_REUSEPORT). The sockets belong to the supervisor, which never reads them: a process that dies leaves its door
standing, what comes meanwhile waits in it, and the new process takes it over at the same address. A process that keeps
dying is restarted ever more slowly, up to `MAX_PAUSE_S`. When the supervisor itself dies, the kernel ends the others.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from trunkline import control
from trunkline.config import PARTS, Settings
from trunkline.sip.uri import print_host_port
from trunkline.sip.workers import Place, close_places, make_places
from trunkline.store import database

READY_S = 30.0
"""Longest time that a process may take to open its door."""

STOP_S = 8.0
"""Time that a process has to end calls and writes before it is killed."""

MIN_PAUSE_S, MAX_PAUSE_S = 0.1, 10.0
POLL_S = 0.05
PORT_TRIES = 20
"""How often a port that is to be picked for both UDP and TCP is tried."""
STEADY_S = 10.0
"""A process that lived this long is restarted at once when it dies."""


class StartError(Exception):
    """The server cannot start; the message says why."""


def bind_http(settings: Settings) -> socket.socket:
    """Return the listening HTTP socket. Raises `StartError` when it is taken."""
    sock = _bound(settings.http.host, settings.http.port, socket.SOCK_STREAM, "http")
    sock.listen(1024)
    return sock


def bind_sip(settings: Settings) -> list[socket.socket]:
    """Return the bound SIP sockets, TCP ones listening. Raises `StartError` when one is taken."""
    for _ in range(PORT_TRIES - 1):
        try:
            return _bind_all(settings)
        except StartError:
            if all(listener.port for listener in settings.sip.listeners):
                raise
    return _bind_all(settings)


def bind_workers(settings: Settings) -> list[list[socket.socket]]:
    """Return the SIP sockets of each worker. Raises `StartError` when an address is taken.

    Several workers share addresses that one socket each was bound to before, since a shared one would also bind beside
    those of somebody else who shares.
    """
    first = bind_sip(settings)
    if settings.sip.workers == 1:
        return [first]
    wanted = [(*sock.getsockname()[:2], sock.type) for sock in first]
    for sock in first:
        sock.close()
    found: list[list[socket.socket]] = []
    try:
        for _ in range(settings.sip.workers):
            found.append([])
            for host, port, kind in wanted:
                sock = _bound(host, port, kind, "sip", shared=True)
                found[-1].append(sock)
                if kind is socket.SOCK_STREAM:
                    sock.listen(1024)
    except StartError:
        for sock in [sock for socks in found for sock in socks]:
            sock.close()
        raise
    return found


def _bind_all(settings: Settings) -> list[socket.socket]:
    """Bind every listener once; port 0 of a host is one port, picked for UDP, that TCP takes, too."""
    socks: list[socket.socket] = []
    picked: dict[str, int] = {}
    try:
        for transport, host, wanted in settings.sip.listeners:
            kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
            port = wanted or (picked.get(host, 0) if transport == "tcp" else 0)
            sock = _bound(host, port, kind, "sip")
            socks.append(sock)
            if not wanted:
                picked[host] = sock.getsockname()[1]
            if transport == "tcp":
                sock.listen(1024)
    except StartError:
        for sock in socks:
            sock.close()
        raise
    return socks


def _bound(host: str, port: int, kind: socket.SocketKind, door: str, *, shared: bool = False) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    if kind is socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if sock.family is socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # so that [::] and 0.0.0.0 stand side by side
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
    """One process: its sockets, since when it runs, the pipe through which it says that its door is open.

    ``kept`` are further descriptors that it inherits, ``told`` what its environment says of them.
    """

    role: str
    socks: list[socket.socket]
    name: str = ""
    kept: tuple[int, ...] = ()
    told: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    pipe: int = -1
    pause: float = MIN_PAUSE_S
    again_at: float = 0.0

    def __str__(self) -> str:
        return f"the {self.name or self.role} process"

    def start(self, environ: dict[str, str]) -> None:
        """Start the process with its sockets."""
        reading, writing = os.pipe()
        self.pipe, self.since = reading, time.monotonic()
        doors = [sock.fileno() for sock in self.socks]
        told = {"TRUNKLINE_READY_FD": str(writing), "TRUNKLINE_SOCKET_FDS": ",".join(map(str, doors))}
        try:
            self.process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module, no text from outside
                [sys.executable, "-m", "trunkline", self.role],
                env=environ | self.told | told,
                pass_fds=(*doors, *self.kept, writing),
                start_new_session=True,  # Ctrl-C reaches the supervisor, which ends them in order
            )
        finally:
            os.close(writing)

    def opened(self, wait_s: float) -> bool:
        """Tell whether the door is open; waits for it at most ``wait_s``. A pipe that ends unsaid: it will not be."""
        if self.pipe < 0:
            return True
        if not select.select([self.pipe], [], [], wait_s)[0]:
            return False
        said = os.read(self.pipe, 16)
        self.forget_pipe()
        if not said and self.process is not None:
            self.process.kill()
        return bool(said)

    def forget_pipe(self) -> None:
        """Close the pipe."""
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1


class Supervisor:
    """The processes of one installation."""

    def __init__(self, settings: Settings, children: Sequence[_Child]) -> None:
        self._environ = _environment(settings)
        self._children = children
        self._stopping = False

    def run(self, ready: Callable[[], None]) -> int:
        """Start the processes, call ``ready`` when all doors are open, watch them until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            for child in self._children:
                child.start(self._environ)
            if not self._all_open():
                return 0 if self._stopping else 1
            ready()
            while not self._stopping:
                self._watch()
        finally:
            self._end()
        return 0

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _all_open(self) -> bool:
        """Wait until all doors are open; False when one will not be, or when told to stop."""
        waiting = list(self._children)
        while waiting and not self._stopping:
            child = waiting[0]
            if child.opened(POLL_S):
                waiting.pop(0)
            elif child.pipe < 0 or time.monotonic() - child.since > READY_S:
                print(f"trunkline: {child} did not start; its message stands above", file=sys.stderr)
                return False
        return not self._stopping

    def _watch(self) -> None:
        """Wait a moment; restart what has died, or does not open its door, and may be started again."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None:
                self._check(child, child.process, now)
            elif now >= child.again_at:
                child.start(self._environ)
        time.sleep(POLL_S)

    def _check(self, child: _Child, process: subprocess.Popen[bytes], now: float) -> None:
        if not child.opened(0.0) and now - child.since > READY_S:
            process.kill()
        code = process.poll()
        if code is None:
            return
        child.forget_pipe()
        child.process = None
        child.pause = MIN_PAUSE_S if now - child.since > STEADY_S else min(child.pause * 2, MAX_PAUSE_S)
        child.again_at = now + child.pause
        print(f"trunkline: {child} ended ({code}); restarting", file=sys.stderr, flush=True)

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
        for child in self._children:
            child.forget_pipe()


def _edge(socks: list[socket.socket], place: Place | None, claim: int) -> _Child:
    """Return the one edge, or one of several workers; ``claim`` on the data folder holds as long as any of them."""
    told = {"TRUNKLINE_CLAIM_FD": str(claim)}
    if place is None:
        return _Child("edge", socks, kept=(claim,), told=told)
    kept = (claim, *place.descriptors)
    return _Child("edge", socks, f"edge (worker {place.worker})", kept, told | place.environ())


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment that gives a child process the very same settings."""
    environ = dict(os.environ)
    for part in PARTS:
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

    ``ready`` gets the two doors as HOST:PORT when both are open; of several SIP doors the first.
    """
    database.prepare(settings.data)
    claim = control.claim(settings.data)
    try:
        http = bind_http(settings)
        sip = bind_workers(settings)
    except StartError as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return 1
    door = print_host_port(*http.getsockname()[:2])
    sip_doors = list(dict.fromkeys(print_host_port(*sock.getsockname()[:2]) for sock in sip[0]))

    def opened() -> None:
        print(f"ready http={door} sip={','.join(sip_doors)}", flush=True)
        if ready is not None:
            ready(door, sip_doors[0])

    with ExitStack() as open_:
        open_.enter_context(claim)
        for sock in (http, *[sock for socks in sip for sock in socks]):
            open_.enter_context(sock)
        places: Sequence[Place | None] = [None]
        if len(sip) > 1:
            places = made = make_places(len(sip))
            open_.callback(close_places, made)
        edges = [_edge(*pair, claim.fileno()) for pair in zip(sip, places, strict=True)]
        return Supervisor(_as_bound(settings, sip[0]), [*edges, _Child("api", [http])]).run(opened)


def _as_bound(settings: Settings, socks: list[socket.socket]) -> Settings:
    """Return settings whose SIP listeners have the ports that they got: endpoints' URIs name them."""
    kinds = {socket.SOCK_DGRAM: "udp", socket.SOCK_STREAM: "tcp"}
    listen = tuple(f"{kinds[sock.type]}:{print_host_port(*sock.getsockname()[:2])}" for sock in socks)
    return replace(settings, sip=replace(settings.sip, listen=listen))
