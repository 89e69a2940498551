"""X-Twilio-Signature, by which an application knows that a request is ours."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable


def sign(token: str, url: str, params: Iterable[tuple[str, str]] = ()) -> str:
    """Return the signature of a request: Base64 of HMAC-SHA1 under the account's token.

    Signed is the whole URL as sent, query included, fragment not, then the form's parameters (none for GET): each name,
    sorted by code point, with each of its values once, sorted.
    """
    text = url + "".join(name + value for name, value in sorted(set(params)))
    return b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()
