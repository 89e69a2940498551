"""Getting documents: the answer hook and its fallback for the first one, one request for each further one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Protocol

from trunkline.core.calls import CallFacts, EndCause, FetchStep
from trunkline.core.fetching import (
    DocumentError,
    Failure,
    FetchError,
    HookClient,
    HookDialect,
    HookError,
    HookFailure,
    HookRequest,
)
from trunkline.core.model import CallHooks
from trunkline.core.verbs import Document

# Answer hook and fallback together: a caller hears nothing but ringing while they last.
FIRST_DOCUMENT_S = 60.0

CAUSES: dict[HookFailure, EndCause] = {
    HookFailure.ADDRESS_REFUSED: EndCause.FETCH_FAILED,
    HookFailure.NOT_RESOLVED: EndCause.FETCH_FAILED,
    HookFailure.CONNECT: EndCause.FETCH_FAILED,
    HookFailure.CONNECT_TIMEOUT: EndCause.FETCH_TIMEOUT,
    HookFailure.READ_TIMEOUT: EndCause.FETCH_TIMEOUT,
    HookFailure.TOTAL_TIMEOUT: EndCause.FETCH_TIMEOUT,
    HookFailure.STATUS: EndCause.FETCH_STATUS,
    HookFailure.TOO_LARGE: EndCause.DOCUMENT_INVALID,
    HookFailure.BAD_URL: EndCause.FETCH_FAILED,
    HookFailure.TOO_MANY_REDIRECTS: EndCause.FETCH_STATUS,
}


class Note(Protocol):
    """Takes a line for the call's trace; `core.fetching.Legs.note` is one."""

    def __call__(self, what: str, **facts: object) -> None: ...


async def fetch_document(
    dialect: HookDialect,
    client: HookClient,
    call: CallFacts,
    hooks: CallHooks,
    note: Note,
    *,
    total_s: float = FIRST_DOCUMENT_S,
) -> Document:
    """Return the call's first document: of the answer hook, else (unavailable, or not a document) of the fallback.

    Both together have ``total_s`` seconds. Every try leaves a line through ``note``. Raises `FetchError` with the last
    try's cause and a sentence per try when neither brings a document.
    """
    tries: list[str] = []
    cause = EndCause.FETCH_FAILED
    failure: Failure | None = None
    try:
        async with asyncio.timeout(total_s) as limit:
            for name, hook in (("answer", hooks.answer), ("fallback", hooks.fallback)):
                if hook is None:
                    continue
                request = dialect.answer(call, hook) if failure is None else dialect.fallback(call, hook, failure)
                if request is None:
                    continue
                try:
                    document = await _fetch(dialect, client, request)
                except FetchError as error:
                    cause, failure = error.cause, error.failure
                    tries.append(f"{name}: {error}")
                    note("fetch", hook=name, outcome=str(error))
                else:
                    note("fetch", hook=name, outcome="a document", verbs=len(document.verbs))
                    return replace(document, fallback=name == "fallback")
    except TimeoutError:
        if not limit.expired():
            raise
        cause = EndCause.FETCH_TIMEOUT
        tries.append(f"answer and fallback together brought no document within {total_s:g} s")
        note("fetch", outcome=tries[-1])
    if not tries:
        tries.append("the call has no answer hook; give its application an answer URL")
    raise FetchError(cause, FetchStep.ANSWER, tuple(tries))


async def fetch_next(
    dialect: HookDialect, client: HookClient, request: HookRequest, step: FetchStep, note: Note
) -> Document:
    """Return the document that a redirect or an action asks for; an empty body is an empty document.

    Step ``ANSWER`` is the fallback in the midst of a call. Raises `FetchError`.
    """
    name = "fallback" if step is FetchStep.ANSWER else step.value
    try:
        document = await _fetch(dialect, client, request, step)
    except FetchError as error:
        note("fetch", hook=name, outcome=str(error))
        raise FetchError(error.cause, step, (f"{name}: {error}",), error.failure) from None
    note("fetch", hook=name, outcome="a document", verbs=len(document.verbs))
    return document


async def _fetch(
    dialect: HookDialect, client: HookClient, request: HookRequest, step: FetchStep = FetchStep.ANSWER
) -> Document:
    try:
        response = await client.send(request)
        url = response.url or request.url
        if step is not FetchStep.ANSWER and not response.body.strip():
            return Document((), url)
        return replace(dialect.parse(response.body, url), url=url)
    except HookError as error:
        why = Failure(request.url, step, error.failure)
        raise FetchError(CAUSES[error.failure], step, (error.detail,), why) from None
    except DocumentError as error:
        why = Failure(request.url, step, error.fault)
        raise FetchError(EndCause.DOCUMENT_INVALID, step, (str(error),), why) from None
