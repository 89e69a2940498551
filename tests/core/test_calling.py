"""Which application answers an endpoint's call, or why none does, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.core.calling import MAX_CALLED, decide_call_of
from trunkline.core.facts import ApplicationTarget, Attempt, EndpointFact, Proof
from trunkline.core.model import CalledIn, CallHooks
from trunkline.core.routing import Verdict

TARGET = ApplicationTarget("app", "App", "plivo", CallHooks())
ENDPOINT = EndpointFact("e", "alice123456789012", "acc", True, None, None, TARGET, "")


class Used:
    """Three calls in progress, two of which began in this second."""

    def channels(self, key: str) -> int:
        """Return how many are in progress."""
        assert key == "account:acc"
        return 3

    def started(self, key: str) -> int:
        """Return how many have just begun."""
        assert key == "account:acc"
        return 2


@pytest.mark.parametrize(
    ("change", "verdict", "why"),
    [
        ({}, Verdict.ROUTE, "application App: the call goes there"),
        ({"max_channels": 4, "max_cps": 3}, Verdict.ROUTE, "application App"),
        ({"max_channels": 3}, Verdict.ACCOUNT_LIMIT, "3 calls at once"),
        ({"max_cps": 2}, Verdict.ACCOUNT_LIMIT, "2 calls have begun"),
        ({"account_active": False}, Verdict.ACCOUNT_INACTIVE, "not active"),
        ({"target": None, "target_note": "no application"}, Verdict.NO_TARGET, "no application"),
    ],
)
def test_verdicts(change: dict[str, Any], verdict: Verdict, why: str) -> None:
    attempt = Attempt("203.0.113.9", {CalledIn.REQUEST_URI: "+" + "4" * 200}, proof=Proof.GOOD, proven_endpoint="e")
    decision = decide_call_of(ENDPOINT._replace(**change), attempt, Used())
    routed = verdict is Verdict.ROUTE
    assert decision.verdict is verdict
    assert why in decision.trace[-1].text
    assert decision.target == (TARGET if routed else None)
    assert decision.limits == (("account:acc",) if routed else ())
    assert decision.number is not None
    assert (decision.number.account_id, decision.number.e164) == ("acc", "4" * MAX_CALLED)
