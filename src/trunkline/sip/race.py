"""A race: rings parties at once, each by a hunt of its own; the first answer wins, the rest are cancelled.

While more than one may answer, the caller hears 180 without a session description; the winner's comes in the 200.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from trunkline.sip.hunt import Hunt, Outcome
from trunkline.sip.targets import Target

if TYPE_CHECKING:
    from trunkline.sip.call import Call


class Race:
    """Hunts of one call that run at once; ``each`` hears how each of them ended, but for those that lost, and ``rings``
    when one rings first.

    ``last`` says that nothing follows them: the early media of a party that is alone may pass.
    """

    __slots__ = ("_done", "_each", "_hunts", "_lost", "_rang", "call_id")

    def __init__(
        self,
        call: Call,
        parties: Sequence[list[Target]],
        each: Callable[[int, Outcome, float], None],
        rings: Callable[[int], None],
        *,
        last: bool,
    ) -> None:
        self._done: Callable[[Outcome, float], None] | None = None
        self._each = each
        alone = last and len(parties) == 1
        self._hunts = [
            Hunt(call, targets, partial(self._ended, i), last=alone, rings=partial(rings, i))
            for i, targets in enumerate(parties)
        ]
        self._lost: list[Outcome] = []
        self._rang = False
        self.call_id = ""  # once it was stopped: that of the last leg, where only one party was rung

    @property
    def rang(self) -> bool:
        """True once any party has rung."""
        return self._rang or any(hunt.rang for hunt in self._hunts)

    def start(self, done: Callable[[Outcome, float], None], now: float) -> None:
        """Ring all parties; ``done`` hears once how they ended together."""
        self._done = done
        for hunt in list(self._hunts):
            if self._done is not None:
                hunt.next(now)

    def _ended(self, index: int, outcome: Outcome, now: float) -> None:
        self._rang = self._rang or outcome.rang
        self._each(index, outcome, now)
        if outcome.leg is not None:
            del self._hunts[index]
            self._end(outcome, now)
            return
        self._lost.append(outcome)
        if len(self._lost) == len(self._hunts):
            self._end(best_of(self._lost)._replace(rang=self.rang), now)

    def _end(self, outcome: Outcome, now: float) -> None:
        done = self._done
        self.cancel(now)
        if done is not None:
            done(outcome, now)

    def cancel(self, now: float) -> None:
        """Stop all that still ring; ``done`` is not called any more."""
        self._done = None
        self._rang = self.rang
        hunts, self._hunts = self._hunts, []
        if len(hunts) == 1:
            self.call_id = hunts[0].call_id
        for hunt in hunts:
            hunt.cancel(now)


def best_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the answer that speaks for all (RFC 3261 §16.7): a 6xx, else the lowest class, in it busy first."""
    return min(outcomes, key=_order)


def _order(outcome: Outcome) -> tuple[int, int]:
    status = outcome.status
    if status is None:
        return 9, 0
    return 0 if status >= 600 else status // 100, 0 if status == 486 else status
