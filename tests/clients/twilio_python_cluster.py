"""The unmodified twilio SDK 9.13 as its own tests against a live platform use it: a key, numbers, numbers to buy.

URL, AccountSid, key and its secret, one of the numbers, test AccountSid and its token as arguments, JSON as output.
"""

from __future__ import annotations

from typing import Any

from twilio_python_support import connect, play, refusal, shown  # type: ignore[import-not-found]  # beside this script

GOOD = "+15005550006"


def listing(client: Any, number: str) -> dict[str, Any]:
    """List numbers: all, a few of them, and one by its digits; and numbers to buy."""
    numbers = client.incoming_phone_numbers
    stock = client.available_phone_numbers("US")
    return {
        "all": [n.phone_number for n in numbers.list()],
        "limited": [[n.phone_number for n in numbers.list(limit=limit)] for limit in (1, 2)],
        "exact": [n.phone_number for n in numbers.list(phone_number=number)],
        "toll_free": [n.phone_number for n in stock.toll_free.list(limit=2)],
        "local": [n.phone_number for n in stock.local.list(limit=1)],
    }


def testing(client: Any) -> dict[str, Any]:
    """Use test credentials on the magic numbers, and on what is not for them."""
    numbers = client.incoming_phone_numbers
    made = numbers.create(phone_number=GOOD, friendly_name="Desk", voice_url="http://127.0.0.1:9/voice")
    refusals = [{"phone_number": f"+1500555000{digit}"} for digit in (0, 1)] + [{"area_code": "533"}]
    return {
        "made": shown(made),
        "plain": shown(numbers.create(phone_number=GOOD)),
        "by_area": numbers.create(area_code="500").phone_number,
        "refused": [refusal(numbers.create, **form) for form in refusals],
        "forbidden": [
            refusal(numbers(made.sid).fetch),
            refusal(numbers(made.sid).delete),
            refusal(numbers.list),
            refusal(numbers.toll_free.create, phone_number=GOOD),
            refusal(client.applications.create),
            refusal(client.keys.list),
            refusal(client.available_phone_numbers("US").local.list),
            refusal(client.trunking.v1.trunks.create),
            refusal(client.api.v2010.accounts(client.account_sid).fetch),
        ],
    }


def main(url: str, account: str, key: str, secret: str, *more: str) -> dict[str, Any]:
    """Play everything."""
    number, test_sid, test_token = more
    return {
        "listing": listing(connect(url, key, secret, account), number),
        "testing": testing(connect(url, test_sid, test_token)),
        "with_the_key": refusal(connect(url, key, secret, test_sid).incoming_phone_numbers.create, phone_number=GOOD),
    }


if __name__ == "__main__":
    play(main)
