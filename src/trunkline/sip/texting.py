"""MESSAGE at the edge (RFC 3428): text messages that carriers send to numbers.

A message is answered 202 once it is on the disk, 503 where it cannot be put there; its delivery is another's work. A
retransmission is the transaction's business; the same message in a new transaction is answered 202 and kept once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.facts import Attempt, Facts, NumberFact
from trunkline.core.routing import Decision, Step, Verdict
from trunkline.core.segments import segments
from trunkline.core.texts import (
    MAX_DATAGRAM,
    Kept,
    NewText,
    TextRecord,
    TextState,
    TextTarget,
    decide_text,
)
from trunkline.sip.admission import Counts
from trunkline.sip.events import ServerTransaction
from trunkline.sip.fields import Header
from trunkline.sip.identities import callers
from trunkline.sip.leg import ALLOW, clean
from trunkline.sip.message import Request
from trunkline.sip.refusals import Refusal
from trunkline.sip.replying import reply
from trunkline.sip.uri import BLANKS, MessageError
from trunkline.store.texts import TextBox

if TYPE_CHECKING:
    from trunkline.sip.edge import Edge

ALLOW_OUTSIDE: Header = (ALLOW[0], f"{ALLOW[1]}, MESSAGE")
"""What may come outside of dialogs; within one a MESSAGE gets 405."""
CONTENT_TYPE = "text/plain"
_BUSY = Refusal(503, "Service Unavailable", 5)
_NAMES = frozenset({"utf-8", "utf8", "us-ascii"})


class TextCounts:
    """Messages of this second as `core.facts.Usage`, among the edge's own counts; none is ever "in progress"."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def channels(self, key: str) -> int:  # noqa: ARG002 -- the port's signature
        """Return 0."""
        return 0

    def started(self, key: str) -> int:
        """Messages that came in this second."""
        return self._counts.started(f"text {key}")

    def take(self, keys: tuple[str, ...], now: float) -> None:
        """Count a message."""
        named = tuple([f"text {key}" for key in keys])
        self._counts.take(named, now)
        self._counts.release(named)


class Texting:
    """Takes text messages for one edge process. ``target_of`` tells by a number's id where its messages go."""

    def __init__(self, edge: Edge, box: TextBox, target_of: Callable[[str], TextTarget | None]) -> None:
        self._edge = edge
        self._box = box
        self._target_of = target_of
        self.counts = TextCounts(edge.counts)
        self.arrived: Callable[[], None] = lambda: None

    def decide(self, attempt: Attempt, facts: Facts) -> Decision:
        """Return what happens to a message."""
        try:
            return decide_text(attempt, facts, self._target)
        except StoreUnavailableError as error:
            return Decision(Verdict.FACTS_UNREADABLE, None, None, None, (), (Step("facts", error.message),))

    def _target(self, number: NumberFact) -> TextTarget:
        return self._target_of(number.id) or TextTarget(number.account_id, None, "the number is gone")

    def take(self, txn: ServerTransaction, request: Request, text: str, attempt: Attempt, decision: Decision) -> None:
        """Keep an admitted message, then answer it."""
        self.counts.take(decision.limits, self._edge.now())
        record = self._record(request, text, attempt, decision, Refusal(202, "Accepted"))
        number, carrier = record.number_id, record.carrier_id
        key = f"{carrier} {number} {request.call_id} {request.cseq}"
        self._edge.spawn(self._keep(txn, request, NewText(record, text, key)))

    async def _keep(self, txn: ServerTransaction, request: Request, new: NewText) -> None:
        edge = self._edge
        try:
            kept = await self._box.keep(new)
        except StoreUnavailableError:
            kept = Kept.FULL
        if kept is Kept.FULL:
            wait: Header = ("retry-after", str(_BUSY.retry_after))
            answer = reply(request, _BUSY.status, _BUSY.reason, to_tag=edge.new_token()[:16], headers=(wait,))
        else:
            answer = reply(request, 202, to_tag=edge.new_token()[:16])
        edge.transactions.respond(txn, answer, edge.now())
        edge.flush()
        if kept is Kept.KEPT:
            self.arrived()

    def refused(self, request: Request, attempt: Attempt, decision: Decision, refusal: Refusal) -> None:
        """Write down a message that was refused and belongs to an account."""
        self._box.note(self._record(request, "", attempt, decision, refusal))

    def _record(
        self, request: Request, text: str, attempt: Attempt, decision: Decision, refusal: Refusal
    ) -> TextRecord:
        number = decision.number
        assert number is not None  # noqa: S101 -- whoever has none is a stranger, of whom no record is kept
        at = datetime.fromtimestamp(self._edge.wall(), UTC)
        accepted = refusal.status < 300
        return TextRecord(
            seq=0,
            id=self._edge.new_id(),
            account_id=number.account_id,
            number_id=number.id,
            number=number.e164,
            caller=clean(next(iter(callers(request)), "")),
            source=attempt.source,
            carrier_id=decision.carrier.id if decision.carrier else None,
            state=TextState.ACCEPTED if accepted else TextState.REFUSED,
            verdict=decision.verdict.value,
            sip_status=refusal.status,
            size=len(request.body),
            units=segments(text) if accepted else 0,
            tries=0,
            accepted_at=at,
            ended_at=None if accepted else at,
            next_at=at if accepted else None,
            trace=tuple(decision.trace),
        )


def text_of(request: Request, size: int, *, reliable: bool) -> str:
    """Return the text of a MESSAGE of ``size`` bytes. Raises MessageError: 400, 415, 420, 483 or 513.

    An empty text is one. Text is UTF-8 (RFC 3261 section 7.4.1); what says that it is something else is 415.
    """
    if not reliable and size > MAX_DATAGRAM:
        raise MessageError("Message Too Large", 513, request=request)
    request.validate(content_types=(CONTENT_TYPE,))
    if request.max_forwards == 0:
        raise MessageError("Too Many Hops", 483)
    if request.body:
        if (request.get("content-encoding") or "identity").strip(BLANKS).lower() != "identity":
            raise MessageError("Unsupported Media Type", 415, headers=(("accept-encoding", "identity"),))
        if not _is_utf8(request.get("content-type") or ""):
            raise MessageError("Unsupported Media Type", 415, headers=(("accept", f"{CONTENT_TYPE};charset=utf-8"),))
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise MessageError("Text is not UTF-8") from None


def _is_utf8(content_type: str) -> bool:
    """Tell whether a content type names UTF-8, a part of it, or no character set."""
    for param in content_type.split(";")[1:]:
        name, _, value = param.partition("=")
        if name.strip(BLANKS).lower() == "charset":
            return value.strip(BLANKS).strip('"').lower() in _NAMES
    return True
