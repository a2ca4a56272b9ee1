"""The engine against the same rules in plain Python: the same lines, columns and codes on every dirty file."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.checking import check_file
from tests.roster.oracle import judge
from tests.roster.pollution import polluted
from tests.roster.profiles import ASKSPOKE

SEEDS = int(os.environ.get("ROSTER_FILES", "150"))  # of some 60 rows each
EVERY_CODE = {
    "missing_column", "duplicate_column", "missing_value", "row_too_short", "row_too_long", "quote_broken",
    "quote_unclosed", "email_invalid", "duplicate_identifier", "too_long", "undecodable", "phone_not_us",
    "phone_invalid", "phone_toll_free_800_888", "phone_toll_free_other", "phone_extension", "phone_letters",
    "control_character", "unknown_column", "encoding_assumed",
}  # fmt: skip


def compare(path: Path, data: bytes) -> Counter[str]:
    path.write_bytes(data)
    found = check_file(path, ASKSPOKE)
    wanted = judge(data)
    assert (found.encoding, found.delimiter) == (wanted.encoding, wanted.delimiter)
    assert found.columns == wanted.columns
    assert found.rows == wanted.rows
    engine = Counter((finding.line, finding.column, finding.code) for finding in found.findings)
    oracle = Counter(wanted.findings)
    assert engine == oracle, f"engine only: {engine - oracle}; oracle only: {oracle - engine}"
    order = [finding.line for finding in found.findings]
    assert order == sorted(order)
    return Counter(code for _line, _column, code in wanted.findings)


def test_polluted_files_are_judged_alike(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        try:
            seen += compare(tmp_path / "users.csv", polluted(seed))
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault
    # a corpus that lost a kind of dirt proves nothing of it
    assert set(seen) == EVERY_CODE
    assert min(seen.values()) >= 3


PIECES = st.sampled_from(
    ["login", "email", "firstName", "lastName", "ada@example.com", "415-555-2671", "Zoë", '"', '""', ",", ",", ";",
     "\t", "\n", "\r", "\r\n", " ", "\0", "x", "sep=;", "version:", "login,email,firstName,lastName\n", "1-800-1"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=40), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_pieces_in_any_order_are_judged_alike(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], codec: str
) -> None:
    data = ("login,email,firstName,lastName\n" + "".join(pieces)).encode(codec)
    compare(tmp_path_factory.getbasetemp() / "pieces.csv", data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_judged_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    try:
        assert check_file(path, ASKSPOKE).columns
    except AdminError as refusal:
        words = (refusal.title, refusal.remedy)
        assert all(word.endswith(".") for word in words)  # either outcome is right
