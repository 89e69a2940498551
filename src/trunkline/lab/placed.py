"""A call that we place: INVITE with an offer, ACK, CANCEL, one answer to a challenge (RFC 3261 §9.1, §13.2, §22)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trunkline.lab import sdp
from trunkline.lab.call import ALLOW, Call
from trunkline.sip import digest
from trunkline.sip.dialog import Dialog
from trunkline.sip.events import ClientTransaction
from trunkline.sip.fields import Header
from trunkline.sip.hop import Hop
from trunkline.sip.message import Request, Response
from trunkline.sip.uri import MessageError

if TYPE_CHECKING:
    from trunkline.lab.agent import UserAgent

_CREDENTIALS = {401: ("www-authenticate", "authorization"), 407: ("proxy-authenticate", "proxy-authorization")}


class PlacedCall(Call):
    """A call of ours. `final` is the final response to its INVITE as it came, None before."""

    def __init__(
        self,
        agent: UserAgent,
        uri: str,
        target: Hop,
        *,
        caller: str,
        headers: tuple[Header, ...],
        credentials: tuple[str, str] | None,
    ) -> None:
        tag = agent.new_token()
        fields: list[Header] = [
            ("max-forwards", "70"),
            ("from", f"<{caller}>;tag={tag}"),
            ("to", f"<{uri}>"),
            ("call-id", agent.new_token() + agent.new_token()),
            ("cseq", "1 INVITE"),
            ("contact", agent.contact),
            ALLOW,
            ("user-agent", agent.name),
            *headers,
            ("content-type", sdp.CONTENT_TYPE),
        ]
        super().__init__(agent, Request("INVITE", uri, fields), target, tag)
        self.request.body = self._describe(None)
        self.final: Response | None = None
        self._credentials = credentials
        self._client: ClientTransaction | None = None

    def start(self) -> None:
        """Send the INVITE. Raises ValueError if a header field holds a line break."""
        self._client = self.agent.transactions.send_request(self.request, self._origin, time.monotonic())
        self._client.user = self
        self.agent.flush()

    def on_response(self, txn: ClientTransaction, response: Response) -> None:
        """Take a response to a request of ours."""
        if txn is not self._client:
            super().on_response(txn, response)
            return
        if self._dialog is not None:
            self._leave_fork(txn, response)
            return
        self.status, self.reason = response.status, response.reason
        if response.status < 200 or self._authenticate(response):
            return
        self.final = response
        if response.status >= 300:
            self.ended_by = self.ended_by or "them"
            self._end()
            return
        self._dialog = self._acknowledge(txn, response)
        if self._dialog is None:
            self.failure = "the 200 has a Contact or Record-Route that cannot be used"
            self._end()
            return
        given_up = self.ended_by == "us"
        self._up()
        if given_up:  # our CANCEL and the 200 have crossed: what is answered has to be ended
            self.hang_up()

    def on_failure(self, txn: ClientTransaction, why: str) -> None:
        """No answer came to a request of ours, or it could not be sent."""
        if txn is self._client:
            self.failure = why
            self._end()
        else:
            super().on_failure(txn, why)

    def _give_up(self) -> None:
        self.ended_by = "us"
        if self._client is not None:
            self.agent.transactions.cancel(self._client, time.monotonic())
            self.agent.flush()

    def _acknowledge(self, txn: ClientTransaction, response: Response) -> Dialog | None:
        try:
            dialog = Dialog.as_client(self.request, response)
            self.agent.transactions.send_ack(txn, dialog.make_ack(self.request.cseq), self._hop(dialog))
        except (MessageError, ValueError):
            return None
        return dialog

    def _leave_fork(self, txn: ClientTransaction, response: Response) -> None:
        """Another phone answered as well: take its answer and end it at once (§13.2.2.4)."""
        other = self._acknowledge(txn, response) if 200 <= response.status < 300 else None
        bye = self._send("BYE", other) if other is not None else None
        if bye is not None:
            bye.user = None

    def _authenticate(self, response: Response) -> bool:
        """Answer a challenge, once; False if this is none, or we cannot."""
        asked, given = _CREDENTIALS.get(response.status, ("", ""))
        challenge = digest.choose(response.get_all(asked)) if asked and self._credentials else None
        if challenge is None or self._credentials is None or self.ended_by:
            return False
        user, password = self._credentials
        self._credentials = None
        old = self.request
        value = digest.answer(
            challenge, "INVITE", old.uri, user, password, new_token=self.agent.new_token, body=old.body
        )
        self.request = Request("INVITE", old.uri, list(old.headers), old.body)
        self.request.set("cseq", f"{old.cseq + 1} INVITE")
        self.request.add(given, value)
        self.start()
        return True
