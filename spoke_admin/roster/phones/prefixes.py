"""Verdicts on North American numbers by their first digits, derived from the data of the installed phonenumbers.

The library decides the region of a number of country code 1 by trying 25 regions in order, and its validity and type
by the patterns of that region. All these patterns are walked together (`phone_patterns`) over the digits that a number
may begin with; a beginning has a verdict if every way to go on from it has that verdict. So the table is proved, not
sampled, and holds for whichever version of the library is installed; what this module cannot read there becomes ASK.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spoke_admin.roster.phones.patterns import NOWHERE, Patterns, States, UnknownSyntaxError

TAKEN: Final = 0
NOT_US: Final = 1
INVALID: Final = 2
TOLL_FREE_800_888: Final = 3
TOLL_FREE_OTHER: Final = 4
EXTENSION: Final = 5  # for numbers as they are written: digits alone do not have this verdict, nor the next
LETTERS: Final = 6
ASK: Final = 255  # the library has to be asked

NORTH_AMERICA = 1
COUNTRY = "US"
FULL_LENGTH = 10  # digits of a number with its area code
_TYPES_BESIDES = ("shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line")

# In place of the end of patterns: there are none, or some that are not understood.
_NONE, _UNKNOWN = -1, -2


@dataclass(frozen=True, slots=True)
class PhoneTable:
    """`first_six`: the verdict on ten-digit numbers by their first six digits, 10**6 uint8.

    `first_three`: on numbers of other lengths that may be valid, by their first three digits, 10**3 uint8 each. Numbers
    of any length besides are INVALID.
    """

    first_six: NDArray[np.uint8]
    first_three: dict[int, NDArray[np.uint8]]

    @property
    def lengths(self) -> set[int]:
        return {FULL_LENGTH, *self.first_three}


class UnknownPlanError(Exception):
    """The library's data are of a kind that the derivation does not know."""


def derive() -> PhoneTable:
    """The table of the installed phonenumbers, in some 30 ms. Raises UnknownPlanError."""
    regions = _metadata()
    lengths = {length for _, metadata in regions for length in metadata.general_desc.possible_length}
    if min(lengths) < len(str(999)) or any(not metadata.general_desc.possible_length for _, metadata in regions):
        raise UnknownPlanError
    others = sorted(lengths - {FULL_LENGTH})
    return PhoneTable(
        _by_800_888(_Walk(regions, FULL_LENGTH).verdicts(digits=6)),
        {length: _by_800_888(_Walk(regions, length).verdicts(digits=3)) for length in others},
    )


def _metadata() -> list[tuple[str, Any]]:
    """The regions of country code 1 in the library's order."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata  # heavy: imported where it is first used

    found = [(name, PhoneMetadata.metadata_for_region(name)) for name in COUNTRY_CODE_TO_REGION_CODE[NORTH_AMERICA]]
    for _, metadata in found:
        if metadata is None or metadata.general_desc is None or metadata.country_code != NORTH_AMERICA:
            raise UnknownPlanError
    return found


def _by_800_888(verdicts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The walk says TOLL_FREE_OTHER of every toll-free number; the rule looks at the first three digits too."""
    by_area = verdicts.reshape(1_000, -1)
    toll_free = by_area == TOLL_FREE_OTHER
    by_area[:100][toll_free[:100]] = ASK  # the rule looks at a number without leading zeros
    for area in (800, 888):
        by_area[area][toll_free[area]] = TOLL_FREE_800_888
    return verdicts


@dataclass(frozen=True, slots=True)
class _Region:
    """A region's patterns, each by its end in the automaton. `leading` is None where the data have no such pattern."""

    name: str
    leading: int | None
    general: int
    premium: int
    toll_free: int
    besides: int


class _UndecidedError(Exception):
    """A pattern counts that is not understood."""


