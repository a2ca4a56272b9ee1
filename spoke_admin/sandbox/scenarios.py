"""The states a fresh stand-in starts in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from spoke_admin.domain.person import Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Feature
from spoke_admin.sandbox.identity_provider import StandInIdentityProvider
from spoke_admin.sandbox.identity_provider.scim_body import scim_user
from spoke_admin.sandbox.loading import as_kept, load
from spoke_admin.sandbox.people import groups, people
from spoke_admin.sandbox.saml_check import read_saml
from spoke_admin.sandbox.scim_door import ScimDoor
from spoke_admin.sandbox.settings import Settings
from spoke_admin.sandbox.snapshot import Snapshot

Scenario = Literal["set-up", "migrate-users", "push-groups"]

PUSHES = (Feature.PUSH_NEW_USERS, Feature.PUSH_PROFILE_UPDATES, Feature.PUSH_USER_DEACTIVATION)
OLD_INSTANCE = "askSpoke (old instance)"


@dataclass(frozen=True)
class Stage:
    """The two stand-ins, before anything has happened. `profile` is what the service is known to take."""

    profile: ServiceProfile
    settings: Settings
    scim: ScimDoor
    scim_url: str
    okta: StandInIdentityProvider


@dataclass(frozen=True)
class Begun:
    """What a start made: the SCIM token, and words on what was loaded."""

    token: Secret | None
    words: str = ""


def begin(stage: Stage, scenario: Scenario, count: int, snapshot: Snapshot | None) -> Begun:
    """Puts fresh stand-ins into the scenario's state: `count` sample people, or those of the snapshot.

    Where nothing has to be done before SCIM can be connected, it is connected from the start.
    Raises AdminError with the place in the snapshot that cannot be loaded.
    """
    loaded = load(snapshot, stage.scim, stage.profile) if snapshot is not None else None
    if loaded is None:
        everyone = people(count)
        stage.okta.begin(everyone, groups(everyone))
    else:
        stage.okta.begin(loaded.people, loaded.groups)
    words = loaded.words if loaded is not None else ""
    if scenario == "set-up":
        gated = stage.profile.saml is not None and stage.profile.saml.before_scim
        return Begun(None if gated else stage.settings.connect_scim(), words)
    stage.settings.saml = read_saml({"metadata": stage.okta.metadata()})
    stage.settings.set_saml_state("active")
    token = stage.settings.connect_scim()
    pushed = loaded.ids if loaded is not None else _pushed(stage, everyone)
    if scenario == "migrate-users":
        stage.okta.seed_application(OLD_INSTANCE, stage.scim_url, token, PUSHES, pushed)
    else:
        features = (*PUSHES, Feature.GROUP_PUSH)
        stage.okta.seed_application(stage.profile.title, stage.scim_url, token, features, pushed)
    return Begun(token, words)


def _pushed(stage: Stage, everyone: Sequence[Person]) -> dict[str, str]:
    """The service's id of each person, after all were pushed."""
    profile = stage.profile
    return {person.id: stage.scim.add("User", scim_user(as_kept(person, profile), profile)) for person in everyone}
