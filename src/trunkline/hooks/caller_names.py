"""The operator's name service: names of callers over HTTP, kept, and given up on while it fails.

One GET for each number, ``{number}`` in the URL replaced by digits of E.164. The answer is a JSON object like
``{"name": "Ann Example"}``, at most `MAX_ANSWER_BYTES` long; a ``name`` that is null or empty, 204 and 404 say that the
number has none. All else is a failure: another status, a redirect, a longer answer, none within the time limit.

A caller waits meanwhile, so nobody waits for what helps nobody: several calls of one number wait for one request, at
most `MAX_AT_ONCE` requests are out, and after `MAX_FAILURES` failures in a row the service rests. After the rest one
call at a time tries it again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from trunkline.config import CnamSettings
from trunkline.core.addresses import AddressFilter
from trunkline.core.caller_names import MAX_ANSWER_BYTES, FoundName, read_answer
from trunkline.core.fetching import FetchPolicy, HookError, HookFailure, HookRequest
from trunkline.hooks.client import AiohttpHookClient

log = logging.getLogger(__name__)

MAX_AT_ONCE = 100
"""Requests under way in one process; further calls go on without a name at once."""

MAX_FAILURES = 3
"""Failures in a row after which the service rests."""

_NO_NAME = FoundName(None, "the name source knows no name")
_TOO_SLOW = {HookFailure.CONNECT_TIMEOUT, HookFailure.READ_TIMEOUT, HookFailure.TOTAL_TIMEOUT}


class HttpNameSource:
    """`core.caller_names.NameSource` behind a URL. Make it inside a running event loop, `close` it at the end.

    What a call's trace says of a failure names no address, since tenants read it; the log has the details.
    """

    def __init__(
        self, settings: CnamSettings, addresses: AddressFilter, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        limit = settings.timeout_s
        self._settings = settings
        self._client = AiohttpHookClient(addresses, max_concurrent=MAX_AT_ONCE, max_bytes=MAX_ANSWER_BYTES)
        self._policy = FetchPolicy(connect_s=limit, read_s=limit, total_s=limit, retries=0)
        self._now = now
        self._kept: dict[str, tuple[float, str | None]] = {}  # until when; the one used longest ago stands first
        self._asking: dict[str, asyncio.Task[FoundName]] = {}
        self._failures = 0
        self._rests_until = 0.0

    async def name_of(self, number: str) -> FoundName:
        """Return the name of a number, from memory or from the service; see `NameSource`."""
        kept = self._kept.pop(number, None)
        if kept is not None and self._now() < kept[0]:
            self._kept[number] = kept
            return FoundName(kept[1], "as the name source has said before") if kept[1] else _NO_NAME
        asking = self._asking.get(number)
        if asking is None:
            why = self._why_not()
            if why:
                return FoundName(None, why)
            asking = self._asking[number] = asyncio.get_running_loop().create_task(self._ask(number))
        return await asyncio.shield(asking)  # a caller that leaves ends its own waiting only

    def _why_not(self) -> str:
        """Say why the service is not asked now, "" if it is."""
        if self._failures >= MAX_FAILURES and (self._asking or self._now() < self._rests_until):
            return f"the name source rests, since it has failed {self._failures} times in a row"
        if len(self._asking) >= MAX_AT_ONCE:
            return f"the name source is not asked: {MAX_AT_ONCE} calls wait for it already"
        return ""

    async def _ask(self, number: str) -> FoundName:
        try:
            name = await self._fetch(number)
        except HookError as error:
            said = self._said(error)
            self._failed(error.detail)
            return FoundName(None, said)
        except ValueError:
            self._failed("its answer is not as described")
            return FoundName(None, 'the name source gave no JSON object like {"name": "..."}')
        except Exception as error:
            log.exception("asking the name source went wrong")
            self._failed(type(error).__name__)
            return FoundName(None, "the name source could not be asked")
        finally:
            del self._asking[number]
        self._failures = 0
        self._keep(number, name)
        return FoundName(name, "as the name source says") if name else _NO_NAME

    async def _fetch(self, number: str) -> str | None:
        url = self._settings.url.replace("{number}", number)
        headers = (("Accept", "application/json"),)
        request = HookRequest(url=url, method="GET", params=(), headers=headers, policy=self._policy)
        try:
            answer = await self._client.send(request)
        except HookError as error:
            if error.status == 404:
                return None
            raise
        return None if answer.status == 204 else read_answer(answer.body)

    def _said(self, error: HookError) -> str:
        if error.failure in _TOO_SLOW:
            return f"the name source gave no answer within {self._settings.timeout_s:g} s"
        if error.failure is HookFailure.TOO_LARGE:
            return "the name source gave too long an answer"
        return f"the name source answered {error.status}" if error.status else "the name source cannot be reached"

    def _failed(self, detail: str) -> None:
        self._failures += 1
        if self._failures >= MAX_FAILURES:
            self._rests_until = self._now() + self._settings.rest_s
            log.warning(
                "the name source has failed %d times in a row, at last: %s; it rests for %g s",
                self._failures,
                detail,
                self._settings.rest_s,
            )

    def _keep(self, number: str, name: str | None) -> None:
        """Remember an answer; those used longest ago make room."""
        self._kept[number] = (self._now() + (self._settings.keep_s if name else self._settings.keep_none_s), name)
        while len(self._kept) > self._settings.keep_entries:
            del self._kept[next(iter(self._kept))]

    async def close(self) -> None:
        """End what is under way."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await self._client.close()
