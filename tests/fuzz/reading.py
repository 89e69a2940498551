"""Everything that can be read from a datagram; only MessageError may come out of it."""

from collections.abc import Callable
from contextlib import suppress

from trunkline.sip.message import Request, Response
from trunkline.sip.parsing import parse
from trunkline.sip.replying import reply, stamp_source
from trunkline.sip.uri import MessageError, NameAddr, same_uri

_Read = Callable[[Request | Response], object]

_READS: tuple[_Read, ...] = (
    lambda message: message.via.address,
    lambda message: message.via.branch,
    lambda message: str(message.from_),
    lambda message: str(message.to),
    lambda message: message.from_tag,
    lambda message: message.to_tag,
    lambda message: message.contact,
    lambda message: message.max_forwards,
    lambda message: message.route,
    lambda message: message.record_route,
    lambda message: (message.cseq, message.cseq_method, message.call_id),
    lambda message: [NameAddr.parse(item) for item in message.get_list("contact")],
    lambda message: message.get_list("require"),
    lambda message: same_uri(message.from_.uri, message.to.uri),
    lambda message: (message.to.tag, message.to.param("tag"), message.to.uri.transport, message.to.uri.host_port),
)


def read(data: bytes) -> bool:
    """Parse, validate, and ask for each typed property; returns whether it was accepted."""
    try:
        message = parse(data)
    except MessageError:
        return False
    for each in _READS:
        with suppress(MessageError):
            each(message)
    message.to_bytes()
    return _read_request(message) if isinstance(message, Request) else True


def _read_request(request: Request) -> bool:
    good = False
    with suppress(MessageError):
        request.validate(content_types=("application/sdp",))
        good = True
    with suppress(MessageError):
        str(request.request_uri)
    with suppress(MessageError):
        stamp_source(request, "2001:db8::5", 5)
    _answer(request)
    return good


def _answer(request: Request) -> None:
    """Our answer to what was taken must be taken too, unless the sender left no room for what we add."""
    answer = reply(request, 200, to_tag="t").to_bytes()
    try:
        parse(answer)
    except MessageError as error:
        if error.reason not in ("Line too long", "Message Too Large"):
            raise AssertionError(f"our own answer is refused: {error.reason}") from error
