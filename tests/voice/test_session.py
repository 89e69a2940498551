"""The rules of a call under a document, one by one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.voice.fakes import Answer, FakeClient, FakeDialect, FakeLegs, dialled
from trunkline.core.calls import DialStatus, EndCause, EndedBy, Ending, FetchStep
from trunkline.core.fetching import HookError, HookFailure
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.verbs import (
    Dial,
    DialTarget,
    HangUp,
    Redirect,
    TargetKind,
    Unsupported,
    Verb,
    Wait,
)
from trunkline.voice import session
from trunkline.voice.session import notify_hangup, run

HOOKS = CallHooks(answer=Webhook("answer"))
BROKEN = HookError(HookFailure.STATUS, "answered 500", 500)
DIAL = Dial(targets=(DialTarget(kind=TargetKind.NUMBER, value="1"),))
ACTION = replace(DIAL, action=Webhook("action"))
TOLD = replace(ACTION, redirect=False)
SECOND = replace(DIAL, targets=(DialTarget(kind=TargetKind.SIP, value="sip:b@h"),))
BUSY = dialled(DialStatus.BUSY, EndCause.BUSY, 486)
DONE = dialled(DialStatus.COMPLETED, EndCause.NORMAL, 200)


def call(
    legs: FakeLegs, *verbs: Verb, more: dict[str, tuple[Verb, ...]] | None = None, **answers: Answer
) -> FakeClient:
    """Run a call whose first document has these verbs; ``more`` documents are named by their bodies."""
    client = FakeClient({"answer": b"first", **answers})
    dialect = FakeDialect({"first": verbs, **(more or {})})

    async def go() -> None:
        await run(legs.facts, HOOKS, dialect, client, legs)
        await legs.settled()
        assert len(asyncio.all_tasks()) == 1
        assert client.open == 0

    asyncio.run(go())
    return client


# How a call is refused or ended.


@pytest.mark.parametrize(
    ("verbs", "ended"),
    [
        ((HangUp(),), (EndCause.NORMAL, 480)),
        ((HangUp("rejected"),), (EndCause.REJECTED, 603)),
        ((HangUp("busy"),), (EndCause.BUSY, 486)),
        ((Unsupported("Speak", "no media"),), (EndCause.UNSUPPORTED, 488)),
        ((replace(DIAL, unsupported=("dialMusic",)),), (EndCause.UNSUPPORTED, 488)),
        ((), (EndCause.END_OF_DOCUMENT, 480)),
    ],
)
def test_a_refusal_at_the_beginning_comes_before_any_ringing(
    verbs: tuple[Verb, ...], ended: tuple[EndCause, int]
) -> None:
    legs = FakeLegs()
    call(legs, *verbs)
    assert legs.done == ["end"]
    assert legs.ended == ended


def test_details_name_what_was_not_supported() -> None:
    legs = FakeLegs()
    call(legs, replace(DIAL, unsupported=("dialMusic", "confirmKey")))
    assert legs.endings[0][0].detail == "Dial: not supported in this build: dialMusic, confirmKey"


def test_an_answered_call_gets_no_sip_status() -> None:
    legs = FakeLegs(DONE)
    call(legs, DIAL, Unsupported("Speak", "no media"))
    assert legs.done == ["ring", "dial 1", "end"]
    assert legs.ended == (EndCause.UNSUPPORTED, None)


def test_wait_then_hang_up() -> None:
    legs = FakeLegs()
    call(legs, Wait(5), HangUp("busy"), Wait(6))
    assert legs.done == ["ring", "wait 5", "end"]
    assert legs.endings == [(Ending(EndedBy.DOCUMENT, EndCause.BUSY, "the document hangs up (busy)"), 486)]


@pytest.mark.parametrize(
    ("final", "status"),
    [(486, 486), (603, 603), (404, 404), (None, 480), (302, 480), (200, 480), (407, 480), (401, 480)],
)
def test_the_end_unanswered_gives_the_last_dials_final_code(final: int | None, status: int) -> None:
    legs = FakeLegs(
        dialled(DialStatus.FAILED, EndCause.FAILED, 500), dialled(DialStatus.FAILED, EndCause.FAILED, final)
    )
    call(legs, DIAL, SECOND)
    assert legs.done == ["ring", "dial 1", "ring", "dial sip:b@h", "end"]
    assert legs.ended == (EndCause.END_OF_DOCUMENT, status)
    assert legs.endings[0][0].by is EndedBy.PLATFORM


def test_the_end_answered() -> None:
    legs = FakeLegs(DONE)
    call(legs, DIAL)
    assert legs.ended == (EndCause.END_OF_DOCUMENT, None)


def test_verbs_go_on_after_an_answered_dial() -> None:
    legs = FakeLegs(DONE, BUSY)
    call(legs, DIAL, SECOND, Wait(1))
    assert legs.done == ["ring", "dial 1", "ring", "dial sip:b@h", "ring", "wait 1", "end"]


# Actions and redirects.


def test_an_actions_document_takes_the_place_of_this_one() -> None:
    legs = FakeLegs(DONE)
    client = call(legs, ACTION, Wait(9), more={"next": (Wait(1), HangUp())}, action=b"next")
    assert legs.done == ["ring", "dial 1", "ring", "wait 1", "end"]
    assert client.sent == [("answer", "answer", "ringing"), ("action", "action", "in-progress")]
    assert legs.ended == (EndCause.NORMAL, None)


@pytest.mark.parametrize("body", [b"", b" \n", b"empty"])
def test_an_empty_answer_of_an_action_ends_the_call(body: bytes) -> None:
    legs = FakeLegs(BUSY)
    call(legs, ACTION, Wait(9), more={"empty": ()}, action=body)
    assert legs.done == ["ring", "dial 1", "end"]
    assert legs.ended == (EndCause.END_OF_DOCUMENT, 486)


@pytest.mark.parametrize(
    ("answer", "cause"), [(BROKEN, EndCause.FETCH_STATUS), (b"rubbish", EndCause.DOCUMENT_INVALID)]
)
def test_a_failed_action_ends_the_call(answer: Answer, cause: EndCause) -> None:
    legs = FakeLegs(BUSY)
    call(legs, ACTION, Wait(9), action=answer)
    assert legs.ended == (cause, 480)
    assert (legs.endings[0][0].by, legs.endings[0][0].step) == (EndedBy.ERROR, FetchStep.ACTION)


@pytest.mark.parametrize("answer", [b"rubbish", BROKEN])
def test_without_redirect_the_answer_of_an_action_is_ignored(answer: Answer) -> None:
    legs = FakeLegs(BUSY)
    client = call(legs, TOLD, Wait(9), action=answer)
    assert legs.done == ["ring", "dial 1", "ring", "wait 9", "end"]
    assert client.events == ["answer", "action"]
    assert legs.notes[-1]["outcome"] in ("told (200)", "answered 500")


def test_without_redirect_the_document_does_not_wait_for_the_action() -> None:
    ended = asyncio.Event()
    legs = FakeLegs(BUSY)

    async def answer_after_the_end() -> bytes:
        await ended.wait()
        return b""

    original = legs.end

    def end(ending: Ending, sip_status: int | None = None) -> None:
        original(ending, sip_status)
        ended.set()

    legs.end = end  # type: ignore[method-assign]
    call(legs, TOLD, Wait(9), action=answer_after_the_end)
    assert legs.done[-2:] == ["wait 9", "end"]
    assert legs.notes[-1]["outcome"] == "told (200)"


def test_a_redirect() -> None:
    legs = FakeLegs()
    client = call(legs, Redirect(Webhook("x")), Wait(9), more={"next": (HangUp("rejected"),)}, x=b"next")
    assert client.events == ["answer", "redirect"]
    assert legs.done == ["ring", "end"]
    assert legs.ended == (EndCause.REJECTED, 603)


def test_a_failed_redirect_ends_the_call_without_the_fallback() -> None:
    legs = FakeLegs()
    call(legs, Redirect(Webhook("x")), x=BROKEN)
    ending, status = legs.endings[0]
    assert (ending.cause, ending.step, ending.detail, status) == (
        EndCause.FETCH_STATUS,
        FetchStep.REDIRECT,
        "redirect: answered 500",
        480,
    )


def test_a_loop_of_redirects_ends() -> None:
    legs = FakeLegs()
    client = call(legs, Redirect(Webhook("answer")))
    assert len(client.sent) == session.MAX_DOCUMENTS
    assert legs.ended == (EndCause.FAILED, 480)
    assert "more than 50 documents" in legs.endings[0][0].detail


# Fetching.


def test_no_document_ends_the_call() -> None:
    legs = FakeLegs()
    call(legs, answer=BROKEN)
    assert legs.done == ["end"]
    ending, status = legs.endings[0]
    assert (ending.by, ending.cause, ending.detail) == (EndedBy.ERROR, EndCause.FETCH_STATUS, "answer: answered 500")
    assert status == 480


def test_a_slow_fetch_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "RING_AFTER_S", 0.01)
    legs = FakeLegs()

    async def until_it_rings() -> bytes:
        while "ring" not in legs.done:  # noqa: ASYNC110 -- the fake has no event to wait for
            await asyncio.sleep(0.005)
        return b"first"

    call(legs, HangUp("busy"), answer=until_it_rings)
    assert legs.done == ["ring", "end"]


def test_a_slow_fetch_whose_caller_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "RING_AFTER_S", 0.0)
    legs = FakeLegs(gone=True)

    async def later() -> bytes:
        await asyncio.sleep(0.02)
        return b"first"

    call(legs, HangUp("busy"), answer=later)
    assert legs.done == []


# The caller goes, the edge cancels.


@pytest.mark.parametrize("verbs", [(Wait(1),), (DIAL,), (HangUp(),), (Unsupported("Speak", "no"),), ()])
def test_a_caller_who_has_gone_ends_it_quietly(verbs: tuple[Verb, ...]) -> None:
    legs = FakeLegs(gone=True)
    client = call(legs, *verbs)
    assert legs.done == []
    assert client.events == ["answer"]


@pytest.mark.parametrize(("where", "events"), [("answer", ["answer"]), ("action", ["answer", "action"])])
def test_cancelled_in_the_midst_of_a_fetch(where: str, events: list[str]) -> None:
    async def go() -> None:
        reached = asyncio.Event()

        async def hang() -> bytes:
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

        answers: dict[str, Answer] = {"answer": b"first", where: hang}
        client = FakeClient(answers)
        legs = FakeLegs(BUSY)
        dialect = FakeDialect({"first": (replace(ACTION, redirect=where == "action"),)})
        task = asyncio.create_task(run(legs.facts, HOOKS, dialect, client, legs))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.open == 0
        assert client.events == events
        assert legs.endings == []
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(go())


def test_what_nobody_waits_for_is_told_when_the_document_is_cancelled() -> None:
    async def go() -> None:
        reached, free = asyncio.Event(), asyncio.Event()

        async def answer_late() -> bytes:
            reached.set()
            await free.wait()
            return b""

        client = FakeClient({"answer": b"first", "action": answer_late})
        legs = FakeLegs(BUSY, None)
        dialect = FakeDialect({"first": (TOLD, SECOND)})
        task = asyncio.create_task(run(legs.facts, HOOKS, dialect, client, legs))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert legs.done[-1] == "dial cancelled"
        free.set()
        await legs.settled()
        assert legs.notes[-1]["outcome"] == "told (200)"

    asyncio.run(go())


# A scheduled end.


def test_a_scheduled_end_cuts_a_dial_off() -> None:
    legs = FakeLegs(None)
    call(legs, HangUp(after=0.02), DIAL, Wait(9))
    assert legs.done == ["ring", "dial 1", "dial cancelled", "end"]
    ending, status = legs.endings[0]
    assert (ending.by, ending.cause, status) == (EndedBy.DOCUMENT, EndCause.TIME_LIMIT, 480)
    assert "scheduled 0.02 s" in ending.detail


def test_a_scheduled_rejection_keeps_its_reason_and_the_earliest_counts() -> None:
    legs = FakeLegs(None)
    call(legs, HangUp(after=60), HangUp("rejected", 0.02), HangUp(after=30), DIAL)
    assert legs.ended == (EndCause.REJECTED, 603)


def test_a_document_that_ends_before_its_scheduled_end() -> None:
    legs = FakeLegs(BUSY)
    call(legs, HangUp(after=60), DIAL)
    assert legs.ended == (EndCause.END_OF_DOCUMENT, 486)


def test_a_scheduled_end_lasts_over_redirects() -> None:
    legs = FakeLegs(None)
    call(legs, HangUp(after=0.02), Redirect(Webhook("x")), more={"next": (DIAL,)}, x=b"next")
    assert legs.ended == (EndCause.TIME_LIMIT, 480)


# The end is told.


@pytest.mark.parametrize(
    ("hooks", "sent"),
    [
        (CallHooks(answer=Webhook("a"), hangup=Webhook("h")), ["h"]),
        (CallHooks(answer=Webhook("a")), ["a"]),
        (CallHooks(), []),
    ],
)
def test_the_end_is_told_to_the_hangup_hook_or_else_the_answer_hook(hooks: CallHooks, sent: list[str]) -> None:
    client = FakeClient({"a": b"", "h": b"anything"})
    legs = FakeLegs()
    asyncio.run(notify_hangup(legs.facts(), hooks, FakeDialect({}), client, legs.note))
    assert [(event, url) for event, url, _ in client.sent] == [("hangup", url) for url in sent]
    assert [note["outcome"] for note in legs.notes] == ["told (200)"] * len(sent)


def test_a_failure_to_tell_is_a_note() -> None:
    legs = FakeLegs()
    asyncio.run(notify_hangup(legs.facts(), HOOKS, FakeDialect({}), FakeClient({"answer": BROKEN}), legs.note))
    assert legs.notes == [{"what": "fetch", "hook": "hangup", "outcome": "answered 500"}]
