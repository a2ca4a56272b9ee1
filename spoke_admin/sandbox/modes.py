"""The two modes of the stand-in service: they differ by the rules of the profile that is played, by nothing else."""

from dataclasses import replace
from typing import Literal

from spoke_admin.domain.profile import Attribute, ServiceProfile

Mode = Literal["askspoke", "rfc"]

# the schemas of a user in RFC 7643, sections 4.1 and 4.3
STANDARD = frozenset(
    {
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    }
)


def played(profile: ServiceProfile, mode: Mode) -> ServiceProfile:
    """What the stand-in holds to: the profile as it is, or, in mode rfc, without every rule that the standard lacks."""
    if mode == "askspoke":
        return profile
    return replace(
        profile,
        plan=profile.plan and replace(profile.plan, required=profile.plan.known[0]),
        saml=profile.saml and replace(profile.saml, before_scim=False),
        scim=replace(profile.scim, new_token_ends_old=False),
        user=replace(profile.user, fixed=(), deactivation="disables"),
        phone=None,
        attribute=tuple(attribute for attribute in profile.attribute if attribute not in own_attributes(profile)),
    )


def own_attributes(profile: ServiceProfile) -> list[Attribute]:
    """The attributes that the standard does not define: those of a schema of the service's own."""
    return [it for it in profile.attribute if it.path.startswith("urn:") and it.path.rpartition(":")[0] not in STANDARD]
