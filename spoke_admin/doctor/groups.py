"""Groups as Okta and Entra push them; above all that removing one member never wipes the rest. With --write only."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from spoke_admin.doctor.asking import NoAnswerError, NoTimeError
from spoke_admin.doctor.checks import About, Check, Examination, Operation, taken
from spoke_admin.doctor.documents import document, identifier_of, members
from spoke_admin.doctor.objects import AT_A_TIME, make
from spoke_admin.doctor.refusals import NO_ID
from spoke_admin.doctor.results import Area, Verdict, failed, passed, skipped, warned
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.scim_json import get, text

PATCHING = "RFC 7644, section 3.5.2"
MANY, FEWER = 40, 12  # members of the big group; fewer where each call takes long
LONG = 0.25  # seconds


def _values(identifiers: Iterable[str]) -> list[Mapping[str, str]]:
    return [{"value": identifier} for identifier in identifiers]


def _with(identifiers: Iterable[str]) -> Operation:
    return {"op": "add", "path": "members", "value": _values(identifiers)}


def _without(identifier: str) -> Operation:
    return {"op": "remove", "path": f'members[value eq "{identifier}"]'}


async def _membership(exam: Examination, group: str) -> set[str]:
    return members((await exam.read("Groups", group))[1])


def _pair(exam: Examination) -> tuple[str, str, str]:
    """Ids of the test group and two test users; "" for what is not there."""
    own = exam.own
    return own.get("group", ""), own.get("okta", ""), own.get("entra", "") or own.get("full", "")


async def _set_up(exam: Examination, group: str, wanted: Sequence[str]) -> bool:
    """Makes the members of the test group these; whether they are."""
    there = await _membership(exam, group)
    if there != set(wanted):
        await exam.patch("Groups", group, {"op": "replace", "path": "members", "value": _values(wanted)})
        there = await _membership(exam, group)
    if missing := sorted(set(wanted) - there):
        await exam.patch("Groups", group, _with(missing))
        there = await _membership(exam, group)
    return there == set(wanted)


async def _removal(exam: Examination, operation: Callable[[str], Operation]) -> Verdict:
    """Gives the test group two members, removes one of them by the operation, and looks who is left."""
    group, one, other = _pair(exam)
    if not (other and await _set_up(exam, group, [one, other])):
        return skipped("The group cannot be given two members.")
    reply = await exam.patch("Groups", group, operation(one))
    now = await _membership(exam, group)
    if now == {other}:
        return passed(f"HTTP {reply.status}, and the others are still there.")
    taken(exam, reply)
    if not now:
        return failed(f"HTTP {reply.status}, and the group is empty: everyone was removed.")
    return failed(f"HTTP {reply.status}, and {'nobody was' if one in now else 'others were'} removed.")


@About(
    "group_create",
    "A group is made as Okta does it",
    Area.GROUPS,
    trips="Okta pushes no groups: it makes an empty one, and adds the members afterwards.",
    expected="201 with the group and its id.",
    fix="Have POST /Groups taken with displayName and an empty list of members.",
    source="RFC 7644, section 3.3; Okta: POST /Groups",
    needs=("groups_list",),
    writes=True,
)
async def group_create(exam: Examination) -> Verdict:
    reply = await make(exam, "Groups", exam.people.group("group"), "group")
    if not reply.ok:
        return failed(f"{exam.said(reply)}.")
    if not identifier_of(document(reply)):
        return failed(f"HTTP {reply.status} without the group's id.")
    if "group" not in exam.own:
        return failed(f"HTTP {reply.status} with another group than the new one.")
    return passed("HTTP 201.") if reply.status == 201 else warned(f"HTTP {reply.status} where 201 is meant.")


@About(
    "group_add_members",
    "Members are added",
    Area.GROUPS,
    trips="Okta and Entra push groups without anybody in them.",
    expected="200 or 204; the members are there.",
    fix="Have add with path members and a list of values taken.",
    source=f"{PATCHING}.1",
    needs=("group_create", "create_okta"),
    writes=True,
)
async def group_add_members(exam: Examination) -> Verdict:
    group, one, other = _pair(exam)
    wanted = {it for it in (one, other) if it}
    reply = await exam.patch("Groups", group, _with(sorted(wanted)))
    taken(exam, reply)
    now = await _membership(exam, group)
    return passed(f"HTTP {reply.status}, and they are there.") if now == wanted else failed("They are not there.")


@About(
    "group_in_user",
    "A user tells its groups",
    Area.GROUPS,
    trips="Services and people that look at the user alone; Okta and Entra read the group.",
    expected="groups of the user holds the group.",
    fix="Have the user's groups worked out from the groups.",
    source="RFC 7643, section 4.1.2 (groups: read-only)",
    needs=("group_add_members",),
    writes=True,
)
async def group_in_user(exam: Examination) -> Verdict:
    group, one, _ = _pair(exam)
    listed = get((await exam.read("Users", one))[1], "groups")
    there = [text(get(it, "value")) for it in listed] if isinstance(listed, list) else []
    return passed("It does.") if group in there else warned("It does not.")


@About(
    "group_remove_filter",
    "One member is removed by a path with a filter",
    Area.GROUPS,
    trips="Okta, and Entra with its newer flag: who left a group stays in it.",
    expected="200 or 204; this one is gone, the others are still there.",
    fix="Have remove with path members[value eq “id”] understood.",
    source=f"{PATCHING}.2",
    needs=("group_add_members",),
    writes=True,
)
async def group_remove_filter(exam: Examination) -> Verdict:
    return await _removal(exam, _without)


@About(
    "group_remove_entra",
    "Entra's removal of one member does not wipe the group",
    Area.GROUPS,
    trips="Entra removes with path members and a list of values, without a filter: where the values are ignored,"
    " everyone is removed from the group.",
    expected="200 or 204; this one is gone, the others are still there.",
    fix="Have a remove with a list of values take out those alone; until then set Entra's flag aadOptscim062020.",
    source="Entra: Remove members; RFC 7644, section 3.5.2.2",
    needs=("group_add_members",),
    writes=True,
)
async def group_remove_entra(exam: Examination) -> Verdict:
    return await _removal(exam, lambda one: {"op": "Remove", "path": "members", "value": [{"value": one}]})


@About(
    "group_swap_okta",
    "Members are removed and added in one call",
    Area.GROUPS,
    trips="Okta sends both in one PATCH when a group changed meanwhile.",
    expected="200 or 204; both took effect.",
    fix="Have all operations of a PATCH done, in their order.",
    source="Okta: PATCH /Groups/ID; RFC 7644, section 3.5.2",
    needs=("group_add_members",),
    writes=True,
)
async def group_swap_okta(exam: Examination) -> Verdict:
    group, one, other = _pair(exam)
    if not await _set_up(exam, group, [one]):
        return skipped("The group cannot be given one member.")
    reply = await exam.patch("Groups", group, _without(one), _with([other]))
    taken(exam, reply)
    now = await _membership(exam, group)
    return passed(f"HTTP {reply.status}, and both took effect.") if now == {other} else failed("Not both took effect.")


@About(
    "group_rename_okta",
    "A group is renamed as Okta does it",
    Area.GROUPS,
    trips="Okta: the group keeps its old name, or is made a second time.",
    expected="200 or 204; the new name is there, and the members as before.",
    fix="Have a PATCH without a path taken whose value is {id, displayName}.",
    source="Okta: PATCH /Groups/ID",
    needs=("group_create",),
    writes=True,
)
async def group_rename_okta(exam: Examination) -> Verdict:
    group = exam.own["group"]
    before = await _membership(exam, group)
    name = exam.people.group_name("renamed")
    reply = await exam.patch("Groups", group, {"op": "replace", "value": {"id": group, "displayName": name}})
    taken(exam, reply)
    _, now = await exam.read("Groups", group)
    if text(get(now, "displayName")) != name:
        return failed(f"HTTP {reply.status}, and silently not kept.")
    if members(now) != before:
        return failed("The new name is there, and the members are others.")
    return passed(f"HTTP {reply.status}, and it is kept.")


@About(
    "group_unknown_member",
    "A member who is not there is refused, or kept",
    Area.GROUPS,
    trips="Okta and Entra, when somebody was removed meanwhile: where the yes is not true, they never send that member"
    " again.",
    expected="400 or 404, and the group as before; or the member, as it was sent.",
    fix="Have ids that are no users refused; at the least do not answer yes to what is not done.",
    source=f"{PATCHING}: a yes means that it was done; RFC 7644, section 3.12",
    needs=("group_create",),
    writes=True,
)
async def group_unknown_member(exam: Examination) -> Verdict:
    group = exam.own["group"]
    before = await _membership(exam, group)
    reply = await exam.patch("Groups", group, _with([NO_ID]))
    now = await _membership(exam, group)
    if NO_ID in now:
        await exam.patch("Groups", group, _without(NO_ID))
        return passed(f"HTTP {reply.status}, and it is kept, as the standard leaves open.")
    if now != before:
        return failed(f"HTTP {reply.status}, and the members are others than before.")
    if reply.ok:
        return warned(f"HTTP {reply.status}, and nobody was added: silently ignored.")
    return passed(f"HTTP {reply.status}.") if reply.status in (400, 404) else warned(f"{exam.said(reply)}.")


@About(
    "group_big",
    "A big membership is taken in one call",
    Area.GROUPS,
    trips="Okta and Entra send many members in one PATCH; some services take the first few, or need too long.",
    expected="All of them are members afterwards.",
    fix="Have add take lists of any length, or refused with 413 when they are too long.",
    source=f"{PATCHING}.1; Okta: 60 s for a call",
    needs=("group_add_members",),
    writes=True,
)
async def group_big(exam: Examination) -> Verdict:
    if exam.undeletable:
        return skipped("It makes many users, and what is made here cannot be deleted.")
    took = sorted(it.seconds for it in exam.ask.asked)[len(exam.ask.asked) // 2]
    number = FEWER if took > LONG else MANY
    made = await _crowd(exam, number)
    if len(made) < number:
        exam.ask.seconds_for_a_call()  # where there is none left, that is the reason
        return failed(f"Of {number} users {len(made)} could be made.", expected="Each is made.", fix="See create_okta.")
    group = exam.own["group"]
    reply = await exam.patch("Groups", group, _with(made))
    taken(exam, reply, what=f"A list of {number} members")
    there = await _membership(exam, group) & set(made)
    seconds = exam.ask.asked[-2].seconds
    if len(there) < number:
        return failed(f"Of {number} members {len(there)} are there.")
    return passed(f"{number} in {seconds:.1f} s.")


async def _crowd(exam: Examination, number: int) -> list[str]:
    """Makes test users, some at a time; the ids of those that were made."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def one(place: int) -> str:
        async with places:
            body = exam.people.full(f"crowd-{place}")
            try:
                reply = await make(exam, "Users", body)
            except (NoAnswerError, NoTimeError, AdminError):
                return ""
            return identifier_of(document(reply)) if reply.ok else ""

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(place)) for place in range(number)]
    return [task.result() for task in tasks if task.result()]


CHECKS: tuple[Check, ...] = (
    group_create, group_add_members, group_in_user, group_remove_filter, group_remove_entra, group_swap_okta,
    group_rename_okta, group_unknown_member, group_big,
)  # fmt: skip
