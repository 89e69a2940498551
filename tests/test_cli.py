"""The command line, as an operator uses it: beside a running server, and without one."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, clean_environ, run
from tests.store.opening import open_room
from trunkline.cli import main
from trunkline.core import numbers
from trunkline.core.model import Actor
from trunkline.store.writer import write_once

pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    running = Server(tmp_path_factory.mktemp("cli") / "data").start()
    yield running
    assert running.stop() == 0


def test_account_made_beside_a_running_server(server: Server) -> None:
    made = server.account("Main")
    assert set(made) == {"account_id", "plivo", "twilio", "api_key"}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["account_id"])
    assert re.fullmatch(r"MA[A-Z0-9]{18}", made["plivo"]["auth_id"])
    assert re.fullmatch(r"AC[0-9a-f]{32}", made["twilio"]["account_sid"])
    tokens = [made["plivo"]["auth_token"], made["twilio"]["auth_token"]]
    assert all(re.fullmatch(r"[0-9a-f]{32}", token) for token in tokens)
    assert tokens[0] != tokens[1]
    assert re.fullmatch(r"tc_live_[A-Za-z0-9]+", made["api_key"])
    below = server.account("Below", made["account_id"])
    assert re.fullmatch(r"SA[A-Z0-9]{18}", below["plivo"]["auth_id"])
    listed = json.loads(run("accounts", "list", "--data", str(server.data), "--json"))
    assert [a["name"] for a in listed if a["parent"] == made["account_id"]] == ["Below"]


def test_log_says_who_did_what_and_no_secret(server: Server) -> None:
    made = server.account("Logged")
    text = run("log", "--data", str(server.data), "--json")
    first = json.loads(text)[0]
    assert (first["verb"], first["kind"], first["account_id"]) == ("create", "account", made["account_id"])
    assert first["actor"].startswith("cli:")
    for secret in (made["plivo"]["auth_token"], made["twilio"]["auth_token"], made["api_key"]):
        assert secret not in text
    assert "Logged" in run("log", "--data", str(server.data), "--account", made["account_id"])


def test_explain_asks_the_running_edge(server: Server) -> None:
    told = json.loads(
        run("explain", "--data", str(server.data), "--from-ip", "127.0.0.9", "--to", "+14155550000", "--json")
    )
    assert (told["verdict"], told["sip_status"], told["facts"]) == ("source_unknown", 403, "live")


def test_explain_without_a_server_says_offline(tmp_path: Path) -> None:
    open_room(tmp_path)
    told = run("explain", "--data", str(tmp_path / "data"), "--from-ip", "127.0.0.9", "--to", "+14155550000")
    assert "offline facts" in told
    assert "403" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("explain", "--data", "{none}", "--from-ip", "127.0.0.9", "--to", "+1"), "no database in"),
        (("serve", "--data", "{none}", "--http", "nowhere"), "--http is HOST:PORT"),
        (("serve", "--data", "{none}", "--sip", "192.0.2.1:5060", "--lab"), "lab mode"),
        (("serve", "--data", "{none}", "--sip", "0.0.0.0:0"), "sip.advertised"),
        (("status", "--data", "{none}"), "no edge"),
        (("numbers", "approve", "--data", "{made}", "hello"), "not an E.164 number"),
        (("numbers", "approve", "--data", "{made}", "14155551234"), "not found"),
        (("numbers", "emergency", "--data", "{made}", "14155551234", "confirmed"), "not found"),
        (("accounts", "create", "--data", "{made}", "--name", "x", "--parent", "nobody"), "is no account"),
        (("explain", "--data", "{made}", "--from-ip", "here", "--to", "+1"), "not an IP address"),
    ],
)
def test_wrong_value_is_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    open_room(tmp_path)
    filled = [a.format(none=tmp_path / "none" / "data", made=tmp_path / "data") for a in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "trunkline", *filled],
        capture_output=True,
        text=True,
        timeout=30,
        env=clean_environ(),
        check=False,
    )
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_taken_door_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [
                *(sys.executable, "-m", "trunkline", "serve", "--data", str(tmp_path / "data")),
                *("--http", f"127.0.0.1:{port}", "--sip", "127.0.0.1:0"),
            ],
            capture_output=True,
            text=True,
            timeout=30,
            env=clean_environ(),
            check=False,
        )
    assert done.returncode == 1
    assert f"http 127.0.0.1:{port} cannot be opened" in done.stderr


def test_claimed_number_is_approved_and_transferred(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    one, two = room.account("one").account, room.account("two").account
    room.carrier(one, "203.0.113.7")
    claimed, other = room.carrier(two, "203.0.113.7"), room.carrier(one, "203.0.113.9")
    addition = numbers.Addition(numbers=["14155551234"], owner=two, carrier=claimed, region="R")
    write_once(room.connection, room.store, lambda s: numbers.add(s, Actor(account=two, label="t"), addition))
    data = str(room.data)
    assert "pending_claim" in run("numbers", "list", "--data", data, "--pending")
    assert "routes from now on" in run("numbers", "approve", "--data", data, "+1 415 555 1234")
    assert json.loads(run("numbers", "list", "--data", data, "--json"))[0]["status"] == "active"
    run("numbers", "approve", "--data", data, "14155551234", expect=1)
    run("numbers", "transfer", "--data", data, "14155551234", "--to", one.id, expect=1)
    told = run("numbers", "transfer", "--data", data, "14155551234", "--to", one.id, "--carrier", other.id)
    assert "belongs to one" in told
    assert json.loads(run("numbers", "list", "--data", data, "--json"))[0]["owner"] == "one"


@pytest.mark.parametrize("command", ["numbers list", "log", "carriers events", "regulatory list"])
@pytest.mark.parametrize("limit", ["0", "-1", "x", "10001", "9" * 30, "\u00b2"])
def test_a_limit_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, limit: str) -> None:
    room = open_room(tmp_path)
    one = room.account("one").account
    addition = numbers.Addition(numbers=["14155551234"], owner=one, carrier=room.carrier(one, "203.0.113.7"))
    write_once(room.connection, room.store, lambda s: numbers.add(s, Actor(account=one, label="t"), addition))
    assert main([*command.split(), "--data", str(room.data), f"--limit={limit}"]) == 1
    assert capsys.readouterr().err == f"trunkline: --limit is a whole number from 1 to 10000, not {limit!r}\n"


def test_a_refusal_and_what_to_do_are_two_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room = open_room(tmp_path)
    assert main(["numbers", "approve", "--data", str(room.data), "abc"]) == 1
    assert "'abc' is not an E.164 number. Write calling code" in capsys.readouterr().err
