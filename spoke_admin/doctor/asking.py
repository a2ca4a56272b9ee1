"""The calls of a run: each bounded in time, none without time left, every one remembered for the report."""

import asyncio
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from spoke_admin.doctor.exchanges import Exchange, Redactor
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Caller, Reply
from spoke_admin.domain.secret import Secret

SCIM = "application/scim+json"
DEADLINE = 60.0  # seconds of a whole run
JSON = {"accept": f"{SCIM}, application/json"}
MOST_BYTES = 2 * 1024 * 1024
MOST_VALUES = 100_000  # of an answer: parsed they take ten times the memory of its text
OKTA_SECONDS = 60.0  # what Okta waits for an answer
MOST_WAITED = 20.0  # seconds of one pause that a 429 asks for
MOST_PAUSES = 4  # for one call
MOST_SILENCE = 3  # calls in a row without a whole answer, after which nothing more is asked


class NoAnswerError(Exception):
    """A call that a check cannot do without got no whole answer. `fault` has the words."""

    def __init__(self, fault: AdminError) -> None:
        super().__init__(fault.title)
        self.fault = fault


class NoTimeError(Exception):
    """Nothing was sent, nor will be: the run's time is up, or the service answers no more. Its text says which."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the run did so far, counted: for the checks of the whole run."""

    method: str
    path: str
    status: int | None
    seconds: float
    media_type: str
    kind: str  # "answer"; else "too late", "not sent" or "broken"
    fault: str = ""
    retry_after: str = ""


class Time:
    """The time of a run, in seconds of the monotonic clock: until `ends` for checks, until `last` for cleaning up."""

    def __init__(self, deadline: float, *, write: bool, began: float | None = None) -> None:
        """`deadline` counts from `began`, by default from now."""
        self.deadline = deadline
        self.last = (time.monotonic() if began is None else began) + deadline
        self.ends = self.last - (min(15.0, deadline / 4) if write else 0.0)
        self.one_call = max(0.5, min(OKTA_SECONDS, deadline / 6))
        self.cleaning = False

    @property
    def left(self) -> float:
        """Less half a second, in which the report is made."""
        return (self.last if self.cleaning else self.ends) - time.monotonic() - 0.5


class Asking:
    """Makes calls below one base URL with one token. Belongs to one event loop.

    `not_sent` is the kind of AdminError by which the caller says that nothing left this computer.
    """

    def __init__(
        self,
        base_url: str,
        caller: Caller,
        token: Secret | None,
        times: Time,
        not_sent: type[AdminError],
        *,
        large: bool = False,
    ) -> None:
        """`large`: answers of twice the size are taken in, for who reads everything and keeps nothing."""
        self.base_url = base_url
        self.redactor = Redactor(token.reveal() if token else "")
        self.asked: list[Asked] = []
        self.recent: list[Exchange] = []  # of the check that runs; the runner empties it
        self.times = times
        self._caller = caller
        self._token = token
        self._not_sent = not_sent
        self._last_fault: AdminError | None = None
        self._silence = 0  # calls in a row without a whole answer
        self._most_bytes, self._most_values = MOST_BYTES * (1 + large), MOST_VALUES * (1 + large)

    @property
    def has_token(self) -> bool:
        return self._token is not None

    @property
    def own_right(self) -> str:
        return f"Bearer {self._token.reveal()}" if self._token else ""

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """Raises NoAnswerError, NoTimeError."""
        return await self.ask("GET", path, query=query)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        right: str | None = None,
        url: str = "",
    ) -> Reply:
        """One call, sent again after a 429 as long as there is time for its pause. Raises NoAnswerError, NoTimeError.

        `right` takes the place of the token, "" sends none; `url` that of base URL and path.
        """
        kind = {"content-type": SCIM} if body is not None else {}
        call = Call(
            method,
            url or self.base_url + path,
            query=query or {},
            body=body,
            headers={**JSON, **kind, **(headers or {})},
            authorization=self.own_right if right is None else right,
            most_bytes=self._most_bytes,
        )
        for _ in range(MOST_PAUSES):
            reply = await self._sent(call, path)
            pause = _pause(reply) if reply.status == 429 else math.inf
            if pause > min(MOST_WAITED, self.times.left - 1):
                return reply
            await asyncio.sleep(pause)
        return await self._sent(call, path)

    @property
    def silent(self) -> bool:
        """Whether the service stopped answering: asked on, it would only cost the run's time."""
        return self._silence >= MOST_SILENCE

    def seconds_for_a_call(self) -> float:
        """How long the next call may take. Raises NoTimeError. Cleaning up goes on in spite of silence."""
        if self.silent and not self.times.cleaning:
            raise NoTimeError(f"Nothing more was asked: {MOST_SILENCE} calls in a row had no whole answer.")
        seconds = min(self.times.one_call, self.times.left)
        if seconds <= 0.2:
            raise NoTimeError(f"There was no time left: the run ends after {self.times.deadline:g} s.")
        return seconds

    async def _sent(self, call: Call, path: str) -> Reply:
        seconds = self.seconds_for_a_call()
        began = time.monotonic()
        reply, fault, kind = None, None, "answer"
        try:
            async with asyncio.timeout(seconds):
                reply = await self._caller(call)
        except TimeoutError:
            kind, fault = "too late", _too_late(seconds)
        except AdminError as error:
            kind, fault = ("not sent" if isinstance(error, self._not_sent) else "broken"), error
        if reply is not None and sum(reply.body.count(sign) for sign in (b",", b"[", b"{")) > self._most_values:
            kind, fault, reply = "broken", _too_much(reply), None
        took = time.monotonic() - began
        self._remember(call, path, reply, fault, took, kind)
        if reply is None:
            raise NoAnswerError(fault or _too_late(seconds))
        return reply

    def _remember(
        self, call: Call, path: str, reply: Reply | None, fault: AdminError | None, took: float, kind: str
    ) -> None:
        self.recent.append(self.redactor.exchange(call, reply, fault, took))
        del self.recent[:-6]
        self._last_fault = fault or self._last_fault
        self._silence = 0 if kind == "answer" else self._silence + 1
        self.asked.append(
            Asked(
                call.method,
                re.sub(r"/(Users|Groups)/[^/?]+", r"/\1/{id}", path.partition("?")[0]),
                reply.status if reply else None,
                took,
                reply.media_type if reply else "",
                kind,
                f"{fault.title} {fault.detail}".strip() if fault else "",
                reply.headers.get("retry-after", "") if reply else "",
            )
        )

    @property
    def nothing_asked(self) -> AdminError | None:
        """Why, when not one call left this computer."""
        return self._last_fault if self.asked and all(it.kind == "not sent" for it in self.asked) else None


def _too_late(seconds: float) -> AdminError:
    return AdminError(
        f"No whole answer came within {seconds:.1f} s.",
        "Ask whoever runs the service why it takes so long; --deadline gives each call more time.",
    )


def _too_much(reply: Reply) -> AdminError:
    return AdminError(
        "The server's answer holds more values than any page of 100 should.",
        "Have lists honour count; ask for smaller pages.",
        f"HTTP {reply.status}, {len(reply.body):,} bytes",
    )


def _pause(reply: Reply) -> float:
    """Seconds that Retry-After names; 1 where it names none that can be read."""
    found = re.fullmatch(r"\d{1,6}", reply.headers.get("retry-after", "").strip())
    return float(found[0]) if found else 1.0
