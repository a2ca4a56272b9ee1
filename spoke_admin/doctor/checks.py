"""What a check is, and what all checks of a run share."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

from spoke_admin.doctor.asking import Asking
from spoke_admin.doctor.documents import PATCH, document
from spoke_admin.doctor.marked import Journal, Kind, Marked, People
from spoke_admin.doctor.results import Area, Verdict, failed, passed, skipped, warned
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.scim_json import get, resources, text


class Peer(Protocol):
    """What a look at the server's certificate showed. `reached`: a connection came about.

    `tls`: such as "TLSv1.3"; `sent`: how many certificates came; `fault`: why the certificate is not trusted. What is
    not known is None or "".
    """

    @property
    def reached(self) -> bool: ...
    @property
    def tls(self) -> str: ...
    @property
    def not_before(self) -> datetime | None: ...
    @property
    def not_after(self) -> datetime | None: ...
    @property
    def issuer(self) -> str: ...
    @property
    def sent(self) -> int | None: ...
    @property
    def fault(self) -> AdminError | None: ...


class LookAtPeer(Protocol):
    """Looks at the certificate of an address, without a token. None: it cannot be looked at from here (a proxy)."""

    async def __call__(self, url: str, seconds: float) -> Peer | None: ...


@dataclass
class Examination:
    """A run: what it was given, and what its checks found out for those that come later."""

    typed: str  # the address as it was typed
    ask: Asking
    profile: ServiceProfile
    write: bool
    look_at_peer: LookAtPeer
    journal: Journal
    now: Callable[[], datetime]
    people: People
    peer: Peer | None = None
    first: tuple[Reply, datetime] | None = None  # the first answer, and when it came
    speaks: Reply | None = None  # what /Users answered first
    config: Mapping[str, Any] | None = None  # the ServiceProviderConfig
    announced: Mapping[str, set[str]] = field(default_factory=dict)  # schema -> attribute names in lower case
    total: int | None = None  # how many users the service says it has
    listed: int = 0  # how many users its first list held
    known_group: Mapping[str, Any] | None = None  # a group that is there
    known_user: Mapping[str, Any] | None = None  # a user that is there: of our own when writing
    made: list[Marked] = field(default_factory=list)  # in this run, and not seen to go
    undeletable: bool = False  # a test user could not be deleted
    own: dict[str, str] = field(default_factory=dict)  # ids of test objects by what they are for

    @property
    def url(self) -> str:
        return self.ask.base_url

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        return await self.ask.get(path, query)

    def address(self, kind: Kind, identifier: str) -> str:
        """The path of one resource."""
        return f"/{kind}/{quote(identifier, safe='')}"

    async def read(self, kind: Kind, identifier: str) -> tuple[Reply, Any]:
        reply = await self.get(self.address(kind, identifier))
        return reply, document(reply) if reply.ok else None

    async def patch(self, kind: Kind, identifier: str, *operations: "Operation") -> Reply:
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return await self.ask.ask("PATCH", self.address(kind, identifier), body)

    async def find(self, endpoint: str, condition: str) -> tuple[Reply, list[Mapping[str, Any]]]:
        """The answer to a filter as Okta sends it, and what it found."""
        query = {"filter": condition, "startIndex": "1", "count": "100"}
        reply = await self.get(endpoint, query)
        return reply, resources(document(reply)) if reply.ok else []

    def said(self, reply: Reply) -> str:
        """The status of an answer and the words of a SCIM error in it, without people."""
        found = document(reply)
        detail, kind = text(get(found, "detail")), text(get(found, "scimType"))
        words = self.ask.redactor.words(reply.quote(detail)).rstrip(".")  # whoever quotes it ends the sentence
        more = " ".join(part for part in (f"({kind[:40]})" if kind else "", words) if part)
        return f"HTTP {reply.status}{': ' if more else ''}{more}"

    def came(self, reply: Reply) -> str:
        """The status of an answer, and what it says that it brings."""
        kind = reply.quote(reply.media_type) or "something"
        return f"HTTP {reply.status} with {kind if reply.body else 'an empty body'}"

    @property
    def user_name(self) -> str:
        """The user name of the known user, "" where none is known."""
        return text(get(self.known_user, "userName"))

    def flag(self, name: str) -> bool | None:
        """Whether the ServiceProviderConfig says that a feature is supported; None where it says nothing."""
        found = get(get(self.config, name), "supported")
        return found if isinstance(found, bool) else None


Operation = Mapping[str, Any]  # of a PATCH
Look = Callable[[Examination], Awaitable[Verdict]]


@dataclass(frozen=True, slots=True)
class About:
    """What a check looks at, in words; used as a decorator it makes a check of the function below it.

    `needs`: codes of checks that must not have failed. `trips`: who trips over it and how; `expected` and `fix` hold
    unless the verdict has its own; `source`: the section of an RFC, or whose documents.
    """

    code: str
    title: str
    area: Area
    trips: str
    expected: str
    fix: str
    source: str
    needs: Sequence[str] = ()
    writes: bool = False

    def __call__(self, look: Look) -> "Check":
        return Check(self, look)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at."""

    about: About
    look: Look


class JudgedError(Exception):
    """Ends a check early, with this verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.found)
        self.verdict = verdict


def taken(exam: Examination, reply: Reply, judge: Callable[[str], Verdict] = failed, what: str = "It") -> None:
    """Goes on when an answer is a yes; else the check ends: `what` is refused, which is what `judge` says of it."""
    if not reply.ok:
        raise JudgedError(judge(f"{what} is refused: {exam.said(reply)}."))


def enough_users(exam: Examination, needed: int) -> None:
    """Goes on where there are users enough to see something; else the check is skipped. --write makes some."""
    number = exam.total if exam.total is not None else exam.listed
    if number + len([it for it in exam.made if it.kind == "Users"]) < needed:
        raise JudgedError(skipped(f"There are fewer than {needed} users. With --write there would be some."))


def known_user(exam: Examination) -> Mapping[str, Any]:
    """A user that is there, of our own when writing; where none is known, the check is skipped."""
    if exam.known_user is None:
        raise JudgedError(skipped("There is no user to look for. With --write there would be one."))
    return exam.known_user


def someone(exam: Examination, *purposes: str) -> str:
    """The id of the first of these test users that could be made; where there is none, the check is skipped."""
    found = next((exam.own[it] for it in purposes or ("okta", "entra", "full") if it in exam.own), "")
    if not found:
        raise JudgedError(skipped("No test user could be made."))
    return found


def flag_verdict(
    exam: Examination, name: str, works: bool, reply: Reply, judge: Callable[[str], Verdict] = warned
) -> Verdict:
    """Whether a feature works as the ServiceProviderConfig says. `reply`: what showed it.

    `judge`: of one that is announced and does not work; a warning where no identity provider uses it.
    """
    announced = exam.flag(name)
    if announced is None:
        return skipped(f"The ServiceProviderConfig says nothing of {name}.")
    if announced == works:
        return passed(f"{name} is {'supported' if works else 'not supported'}, as it says.")
    if announced:
        return judge(f"{name} is said to be supported, and does not work: {exam.said(reply)}.")
    return warned(f"{name} is said not to be supported, and works all the same.")
