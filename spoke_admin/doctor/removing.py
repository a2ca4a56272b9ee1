"""Taking test objects away: those of this run, and those that a killed one left."""

from collections.abc import Sequence

from spoke_admin.doctor.checks import About, Check, Examination, taken
from spoke_admin.doctor.documents import identifier_of
from spoke_admin.doctor.exchanges import is_marked, quoted
from spoke_admin.doctor.marked import Marked
from spoke_admin.doctor.objects import make, remove
from spoke_admin.doctor.refusals import NO_ID
from spoke_admin.doctor.results import Area, Verdict, failed, passed, skipped, warned

BY_HAND = "Remove what is named by hand; its name begins with spoke-admin-doctor-."


@About(
    "leftovers",
    "No test objects of an earlier run are left",
    Area.CREATING,
    trips="Nobody, until the next synchronisation: Okta's import would bring them in as people.",
    expected="None; --write removes what a run that was killed left behind.",
    fix="Run with --write: it removes them first.",
    source="Spoke Admin's own journal",
    needs=("token_accepted",),
)
async def leftovers(exam: Examination) -> Verdict:
    left = list(exam.journal.left)
    if not left:
        return passed("None.")
    if not exam.write:
        return warned(f"{len(left)} may be left of a run that was ended.")
    stay = await remove(exam, left, ours=False)
    # the first lists may have shown what is gone now: no later check may look for it
    if is_marked(exam.known_user):
        exam.known_user = None
    if is_marked(exam.known_group):
        exam.known_group = None
    if stay:
        return failed(f"{len(stay)} of {len(left)} stay: {_names(stay)}.", fix=BY_HAND)
    return passed(f"{len(left)} were looked for; what was there is removed.")


@About(
    "delete_user",
    "A user can be deleted",
    Area.REMOVING,
    trips="Entra deletes users 30 days after they were removed there; Okta never does.",
    expected="204, then 404 to a GET; gone from the list.",
    fix="Have DELETE /Users/ID answered with 204.",
    source="RFC 7644, section 3.6",
    needs=("create_okta",),
    writes=True,
)
async def delete_user(exam: Examination) -> Verdict:
    marked = _of(exam, "location")
    if marked is None:
        return skipped("There is no test user for it.")
    exam.undeletable = True
    reply = await exam.ask.ask("DELETE", exam.address("Users", marked.id))
    taken(exam, reply, warned)
    after, _ = await exam.read("Users", marked.id)
    if after.status not in (404, 410):
        return failed(f"HTTP {reply.status}, and then it is still there: HTTP {after.status}.")
    _, found = await exam.find("/Users", f'userName eq "{quoted(marked.name)}"')
    if any(identifier_of(user) == marked.id for user in found):
        return failed("It is gone by id, and is still listed.")
    exam.undeletable = False
    del exam.own["location"]
    exam.journal.gone(marked)
    exam.made.remove(marked)
    return passed("HTTP 204.") if reply.status == 204 else warned(f"HTTP {reply.status} where 204 is meant.")


@About(
    "create_again",
    "A user name that was deleted is free again",
    Area.REMOVING,
    trips="People who come back: Okta and Entra make them anew, and are refused for ever.",
    expected="201, with another id.",
    fix="Have the user names of deleted users free, or deleted users brought back by a POST.",
    source="RFC 7644, section 3.6",
    needs=("delete_user",),
    writes=True,
)
async def create_again(exam: Examination) -> Verdict:
    reply = await make(exam, "Users", exam.people.okta("location"), "again")
    if reply.status == 409:
        return failed("HTTP 409: the user name is still taken.")
    return passed("It is.") if reply.ok else failed(f"{exam.said(reply)}.")


@About(
    "delete_unknown",
    "Deleting somebody who is not there is a 404",
    Area.REMOVING,
    trips="Entra takes the 404 for done; everything else it tries again.",
    expected="404.",
    fix="Have unknown ids answered with 404.",
    source="RFC 7644, section 3.6",
    needs=("delete_user",),
    writes=True,
)
async def delete_unknown(exam: Examination) -> Verdict:
    reply = await exam.ask.ask("DELETE", f"/Users/{NO_ID}")
    if reply.status == 404:
        return passed("HTTP 404.")
    return warned(f"HTTP {reply.status}.") if reply.ok else failed(f"{exam.said(reply)}.")


@About(
    "cleaned_up",
    "Every test object is gone again",
    Area.REMOVING,
    trips="Okta's import would bring them in as people.",
    expected="None is left.",
    fix=BY_HAND,
    source="RFC 7644, section 3.6",
    writes=True,
)
async def cleaned_up(exam: Examination) -> Verdict:
    made = list(exam.made)
    exam.ask.times.cleaning = True
    stay = await remove(exam, made, ours=True)
    exam.made = stay
    if stay:
        return failed(f"{len(stay)} of {len(made)} stay: {_names(stay)}.")
    return passed(f"{len(made)} were made and are gone.")


def _of(exam: Examination, what: str) -> Marked | None:
    return next((it for it in exam.made if it.id and it.id == exam.own.get(what)), None)


def _names(stay: Sequence[Marked]) -> str:
    told = ", ".join(f"{it.name}{f' ({it.id})' if it.id else ''}" for it in stay[:5])
    return f"{told}{' …' if len(stay) > 5 else ''}"


CHECKS_FIRST: tuple[Check, ...] = (leftovers,)
CHECKS: tuple[Check, ...] = (delete_user, create_again, delete_unknown)
CHECKS_LAST: tuple[Check, ...] = (cleaned_up,)
