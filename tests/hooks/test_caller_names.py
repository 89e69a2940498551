"""The name service over HTTP, against real servers on loopback; its clock is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.hooks.test_client import raw_server, self_signed, server
from trunkline.config import CnamSettings
from trunkline.core.addresses import AddressFilter
from trunkline.core.caller_names import MAX_ANSWER_BYTES, FoundName
from trunkline.hooks import caller_names
from trunkline.hooks.caller_names import MAX_AT_ONCE, MAX_FAILURES, HttpNameSource

LAB = AddressFilter(lab=True)
ANN, BOB = "14155550100", "14155550101"


class Service:
    """A name service: ``answers`` maps a number to the status and text of an answer, ``asked`` is what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {}
        self.asked: list[str] = []
        self.held: asyncio.Event | None = None
        self.headers: dict[str, str] = {}
        self._news = asyncio.Condition()

    async def answer(self, request: web.Request) -> web.Response:
        number = request.query["number"]
        self.asked.append(number)
        self.headers = dict(request.headers)
        async with self._news:
            self._news.notify_all()
        if self.held is not None:
            await self.held.wait()
        status, text = self.answers.get(number, (200, f'{{"name": "Name {number}"}}'))
        headers = {"Location": "/v1?number=other"} if status == 302 else {}
        return web.Response(status=status, text=text or None, headers=headers)

    async def until_asked(self, times: int) -> None:
        """Wait until it was asked so often."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: len(self.asked) >= times)


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@asynccontextmanager
async def source(
    base: str, clock: Clock | None = None, addresses: AddressFilter = LAB, **settings: Any
) -> AsyncIterator[HttpNameSource]:
    made = HttpNameSource(
        CnamSettings(url=base + "/v1?key=s3cret&number={number}", **settings), addresses, now=clock or Clock()
    )
    try:
        yield made
    finally:
        await made.close()


def run(work: Callable[[HttpNameSource, Service, Clock], Awaitable[None]], **settings: Any) -> None:
    """Run a test's work on a source and its service."""

    async def go() -> None:
        service, clock = Service(), Clock()
        async with server(service.answer) as base, source(base, clock, **settings) as names:
            await work(names, service, clock)

    asyncio.run(go())


def test_a_name_is_asked_for_and_kept() -> None:
    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        assert await names.name_of(ANN) == (f"Name {ANN}", "as the name source says")
        assert service.headers["Accept"] == "application/json"
        clock.time += 99.0
        assert await names.name_of(ANN) == (f"Name {ANN}", "as the name source has said before")
        assert service.asked == [ANN]
        clock.time += 2.0
        await names.name_of(ANN)
        assert service.asked == [ANN, ANN]

    run(work, keep_s=100.0)


@pytest.mark.parametrize("status", [200, 204, 404])
def test_that_there_is_no_name_is_kept_for_its_own_time(status: int) -> None:
    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        service.answers[ANN] = (status, '{"name": null}' if status == 200 else "")
        for _ in range(2):
            assert await names.name_of(ANN) == (None, "the name source knows no name")
        assert service.asked == [ANN]
        clock.time += 11.0
        del service.answers[ANN]
        assert (await names.name_of(ANN)).name == f"Name {ANN}"

    run(work, keep_none_s=10.0)


def test_what_is_kept_is_bounded_and_the_longest_unused_goes() -> None:
    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        numbers = [str(14155550100 + i) for i in range(4)]
        for number in (*numbers[:3], numbers[0], numbers[3]):
            await names.name_of(number)
        assert len(names._kept) == 3
        service.asked.clear()
        for number in (numbers[0], numbers[2], numbers[3], numbers[1]):
            await names.name_of(number)
        assert service.asked == [numbers[1]]

    run(work, keep_entries=3)


def test_calls_of_one_number_wait_for_one_request() -> None:
    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        service.held = asyncio.Event()
        waiting = [asyncio.create_task(names.name_of(ANN)) for _ in range(20)]
        await service.until_asked(1)
        waiting.pop().cancel()
        service.held.set()
        assert {found.name for found in await asyncio.gather(*waiting)} == {f"Name {ANN}"}
        assert service.asked == [ANN]
        assert not names._asking

    run(work, timeout_s=5.0)


