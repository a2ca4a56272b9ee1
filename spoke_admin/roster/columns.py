"""What field each column of a file of users holds: by Okta's names, or those of another known template."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

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

# What the fields are called elsewhere, for suggestions that the admin confirms: never taken for granted.
_ALSO: dict[str, tuple[str, ...]] = {
    "login": ("user name", "user id", "username", "account", "user principal name"),
    "email": ("mail", "e-mail address", "work email", "primary email"),
    "firstName": ("given name", "forename", "first", "vorname", "prenom"),
    "lastName": ("surname", "family name", "last", "nachname", "nom"),
    "displayName": ("full name", "name", "common name"),
    "title": ("job title", "position", "role"),
    "mobilePhone": ("mobile", "cell", "cell phone", "mobile number", "handy"),
    "primaryPhone": ("phone", "telephone", "work phone", "office phone", "phone number", "telefon"),
    "secondEmail": ("recovery email", "personal email", "private email", "secondary email"),
    "streetAddress": ("street", "address", "address line"),
    "city": ("town", "locality", "ort"),
    "state": ("region", "province"),
    "zipCode": ("zip", "postal code", "postcode", "plz"),
    "countryCode": ("country", "country or region"),
    "employeeNumber": ("employee id", "personnel number", "staff number", "badge number", "employee no"),
    "department": ("dept", "team", "org unit"),
    "organization": ("organisation", "company"),
    "costCenter": ("cost centre", "kostenstelle"),
    "managerId": ("manager email", "supervisor id"),
    "manager": ("supervisor", "reports to"),
    "startDate": ("hire date", "date of joining", "joined", "start"),
    "userType": ("employee type", "type"),
    "preferredLanguage": ("language",),
    "timezone": ("time zone", "tz"),
}
LEAST_LIKENESS = 0.75
LONGEST_NAME = 100  # characters of a header that are compared

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


def suggestion(name: str, taken: Iterable[str] = ()) -> str:
    """The known field that an unknown header most likely means, for the admin to confirm; "" where none is likely.

    By similarity of the names, those of other templates and other usual names included; never one that is `taken`.
    """
    free = [field for field in KNOWN if field not in set(taken)]
    wanted = _simple(name)
    if not wanted or not free:
        return ""
    likely = {_simple(alias): field for field in free for alias in (field, *_ALSO.get(field, ()))}
    if wanted in likely:
        return likely[wanted]
    close = get_close_matches(wanted, likely, n=1, cutoff=LEAST_LIKENESS)
    return likely[close[0]] if close else ""


def _simple(name: str) -> str:
    """Letters and digits alone, without case and accents."""
    plain = unicodedata.normalize("NFKD", name[:LONGEST_NAME].casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def _find(table: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...] | None:
    return table.get(bare(name))
