"""What runs of digits are when they are dialled: as many as one likes, with a plus sign and without."""

import random
from typing import Any

import numpy as np
import phonenumbers
import pytest

from spoke_admin.domain.phone import judge_us_phone
from spoke_admin.roster.phones import digits as phone_digits
from spoke_admin.roster.phones.digits import FEWEST, MOST, UNSETTLED, DialledDigits
from spoke_admin.roster.phones.prefixes import ASK, INVALID, NOT_US, UnknownPlanError
from spoke_admin.roster.phones.verdicts import CODES


@pytest.fixture(scope="module")
def dialled() -> DialledDigits:
    return DialledDigits()


def verdict_of(text: str) -> int:
    code = judge_us_phone(text).code
    return CODES.index(code.value if code else "")


def wrong(dialled: DialledDigits, runs: list[str]) -> list[tuple[str, int, int]]:
    """`runs` are digits, perhaps with a plus sign in front."""
    found = [(run, dialled.verdict(run.lstrip("+"), plus=run[0] == "+"), verdict_of(run)) for run in runs]
    return [one for one in found if one[1] not in (ASK, one[2])]


def test_every_beginning_of_every_length(dialled: DialledDigits) -> None:
    choose = random.Random(3)
    leads = [f"{lead:03}" for lead in range(1_000)] + ["011", "111", "110", "112", "310", "131"] * 8
    for count in range(FEWEST, MOST + 4):
        runs = [lead + "".join(choose.choices("0123456789", k=count - FEWEST)) for lead in leads]
        assert not wrong(dialled, runs)
        assert not wrong(dialled, [f"+{run}" for run in runs])


def test_ones_in_front(dialled: DialledDigits) -> None:
    numbers = ["2125550123", "3105550123", "8005550123", "3101234", "2345678", "0125550123", "7"]
    fronts = ["1" * count for count in range(6)] + ["011", "01", "0111", "01111", "0110", "1011", "00", "0"]
    assert not wrong(dialled, [plus + front + number for plus in ("", "+") for front in fronts for number in numbers])


def test_other_countries(dialled: DialledDigits) -> None:
    """With their national prefixes, which are stripped or replaced."""
    choose = random.Random(4)
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        heads = ["", "0", "00", "1", "8", "06", "9", "15", "01", "011", "90", "0549", "3"]
        tails = [f"{choose.randrange(10**count):0{count}}" for count in range(1, 17)]
        runs = [f"{front}{code}{head}{tail}" for front in ("+", "011") for head in heads for tail in tails]
        assert not wrong(dialled, runs)


def test_few_numbers_are_left_to_the_library() -> None:
    dialled = DialledDigits()
    assert (dialled.leads == UNSETTLED).any()
    for lead in np.unique(np.nonzero(dialled.leads == UNSETTLED)[2]).tolist():
        dialled.settle(lead)
    assert not (dialled.leads == UNSETTLED).any()
    usual = dialled.leads[1, 8:14, 200:]
    assert ((usual == NOT_US) | (usual == INVALID)).all()
    assert (dialled.leads[0] == ASK).mean() < 0.02


def test_too_few_digits_are_no_number(dialled: DialledDigits) -> None:
    for digits in ("", "1", "12", "11", "+", "+4", "+44", "011", "01144", "+1"):
        assert dialled.verdict(digits.lstrip("+"), plus=digits[:1] == "+") == INVALID == verdict_of(digits)


@pytest.mark.parametrize(
    "changed",
    [
        {"international_prefix": "00"},
        {"national_prefix_for_parsing": "(1)"},
        {"national_prefix_transform_rule": r"2\1"},
        {"general_desc": phonenumbers.PhoneNumberDesc(r"[2-9]\d{9,10}", possible_length=(10, 11))},
        {"general_desc": phonenumbers.PhoneNumberDesc(r"[1-9]\d{9}", possible_length=(10,))},
        {"general_desc": phonenumbers.PhoneNumberDesc(r"(?=2)\d{10}", possible_length=(10,))},
        {"general_desc": phonenumbers.PhoneNumberDesc(possible_length=(10,))},
        {
            "general_desc": phonenumbers.PhoneNumberDesc(
                r"[2-9]\d{9}", possible_length=(10,), possible_length_local_only=(11,)
            )
        },
    ],
)
def test_us_data_of_another_kind_are_refused(monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]) -> None:
    general = phonenumbers.PhoneNumberDesc(r"[2-9]\d{9}", possible_length=(10,), possible_length_local_only=(7,))
    as_known: dict[str, Any] = {
        "general_desc": general,
        "international_prefix": "011",
        "national_prefix_for_parsing": "1",
    }
    for data, refused in ((as_known, False), (as_known | changed, True)):
        metadata = phonenumbers.PhoneMetadata("US", country_code=1, fixed_line=general, register=False, **data)
        monkeypatch.setitem(phonenumbers.PhoneMetadata._region_metadata, "US", metadata)
        if refused:
            with pytest.raises(UnknownPlanError):
                DialledDigits()
        else:
            assert DialledDigits().verdict("2125550123", plus=False) == 0


@pytest.mark.parametrize(
    ("changed", "longest"),
    [
        ({}, 17),
        ({"national_prefix_for_parsing": "0"}, 17),
        ({"national_prefix_for_parsing": r"0(\d)", "national_prefix_transform_rule": r"549\1"}, 14),
        ({"national_prefix_for_parsing": r"0(\d*)(\d)", "national_prefix_transform_rule": r"\1\2"}, 8),
        ({"national_prefix_for_parsing": "0", "national_prefix_transform_rule": r"9\1"}, 0),
        ({"national_prefix_for_parsing": r"0(\d)", "national_prefix_transform_rule": r"9\10"}, 0),
        ({"general_desc": phonenumbers.PhoneNumberDesc(r"\d{1,7}", possible_length=(1, 7))}, 0),
        ({"general_desc": phonenumbers.PhoneNumberDesc(r"\d{7}")}, 0),
    ],
)
def test_how_long_a_number_of_another_country_may_be(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], longest: int
) -> None:
    described = phonenumbers.PhoneNumberDesc(r"\d{7,9}", possible_length=(7, 9))
    metadata = phonenumbers.PhoneMetadata(
        "MT", country_code=356, register=False, **({"general_desc": described} | changed)
    )
    phonenumbers.PhoneMetadata.metadata_for_region("MT")  # loads it, so that it can be replaced
    monkeypatch.setitem(phonenumbers.PhoneMetadata._region_metadata, "MT", metadata)
    assert phone_digits._longest_surely_kept(356, "MT") == longest
