"""Documents that twilio's own SDK writes: what becomes of those that transfer, and of what a Dial may ask for."""

from __future__ import annotations

import pytest

from tests.clients.environments import play
from trunkline.core.model import Webhook
from trunkline.core.verbs import Dial, Refer, Verb
from trunkline.dialects.twilio.document import parse_document

# The first run makes the SDK's environment, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]

ALICE = "sip:alice@example.com"


@pytest.fixture(scope="module")
def written() -> dict[str, Verb]:
    """What each of the SDK's documents is read to."""
    documents = play("twilio", "twilio_python_twiml.py")
    return {name: parse_document(text.encode(), "https://app.test/voice").verbs[0] for name, text in documents.items()}


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("plain", Refer(target=ALICE)),
        ("action", Refer(target=ALICE, action=Webhook("https://app.test/handleRefer"))),
        ("headers", Refer(target=f"{ALICE}?X-AcctNumber=123456&X-ReasonForCalling=billing-question")),
        ("user_to_user", Refer(target=f"{ALICE}?User-to-User=123456789%3Bencoding%3Dhex")),
        ("unknown", Refer(target=ALICE)),
    ],
)
def test_transfers(written: dict[str, Verb], *, name: str, verb: Refer) -> None:
    assert written[name] == verb


@pytest.mark.parametrize(
    ("name", "refused", "ignored"),
    [
        ("whisper", ("url of <Number>",), ()),
        ("whisper_sip", ("url of <Sip>",), ()),
        ("digits", ("sendDigits of <Number>",), ()),
        ("parameter", ("<Parameter> of <Client>",), ()),
        ("star", ("hangupOnStar",), ()),
        ("record", ("record",), ()),
        ("not_recorded", (), ()),
        ("bridge", (), ()),
        ("tone", (), ("ringTone",)),
        ("refer_url", (), ("referUrl",)),
    ],
)
def test_what_a_dial_asks_for(
    written: dict[str, Verb], *, name: str, refused: tuple[str, ...], ignored: tuple[str, ...]
) -> None:
    verb = written[name]
    assert isinstance(verb, Dial)
    assert (verb.unsupported, verb.ignored) == (refused, ignored)
