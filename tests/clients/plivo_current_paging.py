"""Walking numbers with the unmodified plivo SDK 4.63: URL, auth_id, auth_token, carrier_id, ``add`` or ``remove``."""

from __future__ import annotations

import json
import sys

from plivo_current import connect  # type: ignore[import-not-found]  # beside this script


def main(url: str, auth_id: str, auth_token: str, carrier: str, what: str) -> None:
    """Print the numbers that the SDK's own iterator gives, while one is added or removed after each page."""
    client, seen = connect(url, auth_id, auth_token), []
    for number in client.numbers:
        seen.append(number.number)
        if len(seen) in (10, 30):
            if what == "add":
                client.numbers.create(f"131055509{len(seen)}", carrier, "Los Angeles, UNITED STATES")
            else:
                client.numbers.delete(seen[-5])
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
