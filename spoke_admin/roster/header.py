"""The head of a file of users: delimiter, header record, and what field each column holds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spoke_admin.domain.person import OKTA_ATTRIBUTES
from spoke_admin.roster.reading import QUOTE, QUOTE_BOUND, Lines, Record, records

DELIMITERS = ",;\t"
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


def bare(name: str) -> str:
    """A header without case and blanks."""
    return "".join(name.split()).casefold()


_OURS = {bare(name): name for name in KNOWN}
_THEIRS = {bare(name): fields for name, fields in TEMPLATES.items()}


@dataclass(frozen=True, slots=True)
class Columns:
    """The header as written, and by field the place of its column. `unknown` and `duplicate` are places."""

    record: Record
    places: dict[str, int]
    unknown: tuple[int, ...]
    duplicate: tuple[int, ...]

    @property
    def names(self) -> list[str]:
        return self.record.cells

    def missing(self) -> list[str]:
        """Required fields no column holds, in the order of the template."""
        return [name for name in REQUIRED if name not in self.places]


def open_table(lines: Lines) -> tuple[str, Record | None, Iterator[Record]]:
    """Delimiter, header and the records after it; None when there is no header."""
    delimiter = ""
    for line in lines:
        if not line.strip():
            continue
        if not delimiter and (separator := re.fullmatch(r"sep=([^\r\n\"])", line.rstrip("\r\n"), re.IGNORECASE)):
            delimiter = separator[1]
            continue
        if re.match(r'"?version:', line, re.IGNORECASE):
            continue
        if not line.strip(f"{delimiter or DELIMITERS}{QUOTE}\r\n \t"):
            continue
        lines.give_back([line])
        break
    else:
        return delimiter or ",", None, iter(())
    delimiter = delimiter or _delimiter(lines)
    rows = records(lines, delimiter)
    return delimiter, next(rows, None), rows


def _delimiter(lines: Lines) -> str:
    """Whichever of comma, semicolon and tab is most frequent in the header outside quotes."""
    taken, size, in_quotes = list[str](), 0, False
    counts = dict.fromkeys(DELIMITERS, 0)
    for line in lines:
        taken.append(line)
        size += len(line)
        for number, part in enumerate(line.split(QUOTE)):
            if (number % 2 == 1) == in_quotes:
                for delimiter in DELIMITERS:
                    counts[delimiter] += part.count(delimiter)
        in_quotes ^= line.count(QUOTE) % 2 == 1
        if not in_quotes or size > QUOTE_BOUND:
            break
    lines.give_back(taken)
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def columns_of(record: Record) -> Columns:
    """Exact names first, then without case and blanks, then the known templates; the first of a field counts."""
    places: dict[str, int] = {}
    unknown, duplicate, foreign = list[int](), list[int](), list[tuple[int, tuple[str, ...]]]()
    for place, name in enumerate(record.cells):
        field = name if name in KNOWN else _OURS.get(bare(name))
        if field is not None:
            if field in places:
                duplicate.append(place)
            else:
                places[field] = place
        elif (fields := _template(name)) is not None:
            foreign.append((place, fields))
        else:
            unknown.append(place)
    for place, fields in foreign:
        free = [field for field in fields if field not in places]
        places |= dict.fromkeys(free, place)
        if fields and not free:
            duplicate.append(place)
    return Columns(record, places, tuple(unknown), tuple(sorted(duplicate)))


def _template(name: str) -> tuple[str, ...] | None:
    """What a column of a known template holds: `Mobile phone [mobile]`, `First Name [Required]`, `surname`."""
    without = re.sub(r"\brequired\b", "", name, flags=re.IGNORECASE)
    inside = re.search(r"\[([^\]]*)\]", without)
    for candidate in (name, inside[1] if inside else "", re.sub(r"\[[^\]]*\]", "", without)):
        key = bare(candidate)
        if key in _THEIRS:
            return _THEIRS[key]
        if key in _OURS:
            return (_OURS[key],)
    return None
