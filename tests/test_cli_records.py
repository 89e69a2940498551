"""`trunkline calls`, on a data folder with records and no server."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.server import clean_environ, run
from tests.store.opening import open_room
from trunkline.cli import main
from trunkline.commands.records import MAX_LISTED
from trunkline.core import pcap
from trunkline.core.records import CallMessages, CallRecord, WireMessage
from trunkline.store.calls import FILE, CallJournal

pytestmark = pytest.mark.outside

AT = datetime(2026, 5, 31, 12, tzinfo=UTC)
MESSAGE = WireMessage(
    1_780_228_800_000_000, False, "UDP", "192.0.2.1", 5060, "203.0.113.7", 5060, b"INVITE sip:h SIP/2.0\r\n\r\n"
)


@dataclass(frozen=True)
class Folder:
    """A data folder with three calls: ``talked`` of One, ``refused`` of its branch, ``odd`` of an account long gone."""

    data: str
    one: str
    branch: str
    carrier: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A data folder with records."""
    room = open_room(tmp_path_factory.mktemp("records"))
    one = room.account("One").account
    branch = room.account("Branch", one).account
    carrier = room.carrier(one, "203.0.113.7", name="Alpha")
    journal = CallJournal(room.data)
    for record in _records(one.id, branch.id, carrier.id):
        journal.put(record)
    journal.put(CallMessages("refused", (MESSAGE,), len(MESSAGE.data)))
    journal.close()
    room.connection.close()
    return Folder(str(room.data), one.id, branch.id, carrier.id)


def _records(one: str, branch: str, carrier: str) -> list[CallRecord]:
    talked = CallRecord(
        id="talked",
        account_id=one,
        number="14155551234",
        caller="+14155550100",
        source="203.0.113.7",
        carrier_id=carrier,
        verdict="route",
        sip_status=200,
        started_at=AT,
        answered_at=AT + timedelta(seconds=2),
        ended_at=AT + timedelta(seconds=14, milliseconds=340),
        ended_by="caller",
        cause="normal",
        trace=(("source", "203.0.113.7 is Alpha's"), ("number", "14155551234 is One's")),
        ladder=((0.0, "a", "in", "INVITE sip:+14155551234@example.com"), (0.0042, "b1", "out", "INVITE sip:phone@x")),
    )
    refused = replace(
        talked,
        id="refused",
        account_id=branch,
        number="14155551235",
        verdict="no_target",
        sip_status=480,
        started_at=AT + timedelta(hours=1),
        answered_at=None,
        ended_by="platform",
    )
    odd = replace(
        talked,
        id="odd",
        account_id="gone",
        carrier_id=None,
        caller="=1\x1b[2J",
        started_at=AT + timedelta(hours=2),
        trace=(("end", "\x1b]0;x\x07"),),
        ladder=((0.0, "a", "in", "INVITE \x1b[2J"),),
    )
    return [talked, refused, odd]


def _ids(folder: Folder, *options: str) -> list[str]:
    return [call["id"] for call in json.loads(run("calls", "list", "--data", folder.data, "--json", *options))]


def test_calls_are_listed_newest_first(folder: Folder) -> None:
    heads, *rows = run("calls", "list", "--data", folder.data).splitlines()
    assert heads.split("  ")[0] == "TIME (UTC)"
    assert [row.split()[-1] for row in rows] == ["odd", "refused", "talked"]
    assert rows[2].split() == [
        *("2026-05-31", "12:00:00", "+14155550100", "+14155551234", "203.0.113.7", "route", "200", "12.3"),
        *("caller", "talked"),
    ]
    assert rows[1].split()[5:] == ["no_target", "480", "platform", "refused"]


def test_every_option_narrows(folder: Folder) -> None:
    assert _ids(folder, "--account", folder.one) == ["refused", "talked"]
    assert _ids(folder, "--account", folder.branch) == ["refused"]
    assert _ids(folder, "--number", "+1 415 555 1235") == ["refused"]
    assert _ids(folder, "--verdict", "route") == ["odd", "talked"]
    assert _ids(folder, "--since", "2026-05-31T13:00") == ["odd", "refused"]
    assert _ids(folder, "--since", "2026-05-31T15:00+02:00", "--until", "2026-05-31T14:00Z") == ["refused"]
    assert _ids(folder, "--until", "2026-05-31") == []
    assert _ids(folder, "--limit", "1") == ["odd"]
    assert len(_ids(folder, "--limit", str(MAX_LISTED))) == 3


def test_json_is_as_the_api_gives_it(folder: Folder) -> None:
    call = json.loads(run("calls", "list", "--data", folder.data, "--json"))[1]
    assert (call["answered_at"], call["started_at"], call["account_id"]) == (
        None,
        "2026-05-31T13:00:00Z",
        folder.branch,
    )


def test_csv_is_for_spreadsheets(folder: Folder) -> None:
    rows = list(csv.DictReader(io.StringIO(run("calls", "list", "--data", folder.data, "--csv"))))
    assert [(row["id"], row["caller"]) for row in rows] == [
        ("odd", "'=1\x1b[2J"),
        ("refused", "+14155550100"),
        ("talked", "+14155550100"),
    ]
    assert rows[1]["answered_at"] == ""


