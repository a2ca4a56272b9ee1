"""Changes in the forms of Okta and Entra, each read back: a 200 alone proves nothing. With --write only."""

from collections.abc import Mapping

from spoke_admin.doctor.checks import About, Check, Examination, Operation, flag_verdict, someone, taken
from spoke_admin.doctor.documents import BULK, ENTERPRISE, document, identifier_of
from spoke_admin.doctor.objects import note
from spoke_admin.doctor.refusals import NO_ID
from spoke_admin.doctor.results import Area, Verdict, declared, failed, passed, skipped, warned
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import get, value_at, version_of

PATCHING = "RFC 7644, section 3.5.2"
WORK_MAIL = 'emails[type eq "work"].value'
WORK_PHONE = 'phoneNumbers[type eq "work"].value'


async def _changed(exam: Examination, wanted: Mapping[str, str], *operations: Operation) -> Verdict:
    """Sends a PATCH for a test user and passes when what is wanted is there when it is read back."""
    identifier = someone(exam)
    return await _read_back(exam, identifier, await exam.patch("Users", identifier, *operations), wanted)


async def _read_back(exam: Examination, identifier: str, reply: Reply, wanted: Mapping[str, str]) -> Verdict:
    """Passes when a change was accepted and, read back, is there."""
    taken(exam, reply)
    read, now = await exam.read("Users", identifier)
    if not read.ok:
        return failed(f"HTTP {reply.status}, and then the user cannot be read: {exam.said(read)}.")
    lost = [path for path, value in wanted.items() if value_at(now, path) != value]
    if lost:
        return failed(f"HTTP {reply.status}, and silently not kept: {', '.join(lost)}.")
    if reply.status not in (200, 204):
        return warned(f"It is kept, and answered with HTTP {reply.status} where 200 or 204 is meant.")
    if reply.status == 200 and not identifier_of(document(reply)):
        return warned("It is kept, and answered with HTTP 200 without the user in the body.")
    return passed(f"HTTP {reply.status}, and it is kept.")


@About(
    "put_okta",
    "A user is replaced as Okta does it",
    Area.CHANGING,
    trips="Okta pushes no changes of profiles: it reads the user, and puts the whole of it back.",
    expected="200 with the user; the change is there when it is read back.",
    fix="Have PUT /Users/ID taken with everything that GET shows, read-only attributes included.",
    source="RFC 7644, section 3.5.1; Okta: PUT /Users/ID",
    needs=("users_list",),
    writes=True,
)
async def put_okta(exam: Examination) -> Verdict:
    identifier = someone(exam)
    _, now = await exam.read("Users", identifier)
    if not isinstance(now, dict):
        return failed("The user cannot be read before it is put back.")
    name = get(now, "name")
    body = {**now, "name": {**(name if isinstance(name, dict) else {}), "familyName": "Put", "formatted": "Zoë Put"}}
    reply = await exam.ask.ask("PUT", exam.address("Users", identifier), body)
    return await _read_back(exam, identifier, reply, {"name.familyName": "Put"})


@About(
    "patch_one",
    "One attribute is changed",
    Area.CHANGING,
    trips="Entra: it never puts whole users, each of its changes is a PATCH.",
    expected="200 with the user or 204; the change is there.",
    fix="Have PATCH with a path taken.",
    source=PATCHING,
    needs=("users_list",),
    writes=True,
)
async def patch_one(exam: Examination) -> Verdict:
    operation = {"op": "replace", "path": "name.familyName", "value": "Patched"}
    return await _changed(exam, {"name.familyName": "Patched"}, operation)


@About(
    "patch_many",
    "Several attributes are changed at once, without a path",
    Area.CHANGING,
    trips="Okta deactivates so, with one attribute; Entra with its newer flag, OneLogin and others change whole"
    " profiles so.",
    expected="200 with the user or 204; all of it is there.",
    fix="Have PATCH without a path taken, whose value is an object of attributes.",
    source=f"{PATCHING}.3",
    needs=("users_list",),
    writes=True,
)
async def patch_many(exam: Examination) -> Verdict:
    value = {"title": "Several at once", "name": {"givenName": "Zoë", "familyName": "Many"}}
    wanted = {"title": "Several at once", "name.familyName": "Many"}
    return await _changed(exam, wanted, {"op": "replace", "value": value})


