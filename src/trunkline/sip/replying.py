"""Answers to requests (RFC 3261 §8.2.6), and where they go (§18.2, RFC 3581)."""

from collections.abc import Iterable

from trunkline.sip.fields import REASONS, Header
from trunkline.sip.message import Request, Response
from trunkline.sip.uri import MessageError, split_list
from trunkline.sip.via import Via


def reply(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    headers: Iterable[Header] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Response:
    """A response to `request` (RFC 3261 §8.2.6), with the Via fields as they stand: call stamp_source before.

    `to_tag` is added if the request's To has none. Record-Route is copied to 101-299 (§12.1.1), Timestamp to 100.
    Raises MessageError if the request lacks a mandatory field.
    """
    fields = [header for header in request.headers if header[0] == "via"]
    need = request._need
    if 100 < status < 300 and request.get("record-route") is not None:
        fields += [header for header in request.headers if header[0] == "record-route"]
    to = need("to")
    if to_tag is not None:
        to = _with_tag(request, to, to_tag)
    fields += (("from", need("from")), ("to", to), ("call-id", need("call-id")), ("cseq", need("cseq")))
    if status == 100 and request.get("timestamp") is not None:
        fields += [header for header in request.headers if header[0] == "timestamp"]
    fields += headers
    if content_type is not None:
        fields.append(("content-type", content_type))
    return Response(status, REASONS.get(status, "") if reason is None else reason, fields, body)


def stamp_source(request: Request, host: str, port: int) -> tuple[str, int]:
    """Write the source of `request` into its top Via, and return where responses go (RFC 3261 §18.2.1, RFC 3581 §4).

    `received` is added if the sender asks for `rport` or its sent-by is another address; a `received` or `rport`
    value that the sender itself put there is replaced, for it could point anywhere. Raises MessageError if the top
    Via is malformed.
    """
    via = request.via
    rport, received = via.rport, via.received
    if rport is None and received is None and via.host == host:
        return via.address
    params = via.params
    if rport is not None or received is not None:
        params = tuple([param for param in params if param[0] != "rport" and param[0] != "received"])
    if rport is not None:
        params += (("rport", str(port)), ("received", host))
    elif via.host != host:
        params += (("received", host),)
    stamped = Via(via.transport, via.host, via.port, params)
    fields = request.headers
    place = 0
    while fields[place][0] != "via":
        place += 1
    old = fields[place][1]
    rest = "" if "," not in old else "".join([", " + item for item in split_list(old)[1:]])
    fields[place] = ("via", str(stamped) + rest)
    request._first = None
    request._via = stamped
    return stamped.address


def response_address(message: Request | Response) -> tuple[str, int]:
    """Where a response goes, by the top Via of the response or of its stamped request: see Via.address."""
    return message.via.address


def _with_tag(request: Request, to: str, tag: str) -> str:
    """The To value of a response: with our tag if it has none. A malformed To goes back as it came."""
    try:
        return f"{to};tag={tag}" if request.to_tag is None else to
    except MessageError:
        return to
