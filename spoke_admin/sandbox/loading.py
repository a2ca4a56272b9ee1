"""Puts a snapshot into fresh stand-ins: users and groups into the service, people into the identity provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from scim2_models import SCIMException

from spoke_admin.domain.forecast import mapped
from spoke_admin.domain.person import Group, Person
from spoke_admin.domain.phone import judge_us_phone
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.sandbox.identity_provider.scim_body import scim_user
from spoke_admin.sandbox.people import groups as sample_groups
from spoke_admin.sandbox.scim_door import ScimDoor
from spoke_admin.sandbox.snapshot import Document, Snapshot, groups_of, people_of


@dataclass(frozen=True)
class Loaded:
    """What the identity provider knows of a snapshot; `ids`: the service's id of each of its people."""

    people: Sequence[Person]
    groups: Sequence[Group]
    ids: Mapping[str, str]
    words: str


def load(snapshot: Snapshot, scim: ScimDoor, profile: ServiceProfile) -> Loaded:
    """Stores everything that is in the snapshot. Raises AdminError with the place of what cannot be stored."""
    if snapshot.people:
        users = [scim_user(as_kept(person, profile), profile) for person in snapshot.people]
        ids = [_add(snapshot, scim, "User", user, f"user {number + 1}") for number, user in enumerate(users)]
        pushed = {person.id: identifier for person, identifier in zip(snapshot.people, ids, strict=True)}
        words = f"Loaded {_counted(len(ids), 'user')} from {snapshot.path.name}."
        return Loaded(snapshot.people, sample_groups(snapshot.people), pushed, words)
    kept = [(number, user) for number, user in enumerate(snapshot.users) if not _gone(user, scim)]
    ids = [_add(snapshot, scim, "User", user, f"users[{number}]") for number, user in kept]
    left_out = {str(user["id"]) for user in snapshot.users if user.get("id")} - set(ids)
    for number, group in enumerate(snapshot.groups):
        _add(snapshot, scim, "Group", _without(group, left_out), f"groups[{number}]")
    people = people_of([user for _, user in kept], profile)
    person_of = {identifier: person.id for identifier, person in zip(ids, people, strict=True)}
    groups = groups_of(snapshot.groups, person_of)
    words = f"Loaded {_counted(len(ids), 'user')} and {_counted(len(groups), 'group')} from {snapshot.path.name}."
    if missing := len(snapshot.users) - len(ids):
        were = "was" if missing == 1 else "were"
        words += f" {_counted(missing, 'inactive user')} {were} left out: {profile.title} removes whom it deactivates."
    return Loaded(people, groups, {person: identifier for identifier, person in person_of.items()}, words)


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _gone(user: Document, scim: ScimDoor) -> bool:
    """Whether the service that is played has no such account: it removes those that are not active."""
    return scim.removes_inactive and user.get("active") is False


def _without(group: Document, left_out: set[str]) -> Document:
    members = group.get("members")
    if not left_out or not isinstance(members, list):
        return group
    kept = [member for member in members if not (isinstance(member, dict) and member.get("value") in left_out)]
    return group | {"members": kept}


def _add(snapshot: Snapshot, scim: ScimDoor, kind: str, document: Document, place: str) -> str:
    try:
        return scim.load(kind, document)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
        way = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"])
        raise snapshot.refusal(place + way, first["msg"].rstrip(".").lower()) from None
    except SCIMException as fault:
        raise snapshot.refusal(place, str(fault.detail or fault).rstrip(".")) from None


def as_kept(person: Person, profile: ServiceProfile) -> Person:
    """The person without the phone numbers that the service would have ignored when they were pushed."""
    if profile.phone is None:
        return person
    sent = [mapped(attribute, person)[1] for attribute in profile.attribute if attribute.rule == "phone"]
    lost = {number for number in sent if number.strip() and not judge_us_phone(number).kept}
    return Person(person.id, {name: value for name, value in person.attributes.items() if value not in lost})
