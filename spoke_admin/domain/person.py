"""People and groups as an identity provider or a roster describes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The 31 attributes of Okta's base user profile, in the order of Okta's own CSV template.
OKTA_ATTRIBUTES = (
    "login", "firstName", "lastName", "middleName", "honorificPrefix", "honorificSuffix", "email", "title",
    "displayName", "nickName", "profileUrl", "secondEmail", "mobilePhone", "primaryPhone", "streetAddress", "city",
    "state", "zipCode", "countryCode", "postalAddress", "preferredLanguage", "locale", "timezone", "userType",
    "employeeNumber", "costCenter", "organization", "division", "department", "managerId", "manager",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A person, by the attribute names of Okta's base profile; an attribute that was never set is absent."""

    id: str
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def login(self) -> str:
        return self.attributes.get("login", "")

    @property
    def name(self) -> str:
        """What to call the person: display name, else first and last name, else the login."""
        parts = (self.attributes.get("firstName", ""), self.attributes.get("lastName", ""))
        return self.attributes.get("displayName") or " ".join(part for part in parts if part) or self.login


@dataclass(frozen=True, slots=True)
class Group:
    """A group and the ids of its members."""

    id: str
    name: str
    member_ids: tuple[str, ...] = ()
