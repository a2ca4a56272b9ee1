"""What the service says of itself, and whether it is true."""

from collections.abc import Mapping
from typing import Any

from spoke_admin.doctor.checks import About, Check, Examination, JudgedError, flag_verdict
from spoke_admin.doctor.documents import USER, document, identifier_of
from spoke_admin.doctor.results import Area, Verdict, failed, passed, warned
from spoke_admin.domain.scim_json import get, resources, text

SCIM_TYPES = ("application/scim+json", "application/json")
FLAGS = ("patch", "bulk", "filter", "changePassword", "sort", "etag")
READ_BY = "Okta and Entra do not read it; people and other clients choose by it what to send."


async def _had(exam: Examination, path: str) -> Any:
    """The JSON at a path; where it is not to be had, the check ends with a warning."""
    reply = await exam.get(path)
    found = document(reply)
    if not reply.ok or not isinstance(found, dict | list):
        words = f"{exam.came(reply)} that is no JSON" if reply.ok else exam.said(reply)
        raise JudgedError(warned(f"Nothing is to be had there: {words}."))
    return found


def _listed(found: Any) -> list[Mapping[str, Any]]:
    """What a list holds, also where it is a bare one, without the frame of a ListResponse."""
    return resources({"Resources": found} if isinstance(found, list) else found)


@About(
    "content_type",
    "Answers say that they are SCIM JSON",
    Area.DISCOVERY,
    trips="Entra refuses JSON that is sent as text/html; strict clients everything but application/scim+json.",
    expected="Content-Type: application/scim+json (application/json is put up with).",
    fix="Have every answer with a body sent as application/scim+json.",
    source="RFC 7644, section 3.1",
    needs=("token_accepted",),
)
async def content_type(exam: Examination) -> Verdict:
    reply = await exam.get("/Users", {"startIndex": "1", "count": "1"})
    if reply.media_type == SCIM_TYPES[0]:
        return passed(reply.media_type)
    if reply.media_type == SCIM_TYPES[1]:
        return passed(f"{reply.media_type}, which is put up with.")
    return failed(f"The list of users comes as {reply.quote(reply.media_type) or 'nothing in particular'}.")


@About(
    "service_provider_config",
    "The ServiceProviderConfig is there",
    Area.DISCOVERY,
    trips=READ_BY,
    expected=f"200 with {', '.join(FLAGS)}, each with supported true or false.",
    fix="Have GET /ServiceProviderConfig answered with all six features.",
    source="RFC 7644, section 4; RFC 7643, section 5",
    needs=("token_accepted",),
)
async def service_provider_config(exam: Examination) -> Verdict:
    exam.config = await _had(exam, "/ServiceProviderConfig")
    missing = [name for name in FLAGS if exam.flag(name) is None]
    if missing:
        return warned(f"It says nothing of {', '.join(missing)}.")
    yes = [name for name in FLAGS if exam.flag(name)]
    return passed(f"Supported: {', '.join(yes) or 'nothing'}.")


@About(
    "authentication_announced",
    "The way of logging in is announced",
    Area.DISCOVERY,
    trips=READ_BY,
    expected="authenticationSchemes names at least one scheme with a type, such as oauthbearertoken.",
    fix="Have the ServiceProviderConfig name the scheme that its tokens belong to.",
    source="RFC 7643, section 5",
    needs=("service_provider_config",),
)
async def authentication_announced(exam: Examination) -> Verdict:
    schemes = get(exam.config, "authenticationSchemes")
    kinds = [text(get(scheme, "type")) for scheme in schemes] if isinstance(schemes, list) else []
    if not any(kinds):
        return warned("No scheme is announced.")
    return passed(", ".join(kind[:40] for kind in kinds if kind))


@About(
    "resource_types",
    "User and Group are announced as resource types",
    Area.DISCOVERY,
    trips=READ_BY,
    expected="A list with User at /Users and Group at /Groups.",
    fix="Have GET /ResourceTypes answered with every endpoint that there is.",
    source="RFC 7644, section 4; RFC 7643, section 6",
    needs=("token_accepted",),
)
async def resource_types(exam: Examination) -> Verdict:
    listed = _listed(await _had(exam, "/ResourceTypes"))
    ends = {text(get(it, "endpoint")).rstrip("/").rpartition("/")[2]: text(get(it, "schema")) for it in listed}
    wanted = {"Users", "Groups"} if exam.profile.scim.group_push else {"Users"}
    if missing := sorted(wanted - ends.keys()):
        return warned(f"Nothing is said of {' and '.join(missing)}.")
    if ends["Users"].lower() != USER.lower():
        return warned("Users have another schema than that of RFC 7643.")
    return passed(f"{len(listed)}: {', '.join(sorted(ends))[:120]}.")


@About(
    "schemas",
    "The schemas are there",
    Area.DISCOVERY,
    trips="Okta's and Entra's mappings are made by people who look here; what is missing here is guessed.",
    expected="A list in which the User schema names its attributes.",
    fix="Have GET /Schemas answered with every schema in use.",
    source="RFC 7644, section 4; RFC 7643, section 7",
    needs=("token_accepted",),
)
async def schemas(exam: Examination) -> Verdict:
    listed = _listed(await _had(exam, "/Schemas"))
    exam.announced = {identifier_of(it).lower(): _names(get(it, "attributes")) for it in listed}
    own = exam.announced.get(USER.lower())
    if own is None:
        return warned("The User schema is not among them.")
    if not own:
        return warned("The User schema names no attributes.")
    return passed(f"{len(listed)}; User has {len(own)} attributes.")


def _names(attributes: Any) -> set[str]:
    items = attributes if isinstance(attributes, list) else []
    return {name for item in items[:1000] if (name := text(get(item, "name")).lower())}


@About(
    "schema_by_id",
    "A schema can be had by its URN",
    Area.DISCOVERY,
    trips=READ_BY,
    expected=f"200 to GET /Schemas/{USER}.",
    fix="Have single schemas answered at /Schemas/URN.",
    source="RFC 7644, section 4",
    needs=("schemas",),
)
async def schema_by_id(exam: Examination) -> Verdict:
    found = identifier_of(await _had(exam, f"/Schemas/{USER}"))
    return passed("It can.") if found.lower() == USER.lower() else warned("Another document came.")


@About(
    "filter_flag_true",
    "What it says of filters is true",
    Area.DISCOVERY,
    trips="Who believes it reads everyone instead of asking for one; Okta and Entra filter without asking.",
    expected="filter.supported true, and filters work.",
    fix="Have filter.supported say what the service does.",
    source="RFC 7643, section 5",
    needs=("service_provider_config",),
)
async def filter_flag(exam: Examination) -> Verdict:
    reply, found = await exam.find("/Users", 'userName eq "spoke-admin-doctor-nobody@example.com"')
    works = reply.ok and not found
    return flag_verdict(exam, "filter", works, reply, failed)


CHECKS: tuple[Check, ...] = (
    content_type, service_provider_config, authentication_announced, resource_types, schemas, schema_by_id, filter_flag,
)  # fmt: skip
