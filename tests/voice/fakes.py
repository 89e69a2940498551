"""Fakes for the session's ports: a dialect whose documents are looked up, a client that is scripted, recorded legs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from trunkline.core.calls import (
    CallFacts,
    CallStatus,
    DialEvent,
    DialResult,
    DialStatus,
    EndCause,
    EndedBy,
    Ending,
    FetchStep,
    LegChange,
)
from trunkline.core.fetching import (
    CallerGone,
    DocumentError,
    Failure,
    FetchPolicy,
    HookError,
    HookRequest,
    HookResponse,
)
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.referrals import ReferralResult, ReferralStatus
from trunkline.core.verbs import Dial, Document, Verb

FACTS = CallFacts(
    id="call",
    account_id="account",
    caller="491",
    called="492",
    caller_name=None,
    forwarded_from=None,
    status=CallStatus.RINGING,
    started_at=datetime(2024, 1, 1, tzinfo=UTC),
)


class FakeDialect:
    """Bodies are keys of ``documents``; every request tells its event, the call's status and the dial's.

    Where it ``forgives``, its fallback is asked after any failure, else only after the first request's.
    """

    def __init__(self, documents: dict[str, tuple[Verb, ...]], *, forgives: bool = False) -> None:
        self.documents = documents
        self.forgives = forgives

    def _request(self, event: str, call: CallFacts, hook: Webhook, *more: tuple[str, str]) -> HookRequest:
        params = (("event", event), ("status", call.status.value), *more)
        return HookRequest(url=hook.url, method=hook.method, params=params, headers=(), policy=FetchPolicy())

    def answer(self, call: CallFacts, hook: Webhook) -> HookRequest:
        return self._request("answer", call, hook)

    def fallback(self, call: CallFacts, hook: Webhook, failure: Failure) -> HookRequest | None:
        if failure.step is not FetchStep.ANSWER and not self.forgives:
            return None
        return self._request("fallback", call, hook, ("why", str(failure.why)), ("failed", failure.url))

    def end_hook(self, hooks: CallHooks) -> Webhook | None:
        return hooks.hangup or hooks.answer

    def redirect(self, call: CallFacts, hook: Webhook) -> HookRequest:
        return self._request("redirect", call, hook)

    def dial_action(self, call: CallFacts, hook: Webhook, result: DialResult) -> HookRequest:
        return self._request("action", call, hook, ("dial", result.status.value))

    def refer_action(self, call: CallFacts, hook: Webhook, result: ReferralResult) -> HookRequest:
        return self._request("refer", call, hook, ("refer", result.status.value))

    def dial_event(self, call: CallFacts, hook: Webhook, event: DialEvent) -> HookRequest:
        return self._request(f"leg {event.position} {event.change.value}", call, hook)

    def hangup(self, call: CallFacts, hook: Webhook) -> HookRequest:
        return self._request("hangup", call, hook)

    def parse(self, body: bytes, base_url: str) -> Document:
        if body.decode() not in self.documents:
            raise DocumentError(f"no document {body.decode()!r} from {base_url}")
        return Document(self.documents[body.decode()])


Answer = bytes | Exception | Callable[[], Awaitable[bytes]]


class FakeClient:
    """Answers by URL; records (event, url, status of the call) of each request, and how many are under way."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.sent: list[tuple[str, str, str]] = []
        self.open = 0

    async def send(self, request: HookRequest) -> HookResponse:
        told = dict(request.params)
        self.sent.append((told["event"], request.url, told["status"]))
        answer = self.answers[request.url]
        self.open += 1
        try:
            if callable(answer):
                answer = await answer()
        finally:
            self.open -= 1
        if isinstance(answer, Exception):
            raise answer
        return HookResponse(200, "text/xml", answer)

    @property
    def events(self) -> list[str]:
        return [event for event, _, _ in self.sent]


class FakeLegs:
    """Records what happens as words; dials answer from ``results``, None meaning that they ring for ever.

    A dial first reports ``events``; with ``leaves`` the caller is gone at its end, or at that of a transfer, which
    comes to ``referral``. ``why_not`` says why the caller cannot be answered without sound.
    """

    def __init__(
        self, *results: DialResult | None, gone: bool = False, referral: ReferralStatus = ReferralStatus.FAILED
    ) -> None:
        self.results = list(results)
        self.done: list[str] = []
        self.notes: list[dict[str, object]] = []
        self.endings: list[tuple[Ending, int | None]] = []
        self.answered = False
        self.gone = gone
        self.leaves = False
        self.referral = referral
        self.why_not: str | None = None
        self.events: list[DialEvent] = []
        self.errands: set[asyncio.Task[None]] = set()

    def _check(self) -> None:
        if self.gone:
            raise CallerGone

    def facts(self) -> CallFacts:
        status = CallStatus.IN_PROGRESS if self.answered else CallStatus.RINGING
        return CallFacts(
            id="call",
            account_id="account",
            caller="491",
            called="492",
            caller_name=None,
            forwarded_from=None,
            status=status,
            started_at=FACTS.started_at,
            ending=Ending(EndedBy.CALLER, EndCause.NORMAL) if self.gone else None,
        )

    def ring(self) -> None:
        self._check()
        self.done.append("ring")

    async def dial(self, dial: Dial, *, last: bool, heard: Callable[[DialEvent], None] | None = None) -> DialResult:
        self._check()
        for event in self.events if heard else ():
            assert heard is not None
            heard(event)
        self.done.append(f"dial {dial.targets[0].value}")
        result = self.results.pop(0)
        if result is None:
            try:
                await asyncio.Event().wait()
            finally:
                self.done.append("dial cancelled")
        assert result is not None
        self.answered |= result.status is DialStatus.COMPLETED
        self.gone |= self.leaves
        return result

    def answer(self) -> str | None:
        self._check()
        self.done.append("answer")
        self.answered |= self.why_not is None
        return self.why_not

    async def refer(self, target: str) -> ReferralResult:
        self._check()
        self.done.append(f"refer {target}")
        await asyncio.sleep(0)
        self.gone |= self.leaves
        return ReferralResult(status=self.referral)

    async def wait(self, seconds: float) -> None:
        self._check()
        self.done.append(f"wait {seconds:g}")
        await asyncio.sleep(0)
        self._check()

    def end(self, ending: Ending, sip_status: int | None = None) -> None:
        self._check()
        self.done.append("end")
        self.endings.append((ending, sip_status))

    def note(self, what: str, **facts: object) -> None:
        self.notes.append({"what": what, **facts})

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        self.errands.add(asyncio.get_running_loop().create_task(work))

    async def settled(self) -> None:
        for errand in self.errands:
            await errand

    @property
    def ended(self) -> tuple[EndCause, int | None]:
        ((ending, sip_status),) = self.endings
        return ending.cause, sip_status


def dialled(status: DialStatus, cause: EndCause = EndCause.NORMAL, sip_status: int | None = None) -> DialResult:
    return DialResult(status=status, rang=True, cause=cause, leg_id="b", sip_status=sip_status)


def leg(change: LegChange, position: int = 1) -> DialEvent:
    return DialEvent(
        change=change, leg_id="b", position=position, caller="491", called="1", started_at=FACTS.started_at
    )


__all__ = ["FACTS", "Answer", "FakeClient", "FakeDialect", "FakeLegs", "HookError", "dialled", "leg"]