def test_a_caller_that_leaves_leaves_the_answer_for_the_next_one() -> None:
    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        service.held = asyncio.Event()
        waiting = asyncio.create_task(names.name_of(ANN))
        await service.until_asked(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        service.held.set()
        assert (await names.name_of(ANN)).name == f"Name {ANN}"
        assert service.asked == [ANN]

    run(work, timeout_s=5.0)


def test_requests_under_way_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_AT_ONCE == 100
    monkeypatch.setattr(caller_names, "MAX_AT_ONCE", 3)

    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        service.held = asyncio.Event()
        waiting = [asyncio.create_task(names.name_of(str(14155550100 + i))) for i in range(3)]
        await service.until_asked(3)
        found = await asyncio.wait_for(names.name_of("14155550199"), 2.0)
        assert found == (None, "the name source is not asked: 3 calls wait for it already")
        service.held.set()
        assert all(found.name for found in await asyncio.gather(*waiting))
        assert (await names.name_of("14155550199")).name

    run(work, timeout_s=5.0)


BAD = {
    "not JSON": ((200, "Ann"), "no JSON object"),
    "no name": ((200, '{"caller": "Ann"}'), "no JSON object"),
    "huge": ((200, '{"name": "' + "x" * MAX_ANSWER_BYTES + '"}'), "too long an answer"),
    "500": ((500, '{"name": "Ann"}'), "answered 500"),
    "403": ((403, ""), "answered 403"),
    "redirect": ((302, ""), "answered 302"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_answer(kind: str) -> None:
    answer, says = BAD[kind]

    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        service.answers[ANN] = answer
        found = await names.name_of(ANN)
        assert found.name is None
        assert says in found.how
        assert "127.0.0.1" not in found.how, "tenants read it"
        assert service.asked == [ANN], "not tried again, not followed"
        del service.answers[ANN]
        assert (await names.name_of(ANN)).name == f"Name {ANN}", "a failure is not kept"

    run(work)


def _failing(
    on_connect: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> tuple[FoundName, float]:
    async def go() -> tuple[FoundName, float]:
        async with raw_server(on_connect) as base, source(base, timeout_s=0.5) as names:
            loop = asyncio.get_running_loop()
            began = loop.time()
            found = await names.name_of(ANN)
            return found, loop.time() - began

    return asyncio.run(go())


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def trickling(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"name": "')
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def dripping_headers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Y: z\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("behaviour", [silent, trickling, dripping_headers])
def test_slow_services_cost_the_time_limit_and_no_more(behaviour: Any) -> None:
    found, took = _failing(behaviour)
    assert found == (None, "the name source gave no answer within 0.5 s")
    assert 0.45 <= took < 2.5


async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize(("behaviour", "says"), [(endless, "too long an answer"), (no_http, "cannot be reached")])
def test_services_that_are_none(behaviour: Any, says: str) -> None:
    found, _ = _failing(behaviour)
    assert found.name is None
    assert says in found.how


def test_after_several_failures_it_rests_and_is_then_tried_by_one_call_at_a_time() -> None:
    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        failing = (500, "")
        service.answers = dict.fromkeys((ANN, BOB), failing)
        for _ in range(MAX_FAILURES):
            await names.name_of(ANN)
        found = await names.name_of(BOB)
        assert found == (None, "the name source rests, since it has failed 3 times in a row")
        clock.time += 29.0
        await names.name_of(BOB)
        assert service.asked == [ANN] * MAX_FAILURES
        clock.time += 2.0
        service.held = asyncio.Event()
        trying = asyncio.create_task(names.name_of(ANN))
        await service.until_asked(MAX_FAILURES + 1)
        assert "rests" in (await names.name_of(BOB)).how, "one call at a time"
        service.held.set()
        assert (await trying).how == "the name source answered 500"
        assert "rests" in (await names.name_of(BOB)).how, "it rests again"
        clock.time += 31.0
        service.answers.clear()
        assert (await names.name_of(ANN)).name == f"Name {ANN}"
        service.answers[BOB] = failing
        assert (await names.name_of(BOB)).how == "the name source answered 500"
        assert (await names.name_of(BOB)).how == "the name source answered 500", "counted from the start again"

    run(work, timeout_s=5.0, rest_s=30.0)


def test_the_log_names_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    async def work(names: HttpNameSource, service: Service, clock: Clock) -> None:
        service.answers[ANN] = (500, "")
        for _ in range(MAX_FAILURES):
            await names.name_of(ANN)

    run(work)
    assert "has failed 3 times in a row, at last: http://127.0.0.1:" in caplog.text
    assert "s3cret" not in caplog.text


def test_addresses_that_the_filter_refuses_are_not_asked() -> None:
    async def work() -> None:
        service = Service()
        async with server(service.answer) as base, source(base, addresses=AddressFilter(allow_private=True)) as names:
            assert (await names.name_of(ANN)).how == "the name source cannot be reached"
            assert service.asked == []

    asyncio.run(work())


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    asked = []

    async def work() -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.read(100))
            writer.close()

        listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=self_signed(tmp_path))
        async with listener, source(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}") as names:
            assert (await names.name_of(ANN)).how == "the name source cannot be reached"

    asyncio.run(work())
    assert asked in ([], [b""]), "nothing was said to it"
