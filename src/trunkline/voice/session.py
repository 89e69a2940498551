"""One call under a document: fetch it, run its verbs one after the other, follow where it leads, end the call.

Rules, in the order in which they bite:

1. The caller hears ringing (`Legs.ring`) when a verb that takes time begins to run, or `RING_AFTER_S` into the first
   fetch. So a document that begins with a hang-up, or with what is not supported, is answered before any 18x.
2. Nothing here answers the call: `Legs.dial` does, when its target answers.
3. The end of the document ends the call. While it is unanswered, the last dial's final code refuses it.
4. A call runs at most `MAX_DOCUMENTS` documents.
5. Events of a dial's legs, and actions whose document nobody wants, are told in order, and never waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from trunkline.core.calls import CallFacts, DialEvent, DialResult, EndCause, EndedBy, Ending, FetchStep
from trunkline.core.fetching import CallerGone, FetchError, HookClient, HookDialect, HookError, HookRequest, Legs
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.verbs import Dial, Document, HangUp, Redirect, Unsupported, Verb, Wait
from trunkline.voice.fetch import Note, fetch_document, fetch_next
from trunkline.voice.notices import Notices

# A slow application must not leave the caller in silence; carriers give up on an INVITE without 18x after about 10 s.
RING_AFTER_S = 3.0
# Documents of one call, redirects and actions included: a loop of redirects ends here.
MAX_DOCUMENTS = 50

# Refusals of an unanswered call. 480 for what failed on the application's side, not 503: RFC 3261 section 21.5.4 lets
# a carrier send all its calls elsewhere after a 503, and one tenant's broken application must not cause that.
UNAVAILABLE = 480
NOT_ACCEPTABLE = 488
_REASONS = {None: (EndCause.NORMAL, UNAVAILABLE), "busy": (EndCause.BUSY, 486), "rejected": (EndCause.REJECTED, 603)}
# A callee's challenge is for us, not for the caller, who could not answer it.
_CHALLENGES = (401, 407)


class _CallOver(Exception):  # noqa: N818 -- a way out, not an error
    """Unwinds to the one place that ends the call."""

    def __init__(self, ending: Ending, sip_status: int | None = None) -> None:
        super().__init__(ending.detail)
        self.ending = ending
        self.sip_status = sip_status


async def run(
    facts: Callable[[], CallFacts], hooks: CallHooks, dialect: HookDialect, client: HookClient, legs: Legs
) -> None:
    """Run a call from its first document to its end; ``facts`` returns what is known of the call at that moment.

    Returns when the call has been ended through ``legs``, or quietly when the caller has gone. What nobody waits for is
    told in ``legs.background``, which neither its return nor its cancellation ends.
    """
    try:
        await _Session(facts, hooks, dialect, client, legs, Notices(client, legs), Notices(client, legs)).run()
    except CallerGone:
        return


async def notify_hangup(
    call: CallFacts, hooks: CallHooks, dialect: HookDialect, client: HookClient, note: Note
) -> None:
    """Tell the application that a call is over (``call.ending`` is set): the hangup hook, else the answer hook.

    Never raises for a request that fails: it leaves a line through ``note`` instead.
    """
    hook = hooks.hangup or hooks.answer
    if hook is None:
        return
    try:
        response = await client.send(dialect.hangup(call, hook))
    except HookError as error:
        note("fetch", hook="hangup", outcome=error.detail)
    else:
        note("fetch", hook="hangup", outcome=f"told ({response.status})")


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
    last_dial: DialResult | None = None
    deadline: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(None))
    scheduled: HangUp | None = None

    async def run(self) -> None:
        """Run all documents and end the call."""
        over: _CallOver
        try:
            async with self.deadline:
                document: Document | None = await self._first()
                while document is not None:
                    document = await self._run_document(document)
            over = self._end_of_document()
        except _CallOver as reached:
            over = reached
        except FetchError as error:
            over = _CallOver(Ending(EndedBy.ERROR, error.cause, str(error), error.step), UNAVAILABLE)
        except TimeoutError:
            if self.scheduled is None or not self.deadline.expired():
                raise
            over = _hang_up(self.scheduled)
        self.legs.end(over.ending, None if self.legs.answered else over.sip_status)

    async def _first(self) -> Document:
        late = asyncio.get_running_loop().call_later(RING_AFTER_S, self._ring_late)
        try:
            return await fetch_document(self.dialect, self.client, self.facts(), self.hooks, self.legs.note)
        finally:
            late.cancel()

    def _ring_late(self) -> None:
        try:
            self.legs.ring()
        except CallerGone:
            return  # whoever waits for the fetch hears of it by its own next step

    async def _run_document(self, document: Document) -> Document | None:
        """Run the verbs; return the document that takes this one's place, or None at its end."""
        for left, verb in enumerate(document.verbs, 1 - len(document.verbs)):
            following = await self._run_verb(verb, last=left == 0)
            if following is not None:
                return following
        return None

    async def _run_verb(self, verb: Verb, *, last: bool) -> Document | None:
        match verb:
            case HangUp():
                if not verb.after:
                    raise _hang_up(verb)
                self._schedule(verb)
                return None
            case Unsupported():
                raise _unsupported(verb.name, verb.why)
            case Dial() if verb.unsupported:
                raise _unsupported("Dial", "not supported in this build: " + ", ".join(verb.unsupported))
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
        result = await self.legs.dial(dial, last=last, heard=partial(self._heard, dial.events) if dial.events else None)
        self.last_dial = result
        if dial.action is None:
            return None
        call = self.facts()
        request = self.dialect.dial_action(call, dial.action, result)
        if dial.redirect and call.ending is None:
            return await self._follow(request, FetchStep.ACTION)
        self.actions.put(FetchStep.ACTION.value, request)
        return None

    def _heard(self, hook: Webhook, event: DialEvent) -> None:
        """Tell what became of a leg; the facts are those of this moment."""
        what = f"leg {event.position} {event.change.value}"
        self.events.put(what, self.dialect.dial_event(self.facts(), hook, event))

    async def _follow(self, request: HookRequest, step: FetchStep) -> Document:
        self.documents += 1
        if self.documents > MAX_DOCUMENTS:
            detail = f"the call asked for more than {MAX_DOCUMENTS} documents; end the loop of redirects or actions"
            raise _CallOver(Ending(EndedBy.ERROR, EndCause.FAILED, detail), UNAVAILABLE)
        return await fetch_next(self.dialect, self.client, request, step, self.legs.note)

    def _schedule(self, verb: HangUp) -> None:
        """Let the call end in ``verb.after`` seconds whatever runs then; of several, the earliest counts."""
        when = asyncio.get_running_loop().time() + verb.after
        current = self.deadline.when()
        if current is None or when < current:
            self.deadline.reschedule(when)
            self.scheduled = verb

    def _end_of_document(self) -> _CallOver:
        status = self.last_dial.sip_status if self.last_dial else None
        if status is None or not 400 <= status <= 699 or status in _CHALLENGES:
            status = UNAVAILABLE
        return _CallOver(Ending(EndedBy.PLATFORM, EndCause.END_OF_DOCUMENT, "the document has no more verbs"), status)


def _hang_up(verb: HangUp) -> _CallOver:
    cause, status = _REASONS.get(verb.reason, _REASONS[None])
    detail = "the document hangs up" + (f" ({verb.reason})" if verb.reason else "")
    if verb.after:
        detail += f", scheduled {verb.after:g} s before"
        cause = EndCause.TIME_LIMIT if verb.reason is None else cause
    return _CallOver(Ending(EndedBy.DOCUMENT, cause, detail), status)


def _unsupported(name: str, why: str) -> _CallOver:
    return _CallOver(Ending(EndedBy.ERROR, EndCause.UNSUPPORTED, f"{name}: {why}"), NOT_ACCEPTABLE)
