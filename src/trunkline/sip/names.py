"""What the DNS last said about names: asked once for all who want to know, and kept.

An answer is fresh for its time to live, within bounds; "there is nothing" is an answer too. One that has expired less
than a minute ago is given as it is, and asked for again behind the caller's back. Where it is older, the caller waits a
second for the new one. Where the DNS fails (an error, silence, no network), the last answer serves for up to a day
(RFC 8767): at once, since one failure is enough to know, and asked for again every few seconds meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from trunkline.core.gateways import LAST_GOOD_S
from trunkline.sip.dnsmessage import Answer, Kind, Record

log = logging.getLogger(__name__)

MIN_TTL_S = 5.0
MAX_TTL_S = 3600.0
"""Bounds of how long an answer is fresh, whatever it says itself."""

MAX_NEGATIVE_S = 30.0
"""Longest time that an answer without any record is fresh."""

GRACE_S = 60.0
"""An answer with records that expired less than this ago is given at once, and refreshed in the background."""

PATIENCE_S = 1.0
"""How long a caller waits for a new answer where there is an old one."""

RETRY_S = 5.0
"""Pause after a failure before the same question is asked again; meanwhile the last answer or the failure is told."""

MAX_NAMES = 10_000
"""Questions whose answers are kept; beyond it those go first that nobody wanted for the longest time."""

MAX_QUESTIONS = 256
"""Questions under way at once."""

Records = tuple[Record, ...]
Question = tuple[str, Kind]


class NameFailedError(Exception):
    """A question that got no answer, and nothing older to go by; the message says why."""


class Standing(NamedTuple):
    """What is known of a question: the last answer, seconds since it came and for which it was fresh then; and the
    failure since, if the DNS has failed.
    """

    records: Records | None
    age_s: float
    ttl_s: float
    failure: str | None

    @property
    def stale(self) -> bool:
        """Whether it is time to ask again."""
        return self.age_s >= self.ttl_s


class Names(Protocol):
    """Who knows what the DNS says; `KeptNames` is one."""

    def recall(self, name: str, kind: Kind) -> Records | None:
        """Return what is known without waiting, None if it has to be asked for. Raises `NameFailedError`."""
        ...

    async def ask(self, name: str, kind: Kind) -> Records:
        """Return what a name has of this kind, nothing if it has none. Raises `NameFailedError`."""
        ...


class _Kept:
    """The last answer to a question, and the last failure if that is younger."""

    __slots__ = ("came", "failure", "records", "retry_at", "until")

    def __init__(self) -> None:
        self.records: Records | None = None
        self.came = self.until = self.retry_at = 0.0
        self.failure: str | None = None

    def last_good(self, now: float) -> Records | None:
        """Return the last answer unless it is too old to be of any use."""
        return self.records if now < self.came + LAST_GOOD_S else None


class KeptNames:
    """Asks through ``ask`` (raises `NameFailedError`, ends by itself within seconds) and keeps what it says.

    ``now`` is a monotonic clock in seconds. For one event loop only.
    """

    def __init__(
        self, ask: Callable[[str, Kind], Awaitable[Answer]], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._now = now
        self._kept: dict[Question, _Kept] = {}
        self._tasks: dict[Question, asyncio.Task[None]] = {}

    def recall(self, name: str, kind: Kind) -> Records | None:
        """Return what is known without waiting, None if it has to be asked for. Raises `NameFailedError`.

        What is told although it has expired is asked for again in the background.
        """
        question, now = (name, kind), self._now()
        kept = self._kept.pop(question, None)
        if kept is None:
            return None
        self._kept[question] = kept  # the youngest again
        records = kept.last_good(now)
        if records is None:
            if kept.failure is not None and now < kept.retry_at:
                raise NameFailedError(kept.failure)
            return None
        if now < kept.until:
            return records
        if kept.failure is None and (not records or now >= kept.until + GRACE_S):
            return None
        if now >= kept.retry_at:
            self._refresh(question)
        return records

    async def ask(self, name: str, kind: Kind) -> Records:
        """Return what a name has of this kind, nothing if it has none. Raises `NameFailedError`."""
        known = self.recall(name, kind)
        if known is not None:
            return known
        question = (name, kind)
        task, last = self._refresh(question), self._last_good(question)
        if task is None and last is None:
            raise NameFailedError(f"{MAX_QUESTIONS} questions to the DNS are under way already; try again in a moment")
        if task is not None:
            await asyncio.wait({task}, timeout=None if last is None else PATIENCE_S)
            last = self._last_good(question)
        if last is None:
            kept = self._kept.get(question)
            raise NameFailedError((kept and kept.failure) or "the question was given up")
        return last

    def standing(self, name: str, kind: Kind) -> Standing | None:
        """Return what is known of a question, None for one that was not asked."""
        kept = self._kept.get((name, kind))
        if kept is None:
            return None
        return Standing(kept.records, self._now() - kept.came, kept.until - kept.came, kept.failure)

    def learn(self, name: str, kind: Kind, standing: Standing) -> None:
        """Take an answer that another process got, unless the one known here is younger."""
        came = self._now() - standing.age_s
        kept = self._kept.get((name, kind))
        if standing.records is None or (kept is not None and kept.records is not None and kept.came >= came):
            return
        kept = self._entry((name, kind))
        kept.records, kept.came, kept.until = standing.records, came, came + standing.ttl_s
        kept.failure = None

    async def close(self) -> None:
        """Give up the questions under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _last_good(self, question: Question) -> Records | None:
        kept = self._kept.get(question)
        return kept.last_good(self._now()) if kept is not None else None

    def _refresh(self, question: Question) -> asyncio.Task[None] | None:
        """Return the task that asks this, begun if there is none; None while too many are under way."""
        task = self._tasks.get(question)
        if task is None and len(self._tasks) < MAX_QUESTIONS:
            task = self._tasks[question] = asyncio.get_running_loop().create_task(self._learn(question))
            task.add_done_callback(lambda _: self._tasks.pop(question))
        return task

    async def _learn(self, question: Question) -> None:
        try:
            answer = await self._ask(*question)
        except NameFailedError as error:
            self._fail(question, str(error))
        except Exception:
            log.exception("%s of %s could not be asked for", question[1].name, question[0])
            self._fail(question, "an internal error")
        else:
            kept, now = self._entry(question), self._now()
            longest = MAX_TTL_S if answer.records else MAX_NEGATIVE_S
            kept.records, kept.came = answer.records, now
            kept.until = now + min(max(answer.ttl, MIN_TTL_S), longest)
            if kept.failure is not None:
                log.info("%s of %s: the DNS answers again", question[1].name, question[0])
            kept.failure = None

    def _fail(self, question: Question, why: str) -> None:
        kept, now = self._entry(question), self._now()
        if kept.failure is None and kept.last_good(now) is not None:
            age = now - kept.came
            log.warning("%s of %s: %s; its answer of %.0f seconds ago is used", question[1].name, question[0], why, age)
        kept.failure, kept.retry_at = why, now + RETRY_S

    def _entry(self, question: Question) -> _Kept:
        kept = self._kept.pop(question, None) or _Kept()
        while len(self._kept) >= MAX_NAMES:
            self._kept.pop(next(iter(self._kept)))
        self._kept[question] = kept
        return kept
