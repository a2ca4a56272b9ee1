"""A roster held against the users a service has: what provisioning will do with each person, said before it begins.

User names are compared as SCIM does (RFC 7643, section 4.1.1: `userName` does not mind case), without outer blanks.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.systems import ServiceUser


class Standing(StrEnum):
    """How a login of the roster stands at the service.

    exists: an active user whom an identity provider is linked to (an external ID); linked: an active user without one;
    created: nobody; deactivated: a user who is not active; ambiguous: several users whose names differ in case or
    blanks alone, or not at all; no_login: the row names nobody.
    """

    EXISTS = "exists"
    LINKED = "linked"
    CREATED = "created"
    DEACTIVATED = "deactivated"
    AMBIGUOUS = "ambiguous"
    NO_LOGIN = "no_login"


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """`places`: for each standing the numbers of the logins in the order they came, from 0, ascending.

    `only_there`: the service's users whom no login names. `alike`: those whose names cannot be told apart, two or more
    each. `complete` is False where the service may have users it did not show: then nobody is surely created.
    """

    places: Mapping[Standing, "array[int]"]
    only_there: tuple[ServiceUser, ...]
    alike: tuple[tuple[ServiceUser, ...], ...]
    complete: bool

    def count(self, standing: Standing) -> int:
        """How many logins stand so. A login that the roster holds twice counts twice."""
        return len(self.places[standing])


@dataclass(frozen=True, slots=True)
class Explained:
    """A standing in an admin's words: what it is called and what it means."""

    title: str
    meaning: str


def folded(user_name: str) -> str:
    """The form in which two user names are compared."""
    return user_name.strip().casefold()


def cross_check(logins: Iterable[str], users: Iterable[ServiceUser], *, complete: bool = True) -> CrossCheck:
    """Every login with its standing. `logins` is gone through once, so that it can be read from a file meanwhile."""
    by_name: dict[str, ServiceUser] = {}
    alike: dict[str, list[ServiceUser]] = {}
    for user in users:
        name = folded(user.user_name)
        first = by_name.setdefault(name, user)
        if first is not user:
            alike.setdefault(name, [first]).append(user)
    places = {standing: array("I") for standing in Standing}
    rows = {name: places[_standing(user)] for name, user in by_name.items()}
    rows.update((name, places[Standing.AMBIGUOUS]) for name in alike)
    rows[""] = places[Standing.NO_LOGIN]
    met = _sort_in(logins, rows, places[Standing.CREATED])
    return CrossCheck(
        places=places,
        only_there=tuple(
            user for name, first in by_name.items() if name not in met for user in alike.get(name, (first,))
        ),
        alike=tuple(tuple(several) for several in alike.values()),
        complete=complete,
    )


def _standing(user: ServiceUser) -> Standing:
    if not user.active:
        return Standing.DEACTIVATED
    return Standing.EXISTS if user.external_id else Standing.LINKED


def _sort_in(logins: Iterable[str], rows: Mapping[str, "array[int]"], others: "array[int]") -> set[str]:
    """Puts the place of each login into the row of its name, or among the others; the names that were met."""
    met = set[str]()
    row_of, meet, no_row = rows.get, met.add, others.append
    for place, login in enumerate(logins):
        name = login.strip().casefold()  # as `folded`; a million calls of it would take as long as all the rest
        row = row_of(name)
        if row is None:
            no_row(place)
        else:
            row.append(place)
            meet(name)
    met.discard("")
    return met


def explained(standing: Standing, profile: ServiceProfile, *, complete: bool = True) -> Explained:
    """What a standing means at this service. `complete`: as in `CrossCheck`."""
    service, name = profile.title, _identifier(profile)
    match standing:
        case Standing.EXISTS:
            there = f"{service} has an active user with this {name}, and an identity provider is linked to it."
            return Explained("Exists already", f"{there} Provisioning updates it.{_fixed(profile)}")
        case Standing.LINKED:
            there = f"{service} has an active user with this {name}, and no identity provider is linked to it."
            finds = f"Provisioning finds it by its {name} and links it, instead of creating a second one."
            return Explained("Will be linked", f"{there} {finds}{_fixed(profile)}")
        case Standing.CREATED if complete:
            return Explained("Will be created", f"{service} has no user with this {name}. Provisioning creates one.")
        case Standing.CREATED:
            return Explained(
                "Not found, perhaps created",
                f"None of the users that {service} showed has this {name}, but it may have users that it did not show."
                " Provisioning creates the person unless there is one after all.",
            )
        case Standing.DEACTIVATED:
            return Explained("Is deactivated", _deactivated(profile))
        case Standing.AMBIGUOUS:
            return Explained(
                "Is there more than once",
                f"{service} has several users with this {name}; they differ in upper and lower case or in blanks, if at"
                f" all. Which of them provisioning takes is not known: keep one in {service} before you provision.",
            )
        case Standing.NO_LOGIN:
            return Explained("Has no login", "The row has no login, so there is nobody to look for. Fill it in.")


def only_there_explained(profile: ServiceProfile) -> Explained:
    """What `CrossCheck.only_there` means at this service."""
    return Explained(
        "Not in the roster",
        f"{profile.title} has these users, and no row of the file names them. Provisioning people from the file leaves"
        " them as they are.",
    )


def _deactivated(profile: ServiceProfile) -> str:
    there = f"{profile.title} has a user with this {_identifier(profile)}, and it is deactivated."
    if profile.user.deactivation == "removes":
        return (
            f"{there} By its documents {profile.title} removes the account of whoever is deactivated, so this should"
            " not be: ask its support before you provision the person."
        )
    return (
        f"{there} Provisioning finds it and, as a rule, makes it active again: check first that it is the same person"
        " and that the person may come back."
    )


def _fixed(profile: ServiceProfile) -> str:
    if profile.user.identifier not in profile.user.fixed:
        return ""
    return f" {profile.title} ignores a change of the {_identifier(profile)}: it stays as it is written there."


def _identifier(profile: ServiceProfile) -> str:
    attribute = profile.attribute_of(profile.user.identifier)
    return attribute.label.lower() if attribute is not None else profile.user.identifier
