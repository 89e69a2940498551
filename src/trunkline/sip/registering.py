"""REGISTER at the edge: who may register, what is kept of it, and where an endpoint is reached.

Strangers get one stateless answer within their rate, as for everything else, and leave nothing behind. A challenge is
sent to where a REGISTER came from and its nonce serves that address only, so whoever answers it is really there: that
is why calls may go to this flow whatever address it has, while a Contact is never sent to.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from trunkline.core.bindings import Bindings, BindingsFullError, Flow, Login
from trunkline.core.errors import StoreUnavailableError
from trunkline.core.facts import SipUser
from trunkline.core.routing import Verdict
from trunkline.core.sources import parse_address
from trunkline.sip.digest import Result
from trunkline.sip.events import ServerTransaction
from trunkline.sip.fields import Header
from trunkline.sip.hop import Door, Hop
from trunkline.sip.message import Request
from trunkline.sip.refusals import REFUSALS
from trunkline.sip.registrar import answer_headers, register, request_uri
from trunkline.sip.replying import reply
from trunkline.sip.uri import MessageError, SipUri

if TYPE_CHECKING:
    from trunkline.sip.edge import Edge

EXPIRE_S = 10.0
"""How often what has expired is removed."""

_RETRY: Header = ("retry-after", "5")
_REFUSED: dict[Result, Verdict] = {
    "missing": Verdict.CREDENTIALS_MISSING,
    "stale": Verdict.CREDENTIALS_STALE,
    "wrong": Verdict.CREDENTIALS_WRONG,
    "unchecked": Verdict.CREDENTIALS_UNCHECKED,
}

log = logging.getLogger(__name__)


class EndpointRegistrar:
    """The registrar of one edge process; ``host`` is what stands after the ``@`` of an endpoint's URI.

    ``relay`` returns the door of another worker, by its name, that is like one of ours.
    """

    def __init__(
        self, edge: Edge, bindings: Bindings, host: str, relay: Callable[[str, Door], Door | None] | None = None
    ) -> None:
        self._edge = edge
        self._host = host
        self._bindings = bindings
        self._relay = relay
        self._names = frozenset(domain.lower() for domain in edge.settings.domains)
        self._addresses = frozenset(door.host for door in edge.doors.all)
        self._ports = frozenset((door.host, door.port) for door in edge.doors.all)
        for door in edge.doors.all:
            door.gone = self._lost
        self._timer: asyncio.TimerHandle | None = edge.later(EXPIRE_S, self._expire)

    def address_of(self, username: str) -> str:
        """Return the SIP URI of an endpoint."""
        return f"sip:{username}@{self._host}"

    def serves(self, uri: SipUri) -> bool:
        """Tell whether a URI names a user of ours: at one of our domains, or where one of our listeners is."""
        return uri.user is not None and (uri.host in self._names or (uri.host, uri.port or 5060) in self._ports)

    def _is_ours(self, uri: SipUri) -> bool:
        """Tell whether a domain of a REGISTER is ours; since it came here, a port in it does not matter."""
        return uri.host in self._names or uri.host in self._addresses or uri.host == self._edge.settings.realm

    def reach(self, login_id: str) -> list[tuple[str, Hop]]:
        """Return where an endpoint is reached now: the Request-URI of each of its Contacts, and the way to it.

        A Contact whose connection is gone is left out. Raises `StoreUnavailableError`.
        """
        found = [(b, self.hop_of(b.flow)) for b in self._bindings.find(login_id, self._edge.wall())]
        return [(request_uri(binding), hop) for binding, hop in found if hop is not None]

    def hop_of(self, flow: Flow) -> Hop | None:
        """Return the way that a flow is now, also over another worker; None where its connection is gone."""
        door = self._door(flow)
        if door is None:
            return None
        if flow.worker:
            theirs = self._relay(flow.worker, door) if self._relay is not None else None
            return None if theirs is None else Hop(flow.host, flow.port, theirs, only=True)
        hop = Hop(flow.host, flow.port, door, only=True)
        return None if door.reliable and not door.is_open(hop) else hop

    def _door(self, flow: Flow) -> Door | None:
        doors = self._edge.doors
        exact = [door for door in doors.all if (door.transport, door.sent_by) == (flow.transport, flow.door)]
        return exact[0] if exact else doors.towards(flow.transport, flow.host)

    # REGISTER

    def on_register(self, txn: ServerTransaction, request: Request, source: Hop, now: float) -> None:
        """Answer a REGISTER."""
        edge = self._edge
        address = parse_address(source.host)
        if edge.settings.stealth or not edge.keeper.may_answer(address, now):
            edge.transactions.answer_once(txn, None)
            return
        answer: tuple[int, str | None, tuple[Header, ...]]
        try:
            login = self._authenticated(txn, request, address)
            if login is None:
                return
            edge.keeper.forgive(address)
            answer = (200, None, self._registered(txn, request, login))
        except MessageError as error:
            answer = (error.status, error.reason, error.headers)
        except StoreUnavailableError as error:
            log.warning("a REGISTER could not be served: %s", error)
            answer = (503, None, (_RETRY,))
        except BindingsFullError as error:
            log.warning("a REGISTER was refused: %s", error)
            answer = (503, None, (_RETRY,))
        status, reason, headers = answer
        edge.transactions.respond(
            txn, reply(request, status, reason, to_tag=edge.new_token()[:16], headers=headers), now
        )

    def _authenticated(self, txn: ServerTransaction, request: Request, address: str) -> Login | None:
        """Return who has proven to be whom, None where the answer was a challenge or a refusal without state."""
        edge, found = self._edge, list[Login]()

        def users(name: str, _account: str | None) -> list[SipUser]:
            login = edge.facts.endpoint_login(name)  # the only one of its name in all accounts
            found.extend([login] if login else [])
            return [SipUser(login.id, login.password, endpoint_id=login.endpoint_id)] if login else []

        wall = edge.wall()
        result = edge.keeper.judge(request, address, wall, users).result
        if result == "ok":
            return found[0]
        verdict = _REFUSED[result]
        refusal = REFUSALS[verdict]
        headers = edge.keeper.headers(request, verdict, refusal, address, wall)
        answer = reply(request, refusal.status, refusal.reason, to_tag=edge.new_token()[:16], headers=headers)
        edge.transactions.answer_once(txn, answer)
        return None

    def _registered(self, txn: ServerTransaction, request: Request, login: Login) -> tuple[Header, ...]:
        """Do what an authenticated user asks for; return what the 200 tells. Raises MessageError."""
        request.validate()
        if not (self._is_ours(request.request_uri) and self._is_ours(request.to.uri)):
            raise MessageError("Not Our Domain", 404)
        if request.to.uri.user != login.username or not login.active:
            raise MessageError("Forbidden", 403)
        # Where answers go is where the challenge was received, since it was answered: the way to this device.
        hop, now = txn.hop, self._edge.wall()
        flow = Flow(hop.door.transport, hop.host, hop.port, hop.door.sent_by, hop.door.worker)
        update = register(request, self._bindings.find(login.id, now), login, flow, now)
        if update.added or update.removed:
            self._bindings.put(update.added, update.removed)
        if update.added:
            hop.door.keep(hop)
        return answer_headers(update.after, now)

    # Ends

    def _lost(self, hop: Hop) -> None:
        """A connection is gone that somebody had registered over."""
        self._bindings.lose(Flow(hop.door.transport, hop.host, hop.port, hop.door.sent_by))

    def _expire(self) -> None:
        self._bindings.expire(self._edge.wall())
        self._timer = self._edge.later(EXPIRE_S, self._expire)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
