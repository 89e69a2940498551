"""Plivo's own Python SDKs, unmodified, search and buy from the stock of a running server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clients.environments import play
from tests.clients.test_plivo import login, server
from tests.server import Server, run

__all__ = ["server"]

# The first run makes the SDKs' environments, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]


def filled(server: Server, folder: Path, first: int, restriction: str = "") -> tuple[str, str, str]:
    """Return the login of an account of its own that has three numbers from ``first`` on to buy."""
    url, auth_id, auth_token = login(server)
    body = json.dumps({"name": "Shop", "ip_set": "203.0.113.7"})
    target = f"{url}/v1/Account/{auth_id}/IncomingCarrier/"
    made = json.loads(run("ask", target, "--user", f"{auth_id}:{auth_token}", "--json", body))
    file = folder / "stock.csv"
    rows = [
        f'{first + i},US,local,"voice",{made["carrier_id"]},California,722,0.8,0.0085,{restriction}' for i in range(3)
    ]
    head = "number,country_iso,type,services,carrier,region,lata,monthly_rental_rate,voice_rate,restriction"
    file.write_text("\n".join([head, *rows]))
    run("stock", "import", str(file), "--data", str(server.data))
    return url, auth_id, auth_token


def test_the_current_sdk_buys(server: Server, tmp_path: Path) -> None:
    played = play("plivo", "plivo_current_stock.py", *filled(server, tmp_path, 14155557000))
    assert (played["number"], played["total"]) == ("14155557000", 3)
    assert (played["bought"]["message"], played["bought"]["status"]) == ("created", "fulfilled")
    assert played["rows"] == [{"number": "14155557000", "status": "Success"}]
    assert played["got"]["application"].endswith(f"/Application/{played['app_id']}/")
    assert (played["got"]["monthly_rental_rate"], played["got"]["region"]) == ("0.80000", "California, UNITED STATES")
    assert played["left"] == 2
    assert played["again"] == ["ResourceNotFoundError", "not found"]
    assert played["none"] == ["ValidationError", "country_iso is required"]
    assert played["gone"] == ["ResourceNotFoundError", "not found"]


def test_the_legacy_sdk_buys(server: Server, tmp_path: Path) -> None:
    played = play("plivo-legacy", "plivo_legacy_stock.py", *filled(server, tmp_path, 14155558000))
    status, found = played["found"]
    assert (status, [n["number"] for n in found["objects"]]) == (200, [str(14155558000 + i) for i in range(3)])
    assert found["objects"][0]["lata"] == 722
    assert (played["bought"][0], played["bought"][1]["status"]) == (201, "fulfilled")
    assert (played["again"][0], played["again"][1]["error"]) == (404, "not found")
    assert played["got"][1]["voice_rate"] == "0.00850"
    assert played["unrent"] == 204
    assert (played["none"][0], played["none"][1]["error"]) == (400, "country_iso is required")


def test_the_current_sdk_hands_in_papers_and_buys_with_them(server: Server, tmp_path: Path) -> None:
    known = filled(server, tmp_path, 14155559000, restriction="city-address")
    data = ("--data", str(server.data))
    run("regulated", "add", "IN", "local", *data)
    account = next(line.split()[0] for line in run("accounts", "list", *data).splitlines() if known[1] in line)
    run("campaigns", "add", "CSHOP", "--account", account, *data)
    played = play("plivo", "plivo_current_papers.py", *known, "hand_in", str(tmp_path / "paper.pdf"))
    bare, whole = played["made"]
    assert (played["needed"], played["listed"]) == (["type", "name"], [bare, whole])
    assert (played["files"], played["campaigns"], played["campaign"]) == (["paper.pdf"], ["CSHOP"], "MIXED")
    assert played["none"][0] == "ValidationError"
    run("compliance", "accept", whole, *data)
    played = play("plivo", "plivo_current_papers.py", *known, "buy", whole)
    assert played["number"] == "14155559000"
    assert (played["without"][0], "needs a proof of address" in played["without"][1]) == ("ValidationError", True)
    assert (played["bought"]["message"], played["bought"]["status"]) == ("created", "fulfilled")
    got = played["got"]
    assert (got["compliance_application_id"], got["cnam_lookup"], got["active"]) == (whole, "enabled", True)
