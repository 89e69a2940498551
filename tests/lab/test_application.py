"""The sample application, asked over HTTP."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

import aiohttp
import pytest

from trunkline.lab.agent import LabError
from trunkline.lab.application import SampleApplication


def test_it_answers_with_xml_and_keeps_what_it_was_asked() -> None:
    async def go() -> None:
        lines: list[str] = []
        phone = "sip:phone@127.0.0.1:5070;a=1&2"
        async with (
            SampleApplication("127.0.0.1", 0, phone, on_line=lines.append) as app,
            aiohttp.ClientSession() as http,
        ):
            sent = {"CallUUID": "1", "Event": "StartApp"}
            answer = await http.post(app.answer_url + "?x=y", data=sent, headers={"X-Plivo-Signature-V3": "s"})
            assert (answer.status, answer.content_type) == (200, "application/xml")
            assert ElementTree.fromstring(await answer.text()).findtext("Dial/User") == phone  # noqa: S314 - our own
            asked = await app.asked("/answer", 1)
            assert asked is not None
            assert asked.params == {"x": "y", **sent}
            assert asked.headers["x-plivo-signature-v3"] == "s"
            waiting = asyncio.create_task(app.asked("/hangup", 1))
            assert (await http.get(app.hangup_url, params={"CallUUID": "1"})).status == 200
            told = await waiting
            assert told is not None
            assert (told.method, told.params) == ("GET", {"CallUUID": "1"})
            assert lines == ["POST /answer StartApp CallUUID=1", "GET /hangup  CallUUID=1"]
            assert (await http.get(app.answer_url + "/more")).status == 404

    asyncio.run(go())


def test_waiting_for_a_request_ends() -> None:
    async def go() -> None:
        async with SampleApplication("127.0.0.1", 0, "sip:phone@127.0.0.1") as app:
            assert await app.asked("/answer", 0.01) is None

    asyncio.run(go())


def test_a_taken_port_is_said() -> None:
    async def go() -> None:
        async with SampleApplication("127.0.0.1", 0, "sip:phone@127.0.0.1") as app:
            with pytest.raises(LabError, match=f"cannot open 127.0.0.1:{app.port}"):
                await SampleApplication("127.0.0.1", app.port, "sip:phone@127.0.0.1").__aenter__()

    asyncio.run(go())
