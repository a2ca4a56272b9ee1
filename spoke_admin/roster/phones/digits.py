"""Verdicts on runs of digits as somebody in the US would dial them, with or without a plus sign in front.

What the phonenumbers library strips (the international prefix 011, the national prefix 1, a country code) depends on
the number of digits and the first three of them. `DialledDigits.leads` says for each of these cases what the verdict
is, or which six digits decide it (`phone_table`). The rules are those of the library's `parse` for a US number:
- after a plus sign, or 011 and not 0, the country code follows; an unknown one makes the number invalid;
- without it, a leading 1 is the country code if more than ten digits are there, or if the rest fits the US' pattern for
  numbers of any type and the whole does not;
- a leading 1 of what remains is stripped if ten digits or more remain;
- more than seventeen digits, or fewer than two, are no number.
"""

import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spoke_admin.roster.phones.patterns import Patterns, UnknownSyntaxError
from spoke_admin.roster.phones.prefixes import (
    ASK,
    COUNTRY,
    FULL_LENGTH,
    INVALID,
    NORTH_AMERICA,
    NOT_US,
    PhoneTable,
    UnknownPlanError,
    derive,
)

# In `leads`, besides verdicts and ASK:
FIRST_SIX: Final = 250  # the first six digits decide
SECOND_SIX: Final = 251  # the six digits after the first one decide
UNSETTLED: Final = 252  # of another country: `settle` finds out

FEWEST = 3  # digits; with fewer a run is INVALID
MOST = 18  # digits told apart: as many or more
LONGEST_NATIONAL = 17  # digits that the library takes behind a country code
INTERNATIONAL_PREFIX = "011"
_LONGEST_IN_TABLE = 14  # so that a run of MOST digits can lose three and still be too long

_REPLACEMENT = re.compile(r"(?:\d|\\[1-9](?!\d))*")


