"""The file of bindings: what outlives a process, what is counted, what is not found any more."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from trunkline.core.bindings import Binding, BindingsFullError, Flow
from trunkline.core.errors import StoreUnavailableError
from trunkline.store import bindings as store
from trunkline.store.bindings import FILE, BindingReader, SqlBindings

UDP, TCP = Flow("UDP", "203.0.113.9", 40000, "192.0.2.1:5060"), Flow("TCP", "203.0.113.9", 40001, "192.0.2.1:5060")


def bound(login: str = "l1", contact: str = "sip:a@10.0.0.1", *, left: float = 600, flow: Flow = UDP) -> Binding:
    """Return a binding that expires in ``left`` seconds."""
    now = time.time()
    return Binding(login, f"of {login}", contact, "c", 1, 1000, now + left, now, "Phone", flow)


def contacts(found: SqlBindings, login: str = "l1") -> list[str]:
    """Return the Contacts of a login."""
    return [b.contact for b in found.find(login, time.time())]


def test_a_restart_keeps_datagrams_and_forgets_its_own_connections(tmp_path: Path) -> None:
    first, other = SqlBindings(tmp_path), SqlBindings(tmp_path, "another")
    first.put([bound(), bound(contact="sip:b@x", flow=TCP)], [])
    other.put([bound(contact="sip:c@x", flow=TCP)], [])
    assert contacts(other) == ["sip:a@10.0.0.1", "sip:b@x", "sip:c@x"]
    first.close()
    again = SqlBindings(tmp_path)
    assert contacts(again) == ["sip:a@10.0.0.1", "sip:c@x"]
    again.lose(TCP)
    assert contacts(again) == ["sip:a@10.0.0.1", "sip:c@x"]  # another process's connection has the same address
    other.lose(TCP)
    assert contacts(again) == ["sip:a@10.0.0.1"]


def test_put_replaces_and_removes(tmp_path: Path) -> None:
    made = SqlBindings(tmp_path)
    old = bound()
    made.put([old, bound(contact="sip:b@x")], [])
    new = old._replace(cseq=7, flow=TCP)
    made.put([new], [bound(contact="sip:b@x")])
    assert made.find("l1", time.time()) == [new]
    assert made.find("l2", time.time()) == []


def test_what_has_expired_is_not_found_and_goes(tmp_path: Path) -> None:
    made = SqlBindings(tmp_path)
    made.put([bound(left=-1), bound(contact="sip:b@x")], [])
    assert contacts(made) == ["sip:b@x"]
    assert BindingReader(tmp_path).newest(["l1", "l2"])["l1"].contact == "sip:b@x"
    assert len(made.find("l1", 0.0)) == 2
    made.expire(time.time())
    assert len(made.find("l1", 0.0)) == 1


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_OF_ACCOUNT", 2)
    monkeypatch.setattr(store, "MAX_BINDINGS", 3)
    made = SqlBindings(tmp_path)
    made.put([bound(contact=f"sip:{i}@x") for i in range(2)], [])
    with pytest.raises(BindingsFullError, match="this account has 2"):
        made.put([bound(contact="sip:3@x")], [])
    made.put([bound(contact="sip:1@x")], [])  # a refresh needs no room
    made.put([bound("l2")], [])
    with pytest.raises(BindingsFullError, match="this installation has 3"):
        made.put([bound("l3")], [])
    made.put([bound(contact="sip:3@x")], [bound(contact="sip:0@x")])
    assert contacts(made) == ["sip:1@x", "sip:3@x"]
    made.expire(time.time() + 3600)
    made.put([bound(contact=f"sip:{i}@x") for i in range(2)], [])


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"SQLite format 3\0" + b"nonsense" * 1000)
    made = SqlBindings(tmp_path)
    made.put([bound()], [])
    assert contacts(made) == ["sip:a@10.0.0.1"]
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1


def test_what_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    assert BindingReader(tmp_path).newest(["l1"]) == {}
    (tmp_path / FILE).write_bytes(b"nonsense" * 1000)
    with pytest.raises(StoreUnavailableError):
        BindingReader(tmp_path).newest(["l1"])


def test_a_locked_file_refuses_after_a_while(tmp_path: Path) -> None:
    made, other = SqlBindings(tmp_path), SqlBindings(tmp_path, "another")
    other._db.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError):
        made.put([bound()], [])
    assert contacts(made) == []
    other._db.execute("ROLLBACK")
    made.put([bound()], [])
    assert contacts(made) == ["sip:a@10.0.0.1"]
