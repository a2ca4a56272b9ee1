"""Errors: the right status, as SCIM JSON, and no faults of the server itself."""

from spoke_admin.doctor.asking import OKTA_SECONDS, Asked
from spoke_admin.doctor.checks import About, Check, Examination, known_user
from spoke_admin.doctor.documents import ERROR, document, identifier_of, texts
from spoke_admin.doctor.results import Area, Verdict, failed, passed, warned
from spoke_admin.domain.scim_json import get

ERRORS = "RFC 7644, section 3.12"
NO_ID = "spoke-admin-doctor-0000-no-such-id"
SLOW = 5.0  # seconds


@About(
    "error_not_found",
    "Who is not there is a 404",
    Area.ERRORS,
    trips="Okta and Entra learn from the 404 that somebody was removed; everything else they try again, for days.",
    expected="404 to GET /Users/ID of an id that is not there.",
    fix="Have unknown ids answered with 404.",
    source=ERRORS,
    needs=("users_list",),
)
async def not_found(exam: Examination) -> Verdict:
    reply = await exam.get(f"/Users/{NO_ID}")
    return passed("HTTP 404.") if reply.status == 404 else failed(f"{exam.said(reply)}.")


@About(
    "error_form",
    "Errors are told as SCIM JSON",
    Area.ERRORS,
    trips="Okta and Entra show the admin what the body says; of a web page they show nothing of use.",
    expected='{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": …}.',
    fix="Have every error sent as a SCIM error with a detail that says what is wrong.",
    source=ERRORS,
    needs=("error_not_found",),
)
async def error_form(exam: Examination) -> Verdict:
    reply = await exam.get(f"/Users/{NO_ID}")
    found = document(reply)
    if found is None:
        return warned(f"{exam.came(reply)} instead of JSON.")
    if ERROR not in texts(get(found, "schemas")):
        return warned("It is JSON that does not say that it is a SCIM error.")
    return passed("They are.") if get(found, "detail") else warned("It is one without a detail.")


@About(
    "error_status_text",
    "The status in an error is a text",
    Area.ERRORS,
    trips="Strict clients, which refuse a number there; Okta and Entra read the status of the answer itself.",
    expected='"status": "404", in quotes, and the same as the answer\'s own.',
    fix="Have the status sent as a text.",
    source=ERRORS,
    needs=("error_form",),
)
async def status_text(exam: Examination) -> Verdict:
    reply = await exam.get(f"/Users/{NO_ID}")
    status = get(document(reply), "status")
    if status == str(reply.status):
        return passed("It is.")
    if status is None:
        return warned("There is none.")
    return warned("It is a number." if status == reply.status else "It is another one than the answer's own.")


@About(
    "error_unknown_endpoint",
    "An address that is none is a 404",
    Area.ERRORS,
    trips="A server that answers 200 with a web page to everything looks well to every test of a connection.",
    expected="404, as SCIM JSON.",
    fix="Have everything below the base URL answered by SCIM.",
    source=ERRORS,
    needs=("token_accepted",),
)
async def unknown_endpoint(exam: Examination) -> Verdict:
    reply = await exam.get("/SpokeAdminDoctorNoSuchEndpoint")
    if reply.ok:
        return failed(f"{exam.came(reply)}.")
    if reply.status != 404:
        return warned(f"{exam.said(reply)}.")
    return passed("HTTP 404.") if document(reply) is not None else warned("HTTP 404 with a body that is no JSON.")


@About(
    "read_by_id",
    "A user can be read by id",
    Area.ERRORS,
    trips="Okta reads the user by id before each change, and sends back what it read.",
    expected="200 with the same user.",
    fix="Have GET /Users/ID answered.",
    source="RFC 7644, section 3.4.1",
    needs=("users_list",),
)
async def read_by_id(exam: Examination) -> Verdict:
    identifier = identifier_of(known_user(exam))
    reply, found = await exam.read("Users", identifier)
    if not reply.ok:
        return failed(f"{exam.said(reply)}.")
    same = identifier_of(found) == identifier
    return passed("It can.") if same else failed("Another document came.")


