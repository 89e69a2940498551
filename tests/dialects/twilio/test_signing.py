"""X-Twilio-Signature against the vectors of the vendor's own libraries."""

from __future__ import annotations

import pytest

from trunkline.dialects.twilio.signing import sign

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
TWICE = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]


@pytest.mark.parametrize(
    ("url", "params", "signature"),
    [
        (URL, PARAMS, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL, [], "zYQTYrRWXE7LtzbG4PfP7/bkkGo="),
        (URL.replace(".com", ".com:443"), PARAMS, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (URL.replace("https", "http").replace(".com", ".com:80"), PARAMS, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (URL.replace("https", "http"), PARAMS, "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="),
        (URL.replace("https", "http").replace(".com", ".com:1234"), PARAMS, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (URL, TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    ],
)
def test_the_vendors_vectors(url: str, params: list[tuple[str, str]], signature: str) -> None:
    assert sign("12345", url, params) == signature
