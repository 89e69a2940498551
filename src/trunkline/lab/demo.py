"""One whole story, told as it happens: from an empty installation to an answered call, and one that is refused.

Everything is done as a customer and a carrier would do it: by the HTTP API and by SIP, against a private instance.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from base64 import b64encode
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from trunkline.lab.agent import LabError
from trunkline.lab.application import Asked, SampleApplication
from trunkline.lab.carrier import CallReport, place_call
from trunkline.lab.phone import Phone
from trunkline.lab.platform import Customer, Platform
from trunkline.lab.screen import WIDTH, Screen

CARRIER_IP, STRANGER_IP = "127.0.0.2", "127.0.0.3"
CALLER, NUMBER = "14155550100", "14155551234"
REGION = "California, UNITED STATES"
WAIT_S = 10.0
"""How long what must follow a call may take: its hang-up callback, its record."""
POLL_S = 0.05


class StoryError(Exception):
    """A step that did not happen as told; the message says which and what happened instead."""


class Story:
    """The steps, in order. Each prints what it does and raises StoryError, or LabError, if that does not happen."""

    def __init__(
        self, screen: Screen, platform: Platform, customer: Customer, phone: Phone, application: SampleApplication
    ) -> None:
        self._screen = screen
        self._platform = platform
        self._customer = customer
        self._phone = phone
        self._application = application
        self._auth_id = self._plivo = self._bearer = self._call_id = ""

    async def tell(self) -> None:
        """All of it."""
        await self._account()
        await self._application_and_number()
        await self._call()
        await self._asked()
        await self._hangup()
        await self._record()
        await self._stranger()

    async def _account(self) -> None:
        self._screen.step("An account for the customer")
        self._screen.command(["trunkline", "accounts", "create", "--data", "DIR", "--name", "Demo", "--json"])
        made = await self._platform.create_account("Demo")
        try:
            self._auth_id, token = made["plivo"]["auth_id"], made["plivo"]["auth_token"]
            self._plivo = "Basic " + b64encode(f"{self._auth_id}:{token}".encode()).decode()
            self._bearer = f"Bearer {made['api_key']}"
            self._screen.result(
                f"account {made['account_id']}, auth_id {self._auth_id} (AUTH_TOKEN and API_KEY are kept)"
            )
        except (KeyError, TypeError):
            raise StoryError("the account came without its id, Plivo credentials or API key") from None

    async def _application_and_number(self) -> None:
        self._screen.step("An application: where Trunkline asks what to do with a call")
        self._screen.say(f"A small web server of ours; its XML dials our sample phone: {self._application.document}")
        urls = {"answer_url": self._application.answer_url, "hangup_url": self._application.hangup_url}
        await self._post("Application", {"app_name": "Demo", **urls, "default_number_app": True}, 201)
        self._screen.step(f"A carrier: calls from {CARRIER_IP} come from it, and from nowhere else")
        made = await self._post("IncomingCarrier", {"name": "My_Carrier", "ip_set": CARRIER_IP}, 201)
        self._screen.step("A number that this carrier delivers; it takes the default application")
        number = {"numbers": NUMBER, "carrier": _field(made, "carrier_id"), "region": REGION}
        await self._post("Number", number, 202)

    async def _post(self, what: str, body: dict[str, Any], expect: int) -> dict[str, Any]:
        path = f"/v1/Account/{self._auth_id}/{what}/"
        self._curl("-u", f"{self._auth_id}:$AUTH_TOKEN", path, body)
        return await self._ask("POST", path, self._plivo, expect, body)

    async def _ask(
        self, method: str, path: str, authorization: str, expect: int, body: object = None
    ) -> dict[str, Any]:
        status, answer = await self._customer.ask(method, path, {"Authorization": authorization}, body)
        if status != expect:
            raise StoryError(f"{method} {path} was answered {status}, not {expect}: {json.dumps(answer)}")
        if path.startswith("/v1/"):
            self._screen.result(f"{status} {json.dumps(answer)}")
        return answer

    def _curl(self, option: str, value: str, path: str, body: dict[str, Any] | None = None) -> None:
        data = ["-H 'Content-Type: application/json'", f"-d '{_json(body)}'"] if body is not None else []
        quoted = value if " " not in value else f'"{value}"'
        self._screen.command(["curl", f"{option} {quoted}", self._platform.url + path, *data])

    async def _call(self) -> None:
        self._screen.step(f"The carrier at {CARRIER_IP} delivers a call to +{NUMBER}")
        self._screen.say("The SIP messages as the carrier sees them, with seconds since its INVITE:")
        report = await self._place(CARRIER_IP, None)
        if not report.ok:
            raise StoryError(f"the call was to be answered, but: {report.explain()}")
        if self._phone.counts.answered != 1:
            raise StoryError(f"the sample phone has answered {self._phone.counts.answered} calls instead of 1")
        self._screen.good(f"{report.explain()}; the sample phone took it")

    async def _place(self, from_ip: str, expect: int | None) -> CallReport:
        options = [f"--from-ip {from_ip}", f"--from +{CALLER}", f"--to +{NUMBER}", f"--via {self._platform.via}"]
        self._screen.command(["trunkline call", *options, *([f"--expect {expect}"] if expect else [])])
        return await place_call(
            from_ip=from_ip,
            caller=CALLER,
            called=NUMBER,
            via=self._platform.sip,
            expect=expect,
            talk_s=0.5,
            on_line=self._screen.line,
        )

    async def _asked(self) -> None:
        self._screen.step("What the application was asked")
        asked = await self._callback("/answer", "StartApp")
        self._call_id = asked.params.get("CallUUID", "")
        signature = "X-Plivo-Signature-V3"
        for header in (signature, f"{signature}-Nonce"):
            if not asked.headers.get(header):
                raise StoryError(f"the request to the answer_url has no {header} header")
        told = [("header", f"{signature}: {asked.headers[signature]}")]
        self._screen.table([*told, *((name, value) for name, value in asked.params.items())])
        self._screen.good("signed, with the call in Plivo's parameters; answered with the XML above")

    async def _hangup(self) -> None:
        self._screen.step("What the application was told when the call had ended")
        asked = await self._callback("/hangup", "Hangup")
        shown = ("CallUUID", "CallStatus", "Duration", "HangupCause", "HangupCauseName", "HangupSource")
        self._screen.table([(name, asked.params.get(name, "")) for name in (*shown, "AnswerTime", "EndTime")])
        for name, value in (("CallStatus", "completed"), ("CallUUID", self._call_id)):
            if asked.params.get(name) != value:
                raise StoryError(f"{name} was told as {asked.params.get(name)!r}, not {value!r}")
        self._screen.good("the same call, completed")

    async def _callback(self, path: str, event: str) -> Asked:
        asked = await self._application.asked(path, WAIT_S)
        if asked is None:
            raise StoryError(f"no request to {path} came within {WAIT_S:g} s")
        self._screen.line(f"{asked.method} {path}")
        told = {"Event": event, "To": NUMBER, "From": CALLER}
        for name, value in told.items():
            if asked.params.get(name, "").lstrip("+") != value:
                raise StoryError(f"{path} was told {name}={asked.params.get(name)!r}, not {value!r}")
        return asked

    async def _record(self) -> None:
        self._screen.step("Why the call went where it went: its record")
        path = "/native/v1/calls"
        self._curl("-H", "Authorization: Bearer $API_KEY", path)
        found = await self._newest(path)
        self._curl("-H", "Authorization: Bearer $API_KEY", f"{path}/{found}")
        record = await self._ask("GET", f"{path}/{found}", self._bearer, 200)
        self._show(record)
        legs = [
            f"{rung['at']:7.3f}  leg {rung['leg']:<2}  {rung['way']:<3}  {rung['line']}" for rung in record["ladder"]
        ]
        self._screen.say("Both legs, as Trunkline saw them: a is the carrier's, b the phone's.")
        for line in legs:
            self._screen.line(line)
        if record.get("verdict") != "route" or not legs:
            raise StoryError(f"the record's verdict is {record.get('verdict')!r}, with {len(legs)} messages")
        self._screen.good("the verdict is to route, and the record says by which rules")

    async def _newest(self, path: str) -> str:
        """The id of the call's record, which is written a moment after the call."""
        until = time.monotonic() + WAIT_S
        while True:
            calls = (await self._ask("GET", path, self._bearer, 200)).get("items") or []
            mine = [call for call in calls if call.get("number") == NUMBER and call.get("source") == CARRIER_IP]
            if mine:
                return str(mine[0]["id"])
            if time.monotonic() > until:
                raise StoryError(f"no record of the call appeared within {WAIT_S:g} s")
            await asyncio.sleep(POLL_S)

    async def _stranger(self) -> None:
        self._screen.step(f"The same call from {STRANGER_IP}, which is no carrier's address")
        report = await self._place(STRANGER_IP, 403)
        if not report.ok:
            raise StoryError(f"the stranger's call was to be refused with 403, but: {report.explain()}")
        self._screen.good(report.explain())
        self._screen.say("And why, without placing a call:")
        body = {"source": STRANGER_IP, "to": f"+{NUMBER}"}
        self._curl("-H", "Authorization: Bearer $API_KEY", "/native/v1/explain", body)
        told = await self._ask("POST", "/native/v1/explain", self._bearer, 200, body)
        self._show(told)
        if told.get("sip_status") != 403:
            raise StoryError(f"explain says {told.get('sip_status')}, and the call was answered 403")
        self._screen.good("explain and the live call agree")

    def _show(self, decided: dict[str, Any]) -> None:
        """Print a verdict and its trace."""
        steps = decided.get("trace")
        if not steps:
            raise StoryError("the decision has no trace")
        self._screen.table(
            [("verdict", str(decided.get("verdict"))), *((step["part"], step["text"]) for step in steps)]
        )


