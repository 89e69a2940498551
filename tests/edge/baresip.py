"""Runs baresip, a phone with a SIP stack of its own: placed and answered by command, its events waited for.

It has no sound hardware: what it hears it says again (`aubridge`), so two of them in a call exchange real RTP.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

BINARY = shutil.which("baresip")
MODULES = Path("/usr/lib/baresip/modules")
START_S = 10.0

CONFIG = """\
poll_method epoll
sip_listen {host}:{port}
net_interface {ip}
call_local_timeout 60
call_max_calls 4
audio_player aubridge,{name}
audio_source aubridge,{name}
audio_alert aubridge,alert
module_path {modules}
module g711.so
module aubridge.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control}
ringback_disabled yes
"""

PORTS = range(20_000, 32_000, 4)
"""Below the kernel's own choices: who binds to port 0 meanwhile takes none of these."""


@dataclass(frozen=True)
class Event:
    """What baresip tells: its type (CALL_ESTABLISHED, CALL_CLOSED ...), the other side's URI, and a parameter, which
    for CALL_CLOSED is the reason: a status line, or who reset the connection.
    """

    type: str
    peer: str
    param: str


def free_ports(ip: str) -> int:
    """Return a port whose UDP and TCP, and whose next two in TCP, nobody has: SIP, SIP over TLS, control."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    for port in random.sample(PORTS, 100):
        wanted = ((socket.SOCK_DGRAM, 0), (socket.SOCK_STREAM, 0), (socket.SOCK_STREAM, 1), (socket.SOCK_STREAM, 2))
        if all(_is_free(family, kind, ip, port + more) for kind, more in wanted):
            return port
    raise AssertionError(f"no free ports on {ip}")


def _is_free(family: int, kind: int, ip: str, port: int) -> bool:
    with socket.socket(family, kind) as sock:
        try:
            sock.bind((ip, port))
        except OSError:
            return False
    return True


class Baresip:
    """One phone, listening on UDP and TCP. ``answermode``: ``manual`` rings until `accept`, ``early`` does so with
    sound (183), ``auto`` answers at once.

    ``login`` is the user name and password with which it answers challenges, ``registrar`` the HOST:PORT that it
    registers with, ``proxy`` the HOST:PORT that its requests go to, whatever they name. Over TCP, calls of its own
    leave from 127.0.0.1 or ::1, whatever ``ip`` says: the kernel chooses, and baresip binds no connection.
    """

    def __init__(
        self,
        name: str = "phone",
        *,
        ip: str = "127.0.0.1",
        transport: str = "udp",
        answermode: str = "manual",
        login: tuple[str, str] | None = None,
        registrar: str | None = None,
        proxy: str | None = None,
    ) -> None:
        assert BINARY is not None, "baresip is not installed: apt-get install baresip-core"
        self.ip, self.port = ip, free_ports(ip)
        host = f"[{ip}]" if ":" in ip else ip
        self.door = f"{host}:{self.port}"
        self._transport = "" if transport == "udp" else f";transport={transport}"
        self.uri = f"sip:{name}@{self.door}{self._transport}"
        self._folder = Path(tempfile.mkdtemp(prefix="baresip-"))
        words = {"host": host, "ip": ip, "port": self.port, "control": self.port + 2, "name": name, "modules": MODULES}
        (self._folder / "config").write_text(CONFIG.format(**words))
        account = f"<{self.uri}>;regint=0;answermode={answermode}"
        if registrar is not None:
            account = f"<sip:{name}@{registrar}{self._transport}>;regint=600;answermode={answermode}"
        if login is not None:
            account += ";auth_user={};auth_pass={}".format(*login)
        if proxy is not None:
            account += f';outbound="sip:{proxy}{self._transport}"'
        (self._folder / "accounts").write_text(account + "\n")
        self.log = ""
        """What it printed, every SIP message among it: there once it has ended."""
        self._tokens = count()
        self._events: list[Event] = []
        self._responses: dict[str, dict[str, Any]] = {}
        self._rest = b""
        with (self._folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                [BINARY, "-s", "-f", str(self._folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._control = self._connected()
        except BaseException:
            self._stop()
            print(self.log)
            raise

    def _connected(self) -> socket.socket:
        """Return a connection to its control port, which it opens last."""
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                return socket.create_connection((self.ip, self.port + 2), timeout=1)
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"baresip did not start within {START_S} s")

    def __enter__(self) -> Baresip:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._control.close()
        self._stop()
        if kind is not None:
            print(f"--- {self.uri}\n{self.log}")

    def _stop(self) -> None:
        """End the process, which hangs up first, and take its log, without colours."""
        self._process.terminate()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.log = re.sub(r"\x1b\[[0-9;]*m", "", (self._folder / "log").read_text(errors="replace"))
        shutil.rmtree(self._folder, ignore_errors=True)

    # What it is told to do

    def dial(self, number: str, door: str) -> None:
        """Call a number through a SIP server at HOST:PORT."""
        self.command("dial", f"sip:{number}@{door}{self._transport}")

    def accept(self) -> None:
        """Answer the call that rings."""
        self.command("accept")

    def hang_up(self) -> None:
        """End the call: with CANCEL, 486 or BYE, as it stands."""
        self.command("hangup")

    def hold(self) -> None:
        """Send a re-INVITE that stops the other side's sound."""
        self.command("hold")

    def resume(self) -> None:
        """Send a re-INVITE that takes the other side's sound again."""
        self.command("resume")

    def command(self, name: str, params: str | None = None) -> str:
        """Run one of baresip's long commands; return what it printed."""
        token = str(next(self._tokens))
        asked = {"command": name, "token": token} | ({} if params is None else {"params": params})
        data = json.dumps(asked).encode()
        self._control.sendall(b"%d:%s," % (len(data), data))
        until = time.monotonic() + 5
        while token not in self._responses:
            assert self._read(until), f"baresip does not answer {name!r}"
        answer = self._responses.pop(token)
        assert answer["ok"], f"baresip refuses {name!r}: {answer['data']}"
        return str(answer["data"])

    # What it tells

    def expect(self, kind: str, within: float = 5.0) -> Event:
        """Return the first event of a type that was not returned before, now or within a time; others are kept."""
        until = time.monotonic() + within
        while True:
            for event in self._events:
                if event.type == kind:
                    self._events.remove(event)
                    return event
            assert self._read(until), f"no {kind} within {within} s at {self.uri}; came: {self._events}"

    def established(self) -> None:
        """Wait until the call is answered, and until sound of the other side has come, which may be before."""
        self.expect("CALL_ESTABLISHED")
        self.expect("CALL_RTPESTAB")

    def closed(self, within: float = 5.0) -> str:
        """Wait until the call is over; return why."""
        return self.expect("CALL_CLOSED", within).param

    def direction(self, wanted: str, within: float = 5.0) -> None:
        """Wait until its sound goes as wanted: sendrecv, sendonly, recvonly or inactive."""
        until = time.monotonic() + within
        while (found := re.search(r"audio dir=(\w+)", self.command("audio_debug"))) is None or found[1] != wanted:
            assert time.monotonic() < until, f"the sound of {self.uri} is {found and found[1]}, not {wanted}"
            time.sleep(0.05)

    def _read(self, until: float) -> bool:
        """Take what it tells, a netstring of JSON at a time, until the time is over."""
        length, colon, rest = self._rest.partition(b":")
        if colon and len(rest) > int(length):
            text, self._rest = rest[: int(length)], rest[int(length) + 1 :]
            told = json.loads(text)
            if told.get("response"):
                self._responses[told["token"]] = told
            else:
                self._events.append(Event(told["type"], told.get("peeruri", ""), told.get("param", "")))
            return True
        self._control.settimeout(max(until - time.monotonic(), 0.001))
        try:
            data = self._control.recv(65_536)
        except TimeoutError:
            return False
        self._rest += data
        return bool(data)
