"""Asking outbound gateways with OPTIONS whether they live (RFC 3261 §11), each every ``interval_s``, more or less.

Every place that a gateway leads to is asked; one that answers is enough. How many misses make it down, and which
answers count, stands in `core.gateways`. A gateway that is down is tried after its siblings, never left out.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.gateways import Condition, Health, heard, is_sign_of_life, way_of
from trunkline.core.model import Gateway
from trunkline.sip.events import ClientTransaction
from trunkline.sip.fields import Header
from trunkline.sip.granting import printable
from trunkline.sip.hop import Hop
from trunkline.sip.leg import ALLOW
from trunkline.sip.locating import Place, TargetRefusedError
from trunkline.sip.message import Request, Response
from trunkline.sip.uri import MessageError, NameAddr, SipUri
from trunkline.store.gateway_states import SqlGatewayStates

if TYPE_CHECKING:
    from trunkline.sip.edge import Edge

log = logging.getLogger(__name__)

JITTER = 0.1
"""Part of the interval by which a question may come earlier or later, so that gateways are not all asked at once."""

FIRST_S = 5.0
"""Longest time until a gateway is asked for the first time."""

MAX_UNDER_WAY = 1_000
"""Gateways asked at once."""

Said = tuple[bool, str]
"""Whether an answer is a sign of life, and its words."""


class _Question:
    """One OPTIONS that is out: what its transaction reports to."""

    __slots__ = ("_answer",)

    def __init__(self, answer: asyncio.Future[Said]) -> None:
        self._answer = answer

    def on_response(self, _: ClientTransaction, response: Response, now: float) -> None:  # noqa: ARG002 -- as all users
        """Take a response."""
        if response.status >= 200:
            self._say(is_sign_of_life(response.status), f"{response.status} {printable(response.reason)}".rstrip())

    def on_failure(self, now: float, why: str) -> None:  # noqa: ARG002 -- as all users
        """No answer came, or it could not be sent."""
        self._say(False, why)

    def _say(self, alive: bool, said: str) -> None:
        if not self._answer.done():
            self._answer.set_result((alive, said))


class GatewayPinger:
    """Keeps who answers in ``states``; `look` is to be called every second."""

    def __init__(self, edge: Edge, states: SqlGatewayStates, interval_s: float) -> None:
        self._edge = edge
        self._states = states
        self._interval_s = interval_s
        self._due: dict[tuple[str, str], float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def look(self, wanted: tuple[Gateway, ...]) -> None:
        """Ask the gateways whose time has come."""
        now, draw = self._edge.now(), self._edge.draw
        ways = {gateway.id: (gateway.id, way_of(gateway)) for gateway in wanted}
        if self._due.keys() != set(ways.values()):
            first = min(FIRST_S, self._interval_s)
            self._due = {way: self._due[way] if way in self._due else now + draw() * first for way in ways.values()}
        for gateway in wanted:
            way = ways[gateway.id]
            if self._due[way] <= now and gateway.id not in self._tasks and len(self._tasks) < MAX_UNDER_WAY:
                self._due[way] = now + self._interval_s * (1 + JITTER * (2 * draw() - 1))
                task = self._tasks[gateway.id] = asyncio.get_running_loop().create_task(self._judge(gateway, way))
                task.add_done_callback(lambda _, gone=gateway.id: self._tasks.pop(gone))  # type: ignore[misc]  # its default

    async def _judge(self, gateway: Gateway, way: tuple[str, str]) -> None:
        try:
            alive, said = await self._ask(gateway)
            if way not in self._due:
                return  # it is not asked any more, or is another one by now
            before = self._states.health(gateway.id)
            if before is None or before.way != way[1]:
                before = Health(gateway.id, way=way[1])
            after = heard(before, alive, said, self._edge.wall())
            _report(before, after)
            self._states.put_health(after)
        except StoreUnavailableError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("gateway %s could not be asked", way[1])

    async def _ask(self, gateway: Gateway) -> Said:
        """Return what a gateway says: the first sign of life, else the last refusal."""
        transport = gateway.transport.upper() if gateway.transport else None
        try:
            places = await self._edge.locator.places(gateway.host, gateway.port, transport)
        except TargetRefusedError as error:
            return False, str(error)
        waiting = {self._send(gateway, place) for place in places}
        self._edge.flush()
        said: Said = False, "it has no address"
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for answer in done:
                said = answer.result()
                if said[0]:
                    return said
        return said

    def _send(self, gateway: Gateway, place: Place) -> asyncio.Future[Said]:
        answer: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        hop = self._edge.doors.hop(*place)
        try:
            if hop is None:
                raise ValueError(f"no door of ours sends over {place.transport} to {place.host}")
            request = self._request(gateway, hop)
            self._edge.transactions.send_request(request, hop, self._edge.now()).user = _Question(answer)
        except (MessageError, ValueError) as error:
            answer.set_result((False, str(error)))
        return answer

    def _request(self, gateway: Gateway, hop: Hop) -> Request:
        transport = gateway.transport.value if gateway.transport else "udp"
        params = () if transport == "udp" else (("transport", transport),)
        uri = str(SipUri("sip", None, gateway.host, None if gateway.port == 5060 else gateway.port, params))
        token, host = self._edge.new_token(), hop.door.host
        headers: list[Header] = [
            ("from", str(NameAddr("", SipUri("sip", None, host), (("tag", token[:16]),)))),
            ("to", f"<{uri}>"),
            ("call-id", f"{token}@{host}"),
            ("cseq", "1 OPTIONS"),
            ("max-forwards", "70"),
            ("contact", hop.door.contact),
            ALLOW,
            ("accept", "application/sdp"),
        ]
        return Request("OPTIONS", uri, headers, b"")

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _report(before: Health, after: Health) -> None:
    if after.condition is before.condition:
        return
    if after.condition is Condition.DOWN:
        log.warning("gateway %s is down after %d misses: %s; it is tried last", after.way, after.misses, after.said)
    elif before.condition is Condition.DOWN:
        log.warning("gateway %s is up again: %s", after.way, after.said)
