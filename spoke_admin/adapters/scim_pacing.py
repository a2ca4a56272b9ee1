"""How fast a service is called: eight calls at a time, fewer where it is slow to let them in, and one pause for all.

Source: Retry-After in seconds or as a date (RFC 9110, section 10.2.3), 429 (RFC 6585, section 4). Okta doubles its
pauses where a service names none.
"""

import asyncio
import contextlib
import logging
import math
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from spoke_admin.adapters.address import host_and_port
from spoke_admin.adapters.http import NotSentError
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply

CONNECTIONS = 8
SLOW_CONNECTING = 1.0  # seconds: where a server's queue is full, a second goes by before the next try to connect
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
TRIES = 7  # without Retry-After: 1 + 2 + 4 + 8 + 16 + 32 s of pauses, more than the minute that limits are counted by
CALM = 20  # answers without a refusal after which one more call at a time is tried

log = logging.getLogger(__name__)


class AskedToWaitError(AdminError):
    """The service asked, a moment ago, for a longer pause than is waited for: nothing was sent."""

    def __init__(self, where: str, seconds: float) -> None:
        super().__init__(
            f"{where} asks to wait {duration(seconds)}: there were too many calls.",
            "Try again then; until that time it refuses calls.",
        )
        self.seconds = seconds


class Pacing:
    """What all calls to one service share. Belongs to one event loop.

    `connections`: the most calls at a time. A service that refuses, or needs `SLOW_CONNECTING` and more to be connected
    with, gets half of them, and one more after each `CALM` answers that came without. Where connecting is as slow with
    one call at a time, their number is not why: it grows all the same, until one was quick. Pauses are in seconds:
    `first_pause` doubles while a service refuses and names no time, a named time above `longest_pause` is not waited
    for. `tries`: how often one call is sent while the answer is 429. `told` hears of each pause at its
    beginning, as the log does.
    """

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        first_pause: float = FIRST_PAUSE,
        longest_pause: float = LONGEST_PAUSE,
        tries: int = TRIES,
        told: Callable[[float], None] | None = None,
    ) -> None:
        self._slots = _Slots(connections)
        self._first = first_pause
        self._longest = longest_pause
        self._tries = tries
        self._told = told
        self._until = self._heard = -math.inf  # by the monotonic clock: when the pause ends, when it was asked for
        self._slowed = -math.inf  # when connecting was last found to be slow
        self._always_slow = False  # connecting, with one call at a time as well
        self._grown = self._calm = 0

    async def answer(self, send: Callable[[], Awaitable[Reply]], where: str) -> Reply:
        """The answer to a call, sent again after each 429 within the bounds: then the last 429 is the answer.

        Raises AskedToWaitError when the service has lately asked for more time than is waited for, and what `send`
        raises.
        """
        for tries_left in reversed(range(self._tries)):
            async with self._slots:
                await self._pause(where)
                began = time.monotonic()
                try:
                    reply = await send()
                except NotSentError as fault:
                    self._take_connecting(fault.connecting, began, where)
                    raise
                if reply.connecting:
                    self._take_connecting(reply.connecting, began, where)
            if reply.status != 429:
                self._take_calm(began)
                return reply
            self.refused(reply, began, where)
            if not tries_left or self._until - time.monotonic() > self._longest:
                return reply
        raise AssertionError("a call is sent at least once")

    def refused(self, reply: Reply, began: float, where: str) -> None:
        """Takes in an answer that asks for a pause, to a call that was sent at `began`."""
        now = time.monotonic()
        asked = seconds_asked(reply)
        known = began < self._heard  # sent before the pause that others were told of: no news of the time after it
        if not known:
            self._slots.narrow()
            self._calm = 0
        elif not asked:
            return
        if not asked:
            asked = min(self._first * 2**self._grown, self._longest)
            self._grown += 1
        if now + asked > self._until:
            self._until, self._heard = now + asked, now
            log.info("%s asks to wait %s", host_and_port(where), duration(asked))
            if self._told is not None:
                self._told(asked)

    async def _pause(self, where: str) -> None:
        while (left := self._until - (now := time.monotonic())) > 0:
            if left > self._longest:
                if now - self._heard > self._longest:  # who asks for a year is asked again a minute later
                    return
                raise AskedToWaitError(where, left)
            await asyncio.sleep(left)

    def _take_connecting(self, seconds: float, began: float, where: str) -> None:
        """Calls that were sent at once and waited together halve the number of calls once."""
        if seconds < SLOW_CONNECTING:
            if seconds:  # 0: none was tried
                self._always_slow = False
            return
        if self._always_slow or began < self._slowed:
            return
        self._always_slow = not self._slots.narrow()
        if self._always_slow:  # a service that ends each connection would be called one by one for ever
            return
        self._slowed = time.monotonic()
        self._calm = 0
        log.info("%s took %.1f s to be connected with: fewer calls at a time", host_and_port(where), seconds)

    def _take_calm(self, began: float) -> None:
        if began < self._heard or began < self._slowed:
            return
        self._grown = 0
        self._calm += 1
        if self._calm >= CALM:
            self._calm = 0
            self._slots.widen()


class _Slots:
    """A number of places for calls, taken in the order of asking; the number can change."""

    def __init__(self, most: int) -> None:
        self._most = self._open = most
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self._busy < self._open and not self._waiting:
            self._busy += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with contextlib.suppress(ValueError):  # whoever left a place may have passed it over already
                    self._waiting.remove(turn)
            else:  # the place came at the very moment of the cancelling
                self._leave()
            raise

    async def __aexit__(self, *reason: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._busy -= 1
        self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting and self._busy < self._open:
            turn = self._waiting.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)

    def narrow(self) -> bool:
        """Half as many places; False when there was only one."""
        before, self._open = self._open, max(1, self._open // 2)
        return self._open < before

    def widen(self) -> None:
        self._open = min(self._most, self._open + 1)
        self._hand_on()


def seconds_asked(reply: Reply) -> float | None:
    """What Retry-After asks for, above 0: seconds, or a date held against the server's own clock. None: nothing."""
    asked = reply.headers.get("retry-after", "")[:100].strip()
    if number := re.match(r"(\d{1,10}(?:\.\d{0,9})?)\s*(?:,|$)", asked, re.ASCII):
        return float(number[1]) or None
    if (end := _date(asked)) is None:
        return None
    now = _date(reply.headers.get("date", "")[:100]) or datetime.now(UTC)
    left = (end - now).total_seconds()
    return left if left > 0 else None


def _date(words: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(words)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def duration(seconds: float) -> str:
    """A time to wait in words, rounded up: "45 s", "12 minutes", "3 hours", "2 days"."""
    for size, word, most in ((1, "s", 120), (60, "minutes", 7200), (3600, "hours", 172_800)):
        if seconds <= most:
            return f"{math.ceil(seconds / size)} {word}"
    return f"{math.ceil(seconds / 86_400)} days"
