"""Kamailio's routes in Python (KEMI): a look-up of the called number in memory decides, Kamailio does the rest.

Kamailio's own interpreter runs this; TARGET and REDIRECTS are replaced when the benchmark writes its copy.
"""

from __future__ import annotations

from typing import Any

import KSR  # type: ignore[import-not-found]

NUMBERS = {f"+{14155550000 + i}": "sip:TARGET" for i in range(10_000)}
REDIRECTS = "MODE".startswith("redirect")


class Routes:
    """What Kamailio calls, by the names that it knows."""

    def child_init(self, _rank: int) -> int:
        """Do nothing more in a worker."""
        return 0

    def ksr_request_route(self, _message: Any) -> int:
        """Take a request."""
        if KSR.maxfwd.process_maxfwd(70) < 0:
            KSR.sl.sl_send_reply(483, "Too Many Hops")
        elif KSR.siputils.has_totag() > 0:
            if not REDIRECTS:
                KSR.rr.loose_route()
                KSR.tm.t_relay()
        elif KSR.is_INVITE():
            self._invite()
        return 1

    def _invite(self) -> None:
        target = NUMBERS.get(KSR.pv.get("$rU"))
        if target is None:
            KSR.sl.sl_send_reply(404, "Not Found")
        elif REDIRECTS:
            KSR.hdr.append_to_reply(f"Contact: <{target}>\r\n")
            KSR.sl.sl_send_reply(302, "Moved Temporarily")
        else:
            KSR.pv.sets("$du", target)
            KSR.tm.t_check_trans()
            KSR.rr.record_route()
            KSR.tm.t_relay()

    def ksr_onsend_route(self, _message: Any) -> int:
        """Let everything out: without this route Kamailio complains at each message."""
        return 1


def mod_init() -> Routes:
    """Return the routes."""
    return Routes()
