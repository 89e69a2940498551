"""Idempotency-Key: done once, answered alike, kept as long as it is said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dialects.topcalls.bodies import AUTH, STATIC, carriers, changed, check_problem, create
from tests.http.world import Reply, World, call
from trunkline.core import answers
from trunkline.core.answers import SLACK
from trunkline.dialects.topcalls import idempotency
from trunkline.dialects.topcalls.problems import RefusedError
from trunkline.store import answers as stored_answers
from trunkline.store.unit import SqlStore

KEY = "a1b2c3d4-e5f6-7890-abcd-ef0123456789"


def kept(world: World) -> int:
    """Return how many answers are kept."""
    return int(world.write(lambda s: s.answers._db.execute("SELECT count(*) FROM answers").fetchone()[0]))  # type: ignore[attr-defined]


def move_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Move the store's clock."""
    monkeypatch.setattr(SqlStore, "now", lambda _: datetime.now(UTC) + by)


def test_a_repeated_request_gets_the_same_answer(world: World) -> None:
    first = world.topcalls("POST", "/carriers", STATIC, key=KEY)
    again = world.topcalls("POST", "/carriers", STATIC, key=KEY)
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert first.headers["content-type"] == again.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(carriers(world)) == 1


def test_numbers_too(world: World) -> None:
    create(world)
    replies = [world.topcalls("POST", "", {"number": "+14155551234"}, key=KEY) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].body == replies[1].body


def test_order_and_blanks_of_the_body_do_not_matter(world: World) -> None:
    first = world.topcalls("POST", "/carriers", json.dumps(STATIC).encode(), key=KEY)
    turned = json.dumps(dict(reversed(STATIC.items())), indent=3).encode()
    again = world.topcalls("POST", "/carriers/", turned, key=KEY)
    assert again.body == first.body


@pytest.mark.parametrize(
    ("path", "value"),
    [("carrier_name", "Other"), ("sip_gateway.port", 5061), ("sip_gateway.outbound", False), ("foo", 1)],
)
def test_one_field_differs(world: World, path: str, value: Any) -> None:
    first = world.topcalls("POST", "/carriers", STATIC, key=KEY)
    reply = world.topcalls("POST", "/carriers", changed(STATIC, path, value), key=KEY)
    check_problem(reply, 422, "idempotency_key_reused", "Idempotency-Key is already used")
    assert world.topcalls("POST", "/carriers", STATIC, key=KEY).body == first.body
    assert len(carriers(world)) == 1


def test_another_endpoint(world: World) -> None:
    world.topcalls("POST", "/carriers", STATIC, key=KEY)
    reply = world.topcalls("POST", "", {"number": "+14155551234"}, key=KEY)
    check_problem(reply, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "key", ["", "1234567", "x" * 256, "with blank", "uml\u00e4ut-key", f'"{KEY}"', "a.b.c.d.e", f"{KEY}\n"]
)
def test_bad_keys(world: World, key: str) -> None:
    for path, body in (("/carriers", STATIC), ("", {"number": "+14155551234"})):
        reply = world.topcalls("POST", path, body, key=key)
        check_problem(reply, 400, "invalid_idempotency_key", "Invalid Idempotency-Key")
    assert carriers(world) == []


def test_a_header_that_is_there_twice(world: World) -> None:
    headers = [(b"authorization", world.main.bearer["authorization"].encode()), (b"content-type", b"application/json")]
    headers += [(b"idempotency-key", KEY.encode())] * 2

    class Twice(dict[str, str]):
        """Headers with a name that is there twice."""

        def items(self) -> Any:
            """Return all of them."""
            return [(k.decode(), v.decode()) for k, v in headers]

    raw = json.dumps(STATIC).encode()
    reply = asyncio.run(call(world.app, "POST", "/v1/phone-numbers/carriers", Twice(), raw))
    check_problem(reply, 400, "invalid_idempotency_key")


@pytest.mark.parametrize("length", [8, 255])
def test_the_longest_and_the_shortest_key(world: World, length: int) -> None:
    replies = [world.topcalls("POST", "/carriers", STATIC, key="x" * length) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 201]
    assert len(carriers(world)) == 1


def test_case_matters_and_accounts_are_apart(world: World) -> None:
    for key in ("abcdefgh", "ABCDEFGH"):
        assert world.topcalls("POST", "/carriers", STATIC, key=key).status == 201
    assert len(carriers(world)) == 2
    foreign = world.topcalls("POST", "/carriers", AUTH, tenant=world.other, key="abcdefgh")
    assert (foreign.status, foreign.json["carrier_name"]) == (201, "By password")


def test_other_methods_take_no_notice(world: World) -> None:
    made = create(world)
    for key in (KEY, "short", '"quoted"'):
        assert world.topcalls("GET", "/carriers", key=key).status == 200
        assert world.topcalls("PATCH", f"/carriers/{made['id']}", {}, key=key).status == 200
    assert world.topcalls("DELETE", f"/carriers/{made['id']}", key="short").status == 204
    assert kept(world) == 0


def test_what_is_refused_frees_its_key(world: World) -> None:
    body = {"number": "+14155551234"}
    check_problem(world.topcalls("POST", "", body, key=KEY), 409, "no_default_carrier")
    assert world.topcalls("POST", "", {"number": "1"}, key=KEY).status == 400
    assert world.topcalls("POST", "/carriers", {}, key=KEY).status == 400
    assert kept(world) == 0
    create(world)
    assert world.topcalls("POST", "", body, key=KEY).status == 201
    assert kept(world) == 1


