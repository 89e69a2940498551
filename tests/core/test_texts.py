"""The decision on a text message, and how many SMS parts a text has."""

from __future__ import annotations

import time
from typing import Any

import pytest

from trunkline.core.facts import ApplicationTarget, Attempt, CarrierFact, Facts, NumberFact, SourceFact
from trunkline.core.model import CalledIn, CallHooks, CarrierKind, NumberStatus, Webhook
from trunkline.core.routing import PLAIN, Verdict, decide
from trunkline.core.segments import segments
from trunkline.core.texts import TextTarget, decide_text

CARRIER = CarrierFact("c", "Carrier", CarrierKind.STATIC_IP, True, "a", True, PLAIN, None, None)
APPLICATION = ApplicationTarget("app", "application app", "plivo", CallHooks(message=Webhook("http://x/")))
NUMBER = NumberFact("n", "14155551234", "a", NumberStatus.ACTIVE, True, None, None, (CARRIER,), None, "no URL")
ATTEMPT = Attempt("203.0.113.7", {CalledIn.REQUEST_URI: "14155551234"})
FACTS = Facts(sources=(SourceFact(CARRIER, "g", 32),), numbers=(NUMBER,))


def goes(number: NumberFact) -> TextTarget:
    """Let every number's messages go to the application."""
    return TextTarget(number.account_id, APPLICATION)


def nowhere(number: NumberFact) -> TextTarget:
    """Let them go nowhere."""
    return TextTarget(number.account_id, None, "no message URL")


def unasked(_: NumberFact) -> TextTarget:
    """Say that whoever is refused is refused before a target is looked for."""
    raise AssertionError("asked for")


def test_where_calls_go_does_not_matter() -> None:
    for target in (None, APPLICATION):
        facts = FACTS._replace(numbers=(NUMBER._replace(target=target),))
        routed = decide_text(ATTEMPT, facts, goes)
        assert (routed.verdict, routed.target) == (Verdict.ROUTE, APPLICATION)
        assert routed.limits == ("account:a", "carrier:c")
        refused = decide_text(ATTEMPT, facts, nowhere)
        assert (refused.verdict, refused.limits) == (Verdict.NO_TARGET, ())
        assert [step.text for step in refused.trace if step.part == "target"] == ["no message URL"]


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": ()},
        {"sources": (), "auth_carriers_exist": True},
        {"numbers": ()},
        {"readable": False},
        {"numbers": (NUMBER._replace(carriers=()),)},
        {"numbers": (NUMBER._replace(status=NumberStatus.INACTIVE),)},
        {"numbers": (NUMBER._replace(account_active=False),)},
        {"numbers": (NUMBER._replace(max_cps=0),)},
        {"numbers": (NUMBER._replace(carriers=(CARRIER._replace(active=False),)),)},
    ],
)
def test_refusals_are_those_of_calls(changes: dict[str, Any]) -> None:
    facts = FACTS._replace(**changes)
    called = decide(ATTEMPT, facts)
    sent = decide_text(ATTEMPT, facts, unasked)
    assert sent.verdict is called.verdict
    assert sent.verdict not in (Verdict.ROUTE, Verdict.NO_TARGET)
    assert sent.trace[1:] == called.trace


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("x" * 152 + "€" + "x" * 152, 3),  # the escaped character does not fit into the first part
        ("ş" * 70, 1),
        ("ş" * 71, 2),
        ("ş" * 134, 2),
        ("ş" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),  # 33 in a part: none is cut in two
        ("Grüße {}~[]|^\\", 1),
    ],
)
def test_parts(text: str, parts: int) -> None:
    assert segments(text) == parts


def test_parts_of_the_longest_text_take_no_time() -> None:
    began = time.process_time()
    assert segments("😀" * 16_000) == 485
    assert time.process_time() - began < 1.0
