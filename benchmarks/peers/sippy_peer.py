"""A server on sippy's own user agents: ``sippy_peer.py MODE PORT [HOST:PORT]``.

MODE is ``redirect`` (every INVITE gets 302), ``answer`` (200, then BYE gets 200) or ``relay``: sippy's own
``b2bua_simple``, each call placed again to HOST:PORT. Its log is off, the most that can be done for its speed.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ["SIPLOG_BEND"] = "none"

from sippy.b2bua_simple import CallMap  # type: ignore[import-not-found]
from sippy.CCEvents import CCEventConnect, CCEventTry  # type: ignore[import-not-found]
from sippy.Core.EventDispatcher import ED2  # type: ignore[import-not-found]
from sippy.MsgBody import MsgBody  # type: ignore[import-not-found]
from sippy.SipAddress import SipAddress  # type: ignore[import-not-found]
from sippy.SipConf import SipConf  # type: ignore[import-not-found]
from sippy.SipContact import SipContact  # type: ignore[import-not-found]
from sippy.SipHeader import SipHeader  # type: ignore[import-not-found]
from sippy.SipLogger import SipLogger  # type: ignore[import-not-found]
from sippy.SipTransactionManager import SipTransactionManager  # type: ignore[import-not-found]
from sippy.SipURL import SipURL  # type: ignore[import-not-found]
from sippy.UA import UA  # type: ignore[import-not-found]
from sippy.Udp_server import Udp_server_opts  # type: ignore[import-not-found]

HOST = "127.0.0.1"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"


class Answering:
    """Redirects or answers what begins a call; requests within calls go to their user agents by themselves."""

    def __init__(self, config: dict[str, Any], mode: str) -> None:
        self._config = config
        self._redirects = mode == "redirect"

    def recvRequest(self, request: Any, transaction: Any) -> Any:  # noqa: N802 -- the name that sippy calls
        """Take a request outside of any call."""
        if request.getHFBody("to").getTag() is not None:
            return (request.genResponse(481, "Call Leg/Transaction Does Not Exist"), None, None)
        if request.getMethod() != "INVITE":
            return (request.genResponse(501, "Not Implemented"), None, None)
        if self._redirects:
            answer = request.genResponse(302, "Moved Temporarily")
            target = SipAddress(url=SipURL(host=HOST, port=9))
            answer.appendHeader(SipHeader(name="contact", body=SipContact(address=target)))
            return (answer, None, None)
        return UA(self._config, self._event).recvRequest(request, transaction)

    def _event(self, event: Any, agent: Any) -> None:
        if isinstance(event, CCEventTry):
            agent.recvEvent(CCEventConnect((200, "OK", MsgBody(SDP)), rtime=event.rtime, origin="switch"))


def main(mode: str, port: int, target: str | None) -> None:
    """Serve until the process is ended."""
    SipConf.my_uaname = "peer"
    Udp_server_opts.nworkers = 1  # with its three sending threads a 200 overtakes the 100 before it, and SIPp objects
    config: dict[str, Any] = {"_sip_address": HOST, "_sip_port": port, "_sip_logger": SipLogger("peer")}
    if mode == "relay" and target is not None:
        host, _, number = target.rpartition(":")
        config["nh_addr"] = (host, int(number))
        user: Any = CallMap(config)
    else:
        user = Answering(config, mode)
    config["_sip_tm"] = SipTransactionManager(config, user.recvRequest)
    ED2.loop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
