"""What the workers of one edge know together: calls in progress for the limits, and digest nonces.

It stands in one piece of memory without a name, a `Board`, which the supervisor makes and every worker maps. Each
worker writes only its own column; a sum reads all columns without a lock. A cell is eight aligned bytes, written at
once. The lock is the kernel's, so that a worker which dies lets go of it. It is taken for nonces, and when a worker
takes up a key that it has no calls of.

How exact limits are. A worker looks at the sum and counts its call a moment later (less than a millisecond); another
one may do the same in between. So with N workers a limit can be exceeded by N - 1 at most, by one worker never.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

from trunkline.sip.admission import Counts
from trunkline.sip.digest import Nonces
from trunkline.sip.guesses import LEDGER_WORDS, LEDGERS, Ledger

SLOTS = 65_536
"""Keys with calls in progress. One that finds no slot is counted by each worker alone, at N times its own calls, so
that the limit still holds, but no worker gets more than its share of it."""

PROBES = 64
"""Slots that are looked at for one key."""

NONCE_SETS, NONCE_WAYS = 32_768, 8
"""Nonces whose counts are remembered, in sets; the oldest of a full set is forgotten, as `digest.MAX_COUNTS` says."""

_SECRET = 32
_WORD = 8
_KEYS = _SECRET // _WORD
_NONCES = _KEYS + SLOTS
_LEDGERS = _NONCES + 2 * NONCE_SETS * NONCE_WAYS
_COLUMNS = _LEDGERS + LEDGERS * LEDGER_WORDS
_COLUMN = 2 * SLOTS  # per slot: calls in progress, then the second and how many began in it
_LOW = 0xFFFF_FFFF


def make_board(workers: int) -> int:
    """Return the descriptor of a fresh board for so many workers. It lives as long as somebody holds it."""
    descriptor = os.memfd_create("trunkline-workers")
    os.ftruncate(descriptor, _WORD * (_COLUMNS + workers * _COLUMN))
    os.pwrite(descriptor, os.urandom(_SECRET), 0)
    return descriptor


class Board:
    """The shared memory as one worker sees it. What this worker's column held before is forgotten."""

    def __init__(self, descriptor: int, worker: int, workers: int) -> None:
        self._descriptor = descriptor
        self.worker, self.workers = worker, workers
        memory = mmap.mmap(descriptor, 0)
        self.secret = bytes(memory[:_SECRET])
        self._words = memoryview(memory).cast("Q")
        own = _COLUMNS + worker * _COLUMN
        self._words[own : own + _COLUMN] = memoryview(bytes(_WORD * _COLUMN)).cast("Q")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of all workers."""
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def _hash(self, text: str) -> int:
        """Return what stands for a key: 64 bits under the board's secret, never zero."""
        digest = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=_WORD, key=self.secret)
        return int.from_bytes(digest.digest(), "little") or 1

    # Limits

    def find(self, key: str) -> int | None:
        """Return the slot of a key, None where no worker has one."""
        name = self._hash(key)
        for slot in _places(name):
            found = self._words[_KEYS + slot]
            if found == name:
                return slot
            if not found:
                break
        return None

    def claim(self, key: str, second: int) -> int | None:
        """Return the slot of a key, a free one where it has none, None where all are in use. Hold the lock."""
        name = self._hash(key)
        free = None
        for slot in _places(name):
            found = self._words[_KEYS + slot]
            if found == name:
                return slot
            if free is None and (not found or self._idle(slot, second)):
                free = slot
            if not found:
                break
        if free is not None:
            self._words[_KEYS + free] = name
        return free

    def _idle(self, slot: int, second: int) -> bool:
        return not self.channels(slot) and not self.started(slot, second)

    def channels(self, slot: int) -> int:
        """Return the calls in progress of all workers."""
        words, first = self._words, _COLUMNS + 2 * slot
        return sum([words[first + worker * _COLUMN] for worker in range(self.workers)])

    def started(self, slot: int, second: int) -> int:
        """Return the calls of all workers that began in this second."""
        words, first = self._words, _COLUMNS + 2 * slot + 1
        cells = [words[first + worker * _COLUMN] for worker in range(self.workers)]
        return sum([cell & _LOW for cell in cells if cell >> 32 == second & _LOW])

    def write(self, slot: int, channels: int) -> None:
        """Set this worker's calls in progress."""
        self._words[_COLUMNS + self.worker * _COLUMN + 2 * slot] = channels

    def write_started(self, slot: int, second: int, started: int) -> None:
        """Set how many calls of this worker began in a second."""
        self._words[_COLUMNS + self.worker * _COLUMN + 2 * slot + 1] = (second & _LOW) << 32 | started

    # Guesses

    def ledgers(self) -> list[Ledger]:
        """Return the ledgers of all workers, for `guesses.Guesses`."""
        starts = [_LEDGERS + number * LEDGER_WORDS for number in range(LEDGERS)]
        return [Ledger(self._words[start : start + LEDGER_WORDS], self.secret, self.locked) for start in starts]

    # Nonces

    def count_up(self, nonce: str, count: int) -> bool:
        """Record a nonce count; False if it is not above the last one of that nonce."""
        name, words = self._hash(nonce), self._words
        first = _NONCES + 2 * NONCE_WAYS * (name % NONCE_SETS)
        places = range(first, first + 2 * NONCE_WAYS, 2)
        with self.locked():
            place = next((p for p in places if words[p] == name), None)
            if place is None:
                place = min(places, key=lambda p: words[p + 1])  # its upper half is when it was last used
            elif count <= words[place + 1] & _LOW:
                return False
            words[place] = name
            words[place + 1] = (int(time.monotonic()) & _LOW) << 32 | count & _LOW
        return True


