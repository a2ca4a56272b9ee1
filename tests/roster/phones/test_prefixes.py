"""The table of North American numbers, against the library on every prefix."""

import multiprocessing
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import phonenumbers
import pytest

from spoke_admin.domain.phone import judge_us_phone
from spoke_admin.roster.phones.prefixes import ASK, INVALID, NOT_US, TAKEN, PhoneTable, UnknownPlanError, derive
from spoke_admin.roster.phones.verdicts import CODES

WORKERS = 2
PARTS = 40


@pytest.fixture(scope="module")
def table() -> PhoneTable:
    return derive()


def verdict_of(number: str) -> int:
    code = judge_us_phone(number).code
    return CODES.index(code.value if code else "")


def verdicts_of(first: int, end: int) -> bytes:
    """On one number for each six-digit prefix, in a process of its own."""
    getattr(phonenumbers.re_util, "enable_pattern_cache", lambda: None)()  # newer versions; a fifth faster
    choose = random.Random(first)
    return bytes(verdict_of(f"{prefix}{choose.randrange(10_000):04}") for prefix in range(first, end))


def test_all_prefixes(table: PhoneTable) -> None:
    bounds = np.linspace(200_000, 1_000_000, PARTS + 1).astype(int).tolist()
    with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")) as pool:
        found = b"".join(pool.map(verdicts_of, bounds[:-1], bounds[1:]))
    of_library = np.frombuffer(found, np.uint8)
    of_table = table.first_six[200_000:]
    wrong = np.flatnonzero((of_table != of_library) & (of_table != ASK)) + 200_000
    assert not len(wrong), wrong[:20]


def test_other_ways_to_go_on(table: PhoneTable) -> None:
    choose = random.Random(2)
    edges = np.flatnonzero(np.diff(table.first_six)).tolist()
    prefixes = [*edges, *(edge + 1 for edge in edges), *choose.sample(range(200_000, 1_000_000), 20_000)]
    numbers = [f"{prefix:06}{choose.randrange(10_000):04}" for prefix in prefixes]
    wrong = [number for number in numbers if table.first_six[int(number[:6])] not in (ASK, verdict_of(number))]
    assert not wrong


def test_the_library_is_asked_only_where_later_digits_count(table: PhoneTable) -> None:
    prefixes = np.flatnonzero(table.first_six == ASK).tolist()
    assert len(prefixes) < 50
    for prefix in prefixes:
        assert len({verdict_of(f"{prefix}{end:04}") for end in range(0, 10_000, 20)}) > 1


def test_no_number_begins_with_0_or_1(table: PhoneTable) -> None:
    assert (table.first_six[:200_000] == INVALID).all()


def test_numbers_of_other_lengths(table: PhoneTable) -> None:
    assert table.lengths == {7, 10}
    numbers = [f"{lead}{end:04}" for lead in range(200, 1_000) for end in (0, 5_678)]
    assert [table.first_three[7][int(number[:3])] for number in numbers] == [verdict_of(number) for number in numbers]
    assert table.first_three[7][310] == NOT_US


def test_it_is_derived_faster_than_one_notices() -> None:
    def elapsed() -> float:
        start = time.perf_counter()
        derive()
        return time.perf_counter() - start

    assert min(elapsed() for _ in range(5)) < 0.2


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts other data of a region into the library."""

    def put(name: str, pattern: str, **others: Any) -> None:
        described = phonenumbers.PhoneNumberDesc(national_number_pattern=pattern, possible_length=(10,))
        data = {"country_code": 1, "general_desc": described, "fixed_line": described, **others}
        metadata = phonenumbers.PhoneMetadata(name, register=False, **data)
        monkeypatch.setitem(phonenumbers.PhoneMetadata._region_metadata, name, metadata)

    derive()  # loads the regions
    return put


def test_a_pattern_that_is_not_understood_is_left_to_the_library(
    change: Callable[..., None], table: PhoneTable
) -> None:
    change("BS", r"242(?=3)\d{7}", leading_digits="242")
    changed = derive().first_six
    assert (changed[242_000:243_000] == ASK).all()
    elsewhere = np.flatnonzero(changed != table.first_six)
    assert ((elsewhere >= 242_000) & (elsewhere < 243_000)).all()


def test_leading_digits_that_are_not_understood(change: Callable[..., None], table: PhoneTable) -> None:
    change("AG", r"268\d{7}", leading_digits="^268")
    changed = derive().first_six
    of_us = table.first_six == TAKEN  # the first region that is tried
    assert (changed[of_us] == TAKEN).all()
    assert (changed[~of_us & (table.first_six != 3) & (table.first_six != 4)] == ASK).all()


def test_newly_valid_numbers_are_seen(change: Callable[..., None], table: PhoneTable) -> None:
    change("US", r"[2-9]\d{9}")
    assert (table.first_six[555_000:555_100] != TAKEN).all()
    assert (derive().first_six[200_000:] == TAKEN).all()


@pytest.mark.parametrize("others", [{"country_code": 44}, {"general_desc": None}])
def test_data_of_another_kind_are_refused(change: Callable[..., None], others: dict[str, Any]) -> None:
    change("BS", r"242\d{7}", **others)
    with pytest.raises(UnknownPlanError):
        derive()


def test_lengths_that_are_not_said_are_refused(change: Callable[..., None]) -> None:
    change("BS", "", general_desc=phonenumbers.PhoneNumberDesc(national_number_pattern=r"242\d{7}"))
    with pytest.raises(UnknownPlanError):
        derive()
