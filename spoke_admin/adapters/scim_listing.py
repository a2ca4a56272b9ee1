"""A list of resources, page by page, from services that page well, badly or not at all; every reading ends."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spoke_admin.adapters.scim_answers import LONGEST_NAME, listing
from spoke_admin.adapters.scim_calls import ScimCalls
from spoke_admin.domain.exchange import MOST_JSON_BYTES
from spoke_admin.domain.scim_json import column, entries, get, resources, text, whole_number
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import TellUsers

SHORT_PAGE = 100
PAGE_BYTES = MOST_JSON_BYTES  # 40 KiB for each of 100 users, where a service sends them whole
MOST_PAGES = 10_000
MOST_ENTRIES = 1_000_000
MOST_KEPT = 52 * 1024 * 1024  # bytes: some 140,000 users; a service that pages without end gets no more
SET_BYTES = 40  # of an id's place in a set that grows
TEXT_BYTES = 56  # of a text, without its signs

# Of one page, side by side: ids, names, the entries themselves. Answers how many bytes of them are kept, ids left out.
TakeEntries = Callable[[Sequence[str], Sequence[str], Sequence[Mapping[str, Any]]], int]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What to list: the endpoint, the attribute that names an entry, and the choice of attributes ("" for all)."""

    kind: str
    named: str
    attributes: str = ""
    page: int = SHORT_PAGE


@dataclass(frozen=True, slots=True)
class Listed:
    """How a reading ended. `complete` is False where some may be missing; `promised`: the largest total named."""

    complete: bool
    promised: int | None
    unreadable: int


async def read_list(
    calls: ScimCalls, token: Secret, wanted: ListQuery, take: TakeEntries, progress: TellUsers | None = None
) -> Listed:
    """Gives each entry that has a name to `take`, once, those of a page together.

    Raises AdminError, also when a later page is refused.

    Ends with the page that brings nobody new, not with `totalResults`: some services put the length of the page there,
    some begin again with the first page for ever.
    """
    gathered = _Gathered(wanted.named, take)
    only = {"attributes": wanted.attributes} if wanted.attributes else {}
    for _ in range(MOST_PAGES):
        query = {"startIndex": str(gathered.came + 1), "count": str(wanted.page), **only}
        reply = await calls.read(wanted.kind, token, query=query, most_bytes=PAGE_BYTES)
        if only and not gathered.came and reply.status in (400, 500, 501):
            only = {}  # it may be the choice of attributes that is refused
            continue
        if gathered.may_be_all and reply.status in (400, 404, 416):
            break  # beyond its last entry a service may refuse instead of showing an empty page
        page = listing(reply, calls.base_url)
        if only and not gathered.came and _none_named(page, wanted.named):
            only = {}  # the choice of attributes was taken to leave out what was asked for
            continue
        anyone_new = gathered.take_page(page)
        if progress is not None:
            progress(*gathered.progress)
        if not anyone_new or len(gathered.seen) >= MOST_ENTRIES or gathered.kept > MOST_KEPT:
            break
    return gathered.result()


async def read_total(calls: ScimCalls, token: Secret, kind: str) -> int:
    """`totalResults`; where a service leaves it out, what a page of 100 holds. Raises AdminError."""
    page = listing(await calls.read(kind, token, query={"startIndex": "1", "count": "1"}), calls.base_url)
    if (total := whole_number(get(page, "totalResults"))) is not None:
        return total
    query = {"startIndex": "1", "count": str(SHORT_PAGE)}
    page = listing(await calls.read(kind, token, query=query, most_bytes=PAGE_BYTES), calls.base_url)
    return len(resources(page))


@dataclass(slots=True)
class _Gathered:
    """What the pages held so far.

    `came` counts entries as they were sent, repeated ones too: the next page begins after them. `seen` has the ids,
    `promised` the largest total that was named: a list that shrinks while it is read moves entries to pages already
    read.
    """

    named: str
    take: TakeEntries
    seen: set[str] = field(default_factory=set)
    came: int = 0
    promised: int | None = None
    unreadable: int = 0
    ended: bool = False
    kept: int = 0  # bytes

    @property
    def may_be_all(self) -> bool:
        """Whether some came, and no more were promised."""
        return self.came > 0 and (self.promised or 0) <= self.came

    @property
    def progress(self) -> tuple[int, int]:
        """Entries read, entries in all; 0 where that is unknown or was untrue."""
        number, promised = len(self.seen), min(self.promised or 0, MOST_ENTRIES)
        return number, promised if promised >= number else 0

    def take_page(self, page: Mapping[str, Any]) -> bool:
        """Takes a page in; whether it held anyone new."""
        total = whole_number(get(page, "totalResults"))
        if total is not None:
            self.promised = max(total, self.promised or 0)
        before = len(self.seen)
        found = entries(page)
        if not self._take_plain(found):
            named = [it for entry in found if (it := self._named(entry)) is not None]
            if named:
                self.kept += self.take(*zip(*named, strict=True))
        self.came += len(found)
        self.ended = not found
        return len(self.seen) > before

    def _take_plain(self, found: list[Any]) -> bool:
        """Takes a page on which all is as it should be, and nobody came before; False for any other."""
        ids, names = column(found, "id"), column(found, self.named)
        if not ids or not names or max(map(len, ids)) > LONGEST_NAME or max(map(len, names)) > LONGEST_NAME:
            return False
        new = set(ids)
        if len(new) < len(ids) or "" in new or not self.seen.isdisjoint(new) or not all(map(str.strip, names)):
            return False
        self.seen |= new
        self.kept += text_bytes(ids) + SET_BYTES * len(ids) + self.take(ids, names, found)
        return True

    def _named(self, entry: Any) -> tuple[str, str, Mapping[str, Any]] | None:
        """(id, name, entry) of one that is new and has a name that can be kept."""
        identifier = text(get(entry, "id"))
        if identifier and identifier[: LONGEST_NAME + 2] in self.seen:
            return None
        name = text(get(entry, self.named))
        # a service that leaves ids out still names its users
        key = (identifier or f"\0{name}")[: LONGEST_NAME + 2]
        if key in self.seen:
            return None
        readable = bool(name.strip()) and max(len(name), len(identifier)) <= LONGEST_NAME
        if identifier or readable:
            self.seen.add(key)
            self.kept += text_bytes((key,)) + SET_BYTES
        if readable:
            return identifier, name, entry
        self.unreadable += 1
        return None

    def result(self) -> Listed:
        number = len(self.seen)
        all_came = number == self.promised or (self.ended and number >= (self.promised or 0))
        return Listed(all_came and not self.unreadable, self.promised, self.unreadable)


def text_bytes(texts: Collection[str]) -> int:
    """How much memory some texts take, by CPython's sizes: at most."""
    signs = "".join(texts)
    return TEXT_BYTES * len(texts) + (1 if signs.isascii() else 4) * len(signs)


def _none_named(page: Mapping[str, Any], named: str) -> bool:
    """Whether there are entries and none has a name."""
    found = resources(page)
    return bool(found) and not any(get(entry, named) for entry in found)
