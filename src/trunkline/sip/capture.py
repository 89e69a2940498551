"""The messages of calls as they are on the wire: kept by reference while a call lives, then written down or dropped.

The transactions add each message when it comes or goes; retransmissions are left out. A call's last answers come after
its end, so what is kept of it is handed over `SETTLE_S` later. Nothing is copied, masked or packed here: the journal's
thread does that. Of our own end the door's address is noted, also where a connection of ours has a port of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from trunkline.core.records import CallMessages, CallRecord, WireMessage
from trunkline.sip.hop import Hop

MAX_MESSAGES = 200
"""Messages of one call that are kept: its first ones."""
MAX_BYTES = 128 * 1024
"""Bytes of one call's messages that are kept, likewise."""
MAX_HELD = 128 << 20
"""Bytes of all calls that may wait in memory; what would come on top is not kept."""
SETTLE_S = 2.0


class Capture:
    """The messages of one call. It takes none any more once one did not fit, or it was closed."""

    __slots__ = ("_all", "_messages", "_open", "size")

    def __init__(self, captures: Captures) -> None:
        self._all = captures
        self._messages: list[tuple[float, bool, bytes, Hop]] = []
        self.size = 0
        self._open = True

    def add(self, sent: bool, data: bytes, hop: Hop) -> None:
        """Keep a message that went to ``hop``, or came from there."""
        if not self._open:
            return
        captures, size = self._all, len(data)
        if self.size + size > MAX_BYTES or len(self._messages) >= MAX_MESSAGES or captures.held + size > MAX_HELD:
            self._open = False
            return
        self.size += size
        captures.held += size
        self._messages.append((captures.wall(), sent, data, hop))

    def messages(self) -> tuple[WireMessage, ...]:
        """Return what was kept, in order."""
        return tuple(
            WireMessage(
                int(at * 1_000_000), sent, hop.door.transport, hop.door.host, hop.door.port, hop.host, hop.port, data
            )
            for at, sent, data, hop in self._messages
        )

    def close(self) -> None:
        """Let go of everything; what still comes is not kept."""
        self._open = False
        self._all.held -= self.size
        self.size = 0
        self._messages.clear()

    def __del__(self) -> None:
        self._all.held -= self.size  # of an INVITE that became no call nobody closes it


class MessageJournal(Protocol):
    """Where messages go; `store.calls.CallJournal` is one."""

    def put(self, record: CallMessages) -> None:
        """Take the messages of a call whose record it has taken before."""
        ...


class Captures:
    """All captures of an edge. ``keep`` is "all", "failed" or "none", as `SipSettings.keep_messages` says."""

    def __init__(
        self,
        keep: str,
        journal: MessageJournal,
        *,
        wall: Callable[[], float],
        now: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self.wall = wall
        self.held = 0
        self._keep = keep
        self._journal = journal
        self._now, self._later = now, later
        self._settling: deque[tuple[float, str, Capture]] = deque()

    @property
    def new(self) -> Callable[[], Capture] | None:
        """What makes the capture of an INVITE; None where none is wanted."""
        return None if self._keep == "none" else lambda: Capture(self)

    def end(self, record: CallRecord, capture: Capture | None) -> None:
        """A call is over, and its record was handed over: drop its messages, or write them down soon."""
        if capture is None:
            return
        if self._keep == "failed" and record.went_well:
            capture.close()
            return
        if not self._settling:
            self._later(SETTLE_S, self._settle)
        self._settling.append((self._now() + SETTLE_S, record.id, capture))

    def _settle(self) -> None:
        now = self._now()
        while self._settling and self._settling[0][0] <= now:
            self._write(*self._settling.popleft()[1:])
        if self._settling:
            self._later(self._settling[0][0] - now, self._settle)

    def _write(self, call_id: str, capture: Capture) -> None:
        if capture.size:
            self._journal.put(CallMessages(call_id, capture.messages(), capture.size))
        capture.close()

    def flush(self) -> None:
        """Write down at once whatever waits."""
        while self._settling:
            self._write(*self._settling.popleft()[1:])
