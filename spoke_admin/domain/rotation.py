"""Changing a service's token without a gap: the order of the steps, and where an interrupted change goes on.

The keychain holds a working token whenever the service has one that this computer was told: the new one lies beside
the old one as soon as it exists, takes its place once a call has proved it, and the old one's entry goes last, when the
service refuses it. Where a killed rotation goes on is found out from the keychain and the service; the journal only
adds what neither can tell. Why so: docs/decisions/0007-rotation.md.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import (
    KeptToken,
    KeychainState,
    NoOverlapError,
    NothingMadeError,
    ScimCounts,
    Service,
    Tokens,
)

LONGEST_OVERLAP_S = 86_400  # a day to hand the new token over by hand; it is ended as soon as that is done
GRACE_S = 2.0  # calls that set out with the old token before the new one was handed over still arrive
SETTLE_S = 5.0  # how long a request whose answer was never seen may still take effect
TRIAL = Secret("a-trial-whether-the-keychain-takes-it---this-opens-nothing")


class Place(StrEnum):
    """The keychain's items of one address; a blank keeps the added ones apart from every address."""

    TOKEN = ""
    NEW = " (new)"
    BEFORE = " (before)"
    HAND_OVER = " (hand-over)"  # the command that hands a token over, for a resume


class Stage(StrEnum):
    """What the journal says: that a step begins (BEGUN, MAKING) or was done (all others)."""

    BEGUN = "begun"
    MAKING = "making"
    KEPT = "kept"
    PROVED = "proved"
    IN_PLACE = "in_place"
    HANDED = "handed"
    ENDED = "ended"
    DONE = "done"
    TAKEN_BACK = "taken_back"


OVER = (Stage.DONE, Stage.TAKEN_BACK)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an unfinished rotation came. Times are aware, "" and None where nothing was recorded.

    `created`: when the service had made the token before, as it told; `known`: whether that was the keychain's.
    `making`: when the last new token was asked for; `overlap`: whether the old one was to live on beside it.
    `gap_s`: what the hand-over measured, once the last new token was handed over.
    """

    stage: Stage
    created: str = ""
    known: bool = False
    making: datetime | None = None
    overlap: bool = False
    gap_s: float | None = None


class Journal(Protocol):
    """Append-only; a record is on the disk when `record` returns. Raises AdminError."""

    def open(self, address: str) -> Progress | None:
        """The unfinished rotation of an address; None: there is none."""
        ...

    def record(self, address: str, stage: Stage, **facts: str | float | bool) -> None: ...


@dataclass(frozen=True, slots=True)
class HandOver:
    """Whether the identity provider has the new token, and in words how that is known, or what a person has to do."""

    done: bool
    words: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rotation.

    none: there was nothing to resume. waiting: a person has to do what `words` say, then it is resumed. taken_back: no
    new token is left; the one from before stays, if it is alive. `gap_s`: seconds in which the identity provider had no
    token that works; None: that is not over, or not known. `kept` is the keychain's answer for the token, `counts` what
    it opened.
    """

    state: Literal["none", "done", "waiting", "taken_back"]
    old: Literal["ended", "alive"] | None = None
    overlap: bool = False
    gap_s: float | None = None
    kept: KeptToken | None = None
    counts: ScimCounts | None = None
    words: str = ""


Tell = Callable[[str], None]


@dataclass(frozen=True)
class Parts:
    """What a rotation works with.

    `takes`: one authenticated call; False when the service refuses the token. `make_ready` raises AdminError where
    `hand_over` could not do its work, before there is a token to hand over. `pause` waits so many seconds; `whole`
    ends what it is given also when this program is being stopped. `title` is the service's. `began_with`: facts for the
    journal, without secrets. `memo`: what `hand_over` needs again after a kill; it is kept in the keychain as long as
    the rotation lasts. `memory`: the states of a keychain in which a token may stay in this process's memory.
    """

    address: str
    service: Service
    tokens: Tokens
    journal: Journal
    takes: Callable[[Secret], Awaitable[bool]]
    make_ready: Callable[[], Awaitable[None]]
    hand_over: Callable[[Secret], Awaitable[HandOver]]
    now: Callable[[], datetime]
    pause: Callable[[float], Awaitable[None]]
    tell: Tell
    title: str
    whole: Callable[[Awaitable[None]], Awaitable[None]]
    began_with: Mapping[str, str] = field(default_factory=dict)
    memo: Secret | None = None
    memory: frozenset[KeychainState] = frozenset()
    grace_s: float = GRACE_S
    settle_s: float = SETTLE_S