@About(
    "patch_entra",
    "Entra's words for operations are understood",
    Area.CHANGING,
    trips="Entra writes Add, Replace and Remove with a capital, several in one call, and paths with a filter.",
    expected="200 with the user or 204; all of it is there.",
    fix="Have the names of operations read without case, and paths such as emails[type eq “work”].value understood.",
    source=f"{PATCHING}; Entra: PATCH /Users/ID",
    needs=("users_list",),
    writes=True,
)
async def patch_entra(exam: Examination) -> Verdict:
    mail = value_at((await exam.read("Users", someone(exam)))[1], WORK_MAIL)
    operations: list[Operation] = [
        {"op": "Replace", "path": "name.givenName", "value": "Zoé"},
        {"op": "Add", "path": "title", "value": "Added by Entra's form"},
    ]
    wanted = {"name.givenName": "Zoé", "title": "Added by Entra's form"}
    if mail:  # the same again: that a change of it is kept is a check of its own
        operations.append({"op": "Replace", "path": WORK_MAIL, "value": mail})
        wanted[WORK_MAIL] = mail
    return await _changed(exam, wanted, *operations)


@About(
    "patch_entra_new_value",
    "A value that is not there yet is added by a path with a filter",
    Area.CHANGING,
    trips="Entra adds a first phone number or address so: refused, that person stays unsynchronised for ever.",
    expected="200 or 204; the value is there, with the type that the filter names.",
    fix="Have a filtered path that matches nothing make the value.",
    source="Entra: Add phoneNumbers[type eq “work”].value; RFC 7644, section 3.5.2.1 says nothing of it",
    needs=("users_list",),
    writes=True,
)
async def patch_entra_new_value(exam: Examination) -> Verdict:
    if exam.profile.attribute_of(WORK_PHONE) is None:
        return skipped("The profile knows no phone number.")
    identifier = someone(exam)
    reply = await exam.patch("Users", identifier, {"op": "Add", "path": WORK_PHONE, "value": "+1 415-555-2671"})
    taken(exam, reply)
    kept = "".join(it for it in value_at((await exam.read("Users", identifier))[1], WORK_PHONE) if it.isdigit())
    return passed("It is.") if kept.endswith("4155552671") else failed(f"HTTP {reply.status}, and it is not there.")


