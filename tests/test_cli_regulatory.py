"""`trunkline regulatory` and `regulated`: papers that the operator registers, and what kinds of number need."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from trunkline.cli import main
from trunkline.core import regulatory
from trunkline.core.named_ports import PaperKind
from trunkline.core.ports import Rules
from trunkline.store import database
from trunkline.store.unit import SqlStore


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