def test_a_failure_frees_its_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:

        def fail(*_: Any) -> None:
            raise RuntimeError

        patch.setattr(stored_answers.SqlAnswers, "keep", fail)
        check_problem(world.topcalls("POST", "/carriers", STATIC, key=KEY), 500, "internal_error")
    assert carriers(world) == []  # the carrier and the kept answer are one transaction
    assert world.topcalls("POST", "/carriers", STATIC, key=KEY).status == 201
    assert len(carriers(world)) == 1


def test_the_answer_outlives_the_record(world: World) -> None:
    first = world.topcalls("POST", "/carriers", STATIC, key=KEY)
    assert world.topcalls("DELETE", f"/carriers/{first.json['id']}").status == 204
    assert world.topcalls("POST", "/carriers", STATIC, key=KEY).body == first.body
    assert carriers(world) == []


def test_after_a_day_the_key_is_free(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.topcalls("POST", "/carriers", STATIC, key=KEY)
    move_clock(monkeypatch, timedelta(hours=23, minutes=59))
    world.topcalls("POST", "/carriers", STATIC, key=KEY)
    assert len(carriers(world)) == 1
    move_clock(monkeypatch, timedelta(hours=24, minutes=1))
    reply = world.topcalls("POST", "/carriers", STATIC, key=KEY)
    assert (reply.status, len(carriers(world))) == (201, 2)
    assert "idempotency-replayed" not in reply.headers


def test_outlived_answers_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(5):
        world.topcalls("POST", "/carriers", STATIC, key=f"number-{i}")
    assert kept(world) == 5
    move_clock(monkeypatch, timedelta(days=2))
    world.topcalls("POST", "/carriers", STATIC, key="the-next-one")
    assert kept(world) == 1


def test_kept_answers_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_answers, "MAX_KEPT", 10)
    account = world.main.account.id

    def fill(store: Any) -> None:
        for i in range(3 * SLACK):
            store.answers.keep(account, f"key-{i:05}", "x", (201, b"{}"), store.now())

    world.write(fill)
    assert kept(world) <= 10 + SLACK
    last = world.inventory.read(lambda s: s.answers.find(account, f"key-{3 * SLACK - 1:05}", "x", s.now()))
    assert last == answers.KeptAnswer(201, b"{}", same_request=True)


def test_no_secret_is_kept(world: World) -> None:
    assert world.topcalls("POST", "/carriers", AUTH, key=KEY).status == 201
    files = b"".join(path.read_bytes() for path in world.data.iterdir() if path.is_file())
    assert b"By password" in files
    assert b"correct-horse" not in files


def together(world: World, count: int, send: Callable[[int], dict[str, Any]]) -> list[Reply]:
    """Send requests at once, in one loop as the server does."""

    async def all_of_them() -> list[Reply]:
        headers = world.main.bearer | {"content-type": "application/json", "idempotency-key": KEY}
        path = "/v1/phone-numbers/carriers"
        bodies = [json.dumps(send(i)).encode() for i in range(count)]
        return await asyncio.gather(*(call(world.app, "POST", path, headers, body) for body in bodies))

    return asyncio.run(all_of_them())


def test_fifty_at_once_make_one(world: World) -> None:
    replies = together(world, 50, lambda _: STATIC)
    assert {reply.status for reply in replies} == {201}
    assert len({reply.body for reply in replies}) == 1
    assert sum("idempotency-replayed" in reply.headers for reply in replies) == 49
    assert len(carriers(world)) == 1
    assert len(idempotency._turns) == 0


def test_different_bodies_at_once_make_one(world: World) -> None:
    replies = together(world, 10, lambda i: STATIC | {"carrier_name": f"No. {i}"})
    assert sorted(reply.status for reply in replies) == [201] + [422] * 9
    assert len(carriers(world)) == 1


def test_one_that_waits_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "WAIT_S", 0.05)
    turns = idempotency.Turns()

    async def wait() -> None:
        async with turns.take("a", KEY), turns.take("a", "another-key"), turns.take("b", KEY):
            with pytest.raises(RefusedError) as refusal:
                async with turns.take("a", KEY):
                    pass
            refused = refusal.value
            assert (refused.status, refused.slug) == (409, "idempotency_in_progress")
            assert refused.title == "A request is outstanding for this Idempotency-Key"
            assert dict(refused.headers)[b"retry-after"] == b"1"
        async with turns.take("a", KEY):
            assert len(turns) == 1

    asyncio.run(wait())
    assert len(turns) == 0


def test_a_duplicate_of_a_slow_request_is_409(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one is held up in the writer for longer than the second one waits."""
    monkeypatch.setattr(idempotency, "WAIT_S", 0.2)
    write = world.inventory.write

    async def slowly(use_case: Any) -> Any:
        await asyncio.sleep(1.5)
        return await write(use_case)

    monkeypatch.setattr(world.inventory, "write", slowly)
    first, second = together(world, 2, lambda _: STATIC)
    assert first.status == 201
    check_problem(second, 409, "idempotency_in_progress", "A request is outstanding for this Idempotency-Key")
    assert second.headers["retry-after"] == "1"
    monkeypatch.undo()
    assert world.topcalls("POST", "/carriers", STATIC, key=KEY).body == first.body
