"""How many answers strangers get, that who has proven itself is none, and credentials of any kind."""

from __future__ import annotations

from functools import partial

import pytest

from trunkline.config import SipSettings
from trunkline.core.facts import SipUser
from trunkline.core.routing import Verdict
from trunkline.sip.admission import Doorkeeper
from trunkline.sip.digest import answer
from trunkline.sip.guesses import FREE_OF_SOURCE, Guesses, own_ledgers
from trunkline.sip.message import Request
from trunkline.sip.realms import Realms
from trunkline.sip.refusals import REFUSALS

SETTINGS = SipSettings()
SOURCE = "192.0.2.7"


def test_a_source_that_has_proven_itself_is_challenged_as_often_as_it_calls() -> None:
    settings, guesses = SipSettings(unknown_per_s=2), Guesses(own_ledgers())
    keeper = Doorkeeper(
        settings,
        lab=False,
        realms=Realms(settings, "127.0.0.1"),
        new_token=lambda: "t",
        users=lambda _name, _code, _trunk: [],
        login=lambda _name: None,
        carriers_at=lambda _address: (),
        guesses=guesses,
    )
    guesses.right("192.0.2.7", ["login"])
    assert [keeper.may_answer("192.0.2.8", 100.0) for _ in range(4)] == [True, True, False, False]
    assert all(keeper.may_answer("192.0.2.7", 100.0) for _ in range(100))


@pytest.mark.parametrize("name", ["joe", "\udcff\x01", 'a"b\\', "x" * 5_000, "@", "joe@", "a@" * 500, "é\u2028"])
@pytest.mark.parametrize("known", [False, True])
def test_any_user_name_is_judged_and_told_in_bounds(name: str, known: bool) -> None:
    keeper = Doorkeeper(
        SETTINGS,
        lab=False,
        realms=Realms(SETTINGS, "127.0.0.1"),
        new_token=lambda: "t",
        users=lambda _name, _code, _trunk: [SipUser("login", "secret", "carrier")] if known else [],
        login=lambda _name: None,
        carriers_at=lambda _address: (),
    )
    invite = Request("INVITE", "sip:1@127.0.0.1", [])
    offered = keeper.headers(invite, Verdict.CREDENTIALS_MISSING, REFUSALS[Verdict.CREDENTIALS_MISSING], SOURCE, 0.0)
    said = answer(offered[0][1], "INVITE", "sip:1", name, "guess", new_token=lambda: "c")
    again = Request("INVITE", "sip:1@127.0.0.1", [("authorization", said)])
    for _ in range(FREE_OF_SOURCE + 2):
        judged = keeper.judge(again, SOURCE, 0.0, partial(keeper._users_of, trunk=""))
    assert judged.result == "unchecked"
    assert len(judged.note) < 300
    right = answer(offered[0][1], "INVITE", "sip:1", name, "secret", new_token=lambda: "c")
    there = Request("INVITE", "sip:1@127.0.0.1", [("authorization", right)])
    assert keeper.judge(there, SOURCE, 0.0, partial(keeper._users_of, trunk="")).result == "unchecked"
