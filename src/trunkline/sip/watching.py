"""What one edge process knows of gateways beyond the inventory: found out in the first worker, read in all others."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from trunkline.core.errors import StoreUnavailableError
from trunkline.core.ports import Rules
from trunkline.sip.dnsmessage import Answer, Kind
from trunkline.sip.edge import Edge
from trunkline.sip.following import LOOK_S, NameFollower, surveyor, teach
from trunkline.sip.names import KeptNames
from trunkline.sip.pinging import GatewayPinger
from trunkline.store.followed import Followed, FollowedReader
from trunkline.store.gateway_states import KeptAnswer, SqlGatewayStates

log = logging.getLogger(__name__)


class GatewayWatch:
    """Begins with what the file holds. The process that is ``first`` follows names and asks gateways; others read.

    ``names`` are those that calls go by; ``ask`` asks the DNS for those that are followed.
    """

    def __init__(
        self,
        edge: Edge,
        names: KeptNames,
        states: SqlGatewayStates,
        followed: FollowedReader,
        rules: Rules,
        *,
        ask: Callable[[str, Kind], Awaitable[Answer]],
        first: bool,
    ) -> None:
        self._names = names
        self._states = states
        self._followed = followed
        self._first = first
        self._known: Followed | None = None
        self._own = KeptNames(ask)
        locator = surveyor(self._own, edge.doors.can_send)
        self._follower = NameFollower(self._own, locator, states, rules, learnt=self._teach)
        self._pinger = GatewayPinger(edge, states, edge.settings.options_s)
        self._task: asyncio.Task[None] | None = None
        edge.is_down = states.is_down
        begun = states.read()
        self._teach(begun)
        teach(self._own, begun, time.time())

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while True:
            try:
                if self._first:
                    self._look()
                else:
                    self._teach(self._states.read())
            except StoreUnavailableError as error:
                log.warning("%s", error)
            except Exception:  # whatever it was, calls go on with what is known
                log.exception("gateways could not be looked after")
            await asyncio.sleep(LOOK_S)

    def _teach(self, answers: list[KeptAnswer]) -> None:
        teach(self._names, answers, time.time())

    def _look(self) -> None:
        followed = self._followed.read()
        if followed is None:
            return
        if followed is not self._known:
            self._known = followed
            self._states.keep_only(followed.names, [gateway.id for gateway in followed.asked])
            if followed.names_left_out or followed.asked_left_out:
                log.warning(
                    "too many gateways: %d names are not followed, %d are not asked with OPTIONS",
                    followed.names_left_out,
                    followed.asked_left_out,
                )
        self._follower.look(followed.names)
        self._pinger.look(followed.asked)

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._follower.close()
        await self._pinger.close()
        await self._own.close()
        self._states.close()
