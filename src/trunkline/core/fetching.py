"""Ports of a call to the application behind it: what is asked over HTTP, and the legs that the answer moves.

``voice/`` runs documents through these and knows neither HTTP nor SIP; ``hooks/`` implements `HookClient`, a dialect's
``hooks.py`` implements `HookDialect`, the SIP edge implements `Legs`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from trunkline.core.calls import CallFacts, DialEvent, DialResult, EndCause, Ending, FetchStep
from trunkline.core.facts import ApplicationTarget
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.referrals import ReferralResult
from trunkline.core.verbs import Dial, Document

# The largest answer that is read from an application, in bytes; vendors publish 100 KB for a document.
MAX_DOCUMENT_BYTES = 100 * 1024


class RetryOn(StrEnum):
    """Which failures are worth another try."""

    CONNECT_TIMEOUT = "connect_timeout"
    READ_TIMEOUT = "read_timeout"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """Limits of one request, in seconds; ``total_s`` covers its retries."""

    connect_s: float = 2.0
    read_s: float = 40.0
    total_s: float = 55.0
    retries: int = 1
    retry_on: frozenset[RetryOn] = frozenset({RetryOn.CONNECT_TIMEOUT, RetryOn.READ_TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """One request to a user's application, complete: already signed, its fragment already taken off."""

    url: str
    method: str
    params: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    policy: FetchPolicy
    moved: Callable[[str, int], HookRequest] | None = field(default=None, compare=False)
    """Makes the request for where a 3xx leads to, of its URL and status; None: redirects are not followed."""


@dataclass(frozen=True, slots=True)
class HookResponse:
    """A 2xx answer; ``url`` is where it came from, "" being where the request went."""

    status: int
    content_type: str
    body: bytes
    url: str = ""


class HookFailure(StrEnum):
    """Why a request brought no usable answer."""

    ADDRESS_REFUSED = "address_refused"
    NOT_RESOLVED = "not_resolved"
    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect_timeout"
    READ_TIMEOUT = "read_timeout"
    TOTAL_TIMEOUT = "total_timeout"
    STATUS = "status"
    TOO_LARGE = "too_large"
    BAD_URL = "bad_url"
    TOO_MANY_REDIRECTS = "too_many_redirects"


class HookError(Exception):
    """A request that failed for good: which way, the last status if there was one, a sentence for the trace."""

    def __init__(self, failure: HookFailure, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail
        self.status = status


class DocumentFault(StrEnum):
    """What is wrong with a document; dialects have codes of their own for each."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    MALFORMED = "malformed"
    ROOT = "root"
    INVALID = "invalid"


class DocumentError(Exception):
    """An answer that is not a document of its dialect: a sentence that says where and what."""

    def __init__(self, detail: str, fault: DocumentFault = DocumentFault.INVALID) -> None:
        super().__init__(detail)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Failure:
    """What a fallback is asked for: the document that could not be had or run, and why.

    ``step`` is the request that failed, None where the document has a verb that this build does not run; then ``why``
    is None, too.
    """

    url: str
    step: FetchStep | None = None
    why: HookFailure | DocumentFault | None = None


class FetchError(Exception):
    """No document could be had: the cause for the call's ending, the step, and one sentence per try for the trace.

    ``failure`` is what the fallback may still be asked for, None where it was asked.
    """

    def __init__(
        self, cause: EndCause, step: FetchStep, tries: tuple[str, ...], failure: Failure | None = None
    ) -> None:
        super().__init__("; ".join(tries))
        self.cause = cause
        self.step = step
        self.tries = tries
        self.failure = failure


class HookClient(Protocol):
    """Sends requests to users' applications."""

    async def send(self, request: HookRequest) -> HookResponse:
        """Return the 2xx answer; raise `HookError` when the policy's tries are used up."""
        ...


class HookDialect(Protocol):
    """How one dialect writes requests to an application and reads its documents."""

    def answer(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request for the first document."""
        ...

    def fallback(self, call: CallFacts, hook: Webhook, failure: Failure) -> HookRequest | None:
        """Build the request to the fallback hook; None where this dialect asks it nothing after such a failure."""
        ...

    def end_hook(self, hooks: CallHooks) -> Webhook | None:
        """Return which hook hears of the end of the call, None where none does."""
        ...

    def redirect(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request that a `Redirect` makes."""
        ...

    def dial_action(self, call: CallFacts, hook: Webhook, result: DialResult) -> HookRequest:
        """Build the request that tells how a `Dial` ended."""
        ...

    def refer_action(self, call: CallFacts, hook: Webhook, result: ReferralResult) -> HookRequest:
        """Build the request that tells how a `Refer` ended."""
        ...

    def dial_event(self, call: CallFacts, hook: Webhook, event: DialEvent) -> HookRequest:
        """Build the request that tells what became of a leg that a `Dial` rang."""
        ...

    def hangup(self, call: CallFacts, hook: Webhook) -> HookRequest:
        """Build the request that tells that the call is over (``call.ending`` is set)."""
        ...

    def parse(self, body: bytes, base_url: str) -> Document:
        """Read a document; relative URLs in it are joined to ``base_url``. Raises `DocumentError`."""
        ...


class CallerGone(Exception):  # noqa: N818 -- not an error: the ordinary end of a call, seen from a document
    """The caller has hung up or cancelled: nothing is left to run for."""


class Legs(Protocol):
    """The call's legs, moved by a document. Once the caller has gone, what moves them raises `CallerGone`.

    ``dial``, ``refer`` and ``wait`` may be cancelled (a scheduled end, a call torn down): then no leg is left behind.
    ``note`` and ``background`` work to the end and beyond it.
    """

    @property
    def answered(self) -> bool:
        """True once the caller has had a 200."""
        ...

    def ring(self) -> None:
        """Send 180 to a caller that has had no provisional but 100; nothing once it was sent or answered."""
        ...

    async def dial(self, dial: Dial, *, last: bool, heard: Callable[[DialEvent], None] | None = None) -> DialResult:
        """Ring the targets, connect the first that answers, return when its leg has ended or none answered.

        ``last`` says that no verb can follow, so that a ringing leg's early media may pass to the caller. ``heard`` is
        called at once with what becomes of each leg, to its end, whoever ends it. A caller who leaves during the dial
        ends it like any other: with its result.
        """
        ...

    def answer(self) -> str | None:
        """Answer the caller without sound; return why that cannot be done, None where it is answered."""
        ...

    async def refer(self, target: str) -> ReferralResult:
        """Ask an answered caller to go to a SIP URI, and return what came of it, within a bounded time.

        A caller who leaves meanwhile ends it like any other end: with its result.
        """
        ...

    async def wait(self, seconds: float) -> None:
        """Let time pass while the call goes on."""
        ...

    def end(self, ending: Ending, sip_status: int | None = None) -> None:
        """End the call: BYE with a Reason when answered, else ``sip_status`` (480 when not given)."""
        ...

    def note(self, what: str, **facts: object) -> None:
        """Add a line to the call's trace."""
        ...

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what nobody waits for: it outlives the document and the call, and what it notes is kept all the same."""
        ...


class CallRunner(Protocol):
    """Runs the documents of a call that an application answers; the edge starts it and owns its task."""

    async def run(self, target: ApplicationTarget, facts: Callable[[], CallFacts], legs: Legs) -> None:
        """Fetch and run documents until the call has been ended through ``legs`` or the caller has gone."""
        ...

    async def tell_end(self, target: ApplicationTarget, call: CallFacts, note: Callable[..., None]) -> None:
        """Tell the application that the call is over; never raises for a request that fails."""
        ...
