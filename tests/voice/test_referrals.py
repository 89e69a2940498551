"""Transfers in a document: the answer without sound, what follows, and callers who leave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.voice.fakes import FakeLegs
from tests.voice.test_session import BROKEN, call, forgiving
from trunkline.core.calls import EndCause
from trunkline.core.model import Webhook
from trunkline.core.referrals import ReferralStatus
from trunkline.core.verbs import HangUp, Refer, Unsupported, Wait
from trunkline.voice.session import PARTING_S

REFER = Refer(target="sip:a@h")
ACTION = replace(REFER, action=Webhook("action"))
FAILED = [status for status in ReferralStatus if status is not ReferralStatus.IN_PROGRESS]


@pytest.mark.parametrize("status", ReferralStatus)
def test_the_document_of_its_action_takes_the_place_of_this_one(status: ReferralStatus) -> None:
    legs = FakeLegs(referral=status)
    client = call(legs, ACTION, Wait(), more={"next": (HangUp("busy"),)}, action=b"next")
    assert legs.done == ["answer", "refer sip:a@h", "end"]
    assert client.sent[-1] == ("refer", "action", "in-progress")
    assert legs.ended == (EndCause.BUSY, None)


@pytest.mark.parametrize("status", FAILED)
def test_without_an_action_the_next_verb_follows(status: ReferralStatus) -> None:
    legs = FakeLegs(referral=status)
    call(legs, REFER, Wait(7))
    assert legs.done == ["answer", "refer sip:a@h", "ring", "wait 7", "end"]


def test_a_caller_that_talks_with_the_target_has_time_to_hang_up() -> None:
    legs = FakeLegs(referral=ReferralStatus.IN_PROGRESS)
    call(legs, REFER)
    assert legs.done == ["answer", "refer sip:a@h", f"wait {PARTING_S:g}", "end"]
    assert legs.ended == (EndCause.END_OF_DOCUMENT, None)


@pytest.mark.parametrize("verb", [REFER, ACTION])
def test_a_caller_who_hangs_up_ends_it_and_the_action_is_told(verb: Refer) -> None:
    legs = FakeLegs(referral=ReferralStatus.CANCELLED)
    legs.leaves = True
    client = call(legs, verb, Wait(), more={"next": (HangUp(),)}, action=b"next")
    assert legs.done == ["answer", "refer sip:a@h"]
    assert client.events == (["answer", "refer"] if verb.action else ["answer"])


def test_a_caller_who_has_gone_before_is_not_referred() -> None:
    legs = FakeLegs(gone=True)
    assert call(legs, ACTION).events == ["answer"]
    assert legs.done == []


def test_who_cannot_be_answered_without_sound_is_refused() -> None:
    legs = FakeLegs()
    legs.why_not = "no offer"
    call(legs, ACTION, Wait())
    assert legs.done == ["answer", "end"]
    assert legs.ended == (EndCause.UNSUPPORTED, 488)
    assert legs.endings[0][0].detail == "Refer: no offer"


def test_then_the_fallback_is_asked() -> None:
    legs = FakeLegs()
    legs.why_not = "no offer"
    assert forgiving(legs, REFER).events == ["answer", "fallback"]
    assert legs.ended == (EndCause.BUSY, 486)


def test_an_action_that_fails_ends_the_call() -> None:
    legs = FakeLegs()
    call(legs, ACTION, action=BROKEN)
    assert legs.ended == (EndCause.FETCH_STATUS, None)


def test_what_cannot_run_after_it_asks_the_fallback() -> None:
    legs = FakeLegs()
    assert forgiving(legs, REFER, Unsupported("Say", "no media")).events == ["answer", "fallback"]
