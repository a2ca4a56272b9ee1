"""Pages: Okta's import walks them to the end, so they must have one."""

from dataclasses import dataclass
from typing import Any

from spoke_admin.doctor.checks import About, Check, Examination, Look, enough_users, taken
from spoke_admin.doctor.documents import document, ids, json_count
from spoke_admin.doctor.results import Area, Outcome, Verdict, failed, passed, warned
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import get, resources

PAGING = "RFC 7644, section 3.4.2.4"
NUMBERS = ("totalResults", "startIndex", "itemsPerPage")
MOST_PAGES = 5  # of 100, when the end is looked for


@dataclass(frozen=True, slots=True)
class Page:
    """What a check wants to know of a page. The page itself is not kept: a hostile one is large."""

    ids: list[str]
    number: int
    facts: dict[str, Any]  # totalResults, startIndex, itemsPerPage, as they came


async def _page(exam: Examination, start: int, count: int) -> tuple[Reply, Page]:
    reply = await exam.get("/Users", {"startIndex": str(start), "count": str(count)})
    found = document(reply)
    return reply, Page(ids(found), len(resources(found)), {name: get(found, name) for name in NUMBERS})


def _confirmed(look: Look) -> Look:
    """A failure counts when it is there again at once: in a live directory people come and go between two calls."""

    async def twice(exam: Examination) -> Verdict:
        verdict = await look(exam)
        return await look(exam) if verdict.outcome is Outcome.FAIL else verdict

    return twice


@About(
    "page_first",
    "A page holds no more than was asked for",
    Area.LISTS,
    trips="Okta's import asks for 100: a service that sends everyone makes it run into its 60 s.",
    expected="count=1 brings one user at most.",
    fix="Have count honoured.",
    source=PAGING,
    needs=("users_list",),
)
async def page_first(exam: Examination) -> Verdict:
    enough_users(exam, 2)
    reply, page = await _page(exam, 1, 1)
    taken(exam, reply, what="startIndex=1&count=1")
    return passed("It does.") if page.number == 1 else failed(f"count=1 brought {page.number}.")


@About(
    "page_start_zero",
    "startIndex 0 means 1",
    Area.LISTS,
    trips="Clients that count from 0; Okta and Entra begin at 1.",
    expected="200, as with startIndex=1.",
    fix="Have every startIndex below 1 taken for 1.",
    source=PAGING,
    needs=("users_list",),
)
async def page_start_zero(exam: Examination) -> Verdict:
    enough_users(exam, 1)
    _, one = await _page(exam, 1, 1)
    reply, zero = await _page(exam, 0, 1)
    taken(exam, reply, warned)
    return passed("It does.") if zero.ids == one.ids else warned("It brings another user than startIndex=1.")


@About(
    "page_beyond_end",
    "A page beyond the last user is empty",
    Area.LISTS,
    trips="Whoever reads until a page is empty, as importers do whose totalResults is out of date: where the first page"
    " comes again, they never end, or take in everyone again and again.",
    expected="200 with no Resources and the true totalResults.",
    fix="Have pages whose startIndex is above totalResults answered with an empty list.",
    source=PAGING,
    needs=("users_list",),
)
async def page_beyond_end(exam: Examination) -> Verdict:
    enough_users(exam, 1)
    _, first = await _page(exam, 1, 2)
    beyond = (exam.total or 0) + 1000
    reply, page = await _page(exam, beyond, 2)
    taken(exam, reply, what=f"startIndex={beyond}")
    if not page.ids:
        return passed("It is.")
    same = page.ids == first.ids
    return failed(f"startIndex={beyond} brings {'the first page again' if same else f'{len(page.ids)} users'}.")


@About(
    "page_count_zero",
    "count=0 brings the number alone",
    Area.LISTS,
    trips="Clients that only count; Okta and Entra do not ask so.",
    expected="200 with totalResults and no Resources.",
    fix="Have count=0 answered with totalResults alone.",
    source=PAGING,
    needs=("users_list",),
)
async def page_count_zero(exam: Examination) -> Verdict:
    reply, page = await _page(exam, 1, 0)
    taken(exam, reply, warned)
    return passed("It does.") if not page.number else warned(f"It brings {page.number} users.")


