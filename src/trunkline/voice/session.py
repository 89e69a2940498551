"""One call under a document: fetch it, run its verbs one after the other, follow where it leads, end the call.

Rules, in the order in which they bite:

1. The caller hears ringing (`Legs.ring`) when a verb that takes time begins to run, or `RING_AFTER_S` into the first
   fetch. So a document that begins with a hang-up, or with what is not supported, is answered before any 18x.
2. A dial answers the call when its target does (`Legs.dial`). Only a transfer, which needs an answered call, answers it
   before, without sound (`Legs.answer`).
3. The end of the document ends the call. While it is unanswered, the last dial's final code refuses it.
4. A call runs at most `MAX_DOCUMENTS` documents.
5. What cannot be had or run takes the call to the fallback, once, where its dialect wants that.
6. Events of a dial's legs, and actions whose document nobody wants, are told in order, and never waited for.
7. A transfer goes on as a dial does: its action's document, else the next verb, whatever came of it. A caller that now
   talks with the target is given `PARTING_S` to hang up by itself before that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import NamedTuple

from trunkline.core.calls import CallFacts, DialEvent, DialResult, DialStatus, EndCause, EndedBy, Ending, FetchStep
from trunkline.core.fetching import (
    CallerGone,
    Failure,
    FetchError,
    HookClient,
    HookDialect,
    HookError,
    HookRequest,
    Legs,
)
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.referrals import ReferralStatus
from trunkline.core.verbs import Dial, Document, HangUp, Redirect, Refer, Unsupported, Verb, Wait
from trunkline.voice.fetch import Note, fetch_document, fetch_next
from trunkline.voice.notices import Notices

# A slow application must not leave the caller in silence; carriers give up on an INVITE without 18x after about 10 s.
RING_AFTER_S = 3.0
# Documents of one call, redirects and actions included: a loop of redirects ends here.
MAX_DOCUMENTS = 50
# Most phones hang up once they talk with the target; what follows a transfer is for those that do not.
PARTING_S = 2.0

# Refusals of an unanswered call. 480 for what failed on the application's side, not 503: RFC 3261 section 21.5.4 lets
# a carrier send all its calls elsewhere after a 503, and one tenant's broken application must not cause that.
UNAVAILABLE = 480
NOT_ACCEPTABLE = 488
_REASONS = {
    None: (EndCause.NORMAL, UNAVAILABLE),
    "busy": (EndCause.BUSY, 486),
    "rejected": (EndCause.REJECTED, 603),
    "not_in_service": (EndCause.REJECTED, 404),
}
# A callee's challenge is for us, not for the caller, who could not answer it.
_CHALLENGES = (401, 407)


class _End(NamedTuple):
    """How the call ends, and the final status of one that is unanswered."""

    ending: Ending
    sip_status: int | None = None


class _CallOver(Exception):  # noqa: N818 -- a way out, not an error
    """Unwinds to the one place that ends the call."""

    def __init__(self, end: _End) -> None:
        super().__init__(end.ending.detail)
        self.end = end


class _Refused(_CallOver):
    """Ends the call at what this build does not run, unless there is a fallback."""


async def run(
    facts: Callable[[], CallFacts], hooks: CallHooks, dialect: HookDialect, client: HookClient, legs: Legs
) -> None:
    """Run a call from its first document to its end; ``facts`` returns what is known of the call at that moment.

    Returns when the call has been ended through ``legs``, or quietly when the caller has gone. What nobody waits for is
    told in ``legs.background``, which neither its return nor its cancellation ends.
    """
    try:
        given = _with_urls(hooks)
        await _Session(facts, given, dialect, client, legs, Notices(client, legs), Notices(client, legs)).run()
    except CallerGone:
        return


async def notify_hangup(
    call: CallFacts, hooks: CallHooks, dialect: HookDialect, client: HookClient, note: Note
) -> None:
    """Tell the application that a call is over (``call.ending`` is set), by the hook that its dialect names for it.

    Never raises for a request that fails: it leaves a line through ``note`` instead.
    """
    hook = dialect.end_hook(_with_urls(hooks))
    if hook is None:
        return
    try:
        response = await client.send(dialect.hangup(call, hook))
    except HookError as error:
        note("fetch", hook="hangup", outcome=error.detail)
    else:
        note("fetch", hook="hangup", outcome=f"told ({response.status})")


def _with_urls(hooks: CallHooks) -> CallHooks:
    """Return the hooks that can be asked: some dialects keep a method where there is no URL."""
    return CallHooks(**{field.name: _with_url(getattr(hooks, field.name)) for field in fields(CallHooks)})


def _with_url(hook: Webhook | None) -> Webhook | None:
    return hook if hook is not None and hook.url else None


@dataclass(slots=True)
class _Session:
    facts: Callable[[], CallFacts]
    hooks: CallHooks
    dialect: HookDialect
    client: HookClient
    legs: Legs
    events: Notices
    actions: Notices  # a queue of their own: slow events must not hold up how a dial ended
    documents: int = 1
    fell_back: bool = False
    last_dial: DialResult | None = None
    deadline: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(None))
    scheduled: HangUp | None = None

    async def run(self) -> None:
        """Run all documents and end the call."""
        try:
            async with self.deadline:
                document: Document | None = await self._first()
                while document is not None:
                    document = await self._run_document(document)
            end = self._end_of_document()
        except _CallOver as over:  # what it carries is kept, never itself: its traceback would lead back here
            end = over.end
        except FetchError as error:
            end = _End(Ending(EndedBy.ERROR, error.cause, str(error), error.step), UNAVAILABLE)
        except TimeoutError:
            if self.scheduled is None or not self.deadline.expired():
                raise
            end = _hang_up(self.scheduled)
        self.legs.end(end.ending, None if self.legs.answered else end.sip_status)

    async def _first(self) -> Document:
        with self._ringing_late():
            return await fetch_document(self.dialect, self.client, self.facts(), self.hooks, self.legs.note)

    @contextmanager
    def _ringing_late(self) -> Iterator[None]:
        late = asyncio.get_running_loop().call_later(RING_AFTER_S, self._ring_late)
        try:
            yield
        finally:
            late.cancel()

    def _ring_late(self) -> None:
        try:
            self.legs.ring()
        except CallerGone:
            return  # whoever waits for the fetch hears of it by its own next step

    async def _run_document(self, document: Document) -> Document | None:
        """Run the verbs; return the document that takes this one's place, or None at its end."""
        self.fell_back |= document.fallback
        try:
            for left, verb in enumerate(document.verbs, 1 - len(document.verbs)):
                following = await self._run_verb(verb, last=left == 0)
                if following is not None:
                    return following
        except (_Refused, FetchError) as error:
            failure = error.failure if isinstance(error, FetchError) else Failure(document.url)
            following = await self._fall_back(failure, str(error))
            if following is None:
                raise
            return following
        return None

    async def _fall_back(self, failure: Failure | None, detail: str) -> Document | None:
        """Return the fallback's document; None where it is not asked: once in a call, and only while that lasts."""
        call, hook = self.facts(), self.hooks.fallback
        if hook is None or failure is None or self.fell_back or call.ending is not None:
            return None
        request = self.dialect.fallback(call, hook, failure)
        if request is None:
            return None
        self.fell_back = True
        self.legs.note("fallback", reason=detail)
        with self._ringing_late():
            return await self._follow(request, FetchStep.ANSWER)

    async def _run_verb(self, verb: Verb, *, last: bool) -> Document | None:
        match verb:
            case HangUp():
                if not verb.after:
                    raise _CallOver(_hang_up(verb))
                self._schedule(verb)
                return None
            case Unsupported():
                raise _unsupported(verb.name, verb.why)
            case Dial() if verb.unsupported:
                raise _unsupported("Dial", "not supported in this build: " + ", ".join(verb.unsupported))
            case Refer():
                return await self._refer(verb)
        self.legs.ring()
        match verb:
            case Wait():
                await self.legs.wait(verb.length)
            case Redirect():
                return await self._follow(self.dialect.redirect(self.facts(), verb.hook), FetchStep.REDIRECT)
            case Dial():
                return await self._dial(verb, last=last and (verb.action is None or not verb.redirect))
        return None

    async def _dial(self, dial: Dial, *, last: bool) -> Document | None:
        if dial.ignored:
            self.legs.note("dial", ignored=", ".join(dial.ignored))
        result = self.last_dial = await self._ring(dial, last=last)
        if dial.action is None:
            return None
        call = self.facts()
        request = self.dialect.dial_action(call, dial.action, result)
        if dial.redirect and call.ending is None:
            return await self._follow(request, FetchStep.ACTION)
        self.actions.put(FetchStep.ACTION.value, request)
        return None

    async def _refer(self, refer: Refer) -> Document | None:
        why_not = self.legs.answer()
        if why_not is not None:
            raise _unsupported("Refer", why_not)
        result = await self.legs.refer(refer.target)
        if refer.action is None:
            if result.status is ReferralStatus.IN_PROGRESS:
                await self.legs.wait(PARTING_S)
            return None
        call = self.facts()
        request = self.dialect.refer_action(call, refer.action, result)
        if call.ending is None:
            return await self._follow(request, FetchStep.ACTION)
        self.actions.put(FetchStep.ACTION.value, request)
        return None

    async def _ring(self, dial: Dial, *, last: bool) -> DialResult:
        """Ring a dial's targets at once, or one after the other until one has answered or the caller has gone."""
        turns = [replace(dial, targets=(target,)) for target in dial.targets] if dial.sequential else [dial]
        for turn in turns:
            heard = partial(self._heard, turn) if any(target.events for target in turn.targets) else None
            result = await self.legs.dial(turn, last=last and turn is turns[-1], heard=heard)
            if result.status is DialStatus.COMPLETED or self.facts().ending is not None:
                break
        return result

    def _heard(self, dial: Dial, event: DialEvent) -> None:
        """Tell what became of a leg, where that is asked for; the facts are those of this moment."""
        wanted = dial.targets[event.position - 1].events
        if wanted is not None and event.change in wanted.changes:
            what = f"leg {event.position} {event.change.value}"
            self.events.put(what, self.dialect.dial_event(self.facts(), wanted.hook, event))

    async def _follow(self, request: HookRequest, step: FetchStep) -> Document:
        self.documents += 1
        if self.documents > MAX_DOCUMENTS:
            detail = f"the call asked for more than {MAX_DOCUMENTS} documents; end the loop of redirects or actions"
            raise _CallOver(_End(Ending(EndedBy.ERROR, EndCause.FAILED, detail), UNAVAILABLE))
        return await fetch_next(self.dialect, self.client, request, step, self.legs.note)

    def _schedule(self, verb: HangUp) -> None:
        """Let the call end in ``verb.after`` seconds whatever runs then; of several, the earliest counts."""
        when = asyncio.get_running_loop().time() + verb.after
        current = self.deadline.when()
        if current is None or when < current:
            self.deadline.reschedule(when)
            self.scheduled = verb

    def _end_of_document(self) -> _End:
        status = self.last_dial.sip_status if self.last_dial else None
        if status is None or not 400 <= status <= 699 or status in _CHALLENGES:
            status = UNAVAILABLE
        return _End(Ending(EndedBy.PLATFORM, EndCause.END_OF_DOCUMENT, "the document has no more verbs"), status)


def _hang_up(verb: HangUp) -> _End:
    cause, status = _REASONS.get(verb.reason, _REASONS[None])
    detail = "the document hangs up" + (f" ({verb.reason})" if verb.reason else "")
    if verb.after:
        detail += f", scheduled {verb.after:g} s before"
        cause = EndCause.TIME_LIMIT if verb.reason is None else cause
    return _End(Ending(EndedBy.DOCUMENT, cause, detail), status)


def _unsupported(name: str, why: str) -> _Refused:
    return _Refused(_End(Ending(EndedBy.ERROR, EndCause.UNSUPPORTED, f"{name}: {why}"), NOT_ACCEPTABLE))