def test_one_is_shown_with_its_trace(folder: Folder) -> None:
    lines = run("calls", "show", "--data", folder.data, "talked").splitlines()
    assert lines[0] == "call talked"
    assert f"  account     One ({folder.one})" in lines
    assert f"  carrier     Alpha ({folder.carrier})" in lines
    assert "  ended       2026-05-31 12:00:14 UTC, by caller, normal" in lines
    assert "  talked      12.3 s" in lines
    assert lines[-3:] == ["trace", "  source  203.0.113.7 is Alpha's", "  number  14155551234 is One's"]
    unanswered = run("calls", "show", "--data", folder.data, "refused")
    assert "  answered    no\n" in unanswered
    assert "talked" not in unanswered
    whole = json.loads(run("calls", "show", "--data", folder.data, "talked", "--json"))
    assert whole["trace"][0] == {"part": "source", "text": "203.0.113.7 is Alpha's"}
    assert whole["ladder"][1]["leg"] == "b1"


def test_ladder_shows_both_legs(folder: Folder) -> None:
    assert run("calls", "ladder", "--data", folder.data, "talked").splitlines() == [
        "  0.000  leg a   -->  INVITE sip:+14155551234@example.com",
        "  0.004  leg b1  <--  INVITE sip:phone@x",
    ]


def test_pcap_goes_to_a_file_or_a_pipe(folder: Folder, tmp_path: Path) -> None:
    file = tmp_path / "refused.pcap"
    assert run("calls", "pcap", "--data", folder.data, "refused", "-o", str(file)) == ""
    assert file.read_bytes() == pcap.write([MESSAGE])
    command = [sys.executable, "-m", "trunkline", "calls", "pcap", "--data", folder.data, "refused"]
    done = subprocess.run(command, capture_output=True, timeout=30, env=clean_environ(), check=True)
    assert done.stdout == file.read_bytes()


def test_pcap_is_nothing_for_a_terminal(
    folder: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["calls", "pcap", "--data", folder.data, "refused"]) == 1
    told = capsys.readouterr()
    assert "Name a file with -o" in told.err
    assert told.out == ""


@pytest.mark.parametrize("arguments", [("list",), ("show", "odd"), ("ladder", "odd")])
def test_wire_cannot_steer_the_terminal(folder: Folder, arguments: tuple[str, ...]) -> None:
    told = run("calls", *arguments, "--data", folder.data)
    assert "\x1b" not in told
    assert "?" in told


def test_call_of_nobody_left_is_shown(folder: Folder) -> None:
    told = run("calls", "show", "--data", folder.data, "odd")
    assert "  account     gone\n" in told
    assert "  carrier     none\n" in told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nope"), "no call has the id 'nope'"),
        (("ladder", "nope"), "no call has the id 'nope'"),
        (("show", "\udcff"), "no call has the id"),
        (("pcap", "nope"), "no call has the id 'nope'"),
        (("pcap", "talked"), "no SIP messages of this call were kept: it went well"),
        (("pcap", "refused", "-o", "/nowhere/x.pcap"), "/nowhere/x.pcap cannot be written: No such file or directory"),
        (("pcap", "refused", "-o", "/"), "/ cannot be written: Is a directory"),
        (("list", "--account", "nobody"), "--account 'nobody' is no account"),
        (("list", "--number", "hello"), "--number: 'hello' is not an E.164 number"),
        (("list", "--verdict", "perhaps"), "--verdict is one of"),
        (("list", "--since", "yesterday"), "--since is a time of ISO 8601"),
        (("list", "--until", "2026-13-01"), "--until is a time of ISO 8601"),
        (("list", "--since", "2026-05-31", "--until", "2026-05-31"), "--since is not before --until"),
        (("list", "--limit", "0"), f"--limit is a whole number from 1 to {MAX_LISTED}"),
        (("list", "--limit", str(MAX_LISTED + 1)), "--limit is"),
        (("list", "--limit=-1"), "--limit is"),
        (("list", "--limit", "many"), "--limit is"),
    ],
)
def test_wrong_value_is_told_in_one_line(
    folder: Folder, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert main(["calls", *arguments, "--data", folder.data]) == 1
    told = capsys.readouterr()
    assert says in told.err
    assert (told.out, len(told.err.splitlines())) == ("", 1)


def test_failure_is_the_exit_status(folder: Folder, tmp_path: Path) -> None:
    run("calls", "show", "nope", "--data", folder.data, expect=1)
    run("calls", "list", "--json", "--csv", "--data", folder.data, expect=2)
    done = subprocess.run(
        [sys.executable, "-m", "trunkline", "calls", "list", "--data", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        timeout=30,
        env=clean_environ(),
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no database in" in done.stderr


def test_damaged_records_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room = open_room(tmp_path)
    (room.data / FILE).write_bytes(b"this is no database" * 100)
    assert main(["calls", "list", "--data", str(room.data)]) == 1
    told = capsys.readouterr().err
    assert "call records cannot be read" in told
    assert len(told.splitlines()) == 1