def _places(name: int) -> Iterator[int]:
    """Yield the slots where a key may stand."""
    for step in range(PROBES):
        yield (name + step) % SLOTS


class SharedCounts(Counts):
    """`admission.Counts` over all workers; `total` is this worker's own.

    A slot may be given to another key once no worker has calls there, so a worker's first call of a key is counted
    under the lock, which `claim` wants, too.
    """

    def __init__(self, board: Board, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._board = board
        self._slots: dict[str, int | None] = {}

    def channels(self, key: str) -> int:
        """Calls in progress."""
        slot = self._slot(key)
        return self._alone(super().channels(key)) if slot is None else self._board.channels(slot)

    def started(self, key: str) -> int:
        """Calls that began in this second."""
        slot = self._slot(key)
        return self._alone(super().started(key)) if slot is None else self._board.started(slot, int(self._clock()))

    def _slot(self, key: str) -> int | None:
        return self._slots[key] if key in self._slots else self._board.find(key)

    def _alone(self, own: int) -> int:
        return own * self._board.workers

    def take(self, keys: tuple[str, ...], now: float) -> None:
        """Count a call that begins at ``now``, a time of the clock."""
        super().take(keys, now)
        for key in keys:
            if key in self._slots:
                self._write(key)
                continue
            with self._board.locked():
                self._slots[key] = self._board.claim(key, self._second)
                self._write(key)

    def _write(self, key: str) -> None:
        slot = self._slots[key]
        if slot is not None:
            self._board.write(slot, self._channels.get(key, 0))
            self._board.write_started(slot, self._second, self._started.get(key, 0))

    def release(self, keys: tuple[str, ...]) -> None:
        """Count a call that has ended."""
        super().release(keys)
        for key in keys:
            slot, left = self._slots.get(key), self._channels.get(key, 0)
            if slot is not None:
                self._board.write(slot, left)
            if not left:
                self._slots.pop(key, None)


class SharedNonces(Nonces):
    """`digest.Nonces` over all workers: any of them knows a nonce of another, and none takes a count twice."""

    __slots__ = ("_board",)

    def __init__(self, board: Board, lifetime_s: float, *, new_token: Callable[[], str]) -> None:
        super().__init__(board.secret, lifetime_s, new_token=new_token)
        self._board = board

    def count_up(self, nonce: str, count: int) -> bool:
        """Record a nonce count; False if it is not above the last one, whoever saw that."""
        return self._board.count_up(nonce, count)
