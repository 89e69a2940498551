"""TwiML to verbs: what each verb and attribute is read to, what is refused when it is reached, what must not pass."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.core.calls import LegChange
from trunkline.core.fetching import DocumentError, DocumentFault
from trunkline.core.model import Webhook
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.core.verbs import (
    Dial,
    DialTarget,
    DialUri,
    HangUp,
    LegEvents,
    Redirect,
    Refer,
    TargetKind,
    Unsupported,
    Verb,
    Wait,
)
from trunkline.dialects.markup import MAX_DEPTH, MAX_ELEMENTS
from trunkline.dialects.twilio.document import MAX_DOCUMENT_BYTES, parse_document

BASE = "https://app.test/voice/answer?x=1"


def parse(inner: str) -> tuple[Verb, ...]:
    return parse_document(f"<Response>{inner}</Response>".encode(), BASE).verbs


def only(inner: str) -> Verb:
    (verb,) = parse(inner)
    return verb


def dial(inner: str) -> Dial:
    verb = only(inner)
    assert isinstance(verb, Dial)
    return verb


def number(digits: str = "14155550123", events: LegEvents | None = None) -> DialTarget:
    return DialTarget(kind=TargetKind.NUMBER, value=digits, events=events)


def sip(uri: str, *headers: tuple[str, str], auth: OutboundAuth | None = None) -> DialTarget:
    return DialTarget(kind=TargetKind.SIP, value=uri, headers=headers, auth=auth)


def client(name: str) -> DialTarget:
    return DialTarget(kind=TargetKind.ENDPOINT, value=name)


def events(url: str, *changes: LegChange, method: str = "POST") -> LegEvents:
    return LegEvents(Webhook(url, method), frozenset(changes))


N = "<Number>+14155550123</Number>"
ONE = Dial(targets=(number(),), timeout=30.0)

SUPPORTED: list[tuple[str, Verb]] = [
    ("<Hangup/>", HangUp()),
    ('<Hangup><Parameter name="a" value="b"/></Hangup>', HangUp()),
    ("<Reject/>", HangUp("not_in_service")),
    ('<Reject reason="rejected"/>', HangUp("not_in_service")),
    ('<Reject reason="busy"/>', HangUp("busy")),
    ("<Pause/>", Wait(1.0)),
    ('<Pause length="0"/>', Wait(0.0)),
    ('<Pause length="10"/>', Wait(10.0)),
    ('<Pause length="9999999"/>', Wait(86400.0)),
    ("<Redirect>https://b.test/x</Redirect>", Redirect(Webhook("https://b.test/x"))),
    (
        '<Redirect method="get"> next?y=1&amp;z=2 </Redirect>',
        Redirect(Webhook("https://app.test/voice/next?y=1&z=2", "GET")),
    ),
    ("<Redirect>../top#rc=0</Redirect>", Redirect(Webhook("https://app.test/top#rc=0"))),
    ("<Refer><Sip> sip:b@h;transport=tcp </Sip></Refer>", Refer(target="sip:b@h;transport=tcp")),
    (
        '<Refer action="done" method="get" unheardOf="x"><Sip>sips:b@h</Sip></Refer>',
        Refer(target="sips:b@h", action=Webhook("https://app.test/voice/done", "GET")),
    ),
    (f"<Dial>{N}</Dial>", ONE),
    ("<Dial>+1 (415) 555-0123</Dial>", ONE),
    ("<Dial>415-555-0123</Dial>", ONE),
    ("<Dial>\n  <Number>4155550123</Number>\n</Dial>", ONE),
    ("<Dial>+4155550123</Dial>", replace(ONE, targets=(number("4155550123"),))),
    ("<Dial>4930123456789</Dial>", replace(ONE, targets=(number("4930123456789"),))),
    (
        '<Dial action="done" method="GET" timeout="20" timeLimit="60" callerId="+1 415-555-0199" hangupOnStar="false" '
        f'answerOnBridge="true" ringTone="us" record="do-not-record" sequential="TRUE" unheardOf="x">{N}</Dial>',
        Dial(
            targets=(number(),),
            timeout=20.0,
            time_limit=60.0,
            caller_id="14155550199",
            action=Webhook("https://app.test/voice/done", "GET"),
            sequential=True,
            ignored=("ringTone",),
        ),
    ),
    (f'<Dial timeout="9999" timeLimit="999999">{N}</Dial>', replace(ONE, timeout=600.0, time_limit=86400.0)),
    (
        f'<Dial callerId="client:alice" referUrl="/r" referMethod="GET">{N}</Dial>',
        replace(ONE, caller_id="client:alice", ignored=("referUrl",)),
    ),
    ("<Dial><Client>alice12</Client></Dial>", replace(ONE, targets=(client("alice12"),))),
    ("<Dial><Client><Identity> bob </Identity></Client></Dial>", replace(ONE, targets=(client("bob"),))),
    (
        f"<Dial>{N}<Client>a</Client><Sip>sip:b@h</Sip></Dial>",
        replace(ONE, targets=(number(), client("a"), sip("sip:b@h"))),
    ),
    (
        "<Dial><Sip> sip:b@h:5070;transport=tcp?X-Deal=7&amp;x-deal=8&amp;User-to-User=a%20b </Sip></Dial>",
        replace(ONE, targets=(sip("sip:b@h:5070;transport=tcp", ("x-deal", "8"), ("User-to-User", "a b")),)),
    ),
    (
        '<Dial><Sip username="u" password="p">sip:b@h<Headers><Header name="X-A" value="1"/></Headers></Sip></Dial>',
        replace(ONE, targets=(sip("sip:b@h", ("X-A", "1"), auth=OutboundAuth("u", "p")),)),
    ),
    (
        '<Dial><Sip username="u"><Uri priority="2" weight="7" username="v" password="p">sip:b@h</Uri>'
        "<Uri>sip:c@h</Uri></Sip></Dial>",
        replace(
            ONE,
            targets=(
                replace(
                    sip("sip:b@h", auth=OutboundAuth("u", "")),
                    uris=(
                        DialUri(uri="sip:b@h", priority=2, weight=7, auth=OutboundAuth("v", "p")),
                        DialUri(uri="sip:c@h", priority=0, weight=1),
                    ),
                ),
            ),
        ),
    ),
    (
        '<Dial><Number statusCallback="/h#rc=0">+14155550123</Number></Dial>',
        replace(ONE, targets=(number(events=events("https://app.test/h#rc=0", LegChange.ENDED)),)),
    ),
    (
        '<Dial><Number statusCallback="h" statusCallbackMethod="get" statusCallbackEvent="initiated  ringing answered '
        'completed">+14155550123</Number></Dial>',
        replace(
            ONE,
            targets=(
                number(
                    events=events(
                        "https://app.test/voice/h",
                        LegChange.INITIATED,
                        LegChange.RINGING,
                        LegChange.ANSWERED,
                        LegChange.ENDED,
                        method="GET",
                    )
                ),
            ),
        ),
    ),
    ('<Dial><Number statusCallbackEvent="ringing">+14155550123</Number></Dial>', ONE),
]


@pytest.mark.parametrize(("xml", "verb"), SUPPORTED)
def test_supported(xml: str, verb: Verb) -> None:
    assert only(xml) == verb


def test_nothing_but_a_response() -> None:
    assert parse("") == ()
    assert parse("only text") == ()
    assert parse_document(b"\n <?xml version='1.0' encoding='UTF-8'?>\n<!-- c --><Response/>\n", BASE).verbs == ()
    assert parse_document("<?xml version='1.0' encoding='utf-16'?><Response/>".encode("utf-16"), BASE).verbs == ()


@pytest.mark.parametrize(
    ("xml", "name"),
    [
        ("<Say voice='alice' loop='0'>Hello <break time='1s'/></Say>", "Say"),
        ("<Play digits='ww12'/>", "Play"),
        ("<Gather numDigits='1'><Say>x</Say><Play>y.mp3</Play><Pause/></Gather>", "Gather"),
        ("<Record transcribe='true'/>", "Record"),
        ("<Enqueue>support</Enqueue>", "Enqueue"),
        ("<Leave/>", "Leave"),
        ("<Echo/>", "Echo"),
        ("<Connect><Stream url='wss://a.test/'><Parameter name='a' value='b'/></Stream></Connect>", "Connect"),
        ("<Connect><ConversationRelay url='wss://a.test/' tomorrow='new'/></Connect>", "Connect"),
        ("<Start><Stream url='wss://a.test/'/></Start>", "Start"),
        ("<Stop><Stream name='a'/></Stop>", "Stop"),
        ("<Pay/>", "Pay"),
        ("<Prompt/>", "Prompt"),
        ("<Sms>x</Sms>", "Sms"),
        ("<Message>x</Message>", "Message"),
    ],
)
def test_known_and_refused_when_it_is_reached(xml: str, name: str) -> None:
    verb = only(xml)
    assert isinstance(verb, Unsupported)
    assert verb.name == name
    assert verb.why.endswith(("build", "yet"))


@pytest.mark.parametrize(
    ("inner", "refused"),
    [
        (f'<Dial hangupOnStar="true">{N}</Dial>', ("hangupOnStar",)),
        (f'<Dial record="record-from-ringing-dual">{N}</Dial>', ("record",)),
        (f'<Dial record="true" hangupOnStar="true">{N}</Dial>', ("hangupOnStar", "record")),
        ('<Dial><Number sendDigits="ww1">+14155550123</Number></Dial>', ("sendDigits of <Number>",)),
        ('<Dial><Number url="/whisper">+14155550123</Number></Dial>', ("url of <Number>",)),
        ('<Dial><Number machineDetection="Enable">+14155550123</Number></Dial>', ("machineDetection of <Number>",)),
        ('<Dial><Number byoc="BY1">+14155550123</Number></Dial>', ("byoc of <Number>",)),
        ('<Dial><Client>a<Parameter name="x" value="y"/></Client></Dial>', ("<Parameter> of <Client>",)),
        ("<Dial><Conference>Room</Conference></Dial>", ("<Conference>",)),
        ("<Dial><Queue>support</Queue></Dial>", ("<Queue>",)),
        ("<Dial><Sim>DE1</Sim></Dial>", ("<Sim>",)),
        ("<Dial><Application>AP1</Application></Dial>", ("<Application>",)),
        ("<Dial><WhatsApp>+1415</WhatsApp></Dial>", ("<WhatsApp>",)),
        (f"<Dial>{N}<Conference>Room</Conference></Dial>", ("<Conference>",)),
    ],
)
def test_a_dial_that_asks_for_more(inner: str, refused: tuple[str, ...]) -> None:
    assert dial(inner).unsupported == refused


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ("<Speak>x</Speak>", "<Speak> is not allowed in <Response>"),
        ("<hangup/>", "<hangup> is not allowed in <Response>"),
        ("<DIAL>+14155550123</DIAL>", "<DIAL> is not allowed"),
        (N, "<Number> is not allowed in <Response>"),
        ('<Say xmlns="urn:x">a</Say>', "not allowed in <Response>"),
        ("<Dial><User>sip:a@h</User></Dial>", "<User> is not allowed in <Dial>"),
        ("<Dial><Number>1<Number/></Number></Dial>", "it holds no elements"),
        ("<Dial><Sip>sip:a@h<Header/></Sip></Dial>", "<Header> is not allowed in <Sip>"),
        ("<Dial><Sip>sip:a@h<Headers><Uri/></Headers></Sip></Dial>", "<Uri> is not allowed in <Headers>"),
        ("<Dial/>", "<Dial>: must be a number of 2 to 15 digits"),
        ("<Dial>alice</Dial>", "<Dial>alice: must be a number"),
        ("<Dial><Number></Number></Dial>", "<Number>: must be a number"),
        ("<Dial><Number>1</Number></Dial>", "2 to 15 digits"),
        ("<Dial><Number>1234567890123456</Number></Dial>", "2 to 15 digits"),
        ("<Dial><Number>1-800-FLOWERS</Number></Dial>", "<Number>1-800-FLOWERS"),
        ("<Dial><Number>١٢٣٤</Number></Dial>", "2 to 15 digits"),
        ("<Dial><Sip>alice</Sip></Dial>", "<Sip>alice: must be a SIP URI"),
        ("<Dial><Sip>tel:123</Sip></Dial>", "must be a SIP URI"),
        ("<Dial><Sip>sip:a@h&#10;X: y</Sip></Dial>", "must be a SIP URI"),
        (f"<Dial><Sip>sip:a@{'h' * 300}</Sip></Dial>", "must be a SIP URI"),
        ("<Dial><Sip>sip:a@h?Via=x</Sip></Dial>", "<Sip> header 'Via': must be called X-... or User-to-User"),
        ("<Dial><Sip>sip:a@h?X-A=1%0D%0AVia:%20x</Sip></Dial>", "printable"),
        ("<Dial><Sip>sip:a@h?X-A%0D%0AB=1</Sip></Dial>", "must be called"),
        (f"<Dial><Sip>sip:a@h?X-A={'1' * 2000}</Sip></Dial>", "at most 1024 characters"),
        (f"<Dial><Sip>sip:a@h?X-A={'1' * 300}</Sip></Dial>", "at most 256 characters"),
        (f"<Dial><Sip>sip:a@h?{'&amp;'.join(f'X-{i}=1' for i in range(40))}</Sip></Dial>", "more than 32 headers"),
        ('<Dial><Sip password="p">sip:a@h</Sip></Dial>', "a password, and no username"),
        (f'<Dial><Sip username="{"u" * 200}">sip:a@h</Sip></Dial>', "printable and have at most 128 characters"),
        ("<Dial><Sip>sip:a@h<Uri>sip:b@h</Uri></Sip></Dial>", "not both"),
        ("<Dial><Sip><Uri>bob</Uri></Sip></Dial>", "<Uri>bob: must be a SIP URI"),
        ('<Dial><Sip><Uri priority="x">sip:b@h</Uri></Sip></Dial>', "<Uri priority='x'>"),
        (f"<Dial><Sip>{'<Uri>sip:b@h</Uri>' * 11}</Sip></Dial>", "at most 10 <Uri>"),
        ("<Dial><Client/></Dial>", "must be an endpoint's user name"),
        ("<Dial><Client>a b</Client></Dial>", "must be an endpoint's user name"),
        (f"<Dial><Client>{'a' * 122}</Client></Dial>", "must be an endpoint's user name"),
        (f'<Dial timeout="0">{N}</Dial>', "<Dial timeout='0'>: must be a whole number of seconds, at least 1"),
        (f'<Dial timeout="-1">{N}</Dial>', "whole number"),
        (f'<Dial timeLimit="x">{N}</Dial>', "<Dial timeLimit='x'>"),
        (f'<Dial timeLimit="99999999999999999999">{N}</Dial>', "whole number"),
        (f'<Dial method="PUT">{N}</Dial>', "<Dial method='PUT'>: must be GET or POST"),
        (f'<Dial sequential="1">{N}</Dial>', "must be true or false"),
        (f'<Dial answerOnBridge="yes">{N}</Dial>', "must be true or false"),
        (f'<Dial action="ftp://x/">{N}</Dial>', "<Dial action='ftp://x/'>: must be an http"),
        (f'<Dial action="http://[x/">{N}</Dial>', "must be an http"),
        (f'<Dial action="/{"x" * 3000}">{N}</Dial>', "at most 2048 characters"),
        (f'<Dial callerId="{"1" * 65}">{N}</Dial>', "at most 64 characters"),
        ('<Dial><Number statusCallback="ftp://x">123</Number></Dial>', "must be an http"),
        ('<Dial><Number statusCallbackEvent="rung">123</Number></Dial>', "must be of initiated, ringing, answered"),
        ('<Dial><Number statusCallbackMethod="PUT">123</Number></Dial>', "must be GET or POST"),
        (f"<Dial>{N * 11}</Dial>", "rings at most 10"),
        ('<Reject reason="no"/>', "<Reject reason='no'>: must be rejected or busy"),
        ('<Pause length="-1"/>', "<Pause length='-1'>"),
        ('<Pause length="1.5"/>', "must be a whole number of seconds"),
        ("<Redirect/>", "<Redirect> is empty"),
        ("<Redirect>javascript:alert(1)</Redirect>", "<Redirect>javascript:alert(1): must be an http"),
        ('<Redirect method="DELETE">/x</Redirect>', "must be GET or POST"),
    ],
)
def test_invalid(inner: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(inner)
    assert words in str(caught.value)
    assert caught.value.fault is DocumentFault.INVALID


BILLION = b'<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><Response><Say>&b;</Say></Response>'
EXTERNAL = b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><Response><Say>&a;</Say></Response>'
NESTED = b"<Response><Say>" + b"<s>" * 200 + b"</s>" * 200 + b"</Say></Response>"
MANY = b"<Response>" + b"<Pause/>" * MAX_ELEMENTS + b"</Response>"
LONG = b"<Response>" + b" " * (MAX_DOCUMENT_BYTES - 20) + b"</Response>"


@pytest.mark.parametrize(
    ("body", "words", "fault"),
    [
        (b"", "empty", DocumentFault.EMPTY),
        (b" \n", "empty", DocumentFault.EMPTY),
        (b"OK", "not well-formed XML at line 1", DocumentFault.MALFORMED),
        (b"<Response><Say>a & b</Say></Response>", "escape &", DocumentFault.MALFORMED),
        (b"<html/>", "must be <Response>", DocumentFault.ROOT),
        (b"<response/>", "must be <Response>", DocumentFault.ROOT),
        (b"\xff\xfe\x00", "not", DocumentFault.MALFORMED),
        (BILLION, "DTDs", DocumentFault.MALFORMED),
        (EXTERNAL, "DTDs", DocumentFault.MALFORMED),
        (b'<?xml version="1.0" encoding="klingon"?><Response/>', "encodings", DocumentFault.MALFORMED),
        (NESTED, f"deeper than {MAX_DEPTH}", DocumentFault.INVALID),
        (MANY, f"more than {MAX_ELEMENTS} elements", DocumentFault.INVALID),
        (LONG, f"the limit is {MAX_DOCUMENT_BYTES}", DocumentFault.TOO_LARGE),
    ],
)
def test_untrusted_bytes(body: bytes, words: str, fault: DocumentFault) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(body, BASE)
    assert words in str(caught.value)
    assert caught.value.fault is fault


def test_the_largest_document() -> None:
    assert parse_document(LONG[: -1 - len(b"</Response>")] + b"</Response>", BASE).verbs == ()


def test_messages_stay_short_and_printable_and_say_no_password() -> None:
    with pytest.raises(DocumentError) as caught:
        parse(f"<Dial><Number>{'9' * 5000}&#10;x</Number></Dial>")
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()
    with pytest.raises(DocumentError) as caught:
        parse(f'<Dial><Sip username="u" password="hush{"x" * 200}">sip:a@h</Sip></Dial>')
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(dial('<Dial><Sip username="u" password="hush">sip:a@h</Sip></Dial>'))


NAMES = st.sampled_from(
    [
        *("Response", "Dial", "Number", "Sip", "Client", "Identity", "Headers", "Header", "Uri", "Hangup", "Pause"),
        *("Reject", "Redirect", "Say", "Conference", "x"),
    ]
)
ATTRIBUTES = st.sampled_from(
    [
        *("action", "timeout", "timeLimit", "callerId", "method", "reason", "length", "statusCallback", "name", "x"),
        *("value", "statusCallbackEvent", "sequential", "username", "password", "record", "priority", "weight"),
    ]
)
VALUES = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='<&"'), max_size=30)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    name = draw(NAMES)
    attributes = draw(st.dictionaries(ATTRIBUTES, VALUES, max_size=3))
    inner = draw(VALUES)
    if depth:
        inner += "".join(draw(st.lists(elements(depth=depth - 1), max_size=3)))
    attrs = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{attrs}>{inner}</{name}>"


@given(st.lists(elements(), max_size=3).map("".join))
@example("<Dial><Sip>sip:[</Sip></Dial>")
@example("<Dial><Sip>sip:a@h?%=%&amp;;</Sip></Dial>")
@example("<Redirect>http://[</Redirect>")
def test_only_document_errors_come_out_of_odd_documents(inner: str) -> None:
    with contextlib.suppress(DocumentError):
        parse(inner)


@given(st.binary(max_size=300))
@example(b"<?xml version='1.0' encoding='utf-7'?><Response/>")
def test_only_document_errors_come_out_of_odd_bytes(body: bytes) -> None:
    with contextlib.suppress(DocumentError):
        parse_document(body, BASE)


@given(st.integers(0, 20), st.integers(1, 700))
def test_headers_and_digits_are_bounded(parties: int, length: int) -> None:
    inner = f"<Dial>{'<Number>' + '1' * length + '</Number>' if parties else ''}</Dial>"
    with contextlib.suppress(DocumentError):
        assert all(2 <= len(target.value) <= 15 for target in dial(inner).targets)
