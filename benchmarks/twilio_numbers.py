"""Numbers through the Twilio dialect at a million of one account, beside the same through Plivo's.

Both dialects ask one running server over kept-alive connections of their own, by turns: some requests of an operation
through the one, then as many through the other. CPU time is that of the server's API process. Pages have 20 numbers.
Twilio's lists tell no total, so that theirs may be less work; what Plivo has no words for stands alone.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from benchmarks.inventory import FIRST_AMERICAN, Filled, filled, number_id
from benchmarks.load import percentile
from benchmarks.machine import cpu_seconds
from benchmarks.report import Aim, Outcome, Row
from tests.server import Server
from trunkline.dialects.twilio import ids, names

SIZES = (100_000, 1_000_000)
SAMPLES, TURNS = 400, 4
"""Requests of one operation through one dialect, of scans a quarter; and the turns in which they are sent."""
LIMIT_MS = 20.0
SCAN_LIMIT_MS = 250.0
NEW_AMERICAN = 12_122_000_000
"""New numbers begin here."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True)
class Ask:
    """One request: a path and query, and what is posted to it, if anything."""

    path: str
    posted: dict[str, str] | None = None


Asking = Callable[[int], Ask]
"""Returns the ``i``-th request of an operation."""


@dataclass(frozen=True)
class Operation:
    """What is asked through each dialect; None where Plivo has no words for it. ``scan``: it may look at all."""

    name: str
    twilio: Asking
    plivo: Asking | None
    scan: bool = False


@dataclass
class Times:
    """Milliseconds of an operation's requests through one dialect, and the CPU seconds of all of them."""

    taken: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    @property
    def per_cpu_s(self) -> float:
        """Requests per CPU-second of the server."""
        return len(self.taken) / max(self.cpu_s, 0.01)


