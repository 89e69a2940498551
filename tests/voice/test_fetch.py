"""The first document: answer hook, fallback, and the time that both have."""

from __future__ import annotations

import asyncio

import pytest

from tests.voice.fakes import FACTS, Answer, FakeClient, FakeDialect
from trunkline.core.calls import EndCause, FetchStep
from trunkline.core.fetching import FetchError, HookError, HookFailure
from trunkline.core.model import CallHooks, Webhook
from trunkline.core.verbs import Document, HangUp
from trunkline.voice.fetch import CAUSES, fetch_document, fetch_next

BOTH = CallHooks(answer=Webhook("a"), fallback=Webhook("f"))
DIALECT = FakeDialect({"good": (HangUp(),), "": ()})


async def hang() -> bytes:
    await asyncio.Event().wait()
    raise AssertionError


def fetch(
    answers: dict[str, Answer], hooks: CallHooks = BOTH, total_s: float = 5
) -> tuple[Document, list[dict[str, object]], FakeClient]:
    client = FakeClient(answers)
    notes: list[dict[str, object]] = []

    def note(what: str, **facts: object) -> None:
        notes.append({"what": what, **facts})

    async def go() -> Document:
        try:
            return await fetch_document(DIALECT, client, FACTS, hooks, note, total_s=total_s)
        finally:
            assert client.open == 0

    return asyncio.run(go()), notes, client


def test_the_answer_hook_is_enough() -> None:
    document, notes, client = fetch({"a": b"good"})
    assert document == Document((HangUp(),))
    assert client.events == ["answer"]
    assert notes == [{"what": "fetch", "hook": "answer", "outcome": "a document", "verbs": 1}]


@pytest.mark.parametrize("first", [HookError(HookFailure.STATUS, "answered 500", 500), b"rubbish"])
def test_the_fallback_after_a_failure_or_an_invalid_document(first: Answer) -> None:
    document, notes, client = fetch({"a": first, "f": b"good"})
    assert document == Document((HangUp(),))
    assert [url for _, url, _ in client.sent] == ["a", "f"]
    assert [note["hook"] for note in notes] == ["answer", "fallback"]


def test_only_a_fallback() -> None:
    assert fetch({"f": b"good"}, CallHooks(fallback=Webhook("f")))[0] == Document((HangUp(),))


@pytest.mark.parametrize(
    ("answers", "cause", "sentences"),
    [
        (
            {"a": HookError(HookFailure.STATUS, "answered 500", 500), "f": b"rubbish"},
            EndCause.DOCUMENT_INVALID,
            ("answer: answered 500", "fallback: no document 'rubbish' from f"),
        ),
        (
            {"a": b"rubbish", "f": HookError(HookFailure.READ_TIMEOUT, "slow")},
            EndCause.FETCH_TIMEOUT,
            ("answer: no document 'rubbish' from a", "fallback: slow"),
        ),
        (
            {"a": b"rubbish", "f": HookError(HookFailure.STATUS, "answered 404", 404)},
            EndCause.FETCH_STATUS,
            ("answer: no document 'rubbish' from a", "fallback: answered 404"),
        ),
    ],
)
def test_both_fail(answers: dict[str, Answer], cause: EndCause, sentences: tuple[str, ...]) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(answers)
    assert (caught.value.cause, caught.value.step, caught.value.tries) == (cause, FetchStep.ANSWER, sentences)


def test_the_time_for_both_together() -> None:
    with pytest.raises(FetchError) as caught:
        fetch({"a": HookError(HookFailure.CONNECT, "refused"), "f": hang}, total_s=0.05)
    assert caught.value.cause is EndCause.FETCH_TIMEOUT
    assert caught.value.tries == ("answer: refused", "answer and fallback together brought no document within 0.05 s")


def test_no_hook_at_all() -> None:
    with pytest.raises(FetchError, match="give its application an answer URL") as caught:
        fetch({}, CallHooks(hangup=Webhook("h")))
    assert caught.value.cause is EndCause.FETCH_FAILED


def test_every_failure_has_a_cause() -> None:
    assert set(CAUSES) == set(HookFailure)


def test_an_empty_answer_to_an_action_ends_the_document_but_not_an_empty_first_one() -> None:
    dialect = FakeDialect({})
    client = FakeClient({"x": b" \n"})
    request = dialect.redirect(FACTS, Webhook("x"))

    def note(what: str, **facts: object) -> None:
        del what, facts

    assert asyncio.run(fetch_next(dialect, client, request, FetchStep.ACTION, note)) == Document(())
    with pytest.raises(FetchError):
        asyncio.run(fetch_document(dialect, client, FACTS, CallHooks(answer=Webhook("x")), note))


def test_a_failed_redirect_names_its_step() -> None:
    client = FakeClient({"x": HookError(HookFailure.CONNECT, "refused")})
    request = DIALECT.redirect(FACTS, Webhook("x"))
    with pytest.raises(FetchError) as caught:
        asyncio.run(fetch_next(DIALECT, client, request, FetchStep.REDIRECT, lambda *_, **__: None))
    assert (caught.value.step, caught.value.tries) == (FetchStep.REDIRECT, ("redirect: refused",))
