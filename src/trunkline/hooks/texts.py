"""Text messages on their way to users' applications, from the file that keeps them.

Each delivery tries the message URL as its fragment says, then the fallback URL. Where both fail, the message waits for
one of `PAUSES_S` and is delivered anew, over restarts, too; after the last one, or `MAX_AGE`, it has failed. A crash
between an application's answer and the note of it delivers again, under the same id. Nothing keeps messages in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from trunkline.core.errors import TrunklineError
from trunkline.core.fetching import HookClient, HookError, HookFailure, HookRequest, HookResponse
from trunkline.core.texts import DueText, TextRecord, TextState
from trunkline.store.texts import TextBox

log = logging.getLogger(__name__)

POLL_S = 0.5
"""How often due messages are looked for that another process has kept, or whose pause is over."""
PAUSES_S = (5.0, 30.0, 120.0, 600.0, 3600.0, 14400.0)
"""Between one failed delivery and the next."""
MAX_AGE = timedelta(hours=24)
"""No delivery begins later than this after the message was accepted."""
MAX_UNDER_WAY = 200
MAX_OF_ACCOUNT = 4
"""Deliveries under way at once, all and of one account."""
FORGET_S = 60.0
"""How often old records are dropped."""

_HOPELESS = {HookFailure.ADDRESS_REFUSED, HookFailure.BAD_URL}


class Wording(NamedTuple):
    """A message in the words of its dialect: the requests in the order to try them, and how an answer is read.

    ``read`` returns what is to be said of an answer, "" nothing. Without requests, ``note`` says why there are none.
    """

    requests: tuple[HookRequest, ...]
    read: Callable[[HookResponse], str]
    note: str = ""


class TextDelivery:
    """Delivers messages while `run` runs; ``word`` words and signs one. One process of an installation has this."""

    def __init__(self, box: TextBox, client: HookClient, word: Callable[[DueText], Wording]) -> None:
        self._box = box
        self._client = client
        self._word = word
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._accounts: Counter[str] = Counter()
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look for due messages now."""
        self._news.set()

    async def run(self) -> None:
        """Deliver what is due until cancelled."""
        loop = asyncio.get_running_loop()
        forgotten = loop.time() - FORGET_S
        while True:
            self._news.clear()
            try:
                if loop.time() - forgotten >= FORGET_S:
                    forgotten = loop.time()
                    await self._box.forget()
                await self._start()
            except TrunklineError as error:
                log.warning("text messages wait: %s", error)
            except Exception:  # a fault in one round must not end all deliveries for good
                log.exception("text messages wait")
            try:
                async with asyncio.timeout(POLL_S):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _start(self) -> None:
        if len(self._under_way) >= MAX_UNDER_WAY:
            return
        begun = set(self._under_way)  # as of before the look: one that ends meanwhile may be among what is found
        for text in await self._box.due(datetime.now(UTC), MAX_OF_ACCOUNT, 2 * MAX_UNDER_WAY):
            record = text.record
            full = len(self._under_way) >= MAX_UNDER_WAY or self._accounts[record.account_id] >= MAX_OF_ACCOUNT
            if record.id in begun or full:
                continue
            self._accounts[record.account_id] += 1
            task = self._under_way[record.id] = asyncio.ensure_future(self._deliver(text))
            task.add_done_callback(lambda _, record=record: self._done(record))  # type: ignore[misc]

    def _done(self, record: TextRecord) -> None:
        del self._under_way[record.id]
        self._accounts[record.account_id] -= 1
        if not self._accounts[record.account_id]:
            del self._accounts[record.account_id]
        self._news.set()

    async def _deliver(self, text: DueText) -> None:
        record = text.record
        try:
            wording = self._word(text)
            await self._try(record, wording)
        except TrunklineError as error:  # the file is busy: the message comes up again
            log.warning("what became of text message %s is not kept: %s", record.id, error)
            await asyncio.sleep(PAUSES_S[0])  # no storm of the same message meanwhile
        except Exception:  # a message that cannot be worded must not come up again for ever
            log.exception("text message %s cannot be delivered", record.id)
            await self._box.settle(record, TextState.FAILED, ("delivery", "an internal error"))

    async def _try(self, record: TextRecord, wording: Wording) -> None:
        if not wording.requests:
            await self._box.settle(record, TextState.FAILED, ("delivery", wording.note))
            return
        steps: list[tuple[str, str]] = []
        failures: list[HookFailure] = []
        for request in wording.requests:
            which = "message URL" if not failures else "fallback URL"
            try:
                response = await self._client.send(request)
            except HookError as error:
                steps.append(("delivery", f"{which}: {error.detail}"))
                failures.append(error.failure)
                if error.failure is not HookFailure.TOO_LARGE:
                    continue
            else:
                said = wording.read(response)
                steps.append(("delivery", f"{which}: answered {response.status}"))
                steps += [("reply", said)] if said else []
            await self._box.settle(record, TextState.DELIVERED, *steps)
            return
        await self._failed(record, steps, hopeless=_HOPELESS.issuperset(failures))

    async def _failed(self, record: TextRecord, steps: list[tuple[str, str]], *, hopeless: bool) -> None:
        if not hopeless and record.tries < len(PAUSES_S):
            until = datetime.now(UTC) + timedelta(seconds=PAUSES_S[record.tries])
            if until - record.accepted_at <= MAX_AGE:
                await self._box.delay(record, until, *steps)
                return
        await self._box.settle(record, TextState.FAILED, *steps)

    async def close(self) -> None:
        """Abandon what is under way; it is delivered again after a restart."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
