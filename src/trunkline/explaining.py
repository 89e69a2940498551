"""`explain`: what would happen to a call, by the function that the edge runs, told as plain values.

A tenant sees only what is its own: facts about other accounts' carriers and numbers are left out before the decision,
so that nothing of theirs can show in the trace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from trunkline import control
from trunkline.core import e164
from trunkline.core.calling import decide_call
from trunkline.core.errors import InvalidError
from trunkline.core.facts import ApplicationTarget, Attempt, Facts, GatewaysTarget, NoUsage, TrunkTarget, Usage
from trunkline.core.model import EVERYTHING, CalledIn, Scope
from trunkline.core.routing import Decision, Verdict, attempt_of
from trunkline.core.sources import parse_address
from trunkline.sip.realms import Realms
from trunkline.sip.refusals import REFUSALS
from trunkline.sip.uri import MessageError, SipUri
from trunkline.store import database
from trunkline.store.facts import FactReader
from trunkline.store.gateway_states import GatewayStateReader

MAX_TEXT = 128

_KINDS = {TrunkTarget: "trunk", ApplicationTarget: "application", GatewaysTarget: "outbound trunk"}


Recognise = Callable[[Attempt], Attempt]
"""What our registrations say of an attempt by its source alone; `sip.attribution.RegisteredCalls.at_source` is one."""


def explain(
    reader: FactReader,
    usage: Usage,
    question: dict[str, Any],
    viewer: Sequence[str] | None,
    recognise: Recognise | None = None,
    *,
    realms: Realms | None,
) -> dict[str, Any]:
    """Return the decision on ``question`` (source, to, caller); ``viewer`` None sees every account.

    ``realms`` are those of the running edge, which say what is asked for where credentials are; None: none runs.
    """
    to, host = _called(str(question["to"])[:MAX_TEXT])
    attempt = attempt_of(parse_address(str(question["source"])), to, caller=str(question.get("caller", ""))[:MAX_TEXT])
    if recognise is not None:
        attempt = recognise(attempt)
    facts = reader.read(attempt, usage)
    if viewer is not None:
        facts = _seen_by(facts, frozenset(viewer))
        if len(facts.proven) < len(attempt.proven_carriers):  # another account is registered there
            attempt = attempt._replace(proven_carriers=tuple(c.id for c in facts.proven), registration="")
    decision = decide_call(attempt, facts)
    return described(attempt, decision if realms is None else realms.told(decision, host), live=realms is not None)


def _called(text: str) -> tuple[str, str]:
    """Return number and host of what is called: a number, or ``number@host`` as in a Request-URI."""
    if "@" not in text:
        return text, ""
    try:
        uri = SipUri.parse(text if text.lower().startswith(("sip:", "sips:")) else f"sip:{text}")
    except MessageError:
        raise InvalidError(
            f"{text[:64]!r} is neither a number nor a SIP URI", field="to", advice="Write +14155551234 or number@host."
        ) from None
    return uri.user or "", uri.host


def _seen_by(facts: Facts, accounts: frozenset[str]) -> Facts:
    return facts._replace(
        sources=tuple(s for s in facts.sources if s.carrier.account_id in accounts),
        numbers=tuple(n for n in facts.numbers if n.account_id in accounts),
        trunks=tuple(t for t in facts.trunks if t.account_id in accounts),
        proven=tuple(c for c in facts.proven if c.account_id in accounts),
    )


def described(attempt: Attempt, decision: Decision, *, live: bool) -> dict[str, Any]:
    """Return a decision as plain values, with the SIP answer that it means."""
    refusal = REFUSALS.get(decision.verdict)
    target = decision.target
    trace = [{"part": step.part, "text": step.text} for step in decision.trace]
    number = decision.number.e164 if decision.number else None
    if number is not None and e164.is_possible(number) and not e164.is_valid(number):
        trace.append({"part": "warning", "text": f"{number} lies in no assigned range; it routes all the same"})
    routed = decision.verdict is Verdict.ROUTE
    return {
        "verdict": decision.verdict.value,
        "sip_status": None if refusal is None else refusal.status,
        "sip_reason": "routed" if refusal is None else refusal.reason,
        "source": attempt.source,
        "to": attempt.called.get(CalledIn.REQUEST_URI, ""),
        "number": number,
        "carrier": decision.carrier.name if decision.carrier else None,
        "target": f"{_KINDS[type(target)]} {target.name}" if routed and target is not None else None,
        "trace": trace,
        "facts": "live" if live else "offline",
        "emergency_address_id": target.emergency_address_id if isinstance(target, GatewaysTarget) else None,
    }


class EdgeExplainer:
    """`core.ports.Explainer`: asks the running edge, and without one reads the facts itself and says so."""

    def __init__(self, data: Path) -> None:
        self._data = data

    async def explain(self, source: str, to: str, caller: str, viewer: Scope) -> dict[str, object]:
        """Return the decision; see the port."""
        parse_address(source)
        _called(to[:MAX_TEXT])
        family = None if viewer == EVERYTHING else self._family(viewer)
        question = {"op": "explain", "source": source, "to": to, "caller": caller, "viewer": family}
        try:
            return await control.ask(self._data, question)
        except control.NoEdgeError:
            return await asyncio.get_running_loop().run_in_executor(None, self._offline, question, family)

    def _family(self, viewer: Scope) -> list[str]:
        connection = database.open_reader(self._data)
        try:
            return FactReader(connection, None).family(viewer.account_id)
        finally:
            connection.close()

    def _offline(self, question: dict[str, Any], family: list[str] | None) -> dict[str, object]:
        connection = database.open_reader(self._data)
        try:
            reader = FactReader(connection, None, GatewayStateReader(self._data).names())
            return explain(reader, NoUsage(), question, family, realms=None)
        finally:
            connection.close()


def answer(
    reader: FactReader, usage: Usage, question: dict[str, Any], realms: Realms, recognise: Recognise | None
) -> dict[str, Any]:
    """Answer a question that came through the control socket."""
    try:
        return explain(reader, usage, question, question.get("viewer"), recognise, realms=realms)
    except (InvalidError, KeyError) as error:
        return {"error": str(error)}
