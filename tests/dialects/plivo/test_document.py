"""Plivo XML to verbs: a table for every row of contract section 8.2, and what must not pass."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.core.fetching import MAX_DOCUMENT_BYTES, DocumentError
from trunkline.core.model import Webhook
from trunkline.core.verbs import Dial, DialTarget, HangUp, LegEvents, Redirect, TargetKind, Unsupported, Verb, Wait
from trunkline.dialects.markup import MAX_DEPTH, MAX_ELEMENTS
from trunkline.dialects.plivo.document import HEARD, parse_document

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


def number(digits: str, *headers: tuple[str, str]) -> DialTarget:
    return DialTarget(kind=TargetKind.NUMBER, value=digits, headers=headers)


def heard(url: str, method: str = "POST") -> DialTarget:
    return replace(number("14155550123"), events=LegEvents(Webhook(url, method), HEARD))


def user(uri: str, *headers: tuple[str, str]) -> DialTarget:
    return DialTarget(kind=TargetKind.SIP, value=uri, headers=headers)


N = "<Number>14155550123</Number>"
U = "<User>sip:alice@example.com</User>"


def test_empty_response() -> None:
    assert parse("") == ()
    assert parse_document(b"\n <?xml version='1.0' encoding='UTF-8'?>\n<!-- c --><Response/>\n", BASE).verbs == ()
    assert parse_document("<?xml version='1.0' encoding='utf-16'?><Response/>".encode("utf-16"), BASE).verbs == ()


SUPPORTED: list[tuple[str, Verb]] = [
    ("<Hangup/>", HangUp()),
    ('<Hangup reason="rejected"/>', HangUp("rejected")),
    ('<Hangup reason="busy" schedule="0"/>', HangUp("busy")),
    ('<Hangup schedule="60"/>', HangUp(None, 60.0)),
    ('<Hangup schedule="999999"/>', HangUp(None, 86400.0)),
    ("<Wait/>", Wait(1.0)),
    ('<Wait length="10" silence="false" minSilence="3000" beep="false"/>', Wait(10.0)),
    ('<Wait length="9999999"/>', Wait(86400.0)),
    ("<Redirect>https://b.test/x</Redirect>", Redirect(Webhook("https://b.test/x"))),
    (
        '<Redirect method="get"> next?y=1&amp;z=2 </Redirect>',
        Redirect(Webhook("https://app.test/voice/next?y=1&z=2", "GET")),
    ),
    ("<Redirect>/top#rc=0</Redirect>", Redirect(Webhook("https://app.test/top#rc=0"))),
    (f"<Dial>{N}</Dial>", Dial(targets=(number("14155550123"),))),
    (f"<Dial>{U}</Dial>", Dial(targets=(user("sip:alice@example.com"),))),
    (f"<Dial>{N}{U}</Dial>", Dial(targets=(number("14155550123"), user("sip:alice@example.com")))),
    (
        f'<Dial action="done" method="GET" redirect="false" timeout="20" timeLimit="60" callerId="+1 415-555" '
        f'callerName="Alice &amp; Bob" hangupOnStar="FALSE" confirmTimeout="120" callbackMethod="POST">{N}</Dial>',
        Dial(
            targets=(number("14155550123"),),
            timeout=20.0,
            time_limit=60.0,
            caller_id="1415555",
            caller_name="Alice & Bob",
            action=Webhook("https://app.test/voice/done", "GET"),
            redirect=False,
        ),
    ),
    (f'<Dial timeLimit="86400">{N}</Dial>', Dial(targets=(number("14155550123"),), time_limit=86400.0)),
    (f'<Dial timeLimit="86401">{N}</Dial>', Dial(targets=(number("14155550123"),), time_limit=86400.0)),
    (f'<Dial callerId="anonymous">{N}</Dial>', Dial(targets=(number("14155550123"),), caller_id="anonymous")),
    (
        f'<Dial action="" method="" hangupOnStar="" timeLimit="" timeout="" callerId="" callerName="" confirmSound="" '
        f'confirmKey="" confirmTimeout="" dialMusic="" callbackUrl="" callbackMethod="" redirect="" digitsMatch="" '
        f'digitsMatchBLeg="" sipHeaders="" callType="">{N}</Dial>',
        Dial(targets=(number("14155550123"),)),
    ),
    (
        f'<Dial hangupOnStar="False" dialMusic="Real" callType="voice">{N}</Dial>',
        Dial(targets=(number("14155550123"),)),
    ),
    (
        '<Dial><Number sendDigits="" sendDigitsMode="" sendOnPreanswer="" sipHeaders="">112</Number></Dial>',
        Dial(targets=(number("112"),)),
    ),
    (
        '<Dial><User sendDigits="" sendOnPreanswer="" sipHeaders="" sipAuthUsername="" sipAuthPassword="">'
        "sip:a@h</User></Dial>",
        Dial(targets=(user("sip:a@h"),)),
    ),
    (
        f'<Dial callbackUrl="heard#rc=0" callbackMethod="get">{N}</Dial>',
        Dial(targets=(heard("https://app.test/voice/heard#rc=0", "GET"),)),
    ),
    (
        f'<Dial callbackUrl="https://b.test/heard">{N}</Dial>',
        Dial(targets=(heard("https://b.test/heard"),)),
    ),
    (f'<Dial callbackMethod="GET">{N}</Dial>', Dial(targets=(number("14155550123"),))),
    (
        f'<Dial timeLimit="1" timeout="1">{N}</Dial>',
        Dial(targets=(number("14155550123"),), timeout=1.0, time_limit=1.0),
    ),
    (f'<Dial timeout="99999">{N}</Dial>', Dial(targets=(number("14155550123"),), timeout=86400.0)),
    (f'<Dial callerName="{"x" * 50}">{N}</Dial>', Dial(targets=(number("14155550123"),), caller_name="x" * 50)),
    (
        '<Dial sipHeaders="a=1"><Number sipHeaders="A=2,b=">123</Number></Dial>',
        Dial(targets=(number("123", ("X-PH-A", "2"), ("X-PH-b", "")),)),
    ),
    (
        '<Dial sipHeaders="ClientRegion=x,ClientRegionName=y,FS-a=1,SipAuth-b=1,zt-c=1,TwilioD=1">'
        "<Number>123</Number></Dial>",
        Dial(targets=(number("123", ("X-PH-ClientRegionName", "y")),)),
    ),
    ("<PreAnswer><Wait length='2'/></PreAnswer>", Wait(2.0)),
    ("<PreAnswer><Redirect>/x</Redirect></PreAnswer>", Redirect(Webhook("https://app.test/x"))),
    ("<Dial><Number> +1 (415) 555-0123 </Number></Dial>", Dial(targets=(number("14155550123"),))),
    ('<Dial><Number sendOnPreanswer="false">112</Number></Dial>', Dial(targets=(number("112"),))),
    (
        '<Dial sipHeaders="a=1,b=2"><User sipHeaders="B=3, X-PH-c-d=4 5,PH-no=1,plivoX=2">sip:a@h</User></Dial>',
        Dial(targets=(user("sip:a@h", ("X-PH-a", "1"), ("X-PH-B", "3"), ("X-PH-c-d", "4 5")),)),
    ),
]


@pytest.mark.parametrize(("xml", "verb"), SUPPORTED)
def test_supported(xml: str, verb: Verb) -> None:
    assert only(xml) == verb


@pytest.mark.parametrize(
    "uri", ["sip:a@h", "sips:a@h:5061;transport=tls", "sip:a@[2001:db8::1]", "sip:h", "SIP:a%40b@h?X=1"]
)
def test_sip_uris_are_kept_as_they_are(uri: str) -> None:
    assert dial(f"<Dial><User>{uri}</User></Dial>").targets == (user(uri),)


@pytest.mark.parametrize(
    ("xml", "named"),
    [
        (f'<Dial hangupOnStar="true">{N}</Dial>', "hangupOnStar"),
        (f'<Dial confirmSound="https://a.test/">{N}</Dial>', "confirmSound"),
        (f'<Dial confirmKey="1">{N}</Dial>', "confirmKey"),
        (f'<Dial dialMusic="https://a.test/music">{N}</Dial>', "dialMusic"),
        (f'<Dial digitsMatch="1">{N}</Dial>', "digitsMatch"),
        (f'<Dial digitsMatchBLeg="1">{N}</Dial>', "digitsMatchBLeg"),
        (f'<Dial callType="whatsapp">{N}</Dial>', "callType"),
        ('<Dial><Number sendDigits="1w2">123</Number></Dial>', "sendDigits of <Number>"),
        ('<Dial><Number sendDigitsMode="x">123</Number></Dial>', "sendDigitsMode of <Number>"),
        ('<Dial><Number sendOnPreanswer="true">123</Number></Dial>', "sendOnPreanswer of <Number>"),
        ('<Dial><User sendDigits="1">sip:a@h</User></Dial>', "sendDigits of <User>"),
        ('<Dial><User sendOnPreanswer="true">sip:a@h</User></Dial>', "sendOnPreanswer of <User>"),
        ('<Dial><User sipAuthUsername="u">sip:a@h</User></Dial>', "sipAuthUsername of <User>"),
        ('<Dial><User sipAuthPassword="p">sip:a@h</User></Dial>', "sipAuthPassword of <User>"),
    ],
)
def test_what_a_dial_cannot_do_yet_is_named(xml: str, named: str) -> None:
    assert dial(xml).unsupported == (named,)


@pytest.mark.parametrize(
    ("xml", "name"),
    [
        (
            '<Speak voice="WOMAN" language="en-US" loop="1">Hi <break time="1s"/><prosody><s>x</s></prosody></Speak>',
            "Speak",
        ),
        ('<Play loop="1">https://a.test/x.mp3</Play>', "Play"),
        ('<DTMF async="true">1w2</DTMF>', "DTMF"),
        ('<GetDigits action="https://a.test/"><Speak>1?</Speak><Play>x</Play><Wait/></GetDigits>', "GetDigits"),
        ('<GetInput action="https://a.test/" inputType="dtmf speech"><Speak>?</Speak></GetInput>', "GetInput"),
        ('<Record action="https://a.test/"/>', "Record"),
        ('<Conference record="false">room</Conference>', "Conference"),
        ('<MultiPartyCall role="Agent">room</MultiPartyCall>', "MultiPartyCall"),
        ('<Stream bidirectional="true">wss://a.test/</Stream>', "Stream"),
        ('<Message src="1" dst="2">hi</Message>', "Message"),
        ("<PreAnswer><Speak>hi</Speak><Play>x</Play><Wait/></PreAnswer>", "PreAnswer"),
        ("<PreAnswer><Wait/><GetDigits/></PreAnswer>", "PreAnswer"),
        ('<PreAnswer><Wait silence="true"/></PreAnswer>', "Wait"),
        ('<Wait silence="TRUE" minSilence="2000"/>', "Wait"),
        ('<Wait beep="duration=300,inter_silence=50,intra_silence=500,threshold=256"/>', "Wait"),
        ('<Wait length="3" silence="true"/>', "Wait"),
        ('<Wait beep="true"/>', "Wait"),
    ],
)
def test_documented_but_not_run_yet(xml: str, name: str) -> None:
    verb = only(xml)
    assert isinstance(verb, Unsupported)
    assert verb.name == name
    assert verb.why


def test_order_is_kept() -> None:
    assert [type(verb) for verb in parse(f"<Wait/><Dial>{N}</Dial><Speak>x</Speak><Hangup/>")] == [
        Wait,
        Dial,
        Unsupported,
        HangUp,
    ]


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ("<Reject/>", "<Reject> is not allowed in <Response>"),
        ("<hangup/>", "<hangup> is not allowed in <Response>"),
        (N, "<Number> is not allowed in <Response>"),
        ('<Speak xmlns="urn:x">a</Speak>', "not allowed in <Response>"),
        ("<Hangup><Wait/></Hangup>", "<Wait> is not allowed in <Hangup>: it holds no elements"),
        ("<Play><Speak>x</Speak></Play>", "not allowed in <Play>"),
        ("<Dial><Speak>x</Speak></Dial>", "<Speak> is not allowed in <Dial>: it may hold <Number>, <User>"),
        ("<Dial><Number>1<User/></Number></Dial>", "not allowed in <Number>"),
        (f"<GetDigits><Dial>{N}</Dial></GetDigits>", "<Dial> is not allowed in <GetDigits>"),
        ("<PreAnswer><Hangup/></PreAnswer>", "<Hangup> is not allowed in <PreAnswer>"),
        ("<Speak><Play>x</Play></Speak>", "<Play> is not allowed in <Speak>"),
        ("<Dial/>", "<Dial> must hold <Number> or <User>"),
        ("<Dial>14155550123</Dial>", "<Dial> must hold"),
        (f"<Dial>{N}14155550123</Dial>", "no text beside"),
        ("<Dial><Number></Number></Dial>", "<Number>: must be a number of 2 to 15 digits"),
        ("<Dial><Number>1</Number></Dial>", "2 to 15 digits"),
        ("<Dial><Number>1234567890123456</Number></Dial>", "2 to 15 digits"),
        ("<Dial><Number>1-800-FLOWERS</Number></Dial>", "<Number>1-800-FLOWERS"),
        ("<Dial><Number>12+34</Number></Dial>", "2 to 15 digits"),
        ("<Dial><Number>١٢٣٤</Number></Dial>", "2 to 15 digits"),
        ("<Dial><User>alice</User></Dial>", "must be a SIP URI"),
        ("<Dial><User>tel:123</User></Dial>", "must be a SIP URI"),
        ("<Dial><User>sip:</User></Dial>", "must be a SIP URI"),
        ("<Dial><User>sip:@h</User></Dial>", "must be a SIP URI"),
        ("<Dial><User>sip:a@</User></Dial>", "must be a SIP URI"),
        ("<Dial><User>sip:a b@h</User></Dial>", "must be a SIP URI"),
        ("<Dial><User>&lt;sip:a@h&gt;</User></Dial>", "must be a SIP URI"),
        ("<Dial><User>sip:a@h&#10;X: y</User></Dial>", "must be a SIP URI"),
        (f"<Dial><User>sip:a@{'h' * 300}</User></Dial>", "must be a SIP URI"),
        (f'<Dial timeOut="20">{N}</Dial>', "<Dial> has no attribute 'timeOut'"),
        (f'<Dial timeout="0">{N}</Dial>', "<Dial timeout='0'>: must be a whole number of seconds, at least 1"),
        (f'<Dial timeout="-1">{N}</Dial>', "whole number"),
        (f'<Dial timeout="1.5">{N}</Dial>', "whole number"),
        (f'<Dial timeLimit="x">{N}</Dial>', "<Dial timeLimit='x'>"),
        (f'<Dial timeLimit="99999999999999999999">{N}</Dial>', "whole number"),
        (f'<Dial method="PUT">{N}</Dial>', "<Dial method='PUT'>: must be GET or POST"),
        (f'<Dial redirect="yes">{N}</Dial>', "must be true or false"),
        (f'<Dial hangupOnStar="1">{N}</Dial>', "must be true or false"),
        (f'<Dial action="ftp://x/">{N}</Dial>', "<Dial action='ftp://x/'>: must be an http"),
        (f'<Dial action="http://">{N}</Dial>', "must be an http"),
        (f'<Dial action="http://[x/">{N}</Dial>', "must be an http"),
        (f'<Dial action="http://h:x/">{N}</Dial>', "must be an http"),
        (f'<Dial action="https://a.test/a b">{N}</Dial>', "without blanks"),
        (f'<Dial action="/{"x" * 3000}">{N}</Dial>', "at most 2048 characters"),
        (f'<Dial callerName="{"x" * 51}">{N}</Dial>', "at most 50 characters"),
        (f'<Dial callerName="a&#10;b">{N}</Dial>', "printable text"),
        (f'<Dial callerId="{"1" * 65}">{N}</Dial>', "at most 64 characters"),
        (f'<Dial sipHeaders="novalue">{N}</Dial>', "name=value"),
        (f'<Dial sipHeaders="a:b=1">{N}</Dial>', "name=value"),
        (f'<Dial sipHeaders="a=1&#13;&#10;Via: x">{N}</Dial>', "printable"),
        (f'<Dial sipHeaders="a={"x" * 300}">{N}</Dial>', "at most"),
        (f'<Dial sipHeaders="{",".join(f"a{i}=1" for i in range(40))}">{N}</Dial>', "at most 32 headers"),
        ('<Dial><Number sipHeaders="a">123</Number></Dial>', "<Number sipHeaders='a'>: must be name=value"),
        ('<Dial><User sipHeaders="a b=1">sip:a@h</User></Dial>', "<User sipHeaders='a b=1'>: must be name=value"),
        (f'<Dial sipHeaders="{"n" * 65}=1">{N}</Dial>', "names of at most 64"),
        (f'<Dial sipHeaders="é=1">{N}</Dial>', "name=value"),
        (f'<Dial sipHeaders="=1">{N}</Dial>', "name=value"),
        (f'<Dial sipHeaders="a=1,">{N}</Dial>', "name=value"),
        (
            f'<Dial sipHeaders="{",".join(f"a{i}=1" for i in range(20))}">'
            f'<Number sipHeaders="{",".join(f"b{i}=1" for i in range(20))}">123</Number></Dial>',
            "with those of <Dial> these are more than 32 headers",
        ),
        ('<Dial><Number callbackUrl="/x">123</Number></Dial>', "<Number> has no attribute 'callbackUrl'"),
        ('<Dial><Number sipAuthUsername="u">123</Number></Dial>', "<Number> has no attribute 'sipAuthUsername'"),
        ('<Dial><User sendDigitsMode="x">sip:a@h</User></Dial>', "<User> has no attribute 'sendDigitsMode'"),
        (f'<Dial callbackUrl="ftp://x/">{N}</Dial>', "<Dial callbackUrl='ftp://x/'>: must be an http"),
        (f'<Dial callbackUrl="/{"x" * 3000}">{N}</Dial>', "at most 2048 characters"),
        (f'<Dial callbackMethod="PUT">{N}</Dial>', "<Dial callbackMethod='PUT'>: must be GET or POST"),
        (f'<Dial callbackurl="/x">{N}</Dial>', "<Dial> has no attribute 'callbackurl'"),
        (f'<Dial confirmTimeout="0">{N}</Dial>', "<Dial confirmTimeout='0'>"),
        (f'<Dial timeLimit="0">{N}</Dial>', "<Dial timeLimit='0'>"),
        (f"<Dial>{N * 11}</Dial>", "rings at most 10"),
        ('<Hangup reason="no"/>', "<Hangup reason='no'>: must be rejected or busy"),
        ('<Hangup schedule="-1"/>', "<Hangup schedule='-1'>"),
        ('<Hangup after="1"/>', "<Hangup> has no attribute 'after'"),
        ('<Wait length="0"/>', "<Wait length='0'>"),
        ('<Wait silence="maybe"/>', "must be true or false"),
        ('<Wait beep="maybe"/>', "<Wait beep='maybe'>: must be true, false or settings"),
        ('<Wait minSilence="-1"/>', "must be a whole number of milliseconds, at least 0"),
        ('<Wait length="1.5"/>', "must be a whole number of seconds"),
        ('<PreAnswer timeout="1"><Wait/></PreAnswer>', "<PreAnswer> has no attribute 'timeout'"),
        ('<PreAnswer><Wait length="0"/></PreAnswer>', "<Wait length='0'>"),
        (f"<Redirect>/{'x' * 3000}</Redirect>", "at most 2048 characters"),
        ("<Hangup schedule='1.5'/>", "<Hangup schedule='1.5'>"),
        ("<Redirect/>", "<Redirect> is empty"),
        ("<Redirect>javascript:alert(1)</Redirect>", "<Redirect>javascript:alert(1): must be an http"),
        ('<Redirect method="DELETE">/x</Redirect>', "must be GET or POST"),
    ],
)
def test_invalid(inner: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(inner)
    assert words in str(caught.value)


BILLION = b'<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><Response><Speak>&b;</Speak></Response>'
EXTERNAL = b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><Response><Speak>&a;</Speak></Response>'
NESTED = b"<Response><Speak>" + b"<s>" * 200 + b"</s>" * 200 + b"</Speak></Response>"
MANY = b"<Response>" + b"<Wait/>" * MAX_ELEMENTS + b"</Response>"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"OK", "not well-formed XML at line 1"),
        (b"<Response>", "not well-formed"),
        (b"<Response><Speak>a & b</Speak></Response>", "check tags and escape &"),
        (b'{"json": true}', "not well-formed"),
        (b"<html/>", "the root element is <html>; it must be <Response>"),
        (b"<response/>", "must be <Response>"),
        (b'<Response xmlns="urn:x"/>', "must be <Response>"),
        (b"\xff\xfe\x00", "not"),
        (BILLION, "DTDs"),
        (EXTERNAL, "DTDs"),
        (b'<!DOCTYPE Response SYSTEM "http://10.0.0.1/x.dtd"><Response/>', "DTDs"),
        (b'<?xml version="1.0" encoding="klingon"?><Response/>', "encodings"),
        (NESTED, f"deeper than {MAX_DEPTH}"),
        (b"<a>" * 30000, f"deeper than {MAX_DEPTH}"),
        (MANY, f"more than {MAX_ELEMENTS} elements"),
        (b"<Response>" + b" " * MAX_DOCUMENT_BYTES + b"</Response>", f"the limit is {MAX_DOCUMENT_BYTES}"),
    ],
)
def test_untrusted_bytes(body: bytes, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(body, BASE)
    assert words in str(caught.value)


def test_messages_stay_short_and_printable() -> None:
    with pytest.raises(DocumentError) as caught:
        parse(f"<Dial><Number>{'9' * 5000}&#10;x</Number></Dial>")
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


NAMES = st.sampled_from(
    [
        "Response",
        "Dial",
        "Number",
        "User",
        "Hangup",
        "Wait",
        "Redirect",
        "Speak",
        "break",
        "PreAnswer",
        "Conference",
        "x",
    ]
)
ATTRIBUTES = st.sampled_from(
    [
        "action",
        "timeout",
        "timeLimit",
        "callerId",
        "callerName",
        "sipHeaders",
        "method",
        "redirect",
        "callbackUrl",
        "callbackMethod",
        "reason",
        "length",
        "beep",
        "x",
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
@example("<Dial><User>sip:[</User></Dial>")
@example("<Redirect>http://[</Redirect>")
def test_only_document_errors_come_out_of_odd_documents(inner: str) -> None:
    with contextlib.suppress(DocumentError):
        parse(inner)


@given(st.binary(max_size=300))
@example(b"<?xml version='1.0' encoding='utf-7'?><Response/>")
@example(b"<?xml version='1.0' encoding='utf-32'?><Response/>")
@example(b"<?xml version='1.0' encoding='base64'?><Response/>")
@example(b"<?xml version='1.0' encoding='\x00'?><Response/>")
@example(b"<?xml version='1.0' encoding='idna'?><Response/>")
def test_only_document_errors_come_out_of_any_bytes(body: bytes) -> None:
    for candidate in (body, b"<Response>" + body + b"</Response>"):
        with contextlib.suppress(DocumentError):
            parse_document(candidate, BASE)
