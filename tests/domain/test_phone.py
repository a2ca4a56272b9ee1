"""The phone rule in its order, against the library step by step."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoke_admin.domain.phone import PhoneCode, judge_us_phone, ten_digits


@pytest.mark.parametrize(
    "text",
    ["4155552671", "415-555-2671", "(415) 555-2671", "415.555.2671", "1 415 555 2671", "+1 (415) 555.2671",
     "+14155552671", " 415 555 2671 ", "900-555-1234", "500-222-1234", "+1/415/555/2671",
     "\uff14\uff11\uff15\uff15\uff15\uff15\uff12\uff16\uff17\uff11"],
)  # fmt: skip
def test_numbers_that_are_taken(text: str) -> None:
    verdict = judge_us_phone(text)
    assert (verdict.code, verdict.kept) == (None, True)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", PhoneCode.INVALID, "not a phone number"),
        ("n/a", PhoneCode.INVALID, "not a phone number"),
        ("1" * 251, PhoneCode.INVALID, "not a phone number"),
        ("+999 123456789", PhoneCode.INVALID, "not a phone number"),  # no such country code: it cannot be parsed
        ("+44 20 7946 0958", PhoneCode.NOT_US, "+44"),
        ("+44 12345", PhoneCode.NOT_US, "+44"),  # not valid there either: the country comes first
        ("+44 20 7946 0958 x5", PhoneCode.NOT_US, "+44"),
        ("555-0100", PhoneCode.INVALID, "valid 10-digit"),
        ("415-155-2671", PhoneCode.INVALID, "valid 10-digit"),
        ("+1 415 555 26711", PhoneCode.INVALID, "valid 10-digit"),
        ("800-555-0199", PhoneCode.TOLL_FREE_800_888, "1-800"),
        ("+1 (888) 555-0142", PhoneCode.TOLL_FREE_800_888, "1-888"),
        ("800-555-0199 x3", PhoneCode.TOLL_FREE_800_888, "1-800"),  # before extension
        ("1-800-FLOWERS", PhoneCode.TOLL_FREE_800_888, "1-800"),  # before letters
        ("877-466-7724", PhoneCode.TOLL_FREE_OTHER, "1-877"),
        ("833-466-7724 ext 1", PhoneCode.TOLL_FREE_OTHER, "1-833"),
        ("613-232-1000", PhoneCode.NOT_US, "CA"),
        ("787-764-0000", PhoneCode.NOT_US, "PR"),
        ("671-646-1234", PhoneCode.NOT_US, "GU"),
        ("876-926-3590", PhoneCode.NOT_US, "JM"),
        ("613-232-1000 x5", PhoneCode.NOT_US, "CA"),  # before extension
        ("415-555-2671 x42", PhoneCode.EXTENSION, "42"),
        ("tel:415-555-2671;ext=42", PhoneCode.EXTENSION, "42"),  # before letters
        ("415-555-CALL", PhoneCode.LETTERS, "letters"),
        ("Tel: 415-555-2671", PhoneCode.LETTERS, "letters"),
    ],
)
def test_refusals_in_their_order(text: str, code: PhoneCode, words: str) -> None:
    verdict = judge_us_phone(text)
    assert verdict.code is code
    assert words in verdict.reason
    assert verdict.reason.endswith(".")


def test_only_a_bare_toll_free_number_beyond_800_and_888_is_kept() -> None:
    assert judge_us_phone("877-466-7724").kept
    assert not judge_us_phone("877-466-7724 x1").kept
    assert not judge_us_phone("877-GO-FEDEX").kept
    assert not judge_us_phone("800-555-0199").kept


def by_the_rule(cell: str) -> str | None:
    """The sentence of the rules, clause by clause, as conditions on their own."""
    try:
        n = phonenumbers.parse(cell, "US")
    except phonenumbers.NumberParseException:
        return "phone_invalid"
    toll_free = phonenumbers.number_type(n) == phonenumbers.PhoneNumberType.TOLL_FREE
    area = str(n.national_number)[:3]
    clauses = (
        (n.country_code != 1, "phone_not_us"),
        (not phonenumbers.is_valid_number(n), "phone_invalid"),
        (toll_free and area in {"800", "888"}, "phone_toll_free_800_888"),
        (toll_free, "phone_toll_free_other"),
        (phonenumbers.region_code_for_number(n) != "US", "phone_not_us"),
        (bool(n.extension), "phone_extension"),
        (any(map(str.isalpha, cell)), "phone_letters"),
    )
    return next((code for holds, code in clauses if holds), None)


NUMBERS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "+1 ", "1-", "+", "00", "011 44 ", "tel:", "\u200b", "Tel. "]),
    st.from_regex(r"[2-9][0-9]{2}[-. )]?[0-9]{3}[-. ]?[0-9A-Z]{4}", fullmatch=True),
    st.sampled_from(["", " ", " x4", " ext. 12", ";ext=3", "\u202c", "0", "#"]),
)


@settings(max_examples=1000, deadline=None)
@given(
    st.one_of(NUMBERS, st.text(st.sampled_from("0123456789+-() .x#;=aextTEL:٤４\u00a0\u200b"), max_size=25), st.text())
)
def test_every_text_gets_the_verdict_of_the_rule(text: str) -> None:
    verdict = judge_us_phone(text)
    assert verdict.code == by_the_rule(text)
    if verdict.code is None:
        assert len(ten_digits(text)) == 10