class Client:
    """Sends requests of one dialect over a kept-alive connection."""

    def __init__(self, server: Server, user: str, secret: str, content_type: str) -> None:
        self._connection = http.client.HTTPConnection(*server.http, timeout=60)
        self._headers = {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}
        self._type = content_type

    def begin(self) -> None:
        """Connect anew: the server ends connections that rested during the other one's turn."""
        self._connection.close()
        self._connection.connect()

    def ask(self, ask: Ask) -> tuple[float, dict[str, Any]]:
        """Return the milliseconds that a request took, and its answer."""
        method, body, headers = "GET", None, self._headers
        if ask.posted is not None:
            method, headers = "POST", headers | {"Content-Type": self._type}
            body = urlencode(ask.posted) if self._type == FORM else json.dumps(ask.posted)
        start = time.perf_counter()
        self._connection.request(method, ask.path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        taken = (time.perf_counter() - start) * 1000
        assert 200 <= answer.status < 300, (ask, text)
        return taken, dict(json.loads(text))


def operations(inventory: Filled, size: int, deep: tuple[str, str]) -> list[Operation]:
    """Return what is measured; ``deep`` is the page half-way in each dialect, by its cursor."""
    account = f"/2010-04-01/Accounts/{ids.sid(ids.ACCOUNT, inventory.account_id)}/IncomingPhoneNumbers"
    numbers = f"/v1/Account/{inventory.auth_id}/Number/"
    # American ones of the account's own, without a name, all over the list: the factor is a prime.
    places = [i for k in range(2 * SAMPLES) if (i := k * 7919 % (size * 9 // 10) // 10 * 10 + 1) % 3 != 1]

    def place(i: int) -> int:
        return places[i % len(places)]

    def digits(i: int) -> str:
        return str(FIRST_AMERICAN + place(i))

    def one(i: int) -> str:
        return f"{account}/{ids.sid(ids.NUMBER, number_id(place(i)))}.json"

    def twilio(**query: str) -> Asking:
        return lambda _i: Ask(f"{account}.json?{urlencode({'PageSize': '20', **query})}")

    def plivo(**query: str) -> Asking:
        return lambda _i: Ask(f"{numbers}?{urlencode({'limit': '20', **query})}")

    def exact(i: int) -> Ask:
        return twilio(PhoneNumber=f"+{digits(i)}")(i)

    def added(i: int, start: int) -> str:
        return str(NEW_AMERICAN + start + i)

    urls = {"VoiceUrl": "https://example.com/voice", "SmsUrl": "https://example.com/sms"}
    carrier = {"carrier": inventory.carrier_serial, "region": "Bench"}
    return [
        Operation(
            "create",
            lambda i: Ask(f"{account}.json", {"PhoneNumber": f"+{added(i, 0)}"}),
            lambda i: Ask(numbers, {"numbers": added(i, 100_000), **carrier}),
        ),
        Operation(
            "create with name and URLs",
            lambda i: Ask(f"{account}.json", {"PhoneNumber": f"+{added(i, 200_000)}", "FriendlyName": "New", **urls}),
            None,
        ),
        Operation("fetch, one again", lambda _i: Ask(one(0)), lambda _i: Ask(f"{numbers}{digits(0)}/")),
        Operation("fetch, another each time", lambda i: Ask(one(i)), lambda i: Ask(f"{numbers}{digits(i)}/")),
        Operation("list, first page", twilio(), plivo()),
        Operation("list, half-way by its cursor", lambda _i: Ask(deep[0]), lambda _i: Ask(deep[1])),
        Operation("list, a name that 1 in 100 has", twilio(FriendlyName="Main Line"), plivo(alias="Main Line")),
        Operation("list, a name that 1 in 3 has", twilio(FriendlyName="Spare"), plivo(alias="Spare")),
        Operation(
            "list, a name that none was given", lambda i: twilio(FriendlyName=names.friendly(digits(i)))(i), None
        ),
        Operation("list, one PhoneNumber", exact, lambda i: plivo(number_startswith=digits(i))(i)),
        Operation("list, PhoneNumber=+1415", twilio(PhoneNumber="+1415"), plivo(number_startswith="1415")),
        Operation("list, PhoneNumber=867", twilio(PhoneNumber="867"), None, scan=True),
        Operation("list, PhoneNumber=55*5, +1415*67", _by_turns(twilio, "55*5", "+1415*67"), None, scan=True),
        Operation("list, PhoneNumber=77777777: none", twilio(PhoneNumber="77777777"), None, scan=True),
        Operation(
            "update the name",
            lambda i: Ask(one(i), {"FriendlyName": f"Line {i}"}),
            lambda i: Ask(f"{numbers}{digits(i)}/", {"alias": f"Line {i}, again"}),
        ),
        Operation("update name and URLs", lambda i: Ask(one(i), {"FriendlyName": f"Line {i}, third", **urls}), None),
    ]


def _by_turns(list_by: Callable[..., Asking], *partial: str) -> Asking:
    return lambda i: list_by(PhoneNumber=partial[i % len(partial)])(i)


def _half_way(twilio: Client, plivo: Client, inventory: Filled, size: int) -> tuple[str, str]:
    """Return the links that lead on from half-way in the list, by cursor, in each dialect."""
    account = f"/2010-04-01/Accounts/{ids.sid(ids.ACCOUNT, inventory.account_id)}/IncomingPhoneNumbers.json"
    page = twilio.ask(Ask(f"{account}?PageSize=20&Page={size // 40}"))[1]
    numbers = f"/v1/Account/{inventory.auth_id}/Number/"
    meta = plivo.ask(Ask(f"{numbers}?limit=20&offset={size // 2}"))[1]["meta"]
    return str(page["next_page_uri"]), str(meta["next"])


def measure(server: Server, inventory: Filled, size: int, samples: int) -> list[tuple[Operation, Times, Times]]:
    """Return every operation with its times through Twilio's and through Plivo's dialect."""
    twilio = Client(server, ids.sid(ids.ACCOUNT, inventory.account_id), inventory.twilio_token, FORM)
    plivo = Client(server, inventory.auth_id, inventory.plivo_token, JSON)
    api = server.child("api")
    found = []
    for operation in operations(inventory, size, _half_way(twilio, plivo, inventory, size)):
        times = Times(), Times()
        for turn in range(TURNS):
            asked = samples // 4 if operation.scan else samples
            places = range(turn * asked // TURNS, (turn + 1) * asked // TURNS)
            for client, asking, its in ((twilio, operation.twilio, times[0]), (plivo, operation.plivo, times[1])):
                if asking is None:
                    continue
                client.begin()
                before = cpu_seconds(api)
                its.taken += [client.ask(asking(i))[0] for i in places]
                its.cpu_s += cpu_seconds(api) - before
        found.append((operation, *times))
    return found


def table(found: list[tuple[Operation, Times, Times]]) -> list[Row]:
    """Return a row for each operation."""
    rows: list[Row] = []
    for operation, *both in found:
        row: Row = {"operation": operation.name}
        for name, times in zip(("Twilio", "Plivo"), both, strict=True):
            p50, p99 = (percentile(times.taken, share) for share in (0.5, 0.99))
            row[f"{name} p50 / p99 ms"] = f"{p50:.1f} / {p99:.1f}" if times.taken else None
            row[f"{name} requests/CPU-s"] = times.per_cpu_s if times.taken else None
        row["Twilio : Plivo"] = both[0].per_cpu_s / both[1].per_cpu_s if both[1].taken else None
        rows.append(row)
    return rows


def run(*, quick: bool) -> Outcome:
    """Measure all operations."""
    size, samples = (SIZES[0], SAMPLES // 4) if quick else (SIZES[1], SAMPLES)
    with filled(size) as inventory:
        server = Server(inventory.data).start()
        try:
            found = measure(server, inventory, size, samples)
        finally:
            server.stop()
    pages = [percentile(times.taken, 0.99) for o, times, _ in found if o.name.startswith("list") and not o.scan]
    scans = [percentile(times.taken, 0.99) for o, times, _ in found if o.scan]
    aims = [
        Aim("p99 of Twilio's pages but those by a part of the number, ms", max(pages), LIMIT_MS, at_least=False),
        Aim("p99 of Twilio's pages by a part of the number, ms", max(scans), SCAN_LIMIT_MS, at_least=False),
    ]
    title = (
        f"{size:,} numbers over HTTP through Twilio's dialect beside Plivo's, by turns, {samples} requests of each: "
        "Twilio : Plivo compares requests per CPU-second of the server"
    )
    return Outcome("twilio_numbers", title, table(found), aims)
