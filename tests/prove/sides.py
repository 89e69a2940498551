"""The storm's own SIP: one end of a call, with the retransmissions that RFC 3261 asks of it.

It shares no code with the edge. A story says what its two sides do; `Side.lose` takes messages away, in or out, and
whatever a side sends is sent again until it is answered. Each message of the edge is judged on its own (`judging`),
and a message that a story has not taken by its end is a complaint.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from tests.edge.peer import Headers, token
from tests.prove import judging
from tests.prove.messages import Heard, UnexpectedError, branch_of, fits, written

if TYPE_CHECKING:
    from tests.prove.ports import Call, Port

T2 = 4.0


class Side:
    """One end of a dialog with the edge: ``mine`` and ``theirs`` are From and To of what it sends.

    ``gone`` takes everything and says nothing. ``silent_ack`` leaves refusals without their ACK.
    """

    def __init__(self, call: Call, port: Port, name: str, remote: tuple[str, int], call_id: str = "") -> None:
        self.call, self.port, self.name, self.remote = call, port, name, remote
        self.call_id = call_id or f"{token()}@storm"
        self.tag = token()
        self.tags = {self.tag}
        self.mine = self.theirs = self.target = ""
        self.cseq = 0
        self.gone = self.silent_ack = False
        self.inbox: list[Heard] = []
        self.invited: Heard
        self.optional: set[str] = set()
        self.missed: Counter[str] = Counter()
        self.repeats: Counter[str] = Counter()
        self.sent: dict[str, str] = {}
        self.judge = judging.Judge(self.tags)
        self._losses: list[list[str | int]] = []
        self._seen: dict[tuple[str, ...], bytes] = {}
        self._replies: dict[tuple[str, ...], str] = {}
        self._acks: dict[tuple[int, str], str] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._news: asyncio.Event = asyncio.Event()
        port.sides[self.call_id] = self

    def lose(self, way: str, label: str, times: int = 1) -> None:
        """Lose the next messages of a label, ``in`` or ``out``: INVITE, or 200/INVITE, or 1xx/INVITE."""
        self._losses.append([way, label, times])

    def _is_lost(self, way: str, text: str, label: str = "") -> bool:
        for loss in self._losses:
            label = label or Heard.read(text.encode(), self.remote).label
            if loss[0] == way and fits(label, str(loss[1])) and int(loss[2]) > 0:
                loss[2] = int(loss[2]) - 1
                return True
        return False

    # What comes in

    def receive(self, message: Heard, data: bytes) -> None:
        """Take a message: a new one is for the story, one that has come before is for this side's transactions."""
        label = message.label
        if self.gone or self._is_lost("in", "", label):
            self.call.saw(self, "<-", message.start, "lost")
            self.missed[label] += 1
            self._news.set()
            return
        self.call.saw(self, "<-", message.start)
        key = (label, message.get("cseq"), message.get("to"), message.get("via").partition("branch=")[2])
        known = self._seen.setdefault(key, data)
        if self.call.over and known is data:
            self.port.strays.append(f"{self.call.name} {message.start}")
        elif known is not data:
            self.repeats[label] += 1
            if known != data:
                self.call.wrong.append(f"{self.name}: {message.start} came again, and differs")
            self._again(message, key)
        else:
            self.call.wrong += [f"{self.name}: {message.start}: {why}" for why in self.judge.judge(message)]
            self._first(message, label)
        self._news.set()

    def _again(self, message: Heard, key: tuple[str, ...]) -> None:
        if message.status:
            ack = self._acks.get((message.cseq, message.get("to")))
            if message.method == "INVITE" and message.status >= 200 and ack:
                self._transmit(ack)
        elif key in self._replies:
            self._transmit(self._replies[key])

    def _first(self, message: Heard, label: str) -> None:
        status, invite = message.status, message.method == "INVITE"
        if status and (invite or status >= 200):
            self._stop(branch_of(message) + message.method)
        if status >= 300 and invite and not self.silent_ack:
            self._acknowledge_refusal(message)
        if label == "ACK":
            self._stop(f"final {message.cseq} {message.get('to')}")
        if label != "100/INVITE":
            self.inbox.append(message)

    async def expect(self, *labels: str, within: float = 0.0) -> Heard:
        """Return the first message of one of these labels that nobody has taken yet, once it comes."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (within or self.call.patience)
        while True:
            for message in self.inbox:
                if any(fits(message.label, label) for label in labels):
                    self.inbox.remove(message)
                    return message
            if not await self._news_until(until):
                there = [m.start for m in self.inbox]
                raise UnexpectedError(f"{self.name} waited in vain for {' or '.join(labels)}; unread: {there}")

    async def again(self, label: str, times: int = 1) -> None:
        """Wait until a message has come again, or (of what was lost) has come that often."""
        until = asyncio.get_running_loop().time() + self.call.patience
        while self.repeats[label] + self.missed[label] < times:
            if not await self._news_until(until):
                raise UnexpectedError(f"{self.name}: {label} did not come again")

    def has(self, label: str) -> bool:
        """Tell whether a message is here that nobody has taken yet."""
        return any(message.label == label for message in self.inbox)

    def take(self, label: str) -> Heard | None:
        """Return what `expect` would, but only if it is here already."""
        for message in self.inbox:
            if message.label == label:
                self.inbox.remove(message)
                return message
        return None

    async def _news_until(self, until: float) -> bool:
        self._news.clear()
        try:
            async with asyncio.timeout_at(until):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    # What goes out

    def request_text(
        self,
        method: str,
        cseq: int,
        *,
        branch: str,
        body: str = "",
        theirs: str | None = None,
        target: str | None = None,
    ) -> str:
        """Return a request's text."""
        lines = [
            f"{method} {target or self.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.port.ip}:{self.port.number};rport;branch={branch}",
            f"From: {self.mine}",
            f"To: {theirs or self.theirs}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            "Max-Forwards: 70",
        ]
        if method == "INVITE":
            lines.append(f"Contact: <{self.port.uri}>")
        return written(lines, body)

    def request(self, method: str, *, cseq: int = 0, body: str = "", **parts: str) -> str:
        """Send a request, again and again until it is answered (ACK: once). Returns its branch.

        ``branch``, ``theirs`` and ``target`` stand for those of the dialog.
        """
        if not cseq:
            self.cseq += 1
            cseq = self.cseq
        branch = parts.get("branch") or f"z9hG4bK{token()}"
        text = self.request_text(
            method, cseq, branch=branch, body=body, theirs=parts.get("theirs"), target=parts.get("target")
        )
        self.judge.sent(branch, method, cseq)
        self.sent[branch + method] = text
        self._transmit(text)
        if method != "ACK":
            self._until_answered(branch + method, text, doubling=method == "INVITE")
        return branch

    def invite(self, body: str | None = None) -> str:
        """Send an INVITE, with the call's offer where nothing else is given; returns its branch."""
        self.first = self.request("INVITE", body=self.call.offer if body is None else body)
        return self.first

    def cancel(self) -> None:
        """Cancel the INVITE."""
        invite = self.sent[self.first + "INVITE"]
        to = next(line[4:] for line in invite.split("\r\n") if line.startswith("To: "))
        target = invite.split(" ", 2)[1]
        self.request("CANCEL", cseq=self.cseq, branch=self.first, theirs=to, target=target)

    def ack(self, answer: Heard, body: str = "") -> None:
        """Acknowledge a 2xx, now and whenever it comes again."""
        self.theirs = answer.get("to")
        self.target = answer.get("contact").strip("<>")
        branch = self.request("ACK", cseq=answer.cseq, body=body)
        self._acks[answer.cseq, answer.get("to")] = self.sent[branch + "ACK"]

    def _acknowledge_refusal(self, answer: Heard) -> None:
        branch = branch_of(answer)
        target = self.sent[branch + "INVITE"].split(" ", 2)[1]
        self.request("ACK", cseq=answer.cseq, branch=branch, theirs=answer.get("to"), target=target)
        self._acks[answer.cseq, answer.get("to")] = self.sent[branch + "ACK"]

    def answer_text(self, request: Heard, status: int, *, body: str = "", headers: Headers = (), tag: str = "") -> str:
        """Return an answer's text."""
        to = request.get("to")
        if "tag=" not in to and status > 100:
            to += f";tag={tag or self.tag}"
            self.tags.add(tag or self.tag)
        lines = [f"SIP/2.0 {status} Storm", *(f"Via: {value}" for value in request.all("via"))]
        lines += [f"From: {request.get('from')}", f"To: {to}"]
        lines += [f"Call-ID: {self.call_id}", f"CSeq: {request.get('cseq')}"]
        if not any(name == "Contact" for name, _ in headers):
            lines.append(f"Contact: <{self.port.uri}>")
        return written([*lines, *(f"{name}: {value}" for name, value in headers if value)], body)

    def reply(self, request: Heard, status: int, *, body: str = "", headers: Headers = (), tag: str = "") -> None:
        """Answer a request, and its retransmissions; a final answer to INVITE again and again until the ACK."""
        text = self.answer_text(request, status, body=body, headers=headers, tag=tag)
        label = request.label
        key = (label, request.get("cseq"), request.get("to"), request.get("via").partition("branch=")[2])
        self._replies[key] = text
        self._transmit(text)
        if label == "INVITE" and status >= 200:
            to = Heard.read(text.encode(), self.remote).get("to")
            self._until_answered(f"final {request.cseq} {to}", text)

    def raw(self, data: bytes, note: str) -> None:
        """Send bytes as they are, once."""
        self.call.saw(self, "->", note)
        self.port.send(data, self.remote)

    def again_out(self, branch: str, method: str = "INVITE") -> None:
        """Send a request once more."""
        self._transmit(self.sent[branch + method])

    def _transmit(self, text: str) -> None:
        if self.gone:
            return
        start = text.partition("\r\n")[0]
        lost = self._is_lost("out", text)
        self.call.saw(self, "->", start, "lost" if lost else "")
        if not lost:
            self.port.send(text.encode(), self.remote)

    def _until_answered(self, key: str, text: str, *, doubling: bool = False) -> None:
        """Send a text again after T1, doubled each time (up to T2 but for INVITE), for 64*T1."""
        loop, t1 = asyncio.get_running_loop(), self.call.t1
        ends = loop.time() + 64 * t1

        def again(wait: float) -> None:
            if loop.time() >= ends or self.gone:
                self._stop(key)
                return
            self._transmit(text)
            wait = wait * 2 if doubling else min(wait * 2, T2)
            self._timers[key] = loop.call_later(wait, again, wait)

        self._stop(key)
        self._timers[key] = loop.call_later(t1, again, t1)

    def _stop(self, key: str) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def stop(self) -> None:
        """Send nothing more by itself."""
        for key in list(self._timers):
            self._stop(key)

    def vanish(self) -> None:
        """Be gone: hear nothing and say nothing from now on."""
        self.call.saw(self, "--", "gone")
        self.gone = True
        self.stop()