@About(
    "server_faults",
    "The server itself never fails",
    Area.WHOLE_RUN,
    trips="Okta and Entra try again after each 5xx, for hours, and stop the synchronisation when there are many.",
    expected="No 5xx to any call of this run; 501 only where a feature is announced as not supported.",
    fix="Have the service's makers look at these calls in the server's log.",
    source="RFC 9110, section 15.6",
    needs=("speaks_scim",),
)
async def server_faults(exam: Examination) -> Verdict:
    faults = [it for it in exam.ask.asked if (it.status or 0) >= 500 and not _announced(exam, it)]
    found = dict.fromkeys(f"{it.method} {it.path}: HTTP {it.status}" for it in faults)
    if not found:
        return passed(f"{len(exam.ask.asked)} calls, and none that failed so.")
    words = f"{'; '.join(list(found)[:6])}{' …' if len(found) > 6 else ''}."
    return warned(words) if all(line.endswith(" 501") for line in found) else failed(words)


def _announced(exam: Examination, asked: Asked) -> bool:
    """Whether a 501 is what the ServiceProviderConfig announces."""
    feature = "bulk" if asked.path == "/Bulk" else "patch" if asked.method == "PATCH" else ""
    return asked.status == 501 and bool(feature) and exam.flag(feature) is False


@About(
    "whole_answers",
    "Answers are whole, and no longer than they must be",
    Area.WHOLE_RUN,
    trips="Okta and Entra give up on answers that break off, or that are larger than they take.",
    expected="Every answer whole, as long as it says, at most 2 MB for a page.",
    fix="Look for a proxy that cuts connections; have pages honour count; have answers packed only when asked for.",
    source="RFC 9112, section 6.3",
    needs=("reachable", "redirects"),
)
async def whole_answers(exam: Examination) -> Verdict:
    broken = [it for it in exam.ask.asked if it.kind == "broken"]
    if not broken:
        return passed("They are.")
    first = broken[0]
    return failed(f"{len(broken)} of {len(exam.ask.asked)} were not; {first.method} {first.path}: {first.fault}")


@About(
    "response_time",
    "Answers come in time",
    Area.WHOLE_RUN,
    trips=f"Okta waits {OKTA_SECONDS:.0f} s for an answer, Entra less; what takes longer is tried again.",
    expected=f"Each within {SLOW:.0f} s, none above {OKTA_SECONDS:.0f} s.",
    fix="Have the slow calls looked at: mostly a list without an index, or members read one by one.",
    source="Okta: 60 s for a call",
    needs=("reachable",),
)
async def response_time(exam: Examination) -> Verdict:
    late = [it for it in exam.ask.asked if it.kind == "too late"]
    if late:
        first = late[0]
        words = f"{len(late)} calls were not answered in time; {first.method} {first.path}: {first.fault}"
        if exam.ask.silent:
            return failed(f"{words} It stopped answering: nothing more was asked.")
        enough = exam.ask.times.one_call >= OKTA_SECONDS
        return failed(words) if enough else warned(f"{words} Okta would wait longer, as --deadline 360 does.")
    slowest = max(exam.ask.asked, key=lambda it: it.seconds)
    words = f"The slowest took {slowest.seconds:.1f} s: {slowest.method} {slowest.path}."
    return warned(words) if slowest.seconds > SLOW else passed(words)


@About(
    "rate_limit",
    "A limit of calls says how long to wait",
    Area.WHOLE_RUN,
    trips="Okta waits as many whole seconds as Retry-After says, without it 5 minutes, then ever longer.",
    expected="With each 429 a Retry-After in whole seconds.",
    fix="Have Retry-After sent with each 429.",
    source="RFC 6585, section 4; Okta: 429",
    needs=("reachable",),
)
async def rate_limit(exam: Examination) -> Verdict:
    refused = [it for it in exam.ask.asked if it.status == 429]
    if not refused:
        return passed("No call of this run was refused for that.")
    if all(it.retry_after.strip().isdigit() for it in refused):
        return passed(f"{len(refused)} calls were refused, each with Retry-After.")
    return warned(f"{len(refused)} calls were refused, not all with Retry-After in whole seconds.")


CHECKS: tuple[Check, ...] = (not_found, error_form, status_text, unknown_endpoint, read_by_id)
CHECKS_LAST: tuple[Check, ...] = (server_faults, whole_answers, response_time, rate_limit)
