"""The states a fresh stand-in starts in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spoke_admin.domain.forecast import Verdict, forecast
from spoke_admin.domain.person import Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Feature
from spoke_admin.sandbox.identity_provider import StandInIdentityProvider
from spoke_admin.sandbox.identity_provider.scim_body import scim_user
from spoke_admin.sandbox.saml_check import read_saml
from spoke_admin.sandbox.scim_door import Mode, ScimDoor
from spoke_admin.sandbox.settings import Settings

Scenario = Literal["set-up", "migrate-users", "push-groups"]

PUSHES = (Feature.PUSH_NEW_USERS, Feature.PUSH_PROFILE_UPDATES, Feature.PUSH_USER_DEACTIVATION)
OLD_INSTANCE = "askSpoke (old instance)"


@dataclass(frozen=True)
class Stage:
    """The two stand-ins, before anything has happened."""

    profile: ServiceProfile
    settings: Settings
    scim: ScimDoor
    scim_url: str
    okta: StandInIdentityProvider


def begin(stage: Stage, scenario: Scenario, mode: Mode, people: Sequence[Person]) -> Secret | None:
    """Puts fresh stand-ins into the scenario's state; the SCIM token where that made one."""
    if scenario == "set-up":
        return stage.settings.connect_scim() if mode == "rfc" else None
    stage.settings.saml = read_saml({"metadata": stage.okta.metadata()})
    stage.settings.set_saml_state("active")
    token = stage.settings.connect_scim()
    kept = {person.id: scim_user(_as_kept(person, stage.profile), stage.profile) for person in people}
    pushed = {identifier: stage.scim.add("User", user) for identifier, user in kept.items()}
    if scenario == "migrate-users":
        stage.okta.seed_application(OLD_INSTANCE, stage.scim_url, token, PUSHES, pushed)
    else:
        features = (*PUSHES, Feature.GROUP_PUSH)
        stage.okta.seed_application(stage.profile.title, stage.scim_url, token, features, pushed)
    return token


def _as_kept(person: Person, profile: ServiceProfile) -> Person:
    """The person without what the service would have ignored when it was pushed."""
    lost = {row.value for row in forecast(person, profile) if row.verdict is Verdict.IGNORED}
    return Person(person.id, {name: value for name, value in person.attributes.items() if value not in lost})