class Rotation:
    """One rotation of the token of one address; nobody else may rotate it meanwhile."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._address = parts.address
        self._known: dict[Place, Secret | None] = {}  # what lies in the keychain, as far as it was looked at
        self._kept: KeptToken | None = None  # the keychain's answer when the new token took its place

    async def regenerate(self) -> Outcome:
        """A new token in the old one's place. An unfinished rotation is finished instead: its token is new as well."""
        before = await self.resume()
        if before.state in ("done", "waiting"):
            return before
        settings = await self._parts.service.settings()
        if settings.scim != "connected":
            raise AdminError("SCIM is not connected, so it has no token.", "Connect SCIM first: guide, step SCIM.")
        await self._parts.make_ready()
        held, token = await self._held(Place.TOKEN), settings.token
        known = bool(held and token and token.last_four and token.last_four == held.last_four)
        created = _iso(token.created if token else None)
        self._record(Stage.BEGUN, created=created, known=known, **self._parts.began_with)
        if self._parts.memo is None:
            self._known[Place.HAND_OVER] = None
        try:
            await self._make_sure_it_can_be_kept()
            await self._keep_memo()
            try:
                await self._make(overlap=True)
            except NoOverlapError:
                self._announce_gap(f"{self._parts.title} ends the old token at once.")
                await self._make(overlap=False)
        except NothingMadeError:
            await self._forget(Place.HAND_OVER)
            self._record(Stage.TAKEN_BACK)
            raise
        return await self._forward()

    async def resume(self) -> Outcome:
        """Finishes what was interrupted, or takes it back where no new token was made; every other new one is ended."""
        progress = self._parts.journal.open(self._address)
        if progress is not None:
            await self._keep_memo()
        new, before = await self._held(Place.NEW), await self._held(Place.BEFORE)
        if progress is None and new is None and before is None:
            return Outcome("none")
        held = await self._held(Place.TOKEN)
        stage = progress.stage if progress else Stage.KEPT
        if progress is not None and new is None and before is None and stage in (Stage.BEGUN, Stage.MAKING):
            if await self._nothing_was_made(progress, held):
                return await self._take_back(held, "No new token was made; the old one stays as it is.")
            return await self._make_again()
        current = new or held
        if current is not None and await self._parts.takes(current):
            return await self._forward()
        if new is not None and held is not None and new != held and await self._parts.takes(held):
            return await self._take_back(held, "The new token was ended elsewhere; the one from before works.")
        if current is not None:  # somebody else's may be in use: it must not be ended
            words = "No token that is kept here works any more: paste the one that does, or regenerate it."
            return replace(await self._take_back(held, words), old="ended")
        return await self._make_again()

    # making

    async def _make_sure_it_can_be_kept(self) -> None:
        """A token is shown once: so something else is written first. Raises NothingMadeError."""
        kept = await self._parts.tokens.keep(self._item(Place.NEW), TRIAL)
        self._known[Place.NEW] = TRIAL
        await self._forget(Place.NEW)
        if not self._is_safe(kept):
            raise NothingMadeError(kept.title or "The keychain keeps nothing.", f"No token was made. {kept.remedy}")

    async def _keep_memo(self) -> None:
        if self._parts.memo is not None:  # one that is not kept has to be given again to a resume
            await self._parts.tokens.keep(self._item(Place.HAND_OVER), self._parts.memo)

    async def _make(self, *, overlap: bool) -> None:
        """Between the service's answer and the keychain nothing may stop: the token is shown this once."""
        await self._parts.whole(self._make_and_keep(overlap=overlap))

    async def _make_and_keep(self, *, overlap: bool) -> None:
        self._record(Stage.MAKING, overlap=overlap)
        secret = await self._parts.service.regenerate_token(LONGEST_OVERLAP_S if overlap else 0)
        await self._keep(Place.NEW, secret)
        self._record(Stage.KEPT)

    async def _make_again(self) -> Outcome:
        """A token was made that nobody holds: a new one ends it, and every other."""
        if (await self._parts.service.settings()).scim != "connected":
            return await self._take_back(None, "SCIM is not connected any more: every token has ended.")
        self._announce_gap("The interrupted rotation left no token that can be used: a new one ends every other.")
        await self._make(overlap=False)
        return await self._forward()

    def _announce_gap(self, why: str) -> None:
        words = "From now until it has the new one the identity provider cannot push; the gap is measured."
        self._parts.tell(f"{why} {words}")

    async def _nothing_was_made(self, progress: Progress, held: Secret | None) -> bool:
        """Whether the service still has the token from before. A request under way is given time to take effect."""
        if progress.stage is Stage.BEGUN:
            return True
        waited = (self._parts.now() - progress.making).total_seconds() if progress.making else 0.0
        if waited < self._parts.settle_s:
            await self._parts.pause(self._parts.settle_s - max(0.0, waited))
        settings = await self._parts.service.settings()
        if settings.scim != "connected":
            return True
        if settings.old_token is not None or settings.token is None:
            return False
        same = bool(progress.created) and _iso(settings.token.created) == progress.created
        if progress.known and held is not None:
            same = same and settings.token.last_four == held.last_four
        return same

    async def _take_back(self, held: Secret | None, words: str) -> Outcome:
        await self._forget(Place.NEW)
        if await self._held(Place.BEFORE) is not None:
            await self._end_old()
            await self._forget(Place.BEFORE)
        await self._forget(Place.HAND_OVER)
        self._record(Stage.TAKEN_BACK)
        kept = await self._parts.tokens.read(self._item(Place.TOKEN)) if held is not None else None
        return Outcome("taken_back", "alive" if kept else None, gap_s=0.0, kept=kept, words=words)

    # from a new token that is kept to the old one's end

    async def _forward(self) -> Outcome:
        current = await self._held(Place.NEW) or await self._held(Place.TOKEN)
        if current is None:
            raise AdminError("The new token is no longer in the keychain.", "Resume the rotation once more.")
        counts = await self._parts.service.probe(current)
        self._record(Stage.PROVED)
        self._parts.tell(f"The new token opens SCIM: {counts}.")
        try:
            handed = await self._hand_over(current)
        finally:  # also where that failed: the old one may end by itself
            await self._put_in_place()
        return replace(await self._finish(handed), counts=counts)

    async def _put_in_place(self) -> None:
        """The new token where every command looks for it; the old one beside it, to be proved dead."""
        new, held = await self._held(Place.NEW), await self._held(Place.TOKEN)
        if new is None:
            return
        if held is not None and held != new:
            await self._keep(Place.BEFORE, held)
        await self._keep(Place.TOKEN, new)
        await self._forget(Place.NEW)
        self._record(Stage.IN_PLACE)

    async def _hand_over(self, current: Secret) -> HandOver:
        progress = self._parts.journal.open(self._address)
        if progress is not None and progress.gap_s is not None:
            return HandOver(done=True, words="It was handed over before.")
        handed = await self._parts.hand_over(current)
        self._parts.tell(handed.words)
        if handed.done:
            self._record(Stage.HANDED, gap_s=await self._gap(progress))
        return handed

    async def _gap(self, progress: Progress | None) -> float:
        """Seconds without a token that works, up to now: none where the old one still does."""
        if await self._old_is_alive():
            return 0.0
        began = progress.making if progress else None
        if began is None:
            return 0.0
        return round(max(0.0, (self._parts.now() - began).total_seconds()), 3)

    async def _finish(self, handed: HandOver) -> Outcome:
        kept = self._kept or await self._parts.tokens.read(self._item(Place.TOKEN))
        progress = self._parts.journal.open(self._address)
        overlap = progress is not None and progress.overlap and not progress.gap_s
        gap_s = progress.gap_s if progress else None
        if not handed.done:
            old: Literal["ended", "alive"] = "alive" if await self._old_is_alive() else "ended"
            return Outcome("waiting", old, old == "alive", None, kept, words=handed.words)
        if not await self._end_old():
            words = f"{self._parts.title} still takes the old token: end it there, then resume the rotation."
            return Outcome("waiting", "alive", overlap, gap_s, kept, words=words)
        self._record(Stage.ENDED)
        await self._forget(Place.HAND_OVER)
        await self._forget(Place.BEFORE)
        self._record(Stage.DONE)
        return Outcome("done", "ended", overlap, gap_s, kept, words=handed.words)

    async def _end_old(self) -> bool:
        """Ends the old token where it still lives, and proves it dead."""
        if not await self._old_is_alive():
            return True
        await self._parts.pause(self._parts.grace_s)
        await self._parts.service.end_old_token()
        return not await self._old_is_alive()

    async def _old_is_alive(self) -> bool:
        """By a call with it; where it is not here, by the service's word."""
        before = await self._held(Place.BEFORE)
        new = await self._held(Place.NEW) if before is None else None
        if new is not None:  # not in its place yet
            held = await self._held(Place.TOKEN)
            before = held if held != new else None
        if before is not None:
            return await self._parts.takes(before)
        return (await self._parts.service.settings()).old_token is not None

    # the keychain and the journal

    def _item(self, place: Place) -> str:
        return self._address + place

    def _is_safe(self, kept: KeptToken) -> bool:
        return kept.state is KeychainState.AVAILABLE or kept.state in self._parts.memory

    async def _keep(self, place: Place, secret: Secret) -> None:
        kept = await self._parts.tokens.keep(self._item(place), secret)
        self._known[place] = kept.secret
        if place is Place.TOKEN:
            self._kept = kept
        if not self._is_safe(kept):
            raise AdminError(f"A token could not be kept. {kept.title}", kept.remedy)

    async def _forget(self, place: Place) -> None:
        if place in self._known and self._known[place] is None:
            return
        await self._parts.tokens.forget(self._item(place))
        self._known[place] = None

    async def _held(self, place: Place) -> Secret | None:
        """The token there. Raises AdminError when the keychain does not tell: nothing may be judged without it."""
        if place not in self._known:
            kept = await self._parts.tokens.read(self._item(place))
            if kept.secret is None and kept.state is not KeychainState.MISSING and not self._is_safe(kept):
                raise AdminError(kept.title, kept.remedy)
            self._known[place] = kept.secret
        secret = self._known[place]
        return secret if secret != TRIAL else None

    def _record(self, stage: Stage, **facts: str | float | bool) -> None:
        self._parts.journal.record(self._address, stage, **facts)


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
