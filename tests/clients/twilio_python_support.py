"""What the scripts that play twilio's SDK for Python share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException  # type: ignore[import-not-found]
from twilio.rest import Client  # type: ignore[import-not-found]


def connect(url: str, username: str, password: str, account_sid: str | None = None) -> Client:
    """Return a client whose resources are asked at ``url``."""
    client = Client(username, password, account_sid)
    client.api.base_url = client.trunking.base_url = url
    return client


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Return what the SDK's exception says; of lists the SDK keeps only the response."""
    try:
        call(*args, **kwargs)
    except TwilioRestException as error:
        return {"status": error.status, "code": error.code, "message": error.msg, "method": error.method}
    except TwilioException as error:
        told = json.loads(error.args[1].text)
        return {"status": error.args[1].status_code, "code": told["code"], "message": told["message"], "method": "LIST"}
    return {"status": 0}


def shown(record: Any) -> dict[str, Any]:
    """Return a record's public values; what is neither text, number, list nor object as its type's name."""
    plain = (str, int, float, bool, type(None), list, dict)
    return {
        name: value if isinstance(value, plain) else type(value).__name__
        for name, value in vars(record).items()
        if not name.startswith("_")
    }


def play(main: Callable[..., Any]) -> None:
    """Run a script's main with its arguments and print what it returns."""
    print(json.dumps(main(*sys.argv[1:])))
