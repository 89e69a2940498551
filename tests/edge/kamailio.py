"""Kamailio as the registrar of a carrier: it challenges REGISTER, keeps what is bound, and calls what it has bound."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.edge.peer import token
from tests.edge.registry import PASSWORD

BINARY = "/usr/sbin/kamailio"
START_S = 15.0
_SEEN = re.compile(r"REGISTERED (\d+)\.(\d+) (\S+) (\S+) (\d+)")

_CONFIG = """#!KAMAILIO
debug=0
log_stderror=yes
fork=yes
children=2
disable_tcp={no_tcp}
tcp_children=2
auto_aliases=no
dns=no
rev_dns=no
mpath="{modules}"
listen=udp:{ip}:{port}
{tcp}
loadmodule "tm"
loadmodule "sl"
loadmodule "pv"
loadmodule "textops"
loadmodule "xlog"
loadmodule "usrloc"
loadmodule "registrar"
loadmodule "auth"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "timer_interval", 1)
modparam("registrar", "max_expires", {expires})
modparam("registrar", "min_expires", {least})
modparam("registrar", "default_expires", {expires})
request_route {{
    if ($rm == "REGISTER") {{
        if (!pv_www_authenticate("carrier.example", "{password}", "0")) {{
            www_challenge("carrier.example", "1");
            exit;
        }}
        xlog("L_ALERT", "REGISTERED $TV(Sn) $tU $hdr(Expires) $cs\\n");
        if (!save("location")) sl_reply_error();
        exit;
    }}
    if ($rm == "OPTIONS") {{ sl_send_reply("200", "OK"); exit; }}
    if ($rm == "INVITE") {{
        if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    }}
    if ($rm == "CANCEL" && !t_check_trans()) exit;
    t_relay();
}}
"""


class Kamailio:
    """``with Kamailio("127.0.41.1") as carrier``; after `stop` and `start` it has its address, and nothing bound."""

    def __init__(
        self, ip: str, *, expires: int = 60, least: int = 0, password: str = PASSWORD, transport: str = "udp"
    ) -> None:
        self.ip, self.port, self.transport = ip, _free_port(ip), transport
        self._folder = tempfile.TemporaryDirectory(prefix="kamailio-")
        self.log = Path(self._folder.name) / "log"
        modules = next(Path("/usr/lib").glob("*/kamailio/modules"))
        tcp = f"listen=tcp:{ip}:{self.port}" if transport == "tcp" else ""
        config = _CONFIG.format(
            ip=ip, port=self.port, modules=modules, expires=expires, least=least, password=password, tcp=tcp,
            no_tcp="no" if transport == "tcp" else "yes",
        )  # fmt: skip
        (Path(self._folder.name) / "kamailio.cfg").write_text(config)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Kamailio:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._folder.cleanup()

    @property
    def gateway(self) -> dict[str, object]:
        """The gateway of a carrier that is this registrar's."""
        where = {"address": self.ip, "port": self.port, "transport": self.transport}
        return {**where, "inbound": False, "outbound": True}

    def start(self) -> None:
        """Start, and return once it answers."""
        folder = self._folder.name
        command = [BINARY, "-f", f"{folder}/kamailio.cfg", "-DD", "-E", "-m", "64", "-M", "8", "-Y", folder]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + START_S
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, f"Kamailio does not answer: {self.log.read_text()}"

    def _answers(self) -> bool:
        lines = [
            f"OPTIONS sip:{self.ip} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.ip}:9;rport;branch=z9hG4bK{token()}",
            f"From: <sip:ask@{self.ip}>;tag={token()}",
            f"To: <sip:{self.ip}>",
            f"Call-ID: {token()}",
            "CSeq: 1 OPTIONS",
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        with socket.socket(type=socket.SOCK_DGRAM) as sock, suppress(TimeoutError, ConnectionError):
            sock.settimeout(0.2)
            sock.connect((self.ip, self.port))
            sock.send("\r\n".join([*lines, "", ""]).encode())
            return sock.recv(4096).startswith(b"SIP/2.0 200")
        time.sleep(0.05)
        return False

    def stop(self) -> None:
        """Stop it, and what it has started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def seen(self) -> list[tuple[float, str, int]]:
        """Return the REGISTERs with right credentials: time of the wall clock, user of To, seconds asked.

        One that came again, since its answer was late, counts once.
        """
        found = _SEEN.findall(self.log.read_text(errors="replace"))
        once = {
            (user, number): (float(f"{s}.{us:0>6}"), user, int(asked)) for s, us, user, asked, number in found[::-1]
        }
        return sorted(once.values())

    def rates(self) -> Counter[int]:
        """Return how many such REGISTERs came in each second."""
        return Counter(int(at) for at, _, _ in self.seen())


def _free_port(ip: str) -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind((ip, 0))
        return int(sock.getsockname()[1])
