"""Filters: both identity providers look people up before they make them, and make them twice when that fails."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from spoke_admin.doctor.checks import About, Check, Examination, known_user, taken
from spoke_admin.doctor.documents import document, identifier_of
from spoke_admin.doctor.exchanges import quoted
from spoke_admin.doctor.results import Area, Verdict, failed, passed, skipped, warned
from spoke_admin.domain.scim_json import get, resources, text

FILTERING = "RFC 7644, section 3.4.2.2"
NOBODY = "spoke-admin-doctor-nobody"


def _by_name(name: str) -> str:
    return f'userName eq "{quoted(name)}"'


def _there(exam: Examination, found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the known user is among what was found."""
    wanted = identifier_of(exam.known_user)
    return any(identifier_of(user) == wanted for user in found)


async def _looked_up(
    exam: Examination, condition: str, otherwise: str, judge: Callable[[str], Verdict] = failed
) -> Verdict:
    """Passes when the condition finds the known user; where nobody is found, says `otherwise`."""
    reply, found = await exam.find("/Users", condition)
    taken(exam, reply, judge)
    if _there(exam, found):
        return passed("The user is found.")
    return judge(otherwise if not found else "Other users are found.")


@About(
    "filter_user_name",
    "A user is found by user name",
    Area.FILTERS,
    trips="Okta looks so before each creation, Entra before each change: who is not found is made again.",
    expected="The one user of that name.",
    fix='Have userName eq "…" answered with that user.',
    source=f"{FILTERING}; Okta and Entra: GET /Users?filter=userName eq",
    needs=("users_list",),
)
async def filter_user_name(exam: Examination) -> Verdict:
    known_user(exam)
    reply, found = await exam.find("/Users", _by_name(exam.user_name))
    taken(exam, reply)
    if not _there(exam, found):
        return failed("Nobody is found." if not found else "Other users are found.")
    return passed("It is.") if len(found) == 1 else failed(f"{len(found)} users are found: the filter is ignored.")


@About(
    "filter_nobody",
    "Who is not there is not found",
    Area.FILTERS,
    trips="Entra's test of the connection looks for somebody who is not there and wants an empty list; Okta takes"
    " whoever comes first for the person it looked for.",
    expected="200 with totalResults 0.",
    fix="Have a filter that matches nobody answered with an empty list, neither with 404 nor with everybody.",
    source=f"{FILTERING}; Entra: test of the connection",
    needs=("users_list",),
)
async def filter_nobody(exam: Examination) -> Verdict:
    reply, found = await exam.find("/Users", _by_name(f"{NOBODY}@example.com"))
    if not reply.ok:
        return failed(f"{exam.said(reply)}.")
    return failed(f"{len(found)} users are found: the filter is ignored.") if found else passed("An empty list.")


@About(
    "filter_case_of_value",
    "User names are found in any case",
    Area.FILTERS,
    trips="Okta and Entra send the case of their own directory: Jane@… is not found where jane@… is kept, and is then"
    " refused as a duplicate, or made twice.",
    expected="The same user, for userName does not mind case.",
    fix="Have user names compared without case.",
    source="RFC 7643, section 4.1.1 (userName: caseExact false)",
    needs=("filter_user_name",),
)
async def filter_case_of_value(exam: Examination) -> Verdict:
    known_user(exam)
    other = exam.user_name.swapcase()
    if other.lower() != exam.user_name.lower() or other == exam.user_name:
        return skipped("That user name has no other case.")
    return await _looked_up(exam, _by_name(other), "In another case nobody is found.")


@About(
    "filter_case_of_words",
    "Attribute names and operators do not mind case",
    Area.FILTERS,
    trips="Clients that write username or EQ; Okta and Entra write userName eq.",
    expected='The same user for USERNAME EQ "…".',
    fix="Have attribute names and operators read without case.",
    source="RFC 7643, section 2.1; RFC 7644, section 3.4.2.2",
    needs=("filter_user_name",),
)
async def filter_case_of_words(exam: Examination) -> Verdict:
    known_user(exam)
    condition = f'USERNAME EQ "{quoted(exam.user_name)}"'
    return await _looked_up(exam, condition, "With USERNAME EQ nobody is found.", warned)


async def _harmless(exam: Examination, name: str, judge: Callable[[str], Verdict] = failed) -> Verdict:
    """Passes when a name that nobody has is looked for and nobody is found; `judge` says what a refusal is."""
    reply, found = await exam.find("/Users", _by_name(name))
    taken(exam, reply, judge)
    return failed("It finds users who are not called so.") if found else passed("Looked for, and nobody found.")


@About(
    "filter_quote",
    "A quote in a name is read as one",
    Area.FILTERS,
    trips="Names with a quote in them, which are rare; but a server that takes it for the end of the text may let"
    " others write filters of their own.",
    expected='An empty list for userName eq "a\\"b".',
    fix="Have the text between the quotes read as JSON.",
    source=FILTERING,
    needs=("filter_nobody",),
)
async def filter_quote(exam: Examination) -> Verdict:
    return await _harmless(exam, f'{NOBODY}"quote@example.com', warned)


