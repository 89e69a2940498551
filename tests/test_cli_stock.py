"""`trunkline stock …`, beside a running server: the operator fills the stock, accounts buy from it."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server, run

pytestmark = pytest.mark.outside

HEAD = "number,country_iso,type,services,carrier,region,city,monthly_rental_rate\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with a quarantine of no time at all and a tariff."""
    folder = tmp_path_factory.mktemp("stock")
    (folder / "tariff.toml").write_text('[US]\nmonthly = "0.5"\n[US.tollfree]\nmonthly = "1"\nvoice = "0.013"\n')
    environ = {"TRUNKLINE_NUMBERS_QUARANTINE_DAYS": "0", "TRUNKLINE_NUMBERS_TARIFF": str(folder / "tariff.toml")}
    running = Server(folder / "data", environ=environ).start()
    yield running
    assert running.stop() == 0


class Client:
    """An account's client of the Plivo dialect."""

    def __init__(self, server: Server, made: dict[str, Any]) -> None:
        login = made["plivo"]
        self._base = f"{server.url}/v1/Account/{login['auth_id']}/"
        basic = b64encode(f"{login['auth_id']}:{login['auth_token']}".encode()).decode()
        self._headers = {"authorization": f"Basic {basic}", "content-type": "application/json"}

    def ask(self, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
        """Send a request; returns status and body."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self._base + path, data=data, headers=self._headers, method=method)  # noqa: S310 -- loopback
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- loopback
                raw = answer.read()
                return answer.status, json.loads(raw) if raw else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def carrier(self, ip: str) -> str:
        """Create a carrier and return its carrier_id."""
        status, made = self.ask("POST", "IncomingCarrier/", {"name": "Mine", "ip_set": ip})
        assert status == 201
        return str(made["carrier_id"])


@pytest.fixture(scope="module")
def seller(server: Server) -> tuple[Client, str, dict[str, Any]]:
    """An account with a carrier: its client, the carrier_id, what `accounts create` printed."""
    made = server.account("Seller")
    client = Client(server, made)
    return client, client.carrier("203.0.113.7"), made


def stocked(server: Server, *options: str) -> list[dict[str, Any]]:
    """Return what `stock list` prints."""
    return list(json.loads(run("stock", "list", "--data", str(server.data), "--json", *options)))


def test_rows_are_judged_one_by_one(server: Server, seller: tuple[Client, str, dict[str, Any]], tmp_path: Path) -> None:
    _, carrier, _ = seller
    bad = [
        ("12", "US", "local", "voice", carrier, "", "", "", "possible number"),
        ("14155550200", "DE", "local", "voice", carrier, "", "", "", "not a number of DE"),
        ("14155550200", "CA", "local", "voice", carrier, "", "", "", "is a number of US, not of CA"),
        ("14155550200", "XX", "local", "voice", carrier, "", "", "", "'XX' is not known"),
        ("14155550200", "US", "cheap", "voice", carrier, "", "", "", "type is none of local"),
        ("14155550200", "US", "local", "fax", carrier, "", "", "", "services takes"),
        ("14155550200", "US", "local", "", carrier, "", "", "", "services is missing"),
        ("14155550200", "US", "local", "sms", carrier, "", "", "", "does not deliver sms"),
        ("14155550201", "US", "local", "voice", "nobody", "", "", "", "no carrier of this installation"),
        ("14155550202", "US", "local", "voice", carrier, "x" * 256, "", "", "region is not a text"),
        ("14155550202", "US", "local", "voice", carrier, "", "", "-1", "monthly_rental_rate is not a rate"),
        ("14155550202", "US", "local", "voice", carrier, "", "", "1", "surplus", "more cells than columns"),
        ("+1 415 555 0203", "US", "local", "voice", carrier, "", "", "", "stands in line 2 already"),
    ]
    file = tmp_path / "stock.csv"
    lines = [f"14155550203,us,local,voice,{carrier},California,San Francisco,0.8\n"]
    file.write_text(HEAD + "".join(lines + [",".join(row[:-1]) + "\n" for row in bad]))
    told = json.loads(run("stock", "import", str(file), "--data", str(server.data), "--json", expect=1))
    assert (told["stored"], told["dry_run"]) == (0, False)
    assert told["offered_to"] == [{"carrier": "Mine", "account": "Seller"}]
    assert [row["line"] for row in told["rows"]] == list(range(2, 2 + 1 + len(bad)))
    assert told["rows"][0] == {"line": 2, "number": "14155550203", "ok": True, "problem": None, "advice": None}
    for row, expected in zip(told["rows"][1:], bad, strict=True):
        assert not row["ok"]
        assert expected[-1] in row["problem"], row
        assert row["advice"], row
    assert stocked(server) == []
    assert "PATCH /native/v1/carriers/" in told["rows"][8]["advice"]
    assert '{"sms": true}' in told["rows"][8]["advice"]

    text = run("stock", "import", str(file), "--data", str(server.data), expect=1)
    assert "line 3: 12: 12 is not a possible number" in text
    assert "nothing was written" in text
    dry = run("stock", "import", str(file), "--data", str(server.data), "--skip-bad", "--dry-run")
    assert "0 numbers stored" in dry
    assert "line 2: 14155550203: good\n" in dry
    assert "line 3: 12: 12 is not a possible number" in dry
    assert stocked(server) == []
    kept = run("stock", "import", str(file), "--data", str(server.data), "--skip-bad")
    assert "1 rows are good, 13 are not; 1 numbers stored" in kept
    assert "numbers of carrier Mine are offered to account Seller and those below it" in kept
    assert [row["number"] for row in stocked(server)] == ["14155550203"]
    again = run("stock", "import", str(file), "--data", str(server.data), "--skip-bad")
    assert "line 2: 14155550203: the stock has this number already" in again
    run("stock", "remove", "+14155550203", "--data", str(server.data))
    assert stocked(server) == []
    run("stock", "remove", "14155550203", "--data", str(server.data), expect=1)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"number\n",
        b"number,country_iso,type,services,carrier,colour\n",
        b"number,country_iso,type,services,carrier,number\n",
        b"number,country_iso,type,services,carrier\n",
        b"number,country_iso,type,services,carrier\n\xff\n",
        b'number,country_iso,type,services,carrier\n"' + b"x" * 140_000,
        b"number,country_iso,type,services,carrier\n\0,\n",
    ],
)
def test_a_file_that_is_no_price_list_changes_nothing(server: Server, tmp_path: Path, text: bytes) -> None:
    before, file = stocked(server), tmp_path / "bad.csv"
    file.write_bytes(text)
    run("stock", "import", str(file), "--data", str(server.data), expect=1)
    assert stocked(server) == before


def test_sizes_are_bounded(
    server: Server, seller: tuple[Client, str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trunkline.cli import main

    file = tmp_path / "stock.csv"
    rows = "".join(f"1415555030{i},US,local,voice,{seller[1]},,,\n" for i in range(3))
    file.write_text(HEAD + rows)
    command = ["stock", "import", str(file), "--data", str(server.data)]
    monkeypatch.setattr("trunkline.core.stocking.MAX_ROWS", 2)
    assert main(command) == 1
    monkeypatch.setattr("trunkline.core.stocking.MAX_ROWS", 3)
    monkeypatch.setattr("trunkline.commands.stock.MAX_BYTES", len(HEAD + rows) - 1)
    assert main(command) == 1
    monkeypatch.setattr("trunkline.commands.stock.MAX_BYTES", len(HEAD + rows))
    assert main([*command, "--dry-run"]) == 0
    assert stocked(server) == []


def test_of_buyers_at_the_same_instant_one_wins_and_given_back_it_is_offered_again(
    server: Server, seller: tuple[Client, str, dict[str, Any]], tmp_path: Path
) -> None:
    main, carrier, made = seller
    below = Client(server, server.account("Below", made["account_id"]))
    numbers = [str(14155550400 + i) for i in range(5)]
    file = tmp_path / "stock.csv"
    file.write_text(HEAD + "".join(f"{n},US,local,voice,{carrier},California,,0.8\n" for n in numbers))
    run("stock", "import", str(file), "--data", str(server.data))
    for number in numbers:
        answers: list[int] = []
        start = threading.Barrier(8)

        def buy(client: Client, number: str = number, start: threading.Barrier = start) -> None:
            start.wait(30)
            answers.append(client.ask("POST", f"PhoneNumber/{number}/", {})[0])  # noqa: B023 -- joined below

        threads = [threading.Thread(target=buy, args=((main, below)[i % 2],)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(answers) == [201] + [404] * 7
    owned = main.ask("GET", "Number/?number_startswith=141555504")[1]["meta"]["total_count"]
    assert owned == len(numbers)  # the main account lists its subaccounts' numbers, too
    assert main.ask("GET", "PhoneNumber/?country_iso=US")[1]["objects"] == []
    assert [row["state"] for row in stocked(server, "--state", "rented")] == ["rented"] * 5
    run("stock", "remove", numbers[0], "--data", str(server.data), expect=1)
    assert main.ask("DELETE", f"Number/{numbers[0]}/") == (204, None)
    found = main.ask("GET", "PhoneNumber/?country_iso=US")[1]["objects"]
    assert [number["number"] for number in found] == numbers[:1]  # this server has no quarantine
    listed = stocked(server, "--country", "US", "--type", "local", "--limit", "1", "--after", numbers[0])
    assert [row["number"] for row in listed] == numbers[1:2]
    run("stock", "list", "--state", "sold", "--data", str(server.data), expect=1)
    run("stock", "list", "--type", "x", "--data", str(server.data), expect=1)
    run("stock", "list", "--limit", "0", "--data", str(server.data), expect=1)


def test_a_tariff_prices_own_numbers(server: Server, seller: tuple[Client, str, dict[str, Any]]) -> None:
    client, carrier, _ = seller
    rates = {}
    for number, kind in (("14155550500", "local"), ("18005550500", "tollfree"), ("4930901820", "local")):
        body = {"numbers": number, "carrier": carrier, "region": "x", "number_type": kind}
        assert client.ask("POST", "Number/", body)[0] == 202
        shown = client.ask("GET", f"Number/{number}/")[1]
        rates[number] = (shown["monthly_rental_rate"], shown["voice_rate"], shown["renewal_date"] is None)
    assert rates == {
        "14155550500": ("0.50000", "0.00000", False),
        "18005550500": ("1.00000", "0.01300", False),
        "4930901820": ("0.00000", "0.00000", True),
    }


def test_a_tariff_prices_what_a_price_list_leaves_blank(
    server: Server, seller: tuple[Client, str, dict[str, Any]], tmp_path: Path
) -> None:
    client, carrier, _ = seller
    file = tmp_path / "stock.csv"
    file.write_text(HEAD.replace(",monthly_rental_rate", "") + f"18005550600,US,tollfree,voice,{carrier},,\n")
    run("stock", "import", str(file), "--data", str(server.data))
    (listed,) = [n for n in stocked(server) if n["number"] == "18005550600"]
    assert (listed["monthly_rental_rate"], listed["voice_rate"]) == (None, None)
    (offer,) = client.ask("GET", "PhoneNumber/?country_iso=US&type=tollfree&pattern=8005550600")[1]["objects"]
    assert client.ask("POST", "PhoneNumber/18005550600/", {})[0] == 201
    bought = client.ask("GET", "Number/18005550600/")[1]
    for shown in (offer, bought):
        assert (shown["monthly_rental_rate"], shown["voice_rate"]) == ("1.00000", "0.01300")


def test_a_server_refuses_to_start_with_a_wrong_tariff(tmp_path: Path) -> None:
    config = tmp_path / "trunkline.toml"
    config.write_text(f'[numbers]\ntariff = "{tmp_path}/nowhere.toml"\n')
    run("serve", "--data", str(tmp_path / "data"), "--config", str(config), "--http", "127.0.0.1:0", expect=1)
