"""Following the names of gateways: the DNS is asked again whenever an answer has run out, never for a call.

A name is surveyed whole: every place that NAPTR, SRV, AAAA and A records lead to. What it admits is what the survey
found (`core.gateways.admitted`). While any part of the DNS fails, what was good before stays good beside what is found,
for a day at most; an answer that there is nothing is an answer, and admits nobody from then on.

An answer counts for its time to live within the bounds of `names` (5 s to an hour, 30 s for "there is nothing"), and is
asked for again within `LOOK_S` after that; while the DNS fails, every `names.RETRY_S`.

Names that nobody answers for take time and questions. So a follower has answers of its own, apart from those that calls
go by, which are taught what it learns; and names are surveyed in the order in which their time has come.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.gateways import LAST_GOOD_S, MAX_ADDRESSES, MAX_SAID, HostName, Resolution, admitted
from trunkline.core.ports import Rules
from trunkline.sip.dnsmessage import Kind, Naptr, Record, Srv
from trunkline.sip.locating import MAX_REASONS, Locator, Survey
from trunkline.sip.names import RETRY_S, KeptNames, Question, Standing
from trunkline.store.gateway_states import KeptAnswer, SqlGatewayStates

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often it is looked what is to be followed, and whose answers have run out."""

REST_S = 60.0
"""Pause before a name is looked at again that takes no question at all, since nothing here can be sent to it."""

MAX_UNDER_WAY = 64
"""Names surveyed at once."""


class _Everybody:
    """`locating.Judge` that leaves no address out: `admitted` says of each what is wrong with it."""

    def refusal(self, text: str) -> str | None:  # noqa: ARG002 -- the port's signature
        """Return None."""
        return None


def surveyor(names: KeptNames, can_send: Callable[[str, int], bool]) -> Locator:
    """Return what surveys names: all their places, for as many addresses as can be told from too many."""
    # each address may be there over both transports and at several ports
    return Locator(_Everybody(), can_send, names=names, draw=random.random, most=4 * (MAX_ADDRESSES + 1))


class NameFollower:
    """Keeps what ``names`` lead to in ``states``; `look` is to be called every `LOOK_S`.

    ``learnt`` hears the answers of each survey.
    """

    def __init__(
        self,
        names: KeptNames,
        locator: Locator,
        states: SqlGatewayStates,
        rules: Rules,
        *,
        learnt: Callable[[list[KeptAnswer]], None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._names = names
        self._locator = locator
        self._states = states
        self._rules = rules
        self._learnt = learnt
        self._now = now
        self._wall = wall
        self._due: dict[HostName, float] = {}
        self._tasks: dict[HostName, asyncio.Task[None]] = {}

    def look(self, wanted: tuple[HostName, ...]) -> None:
        """Begin to survey the names whose time has come; let go of those that are not wanted any more."""
        if self._due.keys() != set(wanted):
            self._due = {name: self._due.get(name, 0.0) for name in wanted}
        now = self._now()
        ready = [name for name, at in self._due.items() if at <= now and name not in self._tasks]
        for name in sorted(ready, key=self._due.__getitem__):
            if len(self._tasks) < MAX_UNDER_WAY:
                task = self._tasks[name] = asyncio.get_running_loop().create_task(self._follow(name))
                task.add_done_callback(lambda _, name=name: self._tasks.pop(name))  # type: ignore[misc]  # its default

    async def _follow(self, name: HostName) -> None:
        pause = RETRY_S
        try:
            survey = await self._locator.survey(name.host, name.port, name.transport)
            if name in self._due:
                self._take(name, survey)
            pause = self._pause(survey)
        except StoreUnavailableError as error:
            log.warning("%s", error)
        except Exception:
            log.exception("what %s leads to could not be found out", name.written)
        if name in self._due:
            self._due[name] = self._now() + pause

    def _take(self, name: HostName, survey: Survey) -> None:
        wall = self._wall()
        known = {question: self._names.standing(*question) for question in survey.questions}
        before = self._states.names.resolution(name) or Resolution(name)
        addresses, refused = admitted(dict.fromkeys(place.host for place in survey.places), self._rules)
        failures = survey.failures or _failures(known)
        good_at = wall
        if survey.failures:
            kept = before.addresses if wall < before.good_at + LAST_GOOD_S else ()
            addresses = tuple(sorted({*addresses, *kept})) if addresses or not survey.places else addresses
            good_at = wall if addresses and not kept else before.good_at
        elif failures:  # each of them has an older answer, which serves
            good_at = min(wall - standing.age_s for standing in known.values() if standing is not None)
        problem = "; ".join(failures[:MAX_REASONS])
        if not addresses:
            problem = problem or "; ".join((*refused, *survey.reasons)[:MAX_REASONS]) or "it has no address"
        after = Resolution(name, addresses, good_at, wall, problem[:MAX_SAID], refused[:MAX_ADDRESSES])
        _report(before, after)
        answers = _answers(known, wall)
        self._learnt(answers)
        self._states.put_name(after, answers)

    def _pause(self, survey: Survey) -> float:
        known = [self._names.standing(*question) for question in survey.questions]
        if survey.failures or _failures(dict(zip(survey.questions, known, strict=True))):
            return RETRY_S
        left = [standing.ttl_s - standing.age_s for standing in known if standing is not None]
        return max(LOOK_S, min(left, default=REST_S))

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _failures(known: dict[Question, Standing | None]) -> tuple[str, ...]:
    return tuple(
        f"{kind.name} of {name}: {standing.failure}"
        for (name, kind), standing in known.items()
        if standing is not None and standing.failure is not None and kind is not Kind.HOSTS
    )


def _report(before: Resolution, after: Resolution) -> None:
    name = after.name.written
    if after.addresses != before.addresses:
        now, then = ", ".join(after.addresses) or "nothing", ", ".join(before.addresses) or "nothing"
        log.info("gateway %s leads to %s now, before that to %s", name, now, then)
    if after.problem and after.problem != before.problem:
        admits = (
            f"; its last good addresses serve: {', '.join(after.addresses)}" if after.addresses else "; admits nobody"
        )
        log.warning("gateway %s: %s%s", name, after.problem, admits)
    elif before.problem and not after.problem:
        log.warning("gateway %s: the DNS answers again", name)
    for refused in after.refused:
        if refused not in before.refused:
            log.warning("gateway %s does not admit an address: %s", name, refused)


def _answers(known: dict[Question, Standing | None], wall: float) -> list[KeptAnswer]:
    return [
        KeptAnswer(name, int(kind), wall - standing.age_s, standing.ttl_s, standing.records)
        for (name, kind), standing in known.items()
        if standing is not None and standing.records is not None and kind is not Kind.HOSTS
    ]


def teach(names: KeptNames, answers: list[KeptAnswer], wall: float) -> None:
    """Let answers that another process got, or this one before it was restarted, be known here."""
    for answer in answers:
        kind = Kind(answer.kind)
        records = tuple(_record(kind, value) for value in answer.records)
        names.learn(answer.name, kind, Standing(records, max(0.0, wall - answer.at), answer.ttl, None))


def _record(kind: Kind, value: object) -> Record:
    if isinstance(value, list | tuple):
        return Srv(*value) if kind is Kind.SRV else Naptr(*value)
    return str(value)
