"""Header fields: names as written and as looked up, standard reason phrases, and the small fields read by hand."""

import re

from trunkline.sip.uri import BLANKS, TOKEN, MessageError, find_param, parse_params, split_name_addr

MAX_CSEQ = 2**31 - 1
"""RFC 3261 §8.1.1.5."""

Header = tuple[str, str]
"""Lower-case long name, and value without the blanks around it."""

REASONS = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    199: "Early Dialog Terminated", 200: "OK", 202: "Accepted", 204: "No Notification", 300: "Multiple Choices",
    301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy", 380: "Alternative Service",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    410: "Gone", 412: "Conditional Request Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 428: "Use Identity Header",
    436: "Bad Identity Info", 437: "Unsupported Credential", 438: "Invalid Identity Header",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    483: "Too Many Hops", 484: "Address Incomplete", 485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 493: "Undecipherable",
    500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large", 580: "Precondition Failure",
    600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
    607: "Unwanted", 608: "Rejected",
}  # fmt: skip
"""Standard reason phrases by status."""

_PROPER = (
    "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
    "Authentication-Info", "Authorization", "Call-ID", "Call-Info", "Contact", "Content-Disposition",
    "Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "CSeq", "Date", "Diversion",
    "Error-Info", "Event", "Expires", "From", "History-Info", "Identity", "Identity-Info", "In-Reply-To", "Join",
    "Max-Forwards", "MIME-Version", "Min-Expires", "Min-SE", "Organization", "P-Asserted-Identity",
    "P-Called-Party-ID", "P-Charging-Vector", "P-Early-Media", "P-Preferred-Identity", "Path", "Priority", "Privacy",
    "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "RSeq", "Reason", "Record-Route",
    "Refer-To", "Referred-By", "Reject-Contact", "Remote-Party-ID", "Replaces", "Reply-To", "Request-Disposition",
    "Require", "Retry-After", "Route", "SIP-ETag", "SIP-If-Match", "Server", "Service-Route", "Session-Expires",
    "Session-ID", "Subject", "Subscription-State", "Supported", "Timestamp", "To", "Unsupported", "User-Agent",
    "User-to-User", "Via", "WWW-Authenticate", "Warning",
)  # fmt: skip
_COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
    "l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to", "s": "subject",
    "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}  # fmt: skip


class _PrintedNames(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name.title()


class _LongNames(dict[str, str]):
    """Names as they come to lower-case long names; one that is not in the table is worked out and not kept."""

    def __missing__(self, name: str) -> str:
        key = name.rstrip(BLANKS).lower()
        if not key or not TOKEN.issuperset(key):
            raise MessageError("Malformed header field")
        return _COMPACT.get(key, key)


PRINTED = _PrintedNames({name.lower(): name for name in _PROPER})
LONG = _LongNames({name: name.lower() for name in _PROPER})
LONG.update({name.lower(): name.lower() for name in _PROPER})
LONG.update(_COMPACT | {letter.upper(): name for letter, name in _COMPACT.items()})

_AFTER_TAG = re.compile(r'[\x00-\x20;,<>"]')  # one class: cannot backtrack

USUAL_METHODS = frozenset(
    ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE", "INFO", "MESSAGE", "NOTIFY", "REFER")
)


def parse_cseq(text: str) -> tuple[int, str]:
    digits, _, method = text.partition(" ")
    if len(digits) < 10 and digits.isascii() and digits.isdigit() and method in USUAL_METHODS:
        return int(digits), method
    fields = text.split(None, 1)
    if len(fields) != 2:
        raise MessageError("Malformed CSeq")
    return read_number(fields[0], MAX_CSEQ, "CSeq"), fields[1]


def read_number(text: str, largest: int, what: str) -> int:
    """Read digits. Python reads long digit strings in quadratic time, so their length is checked before."""
    if not (text.isascii() and text.isdigit()):
        raise MessageError(f"Malformed {what}")
    if len(text) > 10:
        text = text.lstrip("0") or "0"
    if len(text) > 10 or int(text) > largest:
        raise MessageError(f"{what} out of range")
    return int(text)


def tag_of(text: str) -> str | None:
    """The tag of a From or To value, without reading the address if the usual form allows it."""
    if text.endswith(">"):
        return None
    head, mark, tag = text.rpartition(";tag=")
    if mark and head.endswith(">") and (tag.isalnum() or (tag and not _AFTER_TAG.search(tag))):
        return tag
    return find_param(parse_params(split_name_addr(text)[2]), "tag") or None