class DialledDigits:
    """Built from the installed library's data. Raises UnknownPlanError if they are of an unknown kind.

    `leads[plus, count, lead]`, uint8 of shape (2, MOST + 1, 1000): with a plus sign or without, how many digits (MOST:
    as many or more), the first three of them. `first_six` is the table's.
    """

    def __init__(self) -> None:
        table = derive()
        national = _lengths_of_any_type()
        if max(table.lengths) > _LONGEST_IN_TABLE:
            raise UnknownPlanError
        self.first_six = table.first_six
        self.leads = np.full((2, MOST + 1, 1_000), INVALID, np.uint8)
        for count in range(FEWEST, MOST + 1):
            self.leads[0, count] = _without_plus(count, table, national)
            self.leads[1, count] = _with_plus(count, table)
        self._country_codes = _country_codes()
        for lead in range(200, 1_000):
            if self._country_code(lead):
                self.leads[1, FEWEST:, lead] = UNSETTLED
        self._quick_leads = self.leads.reshape(-1).data
        self._quick_table = self.first_six.data

    def verdict(self, digits: str, *, plus: bool) -> int:
        """TAKEN, NOT_US, INVALID, TOLL_FREE_... or ASK for a run of ASCII digits."""
        count = len(digits)
        if count < FEWEST:
            return INVALID
        place = (plus * (MOST + 1) + min(count, MOST)) * 1_000 + int(digits[:3])
        found = self._quick_leads[place]
        if found == UNSETTLED:
            self.settle(int(digits[:3]))
            found = self._quick_leads[place]
        if found == FIRST_SIX:
            return self._quick_table[int(digits[:6])]
        if found == SECOND_SIX:
            return self._quick_table[int(digits[1:7])]
        if found == ASK and not plus and digits.startswith(INTERNATIONAL_PREFIX) and digits[3:4] != "0":
            return self.verdict(digits[3:], plus=True)
        return found

    def settle(self, lead: int) -> None:
        """Finds out what numbers with a plus sign and these first three digits are, where UNSETTLED."""
        code = self._country_code(lead)
        longest = _longest_surely_kept(code, self._country_codes[code])
        for count in range(FEWEST, MOST + 1):
            national = count - len(str(code))
            if national < 2:
                self.leads[1, count, lead] = INVALID
            else:
                self.leads[1, count, lead] = NOT_US if count < MOST and national <= longest else ASK

    def _country_code(self, lead: int) -> int:
        """The country code that these three digits begin with, 0 if none is known."""
        return next((code for code in (lead // 100, lead // 10, lead) if code in self._country_codes), 0)


def _without_plus(count: int, table: PhoneTable, national: set[int]) -> NDArray[np.uint8]:
    """A row of `leads`. `national`: the lengths that fit the US' pattern for numbers of any type."""
    row = np.full(1_000, INVALID, np.uint8)
    if count == FULL_LENGTH:
        row[:] = FIRST_SIX
    elif count in table.lengths:
        row[:] = table.first_three[count]
    row[int(INTERNATIONAL_PREFIX)] = ASK
    if count > FULL_LENGTH:
        row[100:200] = SECOND_SIX if count == FULL_LENGTH + 1 else _of_length(table, count - 1)
        row[110:120] = _of_length(table, count - 2)
        row[111] = _of_length(table, count - 2, count - 3)
    elif national & {count - 1, count - 2}:
        row[100:200] = ASK
    return row


def _with_plus(count: int, table: PhoneTable) -> NDArray[np.uint8]:
    """A row of `leads`, but for countries of other codes."""
    row = np.full(1_000, INVALID, np.uint8)
    row[int(INTERNATIONAL_PREFIX)] = ASK
    row[100:200] = _of_length(table, count - 1)
    if count == FULL_LENGTH + 1:
        row[100:200] = SECOND_SIX
    elif count > FULL_LENGTH + 1:
        row[110:120] = _of_length(table, count - 1, count - 2)
    return row


def _of_length(table: PhoneTable, *lengths: int) -> int:
    """What a number is of which only its possible lengths are known."""
    return ASK if table.lengths & set(lengths) else INVALID


def _lengths_of_any_type() -> set[int]:
    """The lengths that fit the US' pattern for numbers of any type.

    Raises UnknownPlanError if the US' data are of a new kind; a number of any type that begins with 1 would be one, as
    that 1 would not always be stripped.
    """
    from phonenumbers import PhoneMetadata

    metadata: Any = PhoneMetadata.metadata_for_region(COUNTRY)
    general = metadata.general_desc
    as_known = (
        metadata.international_prefix == INTERNATIONAL_PREFIX
        and metadata.national_prefix_for_parsing == "1"
        and not metadata.national_prefix_transform_rule
        and tuple(general.possible_length) == (FULL_LENGTH,)
        and all(length < FULL_LENGTH for length in general.possible_length_local_only)
    )
    if not as_known or not general.national_number_pattern:
        raise UnknownPlanError
    patterns = Patterns()
    try:
        end, begin = patterns.add([general.national_number_pattern])
    except UnknownSyntaxError as unknown:
        raise UnknownPlanError from unknown
    if patterns.after(begin)[1]:
        raise UnknownPlanError
    return patterns.lengths(begin, end)


def _country_codes() -> dict[int, str]:
    """The main region of each country code."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    found = {code: regions[0] for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}
    if found.get(NORTH_AMERICA) != COUNTRY:
        raise UnknownPlanError
    return found


def _longest_surely_kept(code: int, region: str) -> int:
    """The most digits behind another country's code that `parse` never refuses; 0 if that cannot be told.

    It refuses a number of fewer than two or more than LONGEST_NATIONAL digits after the country's national prefix is
    stripped or replaced, which is done only if a possible length or more remains.
    """
    from phonenumbers import PhoneMetadata

    metadata: Any = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None or not metadata.general_desc.possible_length or metadata.general_desc.possible_length[0] < 2:
        return 0
    prefix, replacement = metadata.national_prefix_for_parsing, metadata.national_prefix_transform_rule
    if not prefix or not replacement:
        return LONGEST_NATIONAL
    if not _REPLACEMENT.fullmatch(replacement) or not re.compile(prefix).groups:
        return 0
    groups: int = replacement.count("\\")  # each holds the whole number at most
    return (LONGEST_NATIONAL - (len(replacement) - 2 * groups)) // max(1, groups)
