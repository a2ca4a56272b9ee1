"""What field each column of a file of users holds: by Okta's names, or those of another known template."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spoke_admin.domain.person import OKTA_ATTRIBUTES

KNOWN = (*OKTA_ATTRIBUTES, "startDate")
REQUIRED = ("login", "email", "firstName", "lastName")

# Columns of other templates: what we check of them, by their name in that template. Facts of Microsoft Entra's bulk
# creation and Google Workspace's upload; () is known and not checked.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "userPrincipalName": ("login", "email"), "passwordProfile": (), "accountEnabled": (), "givenName": ("firstName",),
    "surname": ("lastName",), "jobTitle": ("title",), "usageLocation": (), "physicalDeliveryOfficeName": (),
    "telephoneNumber": ("primaryPhone",), "mobile": ("mobilePhone",), "postalCode": ("zipCode",),
    "country": ("countryCode",),
    "Email Address": ("login", "email"), "Password": (), "Password Hash Function": (), "Org Unit Path": (),
    "New Primary Email": (), "Recovery Email": (), "Home Secondary Email": (), "Work Secondary Email": (),
    "Recovery Phone": (), "Work Phone": ("primaryPhone",), "Home Phone": (), "Work Address": (), "Home Address": (),
    "Employee ID": ("employeeNumber",), "Employee Type": (), "Employee Title": ("title",), "Manager Email": (),
    "Building ID": (), "Floor Name": (), "Floor Section": (), "Change Password at Next Sign-In": (),
    "New Status": (), "Advanced Protection Program enrollment": (),
}  # fmt: skip

_BRACKET = re.compile(r"\[([^\]]*)\]")
_REQUIRED_WORD = re.compile(r"\s+required\s*$", re.IGNORECASE)
_READ_ONLY = re.compile(r"\[\s*read only\s*\]\s*$", re.IGNORECASE)  # what Google's export adds to its upload's columns


def bare(name: str) -> str:
    """A header without case and blanks."""
    return "".join(name.split()).casefold()


_OURS = {bare(name): (name,) for name in KNOWN}
_THEIRS = {bare(name): fields for name, fields in TEMPLATES.items()}


@dataclass(frozen=True, slots=True)
class Columns:
    """The header as written; `fields` has what each column holds, () where nothing is checked.

    `unknown` and `duplicate` are places of columns.
    """

    names: tuple[str, ...]
    fields: tuple[tuple[str, ...], ...]
    unknown: frozenset[int]
    duplicate: frozenset[int]

    def missing(self) -> list[str]:
        """Required fields no column holds, in the order of the template."""
        held = {field for fields in self.fields for field in fields}
        return [field for field in REQUIRED if field not in held]


def columns_of(names: list[str]) -> Columns:
    """Each header by its exact name, else without case and blanks, else by a known template; a field's first counts.

    A column that serves as two fields (Entra's `userPrincipalName`) leaves one that has a column of its own to that.
    """
    meant = [_meant(name) for name in names]
    alone = {fields[0] for fields in meant if fields and len(fields) == 1}
    taken: set[str] = set()
    held: list[tuple[str, ...]] = []
    duplicate: set[int] = set()
    for place, fields in enumerate(meant):
        free = tuple(_free(fields or (), taken, alone))
        if fields and not free:
            duplicate.add(place)
        taken.update(free)
        held.append(free)
    unknown = frozenset(place for place, fields in enumerate(meant) if fields is None)
    return Columns(tuple(names), tuple(held), unknown, frozenset(duplicate))


def _free(fields: tuple[str, ...], taken: set[str], alone: set[str]) -> Iterator[str]:
    for field in fields:
        if field not in taken and not (len(fields) > 1 and field in alone):
            yield field


def _meant(name: str) -> tuple[str, ...] | None:
    """The fields a header names; None for an unknown one."""
    if name in KNOWN:
        return (name,)
    return _find(_OURS, name) or _of_template(name)


def _of_template(name: str) -> tuple[str, ...] | None:
    """`Mobile phone [mobile]`, `First Name [Required]`, `surname`: by what is in brackets or by what is outside."""
    if _READ_ONLY.search(name):
        return ()
    inside = _BRACKET.search(name)
    outside = _REQUIRED_WORD.sub("", _BRACKET.sub("", name))
    for candidate in (name, inside[1] if inside else "", outside):
        for table in (_THEIRS, _OURS):
            if (fields := _find(table, candidate)) is not None:
                return fields
    return None


def _find(table: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...] | None:
    return table.get(bare(name))
