"""A small storm of calls with one fault each, and what finds calls that go wrong; `make prove` has the large one."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from tests.prove import storm
from tests.prove.faults import FAULTS
from tests.prove.faults.moves import BUSY, BY_CALLER, Ended
from tests.prove.ports import Call, Port
from tests.prove.sides import Side


@pytest.mark.outside
def test_calls_with_one_fault_each_end_as_they_should() -> None:
    """Every fault ten times, with another seed each time; the seed, and what failed, is printed."""
    seed = Random().randrange(10**9)
    assert storm.run(10 * len(FAULTS), 130, seed, FAULTS, t1=0.06, linger_s=2.0) == 0


@pytest.mark.parametrize(
    ("rows", "complaints"),
    [
        ([BY_CALLER], []),
        ([], ["the record of 1 says None", "0 records of 1 calls"]),
        ([BUSY], ["the record of 1 says [Ended(status=486"]),
        ([BY_CALLER, BY_CALLER], ["the record of 1 says [Ended(status=200", "2 records of 1 calls"]),
    ],
    ids=["as expected", "none", "another", "two"],
)
def test_a_storm_reads_the_records(tmp_path: Path, rows: list[Ended], complaints: list[str]) -> None:
    with closing(sqlite3.connect(tmp_path / "calls.db")) as database:
        database.execute("CREATE TABLE calls (caller, sip_status, ended_by, cause)")
        database.executemany("INSERT INTO calls VALUES ('1', ?, ?, ?)", rows)
        database.commit()
    lab: Any = SimpleNamespace(server=SimpleNamespace(data=tmp_path))
    found = storm.Storm(lab, lab, 1, 0.1, 1.0, FAULTS, expected={"1": (FAULTS[0], BY_CALLER)}, made=1)
    said = found.records(within=0.0)
    assert len(said) == len(complaints)
    assert all(want in text for want, text in zip(complaints, said, strict=True))


BYE = (
    "BYE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch={branch}\r\nMax-Forwards: 70\r\nFrom: <sip:a>;tag=1\r\n"
    "To: <sip:b>;tag={tag}\r\nCall-ID: c\r\nCSeq: {cseq} BYE\r\nContent-Length: 0\r\n\r\n"
)


@pytest.mark.parametrize(
    ("branch", "cseq", "tag", "complaint"),
    [
        ("z9hG4bK2", 3, "mine", "got what its story does not know: BYE"),
        ("z9hG4bK2", 2, "mine", "its CSeq does not rise"),
        ("z9hG4bK1", 3, "mine", "got what its story does not know: BYE"),
        ("2", 3, "mine", "a request has a branch with the cookie"),
        ("z9hG4bK2", 3, "other", "its To tag is none that was given"),
    ],
    ids=["unread", "order", "branch", "cookie", "tag"],
)
def test_a_side_finds_what_is_wrong(branch: str, cseq: int, tag: str, complaint: str) -> None:
    """After a proper BYE, another request."""

    async def play() -> list[str]:
        call = Call("1", "2", 1, Random(1), 0.1)
        port = Port("127.0.0.1", {})
        side = call.caller = Side(call, port, "caller", (port.ip, port.number), "c")
        side.tags.add("mine")
        port.send(BYE.format(branch="z9hG4bK1", cseq=2, tag="mine").encode(), side.remote)
        side.reply(await side.expect("BYE"), 200)
        port.send(BYE.format(branch=branch, cseq=cseq, tag=tag).encode(), side.remote)
        for _ in range(100):
            await asyncio.sleep(0.01)
            if side.inbox:
                break
        call.end()
        port.close()
        return call.wrong

    assert any(complaint in text for text in asyncio.run(play()))
