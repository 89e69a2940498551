"""Documents as twilio's SDK for Python 9.13 writes them, by name."""

from __future__ import annotations

from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-not-found]
from twilio_python_support import play  # type: ignore[import-not-found]  # beside this script


def refer(uri: str, **attributes: object) -> str:
    """Write a Refer."""
    response = VoiceResponse()
    response.refer(**attributes).sip(uri)
    return str(response)


def dial(noun: str, named: dict[str, object] | None = None, **attributes: object) -> str:
    """Write a Dial with one noun, and its own attributes in ``named``."""
    response = VoiceResponse()
    made = response.dial(**attributes)
    if noun == "client":
        made.client(**(named or {})).parameter(name="a", value="b")
    else:
        getattr(made, noun)("sip:b@h" if noun == "sip" else "+14155550123", **(named or {}))
    return str(response)


def main() -> dict[str, str]:
    """Return the documents."""
    return {
        "plain": refer("sip:alice@example.com"),
        "action": refer("sip:alice@example.com", action="/handleRefer", method="POST"),
        "headers": refer("sip:alice@example.com?X-AcctNumber=123456&X-ReasonForCalling=billing-question"),
        "user_to_user": refer("sip:alice@example.com?User-to-User=123456789%3Bencoding%3Dhex"),
        "unknown": refer("sip:alice@example.com", tomorrow="new"),
        "whisper": dial("number", {"url": "https://a.test/w"}),
        "whisper_sip": dial("sip", {"url": "https://a.test/w"}),
        "digits": dial("number", {"send_digits": "wwww1928"}),
        "parameter": dial("client", {"identity": "alice"}),
        "star": dial("number", hangup_on_star=True),
        "record": dial("number", record="record-from-answer-dual"),
        "not_recorded": dial("number", record="do-not-record", trim="trim-silence"),
        "bridge": dial("number", answer_on_bridge=True),
        "tone": dial("number", ring_tone="de"),
        "refer_url": dial("sip", refer_url="https://a.test/r", refer_method="POST"),
    }


if __name__ == "__main__":
    play(main)