class _Walk:
    """The numbers of one length, of all regions."""

    def __init__(self, regions: list[tuple[str, Any]], length: int) -> None:
        self._length = length
        self._patterns = Patterns()
        self._begin: States = NOWHERE
        self._ends: dict[tuple[tuple[str, ...], bool], int] = {}
        self._regions = [self._region(name, metadata) for name, metadata in regions]
        self._decided: dict[tuple[States, int], int] = {}
        self._pieces: dict[tuple[States, int], bytes] = {}

    def verdicts(self, digits: int) -> NDArray[np.uint8]:
        """The verdict, or ASK, for each beginning of so many digits."""
        return np.frombuffer(bytearray(self._all_after(self._begin, digits, self._length)), np.uint8)

    def _region(self, name: str, metadata: Any) -> _Region:
        mobile = () if metadata.same_mobile_and_fixed_line_pattern else ("mobile",)
        leading = metadata.leading_digits
        return _Region(
            name,
            None if leading is None else self._end((leading,), prefix=True),
            self._end(self._of_types(metadata, "general_desc")),
            self._end(self._of_types(metadata, "premium_rate")),
            self._end(self._of_types(metadata, "toll_free")),
            self._end(self._of_types(metadata, *_TYPES_BESIDES, *mobile)),
        )

    def _of_types(self, metadata: Any, *types: str) -> tuple[str, ...]:
        """The patterns of these types that numbers of this length may match."""
        described = [getattr(metadata, one) for one in types]
        return tuple(
            one.national_number_pattern
            for one in described
            if one is not None
            and one.national_number_pattern
            and (not one.possible_length or self._length in one.possible_length)
        )

    def _end(self, patterns: tuple[str, ...], *, prefix: bool = False) -> int:
        if not patterns:
            return _NONE
        if (patterns, prefix) not in self._ends:
            try:
                end, begin = self._patterns.add(patterns, prefix=prefix)
            except UnknownSyntaxError:
                end, begin = _UNKNOWN, NOWHERE
            self._begin |= begin
            self._ends[patterns, prefix] = end
        return self._ends[patterns, prefix]

    def _all_after(self, states: States, digits: int, left: int) -> bytes:
        """The verdicts for each way to go on by so many digits; `left` digits are left of the number."""
        found = self._pieces.get((states, left))
        if found is None:
            if digits:
                steps = self._patterns.after(states)
                found = b"".join([self._all_after(follow, digits - 1, left - 1) for follow in steps])
            else:
                found = bytes((self._decide(states, left),))
            self._pieces[states, left] = found
        return found

    def _decide(self, states: States, left: int) -> int:
        """The verdict that all numbers have that go on from here, or ASK."""
        verdict = self._decided.get((states, left))
        if verdict is None:
            if left:
                verdicts = {self._decide(follow, left - 1) for follow in self._patterns.after(states)}
                verdict = verdicts.pop() if len(verdicts) == 1 else ASK
            else:
                verdict = self._judge(states)
            self._decided[states, left] = verdict
        return verdict

    def _judge(self, ended: States) -> int:
        """The verdict on a number by the ends it has reached: the library's functions, then `judge_us_phone`'s rule."""
        try:
            for region in self._regions:
                if region.leading is not None and not _matches(region.leading, ended):
                    continue
                verdict = _type(region, ended)
                if region.leading is not None or verdict != INVALID:
                    return NOT_US if verdict == TAKEN and region.name != COUNTRY else verdict
        except _UndecidedError:
            return ASK
        return INVALID


def _type(region: _Region, ended: States) -> int:
    """INVALID, TOLL_FREE_OTHER for any toll-free number, or TAKEN for any other type, in the library's order."""
    if not _matches(region.general, ended):
        return INVALID
    if _matches(region.premium, ended):
        return TAKEN
    if _matches(region.toll_free, ended):
        return TOLL_FREE_OTHER
    return TAKEN if _matches(region.besides, ended) else INVALID


def _matches(end: int, ended: States) -> bool:
    if end == _UNKNOWN:
        raise _UndecidedError
    return end in ended