@About(
    "patch_entra_manager",
    "A manager that is a plain text is understood",
    Area.CHANGING,
    trips="Entra sends the manager's id alone, not as an object: refused, who has a manager stays unsynchronised.",
    expected="200 or 204; manager.value holds the id.",
    fix="Have a text for manager taken for its value.",
    source="Entra: Add urn:…:enterprise:2.0:User:manager",
    needs=("create_entra",),
    writes=True,
)
async def patch_entra_manager(exam: Examination) -> Verdict:
    identifier, manager = exam.own.get("entra", ""), exam.own.get("okta", "")
    if not (identifier and manager) or exam.profile.attribute_of(f"{ENTERPRISE}:manager.value") is None:
        return skipped("There are no two test users, or the profile knows no manager.")
    operation = {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": manager}
    reply = await exam.patch("Users", identifier, operation)
    return await _read_back(exam, identifier, reply, {f"{ENTERPRISE}:manager.value": manager})


@About(
    "patch_entra_dotted",
    "Dotted names and URNs are understood in a value without a path",
    Area.CHANGING,
    trips="Entra with its flag aadOptscim062020; where it is taken and not kept, nobody is told.",
    expected="200 or 204; all of it is there.",
    fix="Have keys such as name.givenName and urn:…:User:department read as paths; until then do not set that flag.",
    source="Entra: aadOptscim062020; RFC 7644, section 3.10",
    needs=("create_entra",),
    writes=True,
)
async def patch_entra_dotted(exam: Examination) -> Verdict:
    department = f"{ENTERPRISE}:department"
    value = {"name.familyName": "Dotted"}
    if exam.profile.attribute_of(department) is not None:
        value[department] = "Dots"
    reply = await exam.patch("Users", exam.own["entra"], {"op": "replace", "value": value})
    taken(exam, reply, warned)
    return await _read_back(exam, exam.own["entra"], reply, value)


@About(
    "patch_unknown_attribute",
    "A path that is none is refused",
    Area.CHANGING,
    trips="Nobody is told: a mapping with a misspelt attribute looks as if it worked.",
    expected="400 with scimType invalidPath or noTarget.",
    fix="Have paths that name no attribute refused.",
    source=f"{PATCHING}; RFC 7644, section 3.12",
    needs=("patch_one",),
    writes=True,
)
async def patch_unknown_attribute(exam: Examination) -> Verdict:
    operation = {"op": "replace", "path": "noSuchAttributeOfUsers", "value": "x"}
    reply = await exam.patch("Users", someone(exam), operation)
    if reply.ok:
        return warned(f"HTTP {reply.status}, as if it had been kept.")
    return passed("HTTP 400.") if reply.status == 400 else warned(f"It is refused with {exam.said(reply)}.")


@About(
    "change_unknown_user",
    "A change of somebody who is not there is a 404",
    Area.CHANGING,
    trips="Okta and Entra make a user anew when they learn that it is gone; they learn it by the 404 alone.",
    expected="404 to PATCH and PUT.",
    fix="Have unknown ids answered with 404.",
    source="RFC 7644, section 3.12",
    needs=("users_list",),
    writes=True,
)
async def change_unknown_user(exam: Examination) -> Verdict:
    patch = await exam.patch("Users", NO_ID, {"op": "replace", "path": "name.familyName", "value": "x"})
    body = exam.people.okta("nobody")
    marked = exam.journal.making("Users", body["userName"])  # some make what they should replace
    exam.made.append(marked)
    put = await exam.ask.ask("PUT", f"/Users/{NO_ID}", body)
    await note(exam, marked, put)
    if put.ok:
        return failed(f"PUT makes the user: HTTP {put.status}.")
    if (patch.status, put.status) == (404, 404):
        return passed("HTTP 404 to both.")
    return failed(f"PATCH: {exam.said(patch)}; PUT: {exam.said(put)}.")


@About(
    "rename_user",
    "A user can be renamed",
    Area.CHANGING,
    trips="People marry. Where the change is silently ignored, Okta and Entra go on with a name that is not there.",
    expected="The new userName, read back under the same id.",
    fix="Have userName changed; where it must not be, have the change refused with 400 (mutability).",
    source="RFC 7643, section 4.1.1",
    needs=("patch_one",),
    writes=True,
)
async def rename_user(exam: Examination) -> Verdict:
    return await _fixed(exam, "userName", exam.people.user_name("renamed"))


@About(
    "change_email",
    "An e-mail address can be changed",
    Area.CHANGING,
    trips="Silently ignored, mail goes to an address that is no longer the person's.",
    expected="The new address, read back.",
    fix="Have the address changed; where it must not be, have the change refused with 400 (mutability).",
    source="RFC 7643, section 4.1.2",
    needs=("patch_one",),
    writes=True,
)
async def change_email(exam: Examination) -> Verdict:
    return await _fixed(exam, WORK_MAIL, exam.people.user_name("changed"))


async def _fixed(exam: Examination, path: str, value: str) -> Verdict:
    """Changes what a profile may declare to be ignored."""
    identifier = someone(exam)
    before = value_at((await exam.read("Users", identifier))[1], path)
    reply = await exam.patch("Users", identifier, {"op": "replace", "path": path, "value": value})
    after = value_at((await exam.read("Users", identifier))[1], path)
    if after == value:
        if path in exam.profile.user.fixed:
            return warned("It can, and the profile says that it is ignored.", fix="Correct `fixed` in the profile.")
        return passed("It can.")
    taken(exam, reply, warned)
    if path in exam.profile.user.fixed and after == before:
        return declared("The change is silently ignored.", exam.profile.user.fixed_quote)
    return failed(f"HTTP {reply.status}, and it is {'silently not changed' if after == before else 'another one now'}.")


@About(
    "etag",
    "A change of something that changed meanwhile is refused",
    Area.CHANGING,
    trips="Two who change the same group at once, one of whom is silently undone; Okta and Entra send no If-Match.",
    expected="Where etag is announced: meta.version, and 412 to an If-Match that is out of date.",
    fix="Have If-Match honoured, or etag announced as not supported.",
    source="RFC 7644, section 3.14",
    needs=("service_provider_config", "put_okta"),
    writes=True,
)
async def etag(exam: Examination) -> Verdict:
    if not exam.flag("etag"):
        return passed("It is not announced; nobody needs it.")
    identifier = someone(exam)
    read, now = await exam.read("Users", identifier)
    version = version_of(now)
    if not version:
        return warned("etag is said to be supported, and there is no meta.version.")
    if read.headers.get("etag", version) != version:
        return warned("The header ETag is another one than meta.version.")
    address = exam.address("Users", identifier)
    stale = await exam.ask.ask("PUT", address, now, headers={"if-match": 'W/"spoke-admin-doctor-stale"'})
    if stale.status != 412:
        return warned(f"A version that is out of date is answered with HTTP {stale.status}.")
    fresh = await exam.ask.ask("PUT", address, now, headers={"if-match": version})
    return passed("It is.") if fresh.ok else warned(f"The version that holds is refused: {exam.said(fresh)}.")


@About(
    "patch_flag_true",
    "What it says of PATCH is true",
    Area.CHANGING,
    trips="Clients that choose between PUT and PATCH by it; Okta and Entra patch without asking.",
    expected="patch.supported true, and PATCH works.",
    fix="Have patch.supported say what the service does.",
    source="RFC 7643, section 5",
    needs=("service_provider_config",),
    writes=True,
)
async def patch_flag(exam: Examination) -> Verdict:
    operation = {"op": "replace", "path": "name.familyName", "value": "Flag"}
    reply = await exam.patch("Users", someone(exam), operation)
    return flag_verdict(exam, "patch", reply.ok, reply, failed)


@About(
    "bulk_flag_true",
    "What it says of Bulk is true",
    Area.CHANGING,
    trips="Clients that send many changes at once; Okta and Entra never do.",
    expected="bulk.supported says whether POST /Bulk is answered.",
    fix="Have bulk.supported say what the service does.",
    source="RFC 7643, section 5; RFC 7644, section 3.7",
    needs=("service_provider_config",),
    writes=True,
)
async def bulk_flag(exam: Examination) -> Verdict:
    operation = {"method": "DELETE", "path": f"/Users/{NO_ID}"}  # changes nothing: there is none of that id
    body = {"schemas": [BULK], "Operations": [operation]}
    reply = await exam.ask.ask("POST", "/Bulk", body)
    return flag_verdict(exam, "bulk", reply.ok, reply)


@About(
    "password_flag_true",
    "What it says of changing passwords is true",
    Area.CHANGING,
    trips="Okta, where “Sync Password” is switched on: refused, people go on with the old password. Entra sends none.",
    expected="changePassword.supported true, and a new password is taken; or false.",
    fix="Have changePassword.supported say what the service does; do not switch on “Sync Password” until then.",
    source="RFC 7643, section 5; Okta: Sync Password",
    needs=("service_provider_config",),
    writes=True,
)
async def password_flag(exam: Examination) -> Verdict:
    reply = await exam.patch("Users", someone(exam), {"op": "replace", "value": {"password": exam.people.new_password}})
    if exam.flag("changePassword") is False:
        return passed(f"It is not announced; HTTP {reply.status} came, and what became of it cannot be seen.")
    return flag_verdict(exam, "changePassword", reply.ok, reply)


CHECKS: tuple[Check, ...] = (
    put_okta, patch_one, patch_many, patch_entra, patch_entra_new_value, patch_entra_manager, patch_entra_dotted,
    patch_unknown_attribute, change_unknown_user, rename_user, change_email, etag, patch_flag, bulk_flag,
    password_flag,
)  # fmt: skip