@About(
    "page_count_negative",
    "A negative count means 0",
    Area.LISTS,
    trips="Nobody among Okta and Entra; but a server that fails here fails at other odd numbers.",
    expected="200 as with count=0, or 400.",
    fix="Have a negative count taken for 0.",
    source=PAGING,
    needs=("users_list",),
)
async def page_count_negative(exam: Examination) -> Verdict:
    reply, page = await _page(exam, 1, -1)
    if reply.status == 400 or (reply.ok and not page.number):
        return passed(f"HTTP {reply.status}.")
    return warned(exam.said(reply) if not reply.ok else f"It brings {page.number} users.")


@About(
    "page_integers",
    "Counts are numbers",
    Area.LISTS,
    trips="Okta reads totalResults, startIndex and itemsPerPage as integers: “3” in quotes ends its import.",
    expected="totalResults, and where they are there startIndex and itemsPerPage, as whole JSON numbers.",
    fix="Have them sent without quotes.",
    source="RFC 7644, section 3.4.2; Okta: import of users",
    needs=("users_list",),
)
async def page_integers(exam: Examination) -> Verdict:
    _, page = await _page(exam, 1, 1)
    odd = [name for name, value in page.facts.items() if value is not None and json_count(value) is None]
    if odd:
        return failed(f"{' and '.join(odd)} {'is' if len(odd) == 1 else 'are'} no whole number.")
    return passed("They are.")


@About(
    "page_total",
    "totalResults counts all, not the page",
    Area.LISTS,
    trips="Okta stops its import after the first page when totalResults is that page's length.",
    expected="The same totalResults, whatever count is.",
    fix="Have totalResults count everything that the query matches.",
    source=PAGING,
    needs=("users_list",),
)
@_confirmed
async def page_total(exam: Examination) -> Verdict:
    enough_users(exam, 2)
    totals = [(await _page(exam, 1, count))[1].facts["totalResults"] for count in (1, 2)]
    if totals[0] == totals[1]:
        return passed(f"{totals[0]}.") if totals[0] != 1 else failed("It is 1, and there are more.")
    return failed("It is another one with count=1 than with count=2.")


@About(
    "page_order_stable",
    "Pages come in one order",
    Area.LISTS,
    trips="Okta's import misses people, and sees others twice, where the order changes between two pages.",
    expected="The same users in the same order at each asking; no user on two pages.",
    fix="Have lists sorted by something that does not change, such as the id, when nothing else is asked for.",
    source="RFC 7644, section 3.4.2.4; Okta: import of users",
    needs=("users_list",),
)
@_confirmed
async def page_order_stable(exam: Examination) -> Verdict:
    enough_users(exam, 2)
    (_, both), (_, again) = await _page(exam, 1, 2), await _page(exam, 1, 2)
    (_, one), (_, two) = await _page(exam, 1, 1), await _page(exam, 2, 1)
    if both.ids != again.ids:
        return failed("The same page comes in another order when it is asked for again.")
    if both.ids[:2] != one.ids + two.ids:
        return failed("Two pages of one are not the page of two.")
    return passed("They do.")


@About(
    "page_end",
    "The pages end, and hold everyone once",
    Area.LISTS,
    trips="Okta's import, which would go on for ever or miss people.",
    expected="Page by page every user once, totalResults in all.",
    fix="Have startIndex and count cut the list as they say.",
    source=PAGING,
    needs=("users_list", "page_integers"),
)
@_confirmed
async def page_end(exam: Examination) -> Verdict:
    enough_users(exam, 1)
    seen: dict[str, None] = {}
    total, came = None, 0
    for number in range(MOST_PAGES):
        reply, page = await _page(exam, came + 1, 100)
        taken(exam, reply, what=f"Page {number + 1}")
        total = json_count(page.facts["totalResults"])
        before, on_page = len(seen), page.ids
        seen |= dict.fromkeys(on_page)
        came += len(on_page)
        if on_page and len(seen) < before + len(on_page):
            return failed(f"Page {number + 1} brings users again that were there already.")
        if not on_page or (total is not None and came >= total):
            break
    else:
        return passed(f"The first {len(seen):,} users came once each; the rest was not read.")
    if total is not None and total != len(seen):
        return failed(f"{len(seen):,} users came, and totalResults is {total:,}.")
    return passed(f"{len(seen):,} users, each once.")


CHECKS: tuple[Check, ...] = (
    page_first, page_start_zero, page_beyond_end, page_count_zero, page_count_negative, page_integers, page_total,
    page_order_stable, page_end,
)  # fmt: skip
