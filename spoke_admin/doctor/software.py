"""Which software answers, where it gives itself away: its makers' list of open faults is worth a look."""

from spoke_admin.doctor.checks import Examination
from spoke_admin.domain.scim_json import get, text


def software_of(exam: Examination) -> str:
    """The name of a well-known SCIM server, "" where it is not told."""
    config = exam.config
    schemes = get(config, "authenticationSchemes")
    first = schemes[0] if isinstance(schemes, list) and schemes else None
    description = text(get(first, "description"))
    location = text(get(get(config, "meta"), "location"))
    if description.startswith("Authentication scheme using the") and location.endswith("/ServiceProviderConfig"):
        return "SCIMMY"
    limits = (get(get(config, "filter"), "maxResults"), get(get(config, "bulk"), "maxOperations"))
    if exam.flag("filter") is False and exam.flag("changePassword") and limits == (50, 1000):
        return "django-scim2"
    if text(get(first, "name")) == "bearer_token" and description == "HTTP Bearer Token":
        return "scim2-server"
    return ""
