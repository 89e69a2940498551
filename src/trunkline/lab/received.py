"""A call that comes in: 100 at once, then ringing, an answer or a refusal (RFC 3261 §13.3)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trunkline.lab import sdp
from trunkline.lab.call import ALLOW, Call
from trunkline.sip.dialog import Dialog
from trunkline.sip.events import ServerTransaction
from trunkline.sip.fields import Header
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request
from trunkline.sip.replying import reply
from trunkline.sip.uri import MessageError

if TYPE_CHECKING:
    from trunkline.lab.agent import UserAgent


class ReceivedCall(Call):
    """A call of somebody else's. Without `answer` or `refuse` it rings until the caller gives up, or its time is up."""

    def __init__(self, agent: UserAgent, txn: ServerTransaction, request: Request, source: Hop) -> None:
        super().__init__(agent, request, source, agent.new_token())
        self._invite = txn
        txn.user = self
        agent.transactions.respond(txn, reply(request, 100), time.monotonic())

    @property
    def caller(self) -> str:
        """The user part of From, "" without one."""
        return self.request.from_.uri.user or ""

    def ring(self, status: int = 180) -> None:
        """Tell the caller that it rings."""
        if self.state == "ringing":
            self._respond(status, headers=(("contact", self.agent.contact),))

    def answer(self) -> None:
        """Take the call; it is refused instead if its offer has nothing that we speak, or its Contact is unusable."""
        if self.state != "ringing":
            return
        try:
            body = self._describe(self.request)
            self._dialog = Dialog.as_server(self.request, self.local_tag, self.agent.contact)
        except sdp.SdpError as error:
            self.failure = str(error)
            self.refuse(488)
            return
        except MessageError as error:
            self.failure = error.reason
            self.refuse(error.status)
            return
        self._unacked = (self.request.cseq, self._invite)
        self._up()
        self._respond(200, headers=(("contact", self.agent.contact), ALLOW), body=body)

    def refuse(self, status: int, reason: str | None = None, headers: tuple[Header, ...] = ()) -> None:
        """Refuse the call."""
        if self.state == "ringing":
            self.ended_by = "us"
            self._end()
            self._respond(status, reason, headers)

    def on_cancel(self) -> None:
        """The caller gave up."""
        if self.state == "ringing":
            self.ended_by = "them"
            self._end()
            self._respond(487)

    def _give_up(self) -> None:
        self.refuse(480)

    def _respond(
        self, status: int, reason: str | None = None, headers: tuple[Header, ...] = (), body: bytes = b""
    ) -> None:
        kind = sdp.CONTENT_TYPE if body else None
        answer = reply(
            self.request, status, reason, to_tag=self.local_tag, headers=headers, body=body, content_type=kind
        )
        self.status, self.reason = status, answer.reason
        self.agent.transactions.respond(self._invite, answer, time.monotonic())
        self.agent.flush()
