"""Deliveries: how often, in which order, and what is left alone when one account's application hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.hooks.test_outbox import WAIT_S
from trunkline.core.fetching import FetchPolicy, HookError, HookFailure, HookRequest, HookResponse
from trunkline.core.model import EVERYTHING
from trunkline.core.texts import (
    KEPT_DAYS,
    MAX_WAITING_OF_ACCOUNT,
    DueText,
    Kept,
    NewText,
    TextRecord,
    TextState,
)
from trunkline.hooks import texts
from trunkline.hooks.texts import MAX_AGE, MAX_OF_ACCOUNT, PAUSES_S, TextDelivery, Wording
from trunkline.store.secrets import Vault
from trunkline.store.texts import FILE, TextBox, TextReader

VAULT = Vault(bytes(32))
FAILED = HookError(HookFailure.STATUS, "answered 503", 503)
URLS = ("http://x/first", "http://x/second")


def new(name: str, account: str = "a", at: datetime | None = None, text: str = "hello") -> NewText:
    """Return a message that has just come."""
    at = at or datetime.now(UTC)
    record = TextRecord(
        seq=0,
        id=name,
        account_id=account,
        number_id="n",
        number="14155551234",
        caller="1",
        source="203.0.113.7",
        carrier_id="c",
        state=TextState.ACCEPTED,
        verdict="route",
        sip_status=202,
        size=5,
        units=1,
        tries=0,
        accepted_at=at,
        ended_at=None,
        next_at=at,
        trace=(("target", "there"),),
    )
    return NewText(record, text, name)


class Listener:
    """An application: what each URL answers, and what it heard."""

    def __init__(self, answers: dict[str, HookError | str] | None = None) -> None:
        self.answers = answers or {}
        self.heard: list[tuple[str, str]] = []
        self.hangs: set[str] = set()

    async def send(self, request: HookRequest) -> HookResponse:
        """Answer, or hang until the end."""
        name = dict(request.params)["id"]
        self.heard.append((request.url, name))
        if name in self.hangs:
            await asyncio.Event().wait()
        answer = self.answers.get(request.url, "")
        if isinstance(answer, HookError):
            raise answer
        return HookResponse(200, "text/xml", answer.encode())


def word(text: DueText, urls: Sequence[str] = URLS) -> Wording:
    """Word a message."""
    params = (("id", text.record.id), ("text", text.text))
    requests = [HookRequest(url=u, method="POST", params=params, headers=(), policy=FetchPolicy()) for u in urls]
    return Wording(tuple(requests), lambda response: response.body.decode(), "nowhere")


def run(
    data: Path,
    listener: Listener,
    fill: Callable[[TextBox], Awaitable[object]],
    until: Callable[[], bool],
    spell: Callable[[DueText], Wording] = word,
) -> None:
    """Fill a box and deliver from it until something holds."""

    async def work() -> None:
        box = TextBox(data, VAULT)
        await fill(box)
        delivery = TextDelivery(box, listener, spell)
        task = asyncio.ensure_future(delivery.run())
        async with asyncio.timeout(WAIT_S):
            while not until():  # noqa: ASYNC110 -- what is waited for stands in the file
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait({task})
        await delivery.close()
        box.close()

    asyncio.run(work())


def records(data: Path) -> dict[str, TextRecord]:
    """Return all records by id."""
    return {record.id: record for record in TextReader(data).page(EVERYTHING, (), limit=10_000)}


def states(data: Path) -> set[str]:
    """Return the states that there are."""
    return {record.state.value for record in records(data).values()}


async def nothing(_: TextBox) -> None:
    """Leave the box as it is."""


@pytest.mark.parametrize(
    ("answers", "heard", "state", "said"),
    [
        ({}, 1, "delivered", "message URL: answered 200"),
        ({URLS[0]: "a reply"}, 1, "delivered", "a reply"),
        ({URLS[0]: FAILED}, 2, "delivered", "fallback URL: answered 200"),
        ({URLS[0]: HookError(HookFailure.TOO_LARGE, "over 100 bytes")}, 1, "delivered", "message URL: over 100 bytes"),
        (dict.fromkeys(URLS, HookError(HookFailure.ADDRESS_REFUSED, "no")), 2, "failed", "fallback URL: no"),
        (dict.fromkeys(URLS, HookError(HookFailure.BAD_URL, "no")), 2, "failed", "fallback URL: no"),
    ],
)
def test_one_delivery(tmp_path: Path, answers: dict[str, HookError | str], heard: int, state: str, said: str) -> None:
    listener = Listener(answers)
    run(tmp_path, listener, lambda box: box.keep(new("1")), lambda: "accepted" not in states(tmp_path))
    record = records(tmp_path)["1"]
    assert (record.state.value, record.tries, len(listener.heard)) == (state, 1, heard)
    assert said in [text for _, text in record.trace]
    assert b"hello" not in (tmp_path / FILE).read_bytes()


def test_it_is_tried_so_often_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "PAUSES_S", (0.0,) * len(PAUSES_S))
    monkeypatch.setattr(texts, "POLL_S", 0.01)
    listener = Listener(dict.fromkeys(URLS, FAILED))
    run(tmp_path, listener, lambda box: box.keep(new("1")), lambda: states(tmp_path) == {"failed"})
    assert records(tmp_path)["1"].tries == len(PAUSES_S) + 1
    assert [url for url, _ in listener.heard] == list(URLS) * (len(PAUSES_S) + 1)
    assert records(tmp_path)["1"].next_at is None


def test_it_waits_for_its_pause_over_a_restart(tmp_path: Path) -> None:
    listener = Listener(dict.fromkeys(URLS, FAILED))
    began = datetime.now(UTC)
    run(tmp_path, listener, lambda box: box.keep(new("1")), lambda: records(tmp_path)["1"].tries == 1)
    waiting = records(tmp_path)["1"]
    assert waiting.next_at is not None
    assert timedelta(seconds=PAUSES_S[0]) <= waiting.next_at - began < timedelta(seconds=PAUSES_S[0] + 5)
    other = Listener()
    run(tmp_path, other, lambda box: box.keep(new("2")), lambda: records(tmp_path)["2"].state == "delivered")
    assert [name for _, name in other.heard] == ["2"]


def test_an_old_message_is_given_up(tmp_path: Path) -> None:
    old = new("1", at=datetime.now(UTC) - MAX_AGE)
    run(tmp_path, Listener(dict.fromkeys(URLS, FAILED)), lambda b: b.keep(old), lambda: states(tmp_path) == {"failed"})
    assert records(tmp_path)["1"].tries == 1


def test_a_hanging_account_keeps_nobody_waiting(tmp_path: Path) -> None:
    listener = Listener()
    mine = [f"a{n}" for n in range(30)]
    listener.hangs = set(mine)

    async def fill(box: TextBox) -> None:
        for name in mine:
            await box.keep(new(name))
        await box.keep(new("b", "b"))

    run(tmp_path, listener, fill, lambda: records(tmp_path)["b"].state == "delivered")
    assert len([name for _, name in listener.heard if name != "b"]) <= MAX_OF_ACCOUNT
    again = Listener()
    run(tmp_path, again, nothing, lambda: states(tmp_path) == {"delivered"})
    assert sorted(name for _, name in again.heard) == sorted(mine)


def test_what_cannot_be_worded_or_has_no_place_any_more(tmp_path: Path) -> None:
    def spell(text: DueText) -> Wording:
        if text.record.id == "1":
            raise LookupError("no dialect")
        return word(text, ())

    async def fill(box: TextBox) -> None:
        await box.keep(new("1"))
        await box.keep(new("2"))

    run(tmp_path, Listener(), fill, lambda: states(tmp_path) == {"failed"}, spell)
    assert records(tmp_path)["1"].trace[-1] == ("delivery", "an internal error")
    assert records(tmp_path)["2"].trace[-1] == ("delivery", "nowhere")


def kept(data: Path, *given: NewText) -> list[Kept]:
    """Return what keeping these comes to."""

    async def work() -> list[Kept]:
        box = TextBox(data, VAULT)
        found = await asyncio.gather(*[box.keep(one) for one in given])
        await box.forget()
        box.close()
        return list(found)

    return asyncio.run(work())


def test_the_same_message_within_a_minute_and_after_it(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    first, again = new("1", at=now - timedelta(seconds=50)), new("2", at=now)._replace(key="1")
    later = new("3", at=now + timedelta(seconds=61))._replace(key="1")
    assert kept(tmp_path, first, again, later) == [Kept.KEPT, Kept.REPEATED, Kept.KEPT]
    assert set(records(tmp_path)) == {"1", "3"}


def test_so_many_wait_and_no_more(tmp_path: Path) -> None:
    many = [new(f"{n}") for n in range(MAX_WAITING_OF_ACCOUNT + 1)]
    found = kept(tmp_path, *many, new("other", "b"))
    assert found == [Kept.KEPT] * MAX_WAITING_OF_ACCOUNT + [Kept.FULL, Kept.KEPT]
    refused = records(tmp_path)[f"{MAX_WAITING_OF_ACCOUNT}"]
    assert (refused.state, refused.verdict, refused.sip_status) == (TextState.REFUSED, "messages_waiting", 503)
    assert refused.next_at is None


def test_records_are_bounded_in_age_and_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What still waits is never dropped."""
    old = datetime.now(UTC) - timedelta(days=KEPT_DAYS + 1)
    refused = [new(f"r{n}").record._replace(state=TextState.REFUSED, next_at=None) for n in range(20)]
    ancient = new("ancient").record._replace(state=TextState.REFUSED, next_at=None, accepted_at=old)

    async def work() -> None:
        monkeypatch.setattr("trunkline.store.texts.MAX_RECORDS", 10)
        box = TextBox(tmp_path, VAULT)
        await box.keep(new("waits", at=old))
        box.note(ancient)
        await box.keep(new("x"))
        assert "ancient" in records(tmp_path)
        await box.forget()
        assert "ancient" not in records(tmp_path)
        for record in refused:
            box.note(record)
        await box.keep(new("last"))
        box.close()

    asyncio.run(work())
    names = set(records(tmp_path))
    assert {"waits", "x", "last", "r19"} <= names
    assert len(names - {"waits", "x"}) <= 10


def test_a_damaged_text_fails_and_holds_nothing_up(tmp_path: Path) -> None:
    async def fill(box: TextBox) -> None:
        await box.keep(new("1"))
        await box.keep(new("2"))
        await box._write("UPDATE texts SET sealed = x'00' WHERE id = ?", ("1",))

    run(tmp_path, Listener(), fill, lambda: "accepted" not in states(tmp_path))
    found = records(tmp_path)
    assert (found["1"].state, found["2"].state) == (TextState.FAILED, TextState.DELIVERED)


def test_a_file_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    """Nobody hears 202 for what is not on the disk."""

    async def work() -> None:
        box = TextBox(tmp_path, VAULT)
        await box._run(lambda: box._db.execute("PRAGMA query_only = ON"))
        with pytest.raises(Exception, match="cannot be kept"):
            await box.keep(new("1"))
        await box._run(lambda: box._db.execute("PRAGMA query_only = OFF"))
        assert await box.keep(new("1")) is Kept.KEPT
        box.close()

    asyncio.run(work())
