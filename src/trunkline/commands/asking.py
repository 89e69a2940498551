"""`trunkline ask`: one HTTP request to the API, where curl is not at hand."""

from __future__ import annotations

import base64
import sys
import urllib.error
import urllib.request
from argparse import Namespace

MAX_BYTES = 1 << 20


def ask(options: Namespace) -> int:
    """Send the request and print the answer's body; 1 for a status of 400 and above."""
    if not options.url.startswith(("http://", "https://")):
        print("trunkline: the URL begins with http:// or https://", file=sys.stderr)
        return 1
    headers = {"Content-Type": "application/json"}
    if options.user:
        headers["Authorization"] = "Basic " + base64.b64encode(options.user.encode()).decode()
    if options.bearer:
        headers["Authorization"] = f"Bearer {options.bearer}"
    data = options.json.encode() if options.json is not None else None
    method = options.method or ("GET" if data is None else "POST")
    request = urllib.request.Request(options.url, data=data, headers=headers, method=method)  # noqa: S310 -- checked above
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- checked above
            print(answer.read(MAX_BYTES).decode("utf-8", "replace"))
            return 0
    except urllib.error.HTTPError as error:
        print(error.read(MAX_BYTES).decode("utf-8", "replace"))
    except urllib.error.URLError as error:
        print(f"trunkline: {options.url} cannot be reached: {error.reason}", file=sys.stderr)
    return 1
