"""Which software answers, where it gives itself away: its makers' list of open faults is worth a look."""

from spoke_admin.doctor.checks import Examination
from spoke_admin.doctor.scim_json import member, text


def software_of(exam: Examination) -> str:
    """The name of a well-known SCIM server, "" where it is not told."""
    config = exam.config
    schemes = member(config, "authenticationSchemes")
    first = schemes[0] if isinstance(schemes, list) and schemes else None
    description = text(member(first, "description"))
    location = text(member(member(config, "meta"), "location"))
    if description.startswith("Authentication scheme using the") and location.endswith("/ServiceProviderConfig"):
        return "SCIMMY"
    limits = (member(member(config, "filter"), "maxResults"), member(member(config, "bulk"), "maxOperations"))
    if exam.flag("filter") is False and exam.flag("changePassword") and limits == (50, 1000):
        return "django-scim2"
    if text(member(first, "name")) == "bearer_token" and description == "HTTP Bearer Token":
        return "scim2-server"
    return ""
