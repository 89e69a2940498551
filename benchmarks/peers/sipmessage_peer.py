"""A user agent server as one writes it today with asyncio and sipmessage: ``sipmessage_peer.py MODE LOOP COLLECTOR``.

MODE is ``redirect`` (every INVITE gets 302) or ``answer`` (200, then BYE gets 200); LOOP ``asyncio`` or ``uvloop``;
COLLECTOR ``default`` (Python's own) or ``timer`` (as in Trunkline: off, frozen, a whole collection on a timer).
sipmessage reads and prints messages; what RFC 3261 wants of transactions and dialogs is here, no more of it than these
calls need: answers kept for 32 s and sent again to retransmissions, a 200 sent again until its ACK. Prints its port.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import socket
import sys
from typing import Any

from sipmessage import URI, Address, MediaType, Message, Parameters, Request, Response  # type: ignore[import-not-found]

HOST = "127.0.0.1"
KEPT_S = 32.0
T1_S, T2_S = 0.5, 4.0
COLLECT_S = 10.0
RECEIVE_BUFFER = 4 << 20
SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"


class Peer(asyncio.DatagramProtocol):
    """Answers requests."""

    def __init__(self, mode: str) -> None:
        self._redirects = mode == "redirect"
        self._transport: Any = None
        self._answers: dict[tuple[str, str], bytes] = {}
        self._dialogs: dict[tuple[str, str, str], int] = {}
        self._resends: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: Any) -> None:
        """Keep the socket."""
        self._transport = transport
        self._contact = Address(uri=URI(scheme="sip", host=HOST, port=transport.get_extra_info("sockname")[1]))

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        """Take one message."""
        try:
            message = Message.parse(data)
            if isinstance(message, Request):
                self._request(message, source)
        except (ValueError, KeyError, IndexError):
            return

    def _request(self, request: Any, source: tuple[str, int]) -> None:
        key = (str(request.via[0].parameters.get("branch")), request.method)
        known = self._answers.get(key)
        if known is not None:
            self._transport.sendto(known, source)
        elif request.method == "ACK":
            resend = self._resends.pop((request.call_id, request.to_address.parameters.get("tag") or ""), None)
            if resend is not None:
                resend.cancel()
        elif request.method == "INVITE":
            self._invite(request, key, source)
        elif request.method == "BYE":
            self._bye(request, key, source)
        else:
            self._send(self._response(request, 405, "Method Not Allowed"), key, source)

    def _invite(self, request: Any, key: tuple[str, str], source: tuple[str, int]) -> None:
        tag = secrets.token_hex(8)
        if self._redirects:
            response = self._response(request, 302, "Moved Temporarily", tag)
            response.contact = [Address(uri=URI(scheme="sip", host=HOST, port=9))]
        else:
            response = self._response(request, 200, "OK", tag, SDP)
            response.contact = [self._contact]
            response.content_type = MediaType("application", "sdp")
            dialog = (request.call_id, tag, request.from_address.parameters.get("tag") or "")
            self._dialogs[dialog] = request.cseq.sequence
        data = self._send(response, key, source)
        self._resend((request.call_id, tag), data, source, T1_S)

    def _bye(self, request: Any, key: tuple[str, str], source: tuple[str, int]) -> None:
        own, other = (a.parameters.get("tag") or "" for a in (request.to_address, request.from_address))
        last = self._dialogs.get((request.call_id, own, other))
        if last is None or request.cseq.sequence <= last:
            self._send(self._response(request, 481, "Call/Transaction Does Not Exist"), key, source)
            return
        del self._dialogs[request.call_id, own, other]
        self._send(self._response(request, 200, "OK"), key, source)

    def _response(self, request: Any, code: int, phrase: str, tag: str | None = None, body: bytes = b"") -> Any:
        response = Response(code, phrase, body)
        response.via = request.via
        response.from_address = request.from_address
        to = request.to_address
        response.to_address = Address(to.uri, to.name, Parameters(tag=tag)) if tag else to
        response.call_id = request.call_id
        response.cseq = request.cseq
        response.content_length = len(body)
        return response

    def _send(self, response: Any, key: tuple[str, str], source: tuple[str, int]) -> bytes:
        data = self._answers[key] = bytes(response)
        self._loop.call_later(KEPT_S, self._answers.pop, key, None)
        self._transport.sendto(data, source)
        return data

    def _resend(self, key: tuple[str, str], data: bytes, source: tuple[str, int], delay: float) -> None:
        def again() -> None:
            self._transport.sendto(data, source)
            self._resend(key, data, source, min(2 * delay, T2_S))

        self._resends[key] = self._loop.call_later(delay, again)


async def serve(mode: str, collector: str) -> None:
    """Answer calls until the process is ended."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    sock.bind((HOST, 0))
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Peer(mode), sock=sock)
    if collector == "timer":
        gc.collect()
        gc.freeze()
        gc.disable()

        def collect() -> None:
            gc.collect()
            loop.call_later(COLLECT_S, collect)

        loop.call_later(COLLECT_S, collect)
    print(sock.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[2] == "uvloop":
        import uvloop

        uvloop.run(serve(sys.argv[1], sys.argv[3]))
    else:
        asyncio.run(serve(sys.argv[1], sys.argv[3]))
