"""`trunkline regulatory` and `regulated`: papers that the operator registers, and what kinds of number need."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trunkline.cli import main
from trunkline.core import carriers, number_settings, numbers, postal_addresses, regulatory
from trunkline.core.model import EVERYTHING, Actor, CarrierKind
from trunkline.core.named_ports import PaperKind, PostalAddress
from trunkline.core.ports import Rules
from trunkline.store import database
from trunkline.store.unit import SqlStore
from trunkline.store.writer import write_once


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder's path."""
    return tmp_path / "data"


def run(data: Path, group: str, verb: str, *words: str) -> str:
    """Run a command in this process; return what it printed."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert main([group, verb, "--data", str(data), *words]) == 0
    return printed.getvalue()


def made(data: Path, name: str, *options: str) -> Any:
    """Create an account; return its id."""
    return json.loads(run(data, "accounts", "create", "--name", name, "--json", *options))["account_id"]


def test_what_is_registered_is_listed_and_found_by_the_account_and_those_below(data: Path) -> None:
    one, other = made(data, "One"), made(data, "Other")
    below = made(data, "Below", "--parent", one)
    rows = [
        json.loads(run(data, "regulatory", "add", kind, "--account", one, "--name", f"Papers {kind}", "--json"))
        for kind in ("identity", "bundle")
    ]
    assert [row["twilio_sid"][:2] for row in rows] == ["RI", "BU"]
    assert json.loads(run(data, "regulatory", "list", "--json")) == rows
    assert json.loads(run(data, "regulatory", "list", "--json", "--account", other)) == []
    assert "Papers bundle" in run(data, "regulatory", "list")
    store, bundle = SqlStore(database.open_reader(data), database.open_vault(data, {}), Rules()), rows[1]["id"]
    assert regulatory.is_registered(store, one, PaperKind.BUNDLE, bundle)
    assert regulatory.is_registered(store, below, PaperKind.BUNDLE, bundle)
    assert not regulatory.is_registered(store, other, PaperKind.BUNDLE, bundle)
    assert not regulatory.is_registered(store, one, PaperKind.IDENTITY, bundle)


@pytest.mark.parametrize(("account", "name", "why"), [("nobody", "x", "is no account"), ("", "", "1 to 100")])
def test_what_is_refused(data: Path, account: str, name: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    one = made(data, "One")
    words = ["--account", account or one, "--name", name]
    assert main(["regulatory", "add", "identity", "--data", str(data), *words]) != 0
    assert why in capsys.readouterr().err
    assert json.loads(run(data, "regulatory", "list", "--json")) == []


def test_what_a_kind_of_number_needs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(data, "One")
    said = run(data, "regulated", "address", "de", "local", "local")
    assert "DE local numbers have address_requirements local" in said
    run(data, "regulated", "add", "IN", "mobile")
    assert json.loads(run(data, "regulated", "list", "--json")) == [
        {"country": "DE", "number_type": "local", "application": False, "address": "local"},
        {"country": "IN", "number_type": "mobile", "application": True, "address": "none"},
    ]
    assert "ADDRESS" in run(data, "regulated", "list")
    run(data, "regulated", "address", "DE", "local", "none")
    run(data, "regulated", "remove", "IN", "mobile")
    assert json.loads(run(data, "regulated", "list", "--json")) == []
    assert main(["regulated", "address", "--data", str(data), "QQ", "local", "any"]) != 0
    assert "not a country" in capsys.readouterr().err


ADDRESS = postal_addresses.AddressChange(
    customer="Ann Example", street="1 Main St", city="Springfield", region="IL", postal_code="62701", country="US"
)


def test_the_operator_sees_which_address_is_to_be_registered_and_settles_that_one(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, digits = made(data, "One"), "14155551234"
    connection = database.open_writer(data)
    store = SqlStore(connection, database.open_vault(data, {}), Rules())
    account = store.accounts.get(one)
    assert account is not None
    actor = Actor(account=account, label="test")
    draft = carriers.CarrierDraft(name="carrier", kind=CarrierKind.STATIC_IP)

    def write(use_case: Callable[[], Any]) -> Any:
        return write_once(connection, store, lambda _: use_case())

    def address(street: str) -> PostalAddress:
        change = replace(ADDRESS, street=street)
        found: PostalAddress = write(lambda: postal_addresses.create(store, actor, account, change))
        return found

    def ask(wanted: PostalAddress) -> None:
        number = store.numbers.get(EVERYTHING, digits)
        assert number is not None
        asked = number_settings.with_emergency(
            number_settings.of(store, number.id), wanted=True, address_id=wanted.id, now=store.now()
        )
        write(lambda: numbers.set_settings(store, actor, number, asked))

    carrier = write(lambda: carriers.create(store, actor, account, draft))
    write(lambda: numbers.add(store, actor, numbers.Addition(numbers=[digits], owner=account, carrier=carrier)))
    first, second = address("1 Main St"), address("2 Main St")
    assert "Inactive, its emergency address unregistered" in run(data, "numbers", "emergency", digits)
    ask(first)
    shown = run(data, "numbers", "emergency", digits)
    assert "Active, its emergency address pending-registration" in shown
    assert all(text in shown for text in (first.id, "Ann Example", "1 Main St", "Springfield", "IL", "62701", "US"))
    ask(second)
    words = ["numbers", "emergency", "--data", str(data), digits, "confirmed", "--address"]
    assert main([*words, first.id]) == 1
    assert f"is {second.id}, not {first.id}" in capsys.readouterr().err
    assert "pending-registration" in run(data, "numbers", "emergency", digits)
    assert main([*words, second.id]) == 0
    assert "Active, its emergency address registered" in run(data, "numbers", "emergency", digits)
    connection.close()
