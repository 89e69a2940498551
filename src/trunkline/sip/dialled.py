"""The legs of one dial as its application hears of them: one for each target that is rung, from its INVITE to its end.

A target that is tried at several gateways is one leg: which of them took it is the trace's business. A target that may
not be rung at all has no leg.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trunkline.core.calls import DialEvent, EndCause, EndedBy, Ending, LegChange
from trunkline.sip.outbound import Party
from trunkline.sip.refusals import cause_of

if TYPE_CHECKING:
    from trunkline.sip.call import Call
    from trunkline.sip.hunt import Outcome

ELSEWHERE = Ending(EndedBy.PLATFORM, EndCause.ANSWERED_ELSEWHERE, "another target answered first")


class Dialled:
    """The legs of a dial; ``heard`` hears of each change at once. ``leg_id`` is the leg that answered, "" before;
    ``call_id`` and ``headers`` are then its Call-ID and the custom headers of its answer.
    """

    __slots__ = ("_call", "_heard", "_open", "answered_at", "call_id", "headers", "leg_id")

    def __init__(self, call: Call, parties: Sequence[Party], heard: Callable[[DialEvent], None] | None) -> None:
        self._call = call
        self._heard = heard
        self._open = {index: self._begin(party) for index, party in enumerate(parties)}
        self.leg_id = self.call_id = ""
        self.headers: tuple[tuple[str, str], ...] = ()
        self.answered_at: float | None = None

    def _begin(self, party: Party) -> DialEvent:
        shown = party.targets[0].caller
        leg = DialEvent(
            change=LegChange.INITIATED,
            leg_id=self._call.edge.new_id(),
            position=party.position,
            caller=(self._call.caller if shown is None else shown).removeprefix("+"),
            called=party.wanted.value,
            started_at=self._at(self._call.edge.now()),
        )
        self._tell(leg)
        return leg

    def _at(self, now: float) -> datetime:
        return self._call.at(now) or datetime.now(UTC)

    def rings(self, index: int) -> None:
        """Take that one party rings."""
        if index in self._open:
            self._tell(replace(self._open[index], change=LegChange.RINGING))

    def settled(self, index: int, outcome: Outcome, now: float) -> None:
        """Take how the hunt for one party ended: it answered, which ends all others, or did not."""
        if index not in self._open:  # the call itself ended first
            return
        if outcome.leg is None:
            by = EndedBy.PLATFORM if outcome.status is None else EndedBy.CALLEE
            self._end(index, Ending(by, cause_of(outcome.status), outcome.detail), now, outcome.status)
            return
        leg = replace(self._open[index], change=LegChange.ANSWERED, answered_at=self._at(now), sip_status=200)
        self._open[index] = leg
        self.leg_id, self.answered_at = leg.leg_id, now
        self.call_id, self.headers = outcome.call_id, outcome.headers
        self._call.note("dial", f"{outcome.leg.name} answered: target {leg.position}, told as {leg.leg_id}")
        self._tell(leg)
        self._tell(replace(leg, change=LegChange.CONNECTED))
        for other in [i for i in self._open if i != index]:
            self._end(other, ELSEWHERE, now)

    def end(self, ending: Ending, now: float) -> None:
        """End every leg that has not ended yet."""
        for index in list(self._open):
            self._end(index, ending, now)

    def _end(self, index: int, ending: Ending, now: float, sip_status: int | None = None) -> None:
        leg = self._open.pop(index)
        status = sip_status or leg.sip_status
        self._tell(replace(leg, change=LegChange.ENDED, ended_at=self._at(now), ending=ending, sip_status=status))

    def _tell(self, event: DialEvent) -> None:
        if self._heard is not None:
            self._heard(event)
