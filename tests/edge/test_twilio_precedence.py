"""What answers a number's calls as its settings change, from outside: HTTP by the standard library's client, calls by
SIPp. `test_disaster_recovery` has the trunks that cannot, `tests/dialects/twilio/test_changes.py` what is shown.
"""

from __future__ import annotations

from itertools import count

import pytest

from tests.edge.lab import Lab, account
from tests.edge.shop import Client, Shop, call
from tests.edge.sipp import Sipp
from tests.edge.test_twiml import document, sip
from tests.edge.web import Web

pytestmark = [pytest.mark.outside, pytest.mark.timeout(120)]

_numbers = count(14155660000)


class Branch(Client):
    """A subaccount with a number of its own, whose VoiceUrl is ``/own``; its main account's carrier delivers it."""

    def __init__(self, shop: Shop, web: Web) -> None:
        made = shop.twilio("POST", "/2010-04-01/Accounts.json", {"FriendlyName": "Branch"}, expect=201)
        super().__init__(shop.server, made["sid"], made["auth_token"])
        shop.carrier(shop.source)
        self.shop, self.web = shop, web
        self.digits = str(next(_numbers))
        form = {"PhoneNumber": f"+{self.digits}", "VoiceUrl": f"{web.url}/own"}
        number = self.twilio("POST", self.mine("/IncomingPhoneNumbers"), form, expect=201)
        self.number = self.mine(f"/IncomingPhoneNumbers/{number['sid']}")

    def sets(self, **form: str) -> None:
        """Change the number; its VoiceUrl is kept, whatever else answers."""
        assert self.twilio("POST", self.number, form)["voice_url"] == f"{self.web.url}/own"

    def is_set(self, status: str) -> None:
        """Let the main account change this one's state."""
        self.shop.twilio("POST", f"/2010-04-01/Accounts/{self.sid}.json", {"Status": status})

    def answered_by(self, path: str) -> None:
        """Call the number, which the document at this path answers: 200, and nothing else was asked."""
        with Sipp("uas_answer") as phone:
            self.web.pages[path] = document(f"<Dial>{sip(phone)}</Dial>")
            self.web.asked.clear()
            call(self.shop, self.digits)
            phone.succeeded()
        assert {asked.path for asked in self.web.asked} == {path}

    def answered_by_trunk(self, phone: Sipp) -> None:
        """Call the number, which the trunk answers: 200, and no application is asked."""
        self.web.asked.clear()
        call(self.shop, self.digits)
        phone.succeeded()
        assert not self.web.asked

    def refused(self, status: int) -> None:
        """Call the number, which is refused so, and no application is asked."""
        self.web.asked.clear()
        words = {"ip": self.shop.source, "to": self.server.via, "number": self.digits, "status": str(status)}
        with Sipp("uac_refused", **words) as carrier:  # type: ignore[arg-type]  # texts, as the scenario's words
            carrier.succeeded()
        assert not self.web.asked


@pytest.fixture
def branch(lab: Lab, web: Web) -> Branch:
    """Give a subaccount with a number."""
    return Branch(Shop(lab, account(lab.server, "Shop"), lab.sip), web)


def test_what_answers_as_the_number_and_its_account_change(lab: Lab, branch: Branch) -> None:
    branch.answered_by("/own")
    with Sipp("uas_answer") as pbx:
        branch.sets(TrunkSid=branch.made_trunk((pbx.uri, 1)).rpartition("/")[2])
        branch.answered_by_trunk(pbx)
    form = {"VoiceUrl": f"{branch.web.url}/application"}
    made = branch.twilio("POST", branch.mine("/Applications"), form, expect=201)
    branch.sets(VoiceApplicationSid=made["sid"])
    branch.answered_by("/application")
    branch.sets(VoiceApplicationSid="")
    branch.answered_by("/own")
    branch.is_set("suspended")
    branch.refused(403)
    branch.is_set("active")
    branch.answered_by("/own")
    branch.is_set("closed")
    branch.refused(404)
    assert lab.unclaimed("number_unknown", source=branch.shop.source, number=branch.digits)


def test_an_empty_trunk_sid_leads_back_to_the_voice_url(branch: Branch) -> None:
    with Sipp("uas_answer") as pbx:
        branch.sets(TrunkSid=branch.made_trunk((pbx.uri, 1)).rpartition("/")[2])
        branch.answered_by_trunk(pbx)
    branch.sets(TrunkSid="")
    branch.answered_by("/own")


@pytest.mark.parametrize("answers", ["application", "trunk"])
def test_a_suspended_account_is_refused_whatever_answers(branch: Branch, answers: str) -> None:
    if answers == "trunk":
        branch.sets(TrunkSid=branch.made_trunk(("sip:127.0.0.1:9", 1)).rpartition("/")[2])
    else:
        form = {"VoiceUrl": f"{branch.web.url}/application"}
        made = branch.twilio("POST", branch.mine("/Applications"), form, expect=201)
        branch.sets(VoiceApplicationSid=made["sid"])
    branch.is_set("suspended")
    branch.refused(403)
