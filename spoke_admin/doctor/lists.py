"""Lists of users and groups: that they are lists, what is in them, in which order."""

from typing import Any
from urllib.parse import unquote

from spoke_admin.doctor.asking import NoAnswerError
from spoke_admin.doctor.checks import About, Check, Examination, enough_users, known_user, taken
from spoke_admin.doctor.documents import LIST, document, identifier_of, texts
from spoke_admin.doctor.results import Area, Verdict, failed, passed, skipped, warned
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import get, resources, text, whole_number


@About(
    "users_list",
    "Users are listed",
    Area.LISTS,
    trips="Okta's test of credentials and its import; Entra's first synchronisation.",
    expected="A ListResponse with totalResults and, where it is above 0, Resources, each with id and userName.",
    fix="Have GET /Users answered as a ListResponse.",
    source="RFC 7644, section 3.4.2; Okta: GET /Users?startIndex=1&count=2",
    needs=("token_accepted",),
)
async def users_list(exam: Examination) -> Verdict:
    reply = await exam.get("/Users", {"startIndex": "1", "count": "2"})
    page = document(reply)
    listed = resources(page)
    exam.listed, exam.total = len(listed), whole_number(get(page, "totalResults"))
    exam.known_user = next((user for user in listed if get(user, "userName") and get(user, "id")), None)
    if fault := _list_fault(exam, reply, page):
        return failed(fault)
    nameless = [user for user in listed if not (identifier_of(user) and text(get(user, "userName")))]
    if nameless:
        return failed(f"{len(nameless)} of {len(listed)} users have no id or no userName.")
    if LIST not in texts(get(page, "schemas")):
        return warned("The list does not say that it is a ListResponse.")
    return passed(f"{exam.total if exam.total is not None else 'Some'} in all.")


@About(
    "groups_list",
    "Groups are listed",
    Area.LISTS,
    trips="Okta's test of credentials asks for groups, too, and fails when it gets an error.",
    expected="A ListResponse, an empty one where there are no groups.",
    fix="Have GET /Groups answered with an empty list at least.",
    source="Okta: GET /Groups?startIndex=1&count=100",
    needs=("token_accepted",),
)
async def groups_list(exam: Examination) -> Verdict:
    query, too_large = {"startIndex": "1", "count": "100"}, ""
    try:
        reply = await exam.get("/Groups", query)
    except NoAnswerError as error:
        if exam.ask.asked[-1].kind != "broken":
            raise
        too_large = error.fault.title
        reply = await exam.get("/Groups", {**query, "excludedAttributes": "members"})
    page = document(reply)
    exam.known_group = next(iter(resources(page)), None)
    if fault := _list_fault(exam, reply, page):
        if not exam.profile.scim.group_push:
            return skipped(f"{exam.profile.title} has no groups: {fault}")
        return failed(fault)
    if too_large:
        return warned(f"{too_large} Without members it is to be had.", fix="Have members left out of lists of groups.")
    return passed(f"{len(resources(page))} on the first page.")


def _list_fault(exam: Examination, reply: Reply, page: Any) -> str:
    if not reply.ok:
        return f"{exam.said(reply)}."
    if not isinstance(page, dict):
        return f"{exam.came(reply)} that is no JSON object."
    found = get(page, "Resources")
    if found is not None and not isinstance(found, list):
        return "Resources is no list."
    if get(page, "totalResults") is None:
        return (
            "There is no totalResults." if found is not None else "It is no list: neither totalResults nor Resources."
        )
    if found is None and get(page, "totalResults") not in (0, "0"):
        return "There are results, and no Resources."
    return ""


@About(
    "attributes_chosen",
    "Only the attributes asked for are sent",
    Area.LISTS,
    trips="Nobody fails; reading everyone takes longer than it need.",
    expected="attributes=userName leaves out everything but that, id and schemas.",
    fix="Have attributes honoured.",
    source="RFC 7644, section 3.9",
    needs=("users_list",),
)
async def attributes_chosen(exam: Examination) -> Verdict:
    enough_users(exam, 1)
    reply = await exam.get("/Users", {"startIndex": "1", "count": "1", "attributes": "userName"})
    taken(exam, reply, warned)
    user = next(iter(resources(document(reply))), {})
    if not text(get(user, "userName")):
        return warned("The one attribute that was asked for is left out.")
    more = [name for name in user if name.lower() not in ("id", "schemas", "username", "meta")]
    return warned(f"{', '.join(more)[:120]} came, too.") if more else passed("It is so.")


@About(
    "members_left_out",
    "Members of groups can be left out",
    Area.LISTS,
    trips="Entra reads groups with excludedAttributes=members: a service that sends them all the same takes minutes.",
    expected="200 and no members.",
    fix="Have excludedAttributes=members honoured.",
    source="RFC 7644, section 3.9; Entra: GET /Groups?excludedAttributes=members",
    needs=("groups_list",),
)
async def members_left_out(exam: Examination) -> Verdict:
    reply = await exam.get("/Groups", {"excludedAttributes": "members", "startIndex": "1", "count": "100"})
    taken(exam, reply)
    with_members = [group for group in resources(document(reply)) if get(group, "members")]
    return warned(f"{len(with_members)} groups come with members.") if with_members else passed("They can.")


@About(
    "sort_flag_true",
    "What it says of sorting is true",
    Area.LISTS,
    trips="Nobody among Okta and Entra: they never sort. Other clients get pages in another order than they think.",
    expected="sort.supported says whether sortBy sorts.",
    fix="Have sort.supported say what the service does.",
    source="RFC 7643, section 5; RFC 7644, section 3.4.2.3",
    needs=("service_provider_config", "users_list"),
)
async def sort_flag(exam: Examination) -> Verdict:
    if not exam.flag("sort"):
        return passed("Sorting is not announced; nobody needs it.")
    orders = []
    for order in ("ascending", "descending"):
        query = {"sortBy": "userName", "sortOrder": order, "startIndex": "1", "count": "50"}
        reply = await exam.get("/Users", query)
        taken(exam, reply, warned, "sort is said to be supported, and")
        orders.append([text(get(user, "userName")) for user in resources(document(reply))])
    if len(orders[0]) < 2:
        return skipped("There are too few users to see an order.")
    if orders[0] == orders[1]:
        return warned("sort is said to be supported, and ascending and descending come in the same order.")
    return passed("sortBy sorts, as it says.")


@About(
    "meta_location",
    "Resources name their own address",
    Area.LISTS,
    trips="Clients that follow meta.location end elsewhere; Okta and Entra build the address themselves.",
    expected="meta.location is the address of the resource, below the base URL.",
    fix="Tell the service the address it is reached by: a proxy in front of it hides that.",
    source="RFC 7643, section 3.1; RFC 7644, section 3.1",
    needs=("users_list",),
)
async def meta_location(exam: Examination) -> Verdict:
    user = known_user(exam)
    location = text(get(get(user, "meta"), "location"))
    wanted = f"{exam.url}/Users/{text(get(user, 'id'))}"
    if not location:
        return warned("There is no meta.location.")
    if unquote(location) == unquote(wanted):
        return passed("They do.")
    if "://" not in location:
        return warned("It is relative.")
    host, own = (url.partition("://")[2].partition("/")[0] for url in (location, exam.url))
    if host == own:
        return warned("It leads to another path of the same host.")
    return warned(f"It leads to {host[:100]}, not to {own}.")


CHECKS_FIRST: tuple[Check, ...] = (users_list, groups_list)
CHECKS: tuple[Check, ...] = (attributes_chosen, members_left_out, sort_flag, meta_location)
