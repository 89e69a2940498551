"""Calls that endpoints make: which application answers one, or why none does. Pure, as `routing.decide` is.

An endpoint proves itself by its credentials; whatever it dials, its own application is asked.
"""

from __future__ import annotations

from trunkline.core.facts import ApplicationTarget, Attempt, EndpointFact, NumberFact, Usage
from trunkline.core.model import CalledIn, NumberStatus
from trunkline.core.routing import Decision, Step, Verdict

MAX_CALLED = 128
"""Characters that are kept of what an endpoint dials."""


def decide_call_of(endpoint: EndpointFact, attempt: Attempt, usage: Usage) -> Decision:
    """Return what happens to a call of an endpoint. The decision's number stands for what was dialled."""
    dialled = attempt.called.get(CalledIn.REQUEST_URI, "").removeprefix("+")[:MAX_CALLED]
    key = f"account:{endpoint.account_id}"
    trace = [
        Step("credentials", f"those of endpoint {endpoint.username}"),
        Step("form", f"{dialled}, as dialled"),
    ]
    verdict, why = _refusal(endpoint, key, usage)
    if verdict is Verdict.ROUTE and isinstance(endpoint.target, ApplicationTarget):
        trace.append(Step("target", f"application {endpoint.target.name}: the call goes there"))
    else:
        trace.append(Step("rule", why))
    number = NumberFact(
        endpoint.id,
        dialled,
        endpoint.account_id,
        NumberStatus.ACTIVE,
        endpoint.account_active,
        endpoint.max_channels,
        endpoint.max_cps,
        (),
        endpoint.target,
        endpoint.target_note,
    )
    routed = verdict is Verdict.ROUTE
    return Decision(verdict, number, None, endpoint.target if routed else None, (key,) if routed else (), tuple(trace))


def _refusal(endpoint: EndpointFact, key: str, usage: Usage) -> tuple[Verdict, str]:
    if not endpoint.account_active:
        return Verdict.ACCOUNT_INACTIVE, "the endpoint's account, or one above it, is not active"
    if endpoint.max_channels is not None and usage.channels(key) >= endpoint.max_channels:
        return Verdict.ACCOUNT_LIMIT, f"account: {endpoint.max_channels} calls at once are in use"
    if endpoint.max_cps is not None and usage.started(key) >= endpoint.max_cps:
        return Verdict.ACCOUNT_LIMIT, f"account: {endpoint.max_cps} calls have begun in this second"
    if endpoint.target is None:
        return Verdict.NO_TARGET, endpoint.target_note
    return Verdict.ROUTE, ""
