"""Requests that Trunkline signs, before the validators of twilio's own SDKs; and what those sign, beside ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import play
from tests.clients.node import need_node, play_node
from trunkline.dialects.twilio.signing import sign

# The first run makes the SDKs' environments, downloads included.
pytestmark = [pytest.mark.outside, pytest.mark.timeout(300)]

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}
REPEATED = {"Sid": ["CA123"], "SidAccount": ["AC123"], "Digits": ["5678", "1234", "1234"]}

VECTORS: list[tuple[str, dict[str, list[str]], str]] = [
    (URL, PARAMS, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (URL, {}, "zYQTYrRWXE7LtzbG4PfP7/bkkGo="),
    (URL.replace(".com", ".com:443"), PARAMS, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    (URL.replace("https", "http").replace(".com", ".com:80"), PARAMS, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    (URL.replace("https", "http"), PARAMS, "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="),
    (URL.replace("https", "http").replace(".com", ".com:1234"), PARAMS, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    (URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
]
"""Those of the vendor's SDKs' tests, with what they sign."""

OTHERS: list[tuple[str, dict[str, list[str]]]] = [
    ("http://127.0.0.1:9/voice", {}),
    ("http://127.0.0.1:9/voice/", {"To": ["+4915112345678"], "CallerName": ["Zoë & Söhne + Co"], "Empty": [""]}),
    ("https://user:pass@app.example.com/voice?a=1&a=2&b=%20", {"b": ["2"], "B": ["1"], "b1": ["3"]}),
    ("https://app.example.com", {"SipHeader_X-Id": ["1"], "SipHeader_X-Id-2": ["2"], "CallSid": ["CA1"]}),
]


def with_python(file: Path) -> Any:
    """Ask the Python SDK's validator."""
    return play("twilio", "twilio_python_signatures.py", str(file))


def with_node(file: Path) -> Any:
    """Ask the Node.js SDK's validator."""
    need_node()
    return play_node("twilio-node", "twilio_node_signatures.js", "", None, str(file))


def signed(url: str, form: dict[str, list[str]]) -> str:
    """Sign as we do."""
    return sign(TOKEN, url, tuple((name, value) for name, values in form.items() for value in values))


@pytest.mark.parametrize(("url", "form", "signature"), VECTORS)
def test_we_sign_as_the_vendor_does(url: str, form: dict[str, list[str]], signature: str) -> None:
    assert signed(url, form) == signature


@pytest.mark.parametrize("sdk", [with_python, with_node])
def test_the_sdk_accepts_ours_and_signs_alike(sdk: Callable[[Path], Any], tmp_path: Path) -> None:
    requests = [*((url, form) for url, form, _ in VECTORS), *OTHERS]
    told = [{"token": TOKEN, "url": url, "params": form, "signature": signed(url, form)} for url, form in requests]
    file = tmp_path / "signed.json"
    file.write_text(json.dumps(told))
    for request, verdict in zip(told, sdk(file), strict=True):
        assert verdict == {
            "valid": True,
            "computed": request["signature"],
            "other_url": False,
            "other_token": False,
        }, request
