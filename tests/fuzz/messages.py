"""Damaged messages by the million through the parser and a long-lived transaction layer.

Run it as ``python -m tests.fuzz.messages [--count 1000000] [--seed N] [--seconds 900]``. The same seed gives the same
run; ``--repeat HEX`` reads one datagram again. The exit status is 1 on any fault.
"""

import argparse
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from random import Random, SystemRandom
from time import perf_counter

from tests.fuzz.growth import measure
from tests.fuzz.mutations import Inputs
from tests.fuzz.reading import read
from tests.fuzz.subject import MAX_ENTRIES, MAX_LIVE, Subject

STEP = 50_000
SETTLED = 100_000
"""Messages after which memory should have reached its level."""
MAX_GROWTH_MB = 16.0
TCP_SHARE = 0.2
"""Of the datagrams, how many go to the layer of a reliable transport, where some timers do not run."""
STUCK_S = 300
"""Without another STEP for so long, something hangs."""
JUDGED_BYTES = 512
"""Shorter messages are left out of the time per byte: a fixed cost would be all that it shows."""
MAX_SECONDS = 0.25
"""For one message, the best of three readings; a few milliseconds are usual."""


class Slowest:
    """The message that took longest, and the one that took longest per byte: each the best of three readings."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.per_byte = 0.0
        self.per_byte_size = 0
        self.data = b""

    def note(self, data: bytes, seconds: float) -> None:
        """Take a first reading; only one that would be a record is read again."""
        judged = len(data) >= JUDGED_BYTES
        if seconds <= self.seconds and not (judged and seconds > self.per_byte * len(data)):
            return
        seconds = min(seconds, _timed(data), _timed(data))
        if seconds > self.seconds:
            self.seconds, self.data = seconds, data
        if judged and seconds > self.per_byte * len(data):
            self.per_byte, self.per_byte_size = seconds / len(data), len(data)


class Run:
    """One run: the stream, what it goes through, and the figures."""

    def __init__(self, seed: int) -> None:
        rng = Random(seed)
        self.seed = seed
        self.inputs = Inputs(rng)
        self.subjects = (Subject(rng, "UDP"), Subject(rng, "TCP"))
        self._rng = rng
        self.slowest = Slowest()
        self.done = self.accepted = self.octets = 0
        self.level = 0.0
        self.resident = 0.0
        self._data = b""
        self._started = perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return perf_counter() - self._started

    @property
    def most_live(self) -> int:
        """Transactions that lived at one time."""
        return max(subject.most_live for subject in self.subjects)

    @property
    def most_entries(self) -> int:
        """Entries that waited in the lanes at one time."""
        return max(subject.most_entries for subject in self.subjects)

    def go(self, count: int, seconds: float) -> bool:
        """Everything; returns whether it held."""
        signal.signal(signal.SIGALRM, _stuck)
        signal.alarm(STUCK_S)
        try:
            while self.done < count and self.seconds < seconds:
                self._one()
                if self.done % STEP == 0:
                    self._rest()
            self._data = b""
            self._drain()
        except Exception:
            self._fault(traceback.format_exc())
            return False
        finally:
            signal.alarm(0)
        return self._judge()

    def _one(self) -> None:
        subject = self.subjects[self._rng.random() < TCP_SHARE]
        data = self._data = self.inputs.draw(subject.answer())
        self.done += 1
        self.octets += len(data)
        start = perf_counter()
        self.accepted += read(data)
        self.slowest.note(data, perf_counter() - start)
        subject.take(data)

    def _drain(self) -> None:
        for subject in self.subjects:
            subject.drain()

    def _rest(self) -> None:
        """Let the layer come to rest, which must leave it empty, and look at the memory."""
        signal.alarm(STUCK_S)
        self._data = b""
        self._drain()
        self.resident = resident_mb()
        if self.done == SETTLED:
            self.level = self.resident
        rate = self.done / self.seconds
        print(
            f"fuzz: {self.done} messages, {rate:.0f} a second, {100 * self.accepted / self.done:.0f}% accepted, "
            f"memory {self.resident:.1f} MB, at most {self.most_live} transactions and "
            f"{self.most_entries} lane entries, none left",
            flush=True,
        )

    def _judge(self) -> bool:
        slowest = self.slowest
        path = Path(tempfile.gettempdir()) / f"trunkline-fuzz-{self.seed}-slowest.sip"
        path.write_bytes(slowest.data)
        print(f"fuzz: {self.done} messages, {self.octets / 1e6:.0f} MB in {self.seconds:.0f} s")
        print(f"fuzz: transactions at most {self.most_live} (bound {MAX_LIVE}), lane entries at most", end=" ")
        print(f"{self.most_entries} (bound {MAX_ENTRIES})")
        print(f"fuzz: slowest {slowest.seconds * 1e3:.2f} ms for {len(slowest.data)} bytes, saved to {path}")
        print(f"fuzz: worst {slowest.per_byte * 1e9:.0f} ns a byte, in {slowest.per_byte_size} bytes")
        faults = measure()
        if self.level:
            growth = self.resident - self.level
            print(f"fuzz: memory grew {growth:.1f} MB after the first {SETTLED} (bound {MAX_GROWTH_MB:.0f} MB)")
            if growth > MAX_GROWTH_MB:
                faults.append(f"memory grew {growth:.1f} MB")
        if slowest.seconds > MAX_SECONDS:
            faults.append(f"a message took {slowest.seconds:.3f} s: {slowest.data.hex()}")
        for fault in faults:
            print(f"fuzz: FAULT: {fault} (seed {self.seed})", file=sys.stderr)
        return not faults

    def _fault(self, trace: str) -> None:
        print(trace, file=sys.stderr)
        print(
            f"fuzz: FAULT at message {self.done}: repeat with --seed {self.seed} --count {self.done}", file=sys.stderr
        )
        print(f"fuzz: the input, for --repeat: {self._data.hex() or '(none: at rest)'}", file=sys.stderr)


def _stuck(*_: object) -> None:
    raise TimeoutError(f"no progress for {STUCK_S} s")


def resident_mb() -> float:
    """What this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _timed(data: bytes) -> float:
    start = perf_counter()
    read(data)
    return perf_counter() - start


def repeat(data: bytes) -> int:
    """One datagram again, through the parser and a fresh layer; returns the exit status."""
    print(f"accepted: {read(data)}, {_timed(data) * 1e3:.3f} ms")
    for transport in ("UDP", "TCP"):
        subject = Subject(Random(0), transport)
        subject.take(data)
        subject.drain()
    return 0


def main() -> int:
    """Read the arguments and run; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.messages", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="messages (1000000)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the run of this seed (else a fresh one)")
    parser.add_argument("--seconds", type=float, default=900.0, help="stop then, whatever the count (900)")
    parser.add_argument("--repeat", metavar="HEX", help="only this datagram")
    options = parser.parse_args()
    if options.repeat is not None:
        return repeat(bytes.fromhex(options.repeat))
    seed = SystemRandom().getrandbits(32) if options.seed is None else options.seed
    print(f"fuzz: seed {seed}, {options.count} messages, {options.seconds:.0f} s at most", flush=True)
    return 0 if Run(seed).go(options.count, options.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
