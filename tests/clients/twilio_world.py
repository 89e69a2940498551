"""What the tests of twilio's SDKs run against: an account with a carrier, and stock to buy from."""

from __future__ import annotations

import http.client
import os
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from tests.clients.raw import asked
from tests.server import Server, run

HEAD = "number,country_iso,type,services,carrier,region,city,monthly_rental_rate"
STOCK = [
    *((f"1415555010{i}", "US", "local", "California", "San Francisco") for i in range(5)),
    ("12125550100", "US", "local", "New York", "New York"),
    *((f"1888555010{i}", "US", "tollfree", "", "") for i in range(2)),
    *((f"44740012345{i}", "GB", "mobile", "", "") for i in (6, 7)),
]
"""Number, country, type, region and city of each row of the price list."""


def account(server: Server, stock: Path | None = None) -> tuple[str, str, str]:
    """Create an account with a carrier, and stock by a price list that is written to ``stock``.

    Returns the URL, the AccountSid and its token.
    """
    made = server.account()
    reply = asked(server, made["plivo"], "POST", "IncomingCarrier/", {"name": "Own", "ip_set": "203.0.113.7"})
    if stock is not None:
        rows = [
            f"{number},{country},{kind},voice,{reply.json['carrier_id']},{region},{city},1.00"
            for number, country, kind, region, city in STOCK
        ]
        stock.write_text(os.linesep.join([HEAD, *rows]))
        run("stock", "import", str(stock), "--data", str(server.data))
    return server.url, made["twilio"]["account_sid"], made["twilio"]["auth_token"]


def bring(server: Server, login: tuple[str, str, str], numbers: Sequence[str]) -> None:
    """Add numbers of one's own, which the account's carrier delivers."""
    _, sid, token = login
    headers = {
        "Authorization": "Basic " + b64encode(f"{sid}:{token}".encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection = http.client.HTTPConnection(*server.http, timeout=30)
    try:
        for number in numbers:
            target = f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json"
            connection.request("POST", target, urlencode({"PhoneNumber": number}), headers)
            reply = connection.getresponse()
            told = reply.read()
            assert reply.status == 201, told
    finally:
        connection.close()