def _field(answer: dict[str, Any], name: str) -> str:
    if not answer.get(name):
        raise StoryError(f"the answer has no {name}: {json.dumps(answer)}")
    return str(answer[name])


def _json(body: dict[str, Any]) -> str:
    """A JSON object as one line, or one line per field where that would be too long to read."""
    line = json.dumps(body)
    if len(line) < WIDTH - 20:
        return line
    return "{" + ",\n ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in body.items()) + "}"


async def demo(screen: Screen) -> None:
    """Tell the story on a private instance, and stop everything at its end. Raises StoryError or LabError."""
    began = time.monotonic()
    screen.title("Trunkline: one call from a carrier to a phone")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="trunkline-demo-"))
        screen.step("A private instance, a sample phone and a sample application")
        screen.command(["trunkline", "serve", "--data", "DIR", "--http", "127.0.0.1:0", "--sip", "127.0.0.1:0"])
        platform = await stack.enter_async_context(Platform(Path(folder) / "data"))
        screen.result(f"ready http={platform.http[0]}:{platform.http[1]} sip={platform.via}")
        phone = await stack.enter_async_context(Phone())
        application = await stack.enter_async_context(SampleApplication("127.0.0.1", 0, phone.uri))
        customer = await stack.enter_async_context(Customer(platform.url))
        screen.result(f"phone {phone.uri}, application {application.answer_url}")
        try:
            await Story(screen, platform, customer, phone, application).tell()
        except (StoryError, LabError, LookupError, TypeError) as error:
            known = isinstance(error, StoryError | LabError)
            what = str(error) if known else f"an answer lacks what it must have: {error!r}"
            raise StoryError(f"{what}\nThe server said last:\n{platform.output()}") from None
    screen.step("The end")
    screen.good(f"every step happened as told, and all is stopped again ({time.monotonic() - began:.1f} s)")


def main() -> int:
    """Run the demo on standard output; 0 if every step happened as told, else 1."""
    screen = Screen(sys.stdout)
    try:
        asyncio.run(demo(screen))
    except (StoryError, LabError) as error:
        screen.bad(f"The demo failed: {error}")
        return 1
    except KeyboardInterrupt:
        screen.bad("Interrupted; everything is stopped.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
