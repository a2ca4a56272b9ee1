"""Logins that are there twice: by fingerprints, held against a plain dictionary of folded logins."""

import random
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoke_admin.roster.duplicates import Logins, folded
from spoke_admin.roster.scanning import batch_of

LOGINS = st.lists(
    st.one_of(
        st.sampled_from(["ada@a.b", "ADA@a.b", " ada@a.b", "adá@a.b", "ada", "ADA", "[x", "{x", "_", "\x7f", "@", "`"]),
        st.text(st.sampled_from("aAbB@._-[{`é\u0301 \0ß"), min_size=1, max_size=70),
        st.text(st.sampled_from("xX"), min_size=30, max_size=140),
    ).filter(lambda text: text.strip() != ""),
    max_size=40,
)


def twice(parts: list[list[str]]) -> list[tuple[int, int]]:
    logins, line = Logins(), 1
    for part in parts:
        if part:
            batch = batch_of([[text] for text in part], list(range(line, line + len(part))))
            logins.add(cells := batch.cells(0), cells.lone_at(), lambda: None)
            line += len(part)
    lines, firsts = logins.twice()
    return list(zip(lines.tolist(), firsts.tolist(), strict=True))


def wanted(logins: list[str]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    found = []
    for line, login in enumerate(logins, 1):
        if (begin := first.setdefault(folded(login), line)) != line:
            found.append((line, begin))
    return found


@settings(max_examples=500, deadline=None)
@given(LOGINS, st.integers(0, 40))
def test_the_same_as_a_dictionary(logins: list[str], cut: int) -> None:
    assert twice([logins[:cut], logins[cut:]]) == wanted(logins)


def test_many_logins_that_differ_little(tmp_path: Path) -> None:
    chance = random.Random(3)
    logins = [f"u{chance.randrange(40_000)}@{chance.choice(['a', 'A', 'b'])}.example" for _ in range(60_000)]
    logins += ["x" * 32 + tail for tail in "abAB"] + ["x" * 64 + tail for tail in "abAB"] + ["x" * 64, "X" * 64]
    assert twice([logins[at : at + 5_000] for at in range(0, len(logins), 5_000)]) == wanted(logins)


def test_no_two_ascii_characters_are_taken_for_one() -> None:
    """Lowering touches A to Z alone, in each of the places of a word."""
    for place in range(10):
        logins = [f"{'-' * place}{chr(code)}x" for code in range(33, 127)]
        assert twice([logins]) == wanted(logins)


def test_folding_makes_words_of_any_length_comparable() -> None:
    long = "é" * 40 + "@acme.com"
    plain = unicodedata.normalize("NFD", long.upper())
    assert twice([[long, plain, "e" * 40 + "@ACME.com", "e" * 41 + "@acme.com"]]) == [(2, 1), (3, 1)]


def test_nothing_was_added() -> None:
    assert twice([]) == []
    assert twice([["a"]]) == []


@pytest.mark.parametrize("count", [1, 3])
def test_looking_may_stop_it(count: int) -> None:
    class StoppedError(Exception):
        pass

    def look() -> None:
        raise StoppedError

    batch = batch_of([["é"]] * count, list(range(count)))
    with pytest.raises(StoppedError):
        Logins().add(batch.cells(0), np.array([-1] * count), look)
    Logins().add(batch_of([["e"]], [1]).cells(0), np.array([-1]), look)  # plain ones are no work
