"""Slows down who guesses passwords, and nobody else.

Counted are wrong answers to nonces of ours, which only who is really at a source can give: a forged nonce costs nothing
and a forged source frames nobody. Asking for a challenge is no guess. A source that was wrong too often, and a user for
whom too many were, must wait: until then an answer is refused without a look at it, exactly as a wrong one is, so that
guessing on is pointless. The wait doubles with each wrong answer, and is forgotten after some quiet.

A source from which a user was right before is *usual* for it, and heard at once whatever others do, or others behind
the same address. Since a right answer cannot be told from a wrong one without a look, its wrong ones are looked at,
too. That holds for this user alone, not for namesakes in other accounts: else whoever has an account could guess at
them without end.

Memory is fixed: a `Ledger` has so many places. Where they are all taken, what says least makes room.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import blake2b
from ipaddress import IPv6Address

FREE_OF_SOURCE = 10
"""Wrong answers of one source that cost no wait."""

FREE_OF_USER = 30
"""Wrong answers for one user, from sources that are not usual for it, that cost no wait."""

LONGEST_WAIT_S = 60
"""The longest wait after a wrong answer; the first is one second, each further one twice the last."""

FORGET_S = 900
"""Seconds without a wrong answer after which the earlier ones are forgotten."""

USUAL_S = 7 * 86_400
"""How long a source stays usual for a user after its last right answer."""

SETS, WAYS = 8_192, 8
"""Places of one ledger, in sets."""

LEDGERS = 3
"""Right answers by source and user, wrong ones by source, wrong ones by user."""

LEDGER_WORDS = 2 * SETS * WAYS
_REFRESH_S = 60
_LOW = 0xFFFF_FFFF


class Ledger:
    """A count and a time (seconds) under each of a bounded number of names; names are kept as hashes only.

    ``words`` are `LEDGER_WORDS` unsigned words of 64 bits, ``secret`` keeps others from choosing who shares a set.
    """

    def __init__(
        self, words: memoryview, secret: bytes, locked: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self._words = words
        self._secret = secret
        self._locked = locked

    def read(self, name: str) -> tuple[int, int]:
        """Return (count, time) of a name, zeros for an unknown one."""
        mark, places = self._places(name)
        for place in places:
            if self._words[place] == mark:
                value = self._words[place + 1]
                return value & _LOW, value >> 32
        return 0, 0

    def write(self, name: str, count: int, now: int) -> None:
        """Set the count of a name. In a full set the lowest count makes room, the oldest of such; old ones before."""
        mark, places = self._places(name)
        words = self._words

        def weight(place: int) -> tuple[bool, int, int]:
            when = words[place + 1] >> 32
            return words[place] != mark, 0 if now - when > FORGET_S else words[place + 1] & _LOW, when

        with self._locked():
            place = min(places, key=weight)
            words[place] = mark
            words[place + 1] = (now & _LOW) << 32 | min(count, _LOW)

    def _places(self, name: str) -> tuple[int, range]:
        digest = blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8, key=self._secret).digest()
        mark = int.from_bytes(digest, "little") or 1
        first = 2 * WAYS * (mark % SETS)
        return mark, range(first, first + 2 * WAYS, 2)


def own_ledgers() -> list[Ledger]:
    """Return the ledgers of an edge that works alone."""
    secret = os.urandom(32)
    return [Ledger(memoryview(bytearray(8 * LEDGER_WORDS)).cast("Q"), secret) for _ in range(LEDGERS)]


class Guesses:
    """Who was right and who was wrong, by source and user. A user is the id of a login, or the name of none."""

    def __init__(self, ledgers: Sequence[Ledger], clock: Callable[[], float] = time.time) -> None:
        self._right, self._of_source, self._of_user = ledgers
        self._clock = clock

    def wait(self, source: str, users: Sequence[str]) -> int:
        """Return for how many seconds answers of ``source`` for these users are not looked at; 0: look now.

        Users for whom the source is usual do not count: nobody waits for them there.
        """
        origin, now = _origin(source), int(self._clock())
        others = self._unusual(origin, users, now)
        if not others:
            return 0
        counts = [(self._of_source.read(origin), FREE_OF_SOURCE)]
        counts += [(self._of_user.read(user), FREE_OF_USER) for user in others]
        return max([_left(count, when, free, now) for (count, when), free in counts])

    def wrong(self, source: str, users: Sequence[str]) -> None:
        """Count an answer that was looked at, and wrong for each of these users; usual ones are left out."""
        origin, now = _origin(source), int(self._clock())
        others = self._unusual(origin, users, now)
        if not others:
            return
        for ledger, name in ((self._of_source, origin), *((self._of_user, user) for user in others)):
            count, when = ledger.read(name)
            ledger.write(name, count + 1 if _is_recent(when, now, FORGET_S) else 1, now)

    def right(self, source: str, users: Sequence[str]) -> None:
        """Remember a right answer."""
        origin, now = _origin(source), int(self._clock())
        for name in (origin, *(_pair(origin, user) for user in users)):
            if not _is_recent(self._right.read(name)[1], now, _REFRESH_S):
                self._right.write(name, 0, now)

    def knows(self, source: str) -> bool:
        """Tell whether anybody has been right from here."""
        return self._is_fresh(_origin(source), int(self._clock()))

    def _unusual(self, origin: str, users: Sequence[str], now: int) -> list[str]:
        return [user for user in users if not self._is_fresh(_pair(origin, user), now)]

    def _is_fresh(self, name: str, now: int) -> bool:
        return _is_recent(self._right.read(name)[1], now, USUAL_S)


def _is_recent(when: int, now: int, seconds: int) -> bool:
    return abs(now - when) <= seconds  # a clock that was set back is no reason to wait for ever


def _left(count: int, when: int, free: int, now: int) -> int:
    """Return how much of the wait for ``count`` wrong answers, the last one at ``when``, is left."""
    if count <= free or not _is_recent(when, now, FORGET_S):
        return 0
    wait = min(1 << min(count - free - 1, 31), LONGEST_WAIT_S)
    return min(wait, max(0, when + wait - now))


def _pair(origin: str, user: str) -> str:
    return f"{origin} {user}"


def _origin(source: str) -> str:
    """Return what counts as one source: an IPv4 address, the first 64 bits of an IPv6 one."""
    return IPv6Address(source.partition("%")[0]).packed[:8].hex() if ":" in source else source
