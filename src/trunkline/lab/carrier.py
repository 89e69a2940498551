"""A carrier: delivers one call to a number, as carriers do, and tells what became of it."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from trunkline.lab.agent import LabError, UserAgent
from trunkline.lab.placed import PlacedCall
from trunkline.sip.fields import Header
from trunkline.sip.timers import Timers
from trunkline.sip.uri import print_host_port

END_S = 5.0
"""How long the other side may take to answer our BYE or CANCEL."""
MAX_LADDER = 1_000
"""Lines of a ladder that are kept."""
TOLD_HEADERS = ("reason", "retry-after", "www-authenticate", "proxy-authenticate", "warning")

_NUMBER = re.compile(r"\+?([1-9][0-9]{2,14})")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """What became of one call.

    `status` and `reason` are of the final response, 0 and "" if none came; `headers` holds those of its TOLD_HEADERS
    that it has, by lower-case name; the two times are seconds, None if it was not answered. `ended_by` is "us", "them"
    or "". `problem` says what went wrong apart from a refusal, "" if nothing did. `ladder` are the lines as printed.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    answered_after_s: float | None
    talked_s: float | None
    ended_by: str
    cancelled: bool
    problem: str
    expect: int | None
    ladder: tuple[str, ...]

    @property
    def answered(self) -> bool:
        """Whether somebody took the call."""
        return self.answered_after_s is not None

    @property
    def ok(self) -> bool:
        """Whether the call was answered, or ended as expected; a call that was to be cancelled is expected to be."""
        if self.problem:
            return False
        return self.answered if self._expected is None else self.status == self._expected

    @property
    def _expected(self) -> int | None:
        return 487 if self.expect is None and self.cancelled else self.expect

    def explain(self) -> str:
        """What became of the call, in one sentence."""
        if self.problem and not self.answered:
            text = self.problem
        elif self.answered_after_s is not None:
            by = {"us": "by us", "them": "by the other side"}.get(self.ended_by, "by nobody")
            text = f"answered after {self.answered_after_s:.3f} s, hung up {by} after {self.talked_s or 0:.1f} s"
            text += f"; {self.problem}" if self.problem else ""
        else:
            said = "".join(f"; {name.title()}: {value}" for name, value in self.headers.items())
            text = f"{'cancelled' if self.cancelled else 'refused'}: {self.status} {self.reason}{said}"
        if self._expected is not None and not self.ok:
            text += f" (expected was {self._expected})"
        return text


@dataclass(slots=True)
class _Ladder:
    """Writes down messages with the seconds since the first one."""

    on_line: Callable[[str], None] | None
    lines: list[str] = field(default_factory=list)
    began: float = 0.0

    def saw(self, sent: bool, what: str) -> None:
        now = time.monotonic()
        self.began = self.began or now
        line = f"{now - self.began:7.3f}  {'->' if sent else '<-'}  {what}"
        if len(self.lines) < MAX_LADDER:
            self.lines.append(line)
        if self.on_line is not None:
            self.on_line(line)


