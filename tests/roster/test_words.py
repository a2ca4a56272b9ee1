"""What findings say, and that the documents name the same codes."""

import re
from pathlib import Path

import pytest

from spoke_admin.domain.finding import Severity
from spoke_admin.domain.phone import PhoneCode
from spoke_admin.roster.words import WORDS, finding, shown

PAGE = Path(__file__).parents[2] / "docs" / "commands" / "validate.md"
ERRORS = {
    "missing_column", "duplicate_column", "missing_value", "row_too_short", "row_too_long", "quote_broken",
    "quote_unclosed", "email_invalid", "duplicate_identifier", "too_long", "undecodable",
}  # fmt: skip
WARNINGS = {
    "phone_not_us", "phone_invalid", "phone_toll_free_800_888", "phone_toll_free_other", "phone_extension",
    "phone_letters", "number_cell", "control_character", "unknown_column", "encoding_assumed",
}  # fmt: skip


def test_codes_and_severities_are_those_of_the_contract() -> None:
    assert {code for code, words in WORDS.items() if words.severity is Severity.ERROR} == ERRORS
    assert {code for code, words in WORDS.items() if words.severity is Severity.WARNING} == WARNINGS
    assert set(PhoneCode) <= WARNINGS


@pytest.mark.parametrize("code", WORDS)
def test_every_finding_says_what_is_wrong_and_what_to_do(code: str) -> None:
    made = finding(1, "title", code, "a {value} {0} %s", "More.")
    for words in (made.message, made.fix):
        assert re.fullmatch(r"[^{}]+\.", words), words
        assert words == words.strip()
    assert made.value == "a {value} {0} %s"


def test_the_page_has_a_row_for_each_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == {code: words.severity.value for code, words in WORDS.items()}


def test_the_page_quotes_the_guide_as_the_findings_do() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(words.quote in page for words in WORDS.values())


def test_what_cannot_be_decoded_is_shown() -> None:
    assert shown("caf\udce9 é") == "caf\ufffd é"
