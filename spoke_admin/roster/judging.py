"""The rules of `validate` on one cell: what bulk rules must agree with, and the reason that a finding gives.

The rules are those of Okta's user template and of the service's profile (roster of a service such as askSpoke).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spoke_admin.domain.forecast import email_fault
from spoke_admin.domain.phone import judge_us_phone
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.roster.columns import REQUIRED, Columns

PHONES = ("mobilePhone", "primaryPhone")
NAMES = ("firstName", "lastName")
LONGEST_NAME, LONGEST = 50, 100  # characters
CONTROL = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
DAMAGED = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What is asked of the cells of a column. `longest`: characters, None for any number."""

    required: bool
    longest: int | None
    email: bool
    login: bool
    phone: bool


def rules_of(columns: Columns, profile: ServiceProfile) -> list[ColumnRule]:
    """What is asked of each column, in the order of the file."""
    phones = PHONES if profile.phone is not None else ()
    return [
        ColumnRule(
            required=any(field in REQUIRED for field in fields),
            longest=None if not fields else LONGEST_NAME if any(field in NAMES for field in fields) else LONGEST,
            email="login" in fields or "email" in fields,
            login="login" in fields,
            phone=any(field in phones for field in fields),
        )
        for fields in columns.fields
    ]


def codes_of(cell: str, rule: ColumnRule) -> Iterator[str]:
    """The codes of one cell as it stands, all but `duplicate_identifier` and what the file's form tells."""
    if DAMAGED.search(cell):
        yield "undecodable"
        return
    yield from _broken_rules(cell, rule)
    if CONTROL.search(cell):
        yield "control_character"


def _broken_rules(cell: str, rule: ColumnRule) -> Iterator[str]:
    blank = not cell.strip()
    if blank and rule.required:
        yield "missing_value"
        return
    if rule.longest is not None and len(cell) > rule.longest:
        yield "too_long"
    if not blank and rule.email and email_fault(cell):
        yield "email_invalid"
    if not blank and rule.phone and (refused := judge_us_phone(cell).code):
        yield refused.value


def reason(code: str, cell: str, rule: ColumnRule) -> str:
    """What the message of a finding adds: why this very cell is refused."""
    if code == "too_long":
        return f"{len(cell):,} characters; at most {rule.longest} are taken"
    if code == "email_invalid":
        return email_fault(cell)
    if code == "control_character":
        hidden = CONTROL.search(cell)
        return f"U+{ord(hidden[0]):04X}" if hidden else ""
    return judge_us_phone(cell).reason if code.startswith("phone_") else ""


def hidden_in(name: str) -> str:
    """What is said of a header that holds an invisible character."""
    hidden = CONTROL.search(name)
    return f"It holds a character that cannot be seen (U+{ord(hidden[0]):04X})." if hidden else ""
