"""The rules of a call under a document, one by one."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace

import pytest

from tests.voice.fakes import Answer, FakeClient, FakeDialect, FakeLegs, dialled
from trunkline.core.calls import DialStatus, EndCause, EndedBy, Ending, FetchStep
from trunkline.core.fetching import FetchError, HookError, HookFailure
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.verbs import (
    Dial,
    DialTarget,
    Document,
    HangUp,
    Redirect,
    TargetKind,
    Unsupported,
    Verb,
    Wait,
)
from trunkline.voice import session
from trunkline.voice.session import _CallOver, _Session, notify_hangup, run

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


# The fallback in the midst of a call.

FALLBACK = replace(HOOKS, fallback=Webhook("fallback"))


def forgiving(
    legs: FakeLegs,
    *verbs: Verb,
    answers: dict[str, Answer] | None = None,
    forgives: bool = True,
    hooks: CallHooks = FALLBACK,
) -> FakeClient:
    """Run a call with a fallback, whose document is called ``safe``."""
    client = FakeClient({"answer": b"first", "fallback": b"safe", **(answers or {})})
    documents = {"first": verbs, "safe": (HangUp("busy"),), "bad": (Unsupported("Play", "no media"),)}
    dialect = FakeDialect(documents, forgives=forgives)

    async def go() -> None:
        await run(legs.facts, hooks, dialect, client, legs)
        await legs.settled()

    asyncio.run(go())
    return client


NEXT = Redirect(Webhook("next"))


@pytest.mark.parametrize(
    "verbs",
    [
        (Unsupported("Say", "no media"),),
        (replace(DIAL, unsupported=("record",)),),
        (Wait(), Unsupported("Say", "no media")),
        (NEXT,),
    ],
)
def test_the_fallback_after_a_refused_verb_or_a_failed_request(verbs: tuple[Verb, ...]) -> None:
    legs = FakeLegs()
    client = forgiving(legs, *verbs, answers={"next": BROKEN})
    assert client.sent[-1][:2] == ("fallback", "fallback")
    assert legs.ended == (EndCause.BUSY, 486)
    assert [note["what"] for note in legs.notes].count("fallback") == 1


def test_a_document_of_another_address_falls_back_too() -> None:
    legs = FakeLegs()
    assert forgiving(legs, NEXT, answers={"next": b"bad"}).events == ["answer", "redirect", "fallback"]
    assert legs.ended == (EndCause.BUSY, 486)


@pytest.mark.parametrize(
    ("answers", "cause", "status"),
    [
        ({"fallback": b"bad"}, EndCause.UNSUPPORTED, 488),
        ({"fallback": BROKEN}, EndCause.FETCH_STATUS, 480),
        ({"fallback": b"rubbish"}, EndCause.DOCUMENT_INVALID, 480),
        ({"answer": BROKEN, "fallback": b"bad"}, EndCause.UNSUPPORTED, 488),
    ],
)
def test_the_fallback_is_asked_once(answers: dict[str, Answer], cause: EndCause, status: int) -> None:
    legs = FakeLegs()
    client = forgiving(legs, Unsupported("Say", "no media"), answers=answers)
    assert client.events == ["answer", "fallback"]
    assert legs.ended == (cause, status)


def test_no_fallback_where_there_is_none_or_the_dialect_wants_none() -> None:
    for hooks, forgives in ((HOOKS, True), (FALLBACK, False), (replace(HOOKS, fallback=Webhook("")), True)):
        legs = FakeLegs()
        client = forgiving(legs, Unsupported("Say", "no media"), hooks=hooks, forgives=forgives)
        assert client.events == ["answer"]
        assert legs.ended == (EndCause.UNSUPPORTED, 488)


def test_no_fallback_for_a_caller_who_has_gone() -> None:
    legs = FakeLegs(DONE)
    legs.leaves = True
    assert forgiving(legs, DIAL, Unsupported("Say", "no media")).events == ["answer"]


def test_a_hook_without_an_address_is_none() -> None:
    legs = FakeLegs()
    client = forgiving(legs, hooks=CallHooks(answer=Webhook(""), fallback=Webhook("fallback")))
    assert client.sent[0][1] == "fallback"
    asyncio.run(notify_hangup(legs.facts(), CallHooks(hangup=Webhook("")), FakeDialect({}), client, legs.note))
    assert client.events.count("hangup") == 0


# Targets one after the other.

LINE = replace(DIAL, targets=(DIAL.targets[0], SECOND.targets[0]), sequential=True)


def test_a_sequence_ends_with_the_first_that_answers() -> None:
    legs = FakeLegs(BUSY, DONE)
    call(legs, LINE)
    assert legs.done == ["ring", "dial 1", "dial sip:b@h", "end"]
    legs = FakeLegs(DONE)
    call(legs, LINE)
    assert legs.done == ["ring", "dial 1", "end"]


def test_a_sequence_that_nobody_takes_says_so_once() -> None:
    legs = FakeLegs(dialled(DialStatus.NO_ANSWER, EndCause.NO_ANSWER, 480), BUSY)
    client = call(legs, replace(LINE, action=Webhook("action")), action=b"")
    assert client.events == ["answer", "action"]
    assert legs.ended == (EndCause.END_OF_DOCUMENT, 486)


def test_a_sequence_ends_when_the_caller_goes() -> None:
    legs = FakeLegs(dialled(DialStatus.CANCELLED, EndCause.CANCELLED, 487))
    legs.leaves = True
    call(legs, LINE)
    assert legs.done == ["ring", "dial 1"]


# What is over is freed by its last reference: the edge runs with the cyclic collector off.


@pytest.mark.parametrize(
    ("verbs", "answers"),
    [
        ((HangUp(),), {}),
        ((HangUp(None, 0.01), DIAL), {}),
        ((), {}),
        ((Unsupported("Say", "no media"),), {}),
        ((Unsupported("Say", "no media"),), {"fallback": b"bad"}),
        ((Unsupported("Say", "no media"),), {"fallback": BROKEN}),
        ((NEXT,), {"next": BROKEN}),
        ((LINE, NEXT), {"next": b"safe"}),
    ],
)
@pytest.mark.parametrize("forgives", [True, False])
def test_nothing_of_a_document_is_left_in_a_circle(
    verbs: tuple[Verb, ...], answers: dict[str, Answer], *, forgives: bool
) -> None:
    documents = {"first": verbs, "safe": (HangUp("busy"),), "bad": (Unsupported("Play", "no media"),)}
    dialect = FakeDialect(documents, forgives=forgives)
    client = FakeClient({"answer": b"first", "fallback": b"safe", **answers})

    async def go() -> int:
        for _ in range(3):  # the first ones fill what is kept for good
            legs = FakeLegs(None) if verbs and verbs[-1] is DIAL else FakeLegs(BUSY, BUSY)
            gc.collect()
            await run(legs.facts, FALLBACK, dialect, client, legs)
            await legs.settled()
            assert legs.endings
        return sum(isinstance(left, (_CallOver, FetchError, Document, _Session)) for left in collected())

    gc.disable()
    try:
        assert asyncio.run(go()) == 0
    finally:
        gc.enable()


def collected() -> list[object]:
    """Return what only the cyclic collector frees."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return list(gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
