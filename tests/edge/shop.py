"""An account that asks Twilio's APIs with a plain HTTP client, and its carrier's calls."""

from __future__ import annotations

import base64
import http.client
import json
from contextlib import closing
from itertools import count
from typing import Any
from urllib.parse import urlencode

from tests.edge.lab import Lab, Tenant
from tests.edge.sipp import Sipp
from tests.server import Server

hosts = count(10)
"""Last bytes of addresses that nobody has yet, in 127.0.4.0/24."""


class Client:
    """An account that asks Twilio's APIs."""

    def __init__(self, server: Server, sid: str, auth_token: str) -> None:
        self.server, self.sid, self.twilio_token = server, sid, auth_token

    def twilio(self, method: str, path: str, form: dict[str, str] | None = None, *, expect: int = 0) -> Any:
        """Ask one of Twilio's APIs; any 2xx unless ``expect`` says otherwise."""
        basic = base64.b64encode(f"{self.sid}:{self.twilio_token}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPConnection(*self.server.http, timeout=20)) as connection:
            connection.request(method, path, urlencode(form or {}), headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        assert status == expect if expect else 200 <= status < 300, f"{method} {path}: {status} {text!r}"
        return json.loads(text) if text else None

    def mine(self, path: str) -> str:
        """Return a path of this account's."""
        return f"/2010-04-01/Accounts/{self.sid}{path}.json"

    def made_trunk(self, *urls: tuple[str, int]) -> str:
        """Create a trunk with origination URLs, each with its priority; return its path."""
        trunk = f"/v1/Trunks/{self.twilio('POST', '/v1/Trunks', {'FriendlyName': 'office'}, expect=201)['sid']}"
        for uri, priority in urls:
            url = {"FriendlyName": "x", "SipUrl": uri, "Priority": str(priority), "Weight": "1", "Enabled": "true"}
            self.twilio("POST", f"{trunk}/OriginationUrls", url, expect=201)
        return trunk

    def sid_of(self, digits: str) -> str:
        """Return the SID of a number of this account's."""
        query = urlencode({"PhoneNumber": f"+{digits}"})
        (found,) = self.twilio("GET", f"{self.mine('/IncomingPhoneNumbers')}?{query}")["incoming_phone_numbers"]
        return str(found["sid"])


class Shop(Tenant, Client):
    """An account that asks all dialects, with a carrier at an address of its own."""

    def __init__(self, lab: Lab, made: dict[str, Any], sip: tuple[str, int]) -> None:
        Tenant.__init__(self, lab.server, made)
        Client.__init__(self, lab.server, made["twilio"]["account_sid"], made["twilio"]["auth_token"])
        self.sip = sip
        self.source = f"127.0.4.{next(hosts)}"

    def number_on(self, trunk: str) -> str:
        """Return a number of this account's that points at a trunk."""
        digits = self.number(self.carrier(self.source))
        self.twilio("POST", f"{trunk}/PhoneNumbers", {"PhoneNumberSid": self.sid_of(digits)}, expect=201)
        return digits


def call(shop: Shop, digits: str) -> None:
    """Let the carrier call a number, be answered, and hang up."""
    with Sipp("uac_call", ip=shop.source, to=shop.server.via, number=digits) as carrier:
        carrier.succeeded()
