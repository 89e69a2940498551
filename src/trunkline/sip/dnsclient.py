"""Asking name servers, over UDP and where an answer does not fit over TCP (RFC 7766); and asking this machine.

Each question has sockets of its own, so ports that nobody else can guess, and numbers that nobody else can guess: what
comes from elsewhere never reaches it, and what does not answer exactly this question is ignored (RFC 5452).
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from trunkline.config import ConfigError, nameserver
from trunkline.sip.dnsmessage import (
    NEGATIVE_TTL,
    Answer,
    DnsMessageError,
    Kind,
    TruncatedError,
    answers,
    read_answer,
    write_question,
)
from trunkline.sip.names import NameFailedError

QUESTION_S = 3.0
"""Longest time for one question, all name servers and TCP included."""

TRY_S = 1.0
"""A name server that has not answered for so long is left waiting, and the next one asked."""

MAX_SERVERS = 3
"""Name servers taken from resolv.conf, as resolvers do."""

HOSTS_THREADS = 16
"""Questions to this machine at once; each may hold its thread for as long as the system's own resolver waits."""

HOSTS_TTL = 30
RESOLV_CONF = Path("/etc/resolv.conf")
_NO_NAME = {socket.EAI_NONAME, socket.EAI_NODATA}
_MAX_WAITING = 16  # datagrams that came and were not read yet: more than a question's servers ever send

Server = tuple[str, int]


def system_servers(path: Path = RESOLV_CONF) -> tuple[str, ...]:
    """Return the name servers of a resolv.conf, none if there is no usable one."""
    try:
        lines = [line.split() for line in path.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ()
    named = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    usable = []
    for text in named[:MAX_SERVERS]:
        with suppress(ConfigError):
            nameserver(text)
            usable.append(text)
    return tuple(usable)


class DnsClient:
    """Asks ``nameservers`` ("IP", "IP:PORT" or "[IPv6]:PORT"; none: those of the system) and this machine.

    Without any name server, the DNS has nothing of any name, and only this machine is left to be asked.
    """

    def __init__(self, nameservers: tuple[str, ...] = ()) -> None:
        self._servers: list[Server] = [nameserver(text) for text in nameservers or system_servers()]
        # Threads of its own: a dead name server must not hold up whoever else looks something up.
        self._threads = ThreadPoolExecutor(HOSTS_THREADS, thread_name_prefix="sip-hosts")
        self._threads_busy = 0

    async def ask(self, name: str, kind: Kind) -> Answer:
        """Return what a name has, within `QUESTION_S`. ``name`` satisfies `is_host_name`. Raises `NameFailedError`."""
        if kind is Kind.HOSTS:
            return await self._ask_machine(name)
        if not self._servers:
            return Answer((), NEGATIVE_TTL)
        exchange = _Exchange(name, kind)
        try:
            async with asyncio.timeout(QUESTION_S):
                server, answer = await exchange.run(self._servers)
        except TimeoutError:
            asked = ", ".join(_printed(server) for server in self._servers)
            raise NameFailedError(f"no answer from the name server ({asked}) within {QUESTION_S:.0f} s") from None
        finally:
            exchange.close()
        if self._servers[0] != server:  # who answers is asked first from now on
            self._servers = [server, *(other for other in self._servers if other != server)]
        return answer

    async def _ask_machine(self, name: str) -> Answer:
        if self._threads_busy >= HOSTS_THREADS:
            raise NameFailedError("this machine's own resolver is busy with other names")
        self._threads_busy += 1
        ask = partial(socket.getaddrinfo, name, None, type=socket.SOCK_DGRAM)
        asked = asyncio.get_running_loop().run_in_executor(self._threads, ask)
        asked.add_done_callback(self._machine_asked)
        try:
            found = await asyncio.wait_for(asyncio.shield(asked), QUESTION_S)
        except TimeoutError:
            raise NameFailedError(f"this machine's own resolver gave no answer within {QUESTION_S:.0f} s") from None
        except socket.gaierror as error:
            if error.errno in _NO_NAME:
                return Answer((), NEGATIVE_TTL)
            raise NameFailedError(f"this machine's own resolver says: {error.strerror}") from None
        except (OSError, UnicodeError) as error:
            raise NameFailedError(f"this machine's own resolver cannot be asked: {error}") from None
        return Answer(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)), HOSTS_TTL)

    def _machine_asked(self, asked: asyncio.Future[Any]) -> None:
        self._threads_busy -= 1
        _ = asked.cancelled() or asked.exception()  # nobody may be waiting for it any more

    def close(self) -> None:
        """Give the threads back; what they ask is abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Exchange:
    """One question put to name servers, one after the other, each listened to until one has answered."""

    def __init__(self, name: str, kind: Kind) -> None:
        self._name = name
        self._kind = kind
        self._number = secrets.randbelow(1 << 16)
        self._question = write_question(self._number, name, kind)
        self._came: asyncio.Queue[tuple[Server, bytes | None]] = asyncio.Queue(_MAX_WAITING)
        self._transports: dict[Server, asyncio.DatagramTransport] = {}

    async def run(self, servers: list[Server]) -> tuple[Server, Answer]:
        """Return the first answer and who gave it. Raises `NameFailedError` once every server has failed."""
        useless: dict[Server, str] = {}
        for server in cycle(servers):
            if len(useless) == len(servers):
                break
            if server in useless:
                continue
            try:
                await self._send(server)
            except OSError as error:
                useless[server] = f"cannot be reached ({error.strerror or error})"
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(TRY_S):
                    found = await self._listen(useless)
                if found is not None:
                    return found
        raise NameFailedError("; ".join(f"{_printed(server)}: {why}" for server, why in useless.items()))

    async def _listen(self, useless: dict[Server, str]) -> tuple[Server, Answer] | None:
        """Return the next answer, None once a server turned out to be useless."""
        while True:
            server, data = await self._came.get()
            if data is None:
                useless[server] = "cannot be reached"
                return None
            if not answers(data, self._number, self._name, self._kind):
                continue
            try:
                try:
                    return server, read_answer(data, self._name, self._kind)
                except TruncatedError:
                    return server, await self._ask_over_tcp(server)
            except (DnsMessageError, OSError, EOFError, TimeoutError) as error:
                useless[server] = str(error) or "gave no answer over TCP"
                return None

    async def _send(self, server: Server) -> None:
        transport = self._transports.get(server)
        if transport is None:
            family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setblocking(False)
            try:
                sock.connect(server)
                made = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Listener(self._came, server), sock=sock
                )
            except BaseException:
                sock.close()
                raise
            transport = self._transports[server] = made[0]
        transport.sendto(self._question)

    async def _ask_over_tcp(self, server: Server) -> Answer:
        reader, writer = await asyncio.open_connection(*server)
        try:
            writer.write(len(self._question).to_bytes(2, "big") + self._question)
            data = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        finally:
            writer.transport.abort()
        if not answers(data, self._number, self._name, self._kind):
            raise DnsMessageError("the answer over TCP is to another question")
        return read_answer(data, self._name, self._kind)

    def close(self) -> None:
        """Close the sockets."""
        for transport in self._transports.values():
            transport.abort()


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, came: asyncio.Queue[tuple[Server, bytes | None]], server: Server) -> None:
        self._came = came
        self._server = server

    def datagram_received(self, data: bytes, _: object) -> None:
        with suppress(asyncio.QueueFull):
            self._came.put_nowait((self._server, data))

    def error_received(self, _: Exception) -> None:
        with suppress(asyncio.QueueFull):
            self._came.put_nowait((self._server, None))


def _printed(server: Server) -> str:
    host, port = server
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
