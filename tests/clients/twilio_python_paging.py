"""Walking numbers with the unmodified twilio SDK 9.13: URL, sid, token, and ``add`` or ``remove`` as arguments."""

from __future__ import annotations

from typing import Any

from twilio_python_support import connect, play  # type: ignore[import-not-found]  # beside this script

PAGE = 15


def main(url: str, sid: str, token: str, what: str) -> dict[str, Any]:
    """Return the numbers that the SDK's own iterator gives, while one comes or goes within each page; and its pages."""
    client, seen = connect(url, sid, token), []
    for number in client.incoming_phone_numbers.stream(page_size=PAGE):
        seen.append(number.phone_number)
        if len(seen) % PAGE == 5 and what == "add":
            client.incoming_phone_numbers.create(phone_number=f"+131055509{len(seen):02}")
        elif len(seen) % PAGE == 5:
            client.incoming_phone_numbers(number.sid).delete()
    return {"seen": seen, "pages": pages(client), "limited": len(client.incoming_phone_numbers.list(limit=7))}


def pages(client: Any) -> list[list[str]]:
    """Step from page to page and back again; return the numbers of each."""
    page, found, back = client.incoming_phone_numbers.page(page_size=PAGE), [], None
    while page is not None:
        back, rows = page, [number.phone_number for number in page]
        found.append(rows)
        page = page.next_page()
    assert back is not None
    before = back.previous_page()
    found.append([number.phone_number for number in before])
    return found


if __name__ == "__main__":
    play(main)