@About(
    "filter_apostrophe",
    "An apostrophe in a name is harmless",
    Area.FILTERS,
    trips="Everyone called O'Brien; and where it ends in a fault of the server, everyone at all.",
    expected="An empty list.",
    fix="Have values handed to the database as parameters, never as part of the query's text.",
    source=FILTERING,
    needs=("filter_nobody",),
)
async def filter_apostrophe(exam: Examination) -> Verdict:
    # no more than a name has: what looks like an attack is refused by the firewalls of good services
    return await _harmless(exam, f"{NOBODY}-o'brien@example.com")


@About(
    "filter_plus",
    "A plus in a name is harmless",
    Area.FILTERS,
    trips="Addresses such as jane+test@…: read as a blank, the plus makes somebody else of them.",
    expected="An empty list for a name with %2B that nobody has.",
    fix="Have %2B read as a plus.",
    source="RFC 3986, section 2.2",
    needs=("filter_nobody",),
)
async def filter_plus(exam: Examination) -> Verdict:
    return await _harmless(exam, f"{NOBODY}+plus@example.com")


@About(
    "filter_at",
    "An @ may stand in the address as it is",
    Area.FILTERS,
    trips="Okta writes %40, Entra and others a bare @.",
    expected="The same for both.",
    fix="Have a bare @ accepted in the query.",
    source="RFC 3986, section 3.4",
    needs=("filter_nobody",),
)
async def filter_at(exam: Examination) -> Verdict:
    name = exam.user_name or f"{NOBODY}@example.com"
    url = f"{exam.url}/Users?filter={quote(_by_name(name), safe='@')}&startIndex=1&count=100"
    reply = await exam.ask.ask("GET", "/Users", url=url)
    taken(exam, reply)
    if exam.user_name and not _there(exam, resources(document(reply))):
        return failed("With a bare @ nobody is found.")
    return passed("It may.")


@About(
    "filter_external_id",
    "A user is found by externalId",
    Area.FILTERS,
    trips="Entra can be set to match people by externalId, and other providers do.",
    expected="200; the user of that externalId where there is one.",
    fix='Have externalId eq "…" answered.',
    source=f"{FILTERING}; RFC 7643, section 3.1",
    needs=("filter_nobody",),
)
async def filter_external_id(exam: Examination) -> Verdict:
    external = text(get(exam.known_user, "externalId"))
    reply, found = await exam.find("/Users", f'externalId eq "{quoted(external or NOBODY)}"')
    taken(exam, reply, warned)
    if not external:
        return warned(f"{len(found)} users are found who have another one.") if found else passed("Nobody is found.")
    return passed("The user is found.") if _there(exam, found) else warned("The user is not found.")


@About(
    "filter_and",
    "Two conditions can be joined by and",
    Area.FILTERS,
    trips="Entra, where more than one attribute matches; other clients.",
    expected="An empty list for a name and a name that nobody has.",
    fix="Have and, or and not understood.",
    source=FILTERING,
    needs=("filter_nobody",),
)
async def filter_and(exam: Examination) -> Verdict:
    condition = f"{_by_name(exam.user_name or NOBODY)} and {_by_name(f'{NOBODY}@example.com')}"
    reply, found = await exam.find("/Users", condition)
    taken(exam, reply, warned)
    return failed("The second condition is ignored.") if found else passed("They can.")


@About(
    "filter_group_name",
    "A group is found by its name",
    Area.FILTERS,
    trips="Entra looks for a group by displayName before it makes one, Okta when a group is linked: not found, it is"
    " made twice.",
    expected="200; an empty list for a name that no group has.",
    fix='Have displayName eq "…" answered at /Groups.',
    source="Entra: GET /Groups?excludedAttributes=members&filter=displayName eq",
    needs=("groups_list",),
)
async def filter_group_name(exam: Examination) -> Verdict:
    group = exam.known_group
    name = text(get(group, "displayName"))
    reply, found = await exam.find("/Groups", f'displayName eq "{quoted(name or NOBODY)}"')
    taken(exam, reply)
    if not name:
        return failed(f"{len(found)} groups of other names are found.") if found else passed("An empty list.")
    there = identifier_of(group) in [identifier_of(it) for it in found]
    return passed("The group is found.") if there else failed("The group is not found.")


@About(
    "filter_broken",
    "A filter that is none is refused",
    Area.FILTERS,
    trips="A filter that is not understood and ignored brings everyone: the first of them is then taken for the person"
    " who was looked for.",
    expected="400 with scimType invalidFilter.",
    fix="Have every filter that is not understood refused with 400.",
    source=f"{FILTERING}: filters that are not understood MUST be refused with 400, invalidFilter",
    needs=("users_list",),
)
async def filter_broken(exam: Examination) -> Verdict:
    reply, found = await exam.find("/Users", 'userName eqq "a" nonsense')
    if reply.status == 400:
        kind = text(get(document(reply), "scimType"))
        return passed("HTTP 400, invalidFilter.") if kind == "invalidFilter" else warned("HTTP 400 without its reason.")
    if reply.ok and found:
        return failed(f"It is ignored: {len(found)} users came.")
    return warned("It is answered with nobody." if reply.ok else f"It is refused with {exam.said(reply)}.")


CHECKS: tuple[Check, ...] = (
    filter_user_name, filter_nobody, filter_case_of_value, filter_case_of_words, filter_quote, filter_apostrophe,
    filter_plus, filter_at, filter_external_id, filter_and, filter_group_name, filter_broken,
)  # fmt: skip