async def place_call(
    *,
    from_ip: str,
    caller: str,
    called: str,
    via: tuple[str, int],
    expect: int | None = None,
    talk_s: float = 1.0,
    ring_timeout_s: float = 30.0,
    cancel_after_s: float | None = None,
    user: str | None = None,
    password: str | None = None,
    on_line: Callable[[str], None] | None = None,
    timers: Timers | None = None,
) -> CallReport:
    """Deliver one call from the address `from_ip` to the SIP door at `via`, and report.

    `caller` and `called` are E.164 numbers; `expect` is the final status that the call should end with, None for an
    answer. An answered call is hung up after `talk_s` seconds unless the other side does; one that rings is given up
    after `ring_timeout_s`, or on purpose after `cancel_after_s`. With `user` and `password` a challenge is answered
    once. `on_line` hears each line of the ladder as it happens. Raises LabError if the call cannot even be tried.
    """
    caller, called = _number(caller, "caller"), _number(called, "called")
    target = await _resolve(via, from_ip)
    ladder = _Ladder(on_line)
    async with UserAgent(from_ip, name="trunkline-carrier", watch=ladder.saw, timers=timers) as agent:
        ours = f"sip:+{caller}@{print_host_port(from_ip, None)}"
        headers: tuple[Header, ...] = (("p-asserted-identity", f"<{ours}>"),)
        call = agent.call(
            f"sip:+{called}@{print_host_port(*via)}",
            target,
            caller=ours,
            headers=headers,
            credentials=None if user is None else (user, password or ""),
        )
        problem, cancelled = await _ring(call, ring_timeout_s, cancel_after_s, print_host_port(*via))
        if call.answered_at is not None:
            problem = await _talk(call, 0.0 if cancelled else talk_s)
    return _report(call, ladder, problem=problem, cancelled=cancelled, expect=expect)


async def _ring(call: PlacedCall, timeout_s: float, cancel_after_s: float | None, where: str) -> tuple[str, bool]:
    """Wait for an answer or a refusal; what went wrong, and whether we cancelled as was asked."""
    on_purpose = cancel_after_s is not None and cancel_after_s < timeout_s
    patience = cancel_after_s if on_purpose and cancel_after_s is not None else timeout_s
    ended = await call.settled(patience)
    if not ended and (on_purpose or call.status):
        call.hang_up()
        patience += END_S
        if await call.settled(END_S) and not call.failure:
            return "" if on_purpose else f"nobody took the call within {timeout_s:g} s, so it was cancelled", on_purpose
    if call.failure:
        return f"{where}: {call.failure}", False
    if not call.status:
        return f"{where}: no SIP answer of any kind came within {patience:g} s", False
    return "" if ended else f"{where}: the CANCEL had no effect within {END_S:g} s", False


async def _talk(call: PlacedCall, talk_s: float) -> str:
    """Let the answered call last, then hang up; what went wrong."""
    if not await call.over(talk_s):
        call.hang_up()
        if not await call.over(END_S):
            return f"no answer to our BYE came within {END_S:g} s"
    return call.failure


def _report(call: PlacedCall, ladder: _Ladder, *, problem: str, cancelled: bool, expect: int | None) -> CallReport:
    final = call.final
    headers = {name: final.get(name) or "" for name in TOLD_HEADERS if final is not None and final.get(name)}
    answered_after = talked = None
    if call.answered_at is not None:
        answered_after = call.answered_at - ladder.began
        talked = (call.ended_at or time.monotonic()) - call.answered_at
    return CallReport(
        status=final.status if final is not None else 0,
        reason=final.reason if final is not None else "",
        headers=headers,
        answered_after_s=answered_after,
        talked_s=talked,
        ended_by=call.ended_by,
        cancelled=cancelled,
        problem=problem,
        expect=expect,
        ladder=tuple(ladder.lines),
    )


def _number(text: str, what: str) -> str:
    found = _NUMBER.fullmatch(re.sub(r"[ .()-]", "", text))
    if found is None:
        raise LabError(f"{what} {text!r} is not an E.164 number: + and 3 to 15 digits, like +14155551234")
    return found[1]


async def _resolve(via: tuple[str, int], from_ip: str) -> tuple[str, int]:
    """The address of `via`, of the same IP version as `from_ip`. Raises LabError."""
    try:
        version = ip_address(from_ip).version
    except ValueError:
        raise LabError(f"{from_ip!r} is not an IP address to send from, like 127.0.0.2") from None
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    try:
        async with asyncio.timeout(5.0):
            found = await asyncio.get_running_loop().getaddrinfo(*via, family=family, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError):
        raise LabError(f"{via[0]!r} has no IPv{version} address that {from_ip} could send to") from None
    host, port = found[0][4][:2]
    return str(host), int(port)
