"""Patterns of digits, against Python's own `re`; whatever else a pattern holds is refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoke_admin.roster.phones.patterns import Patterns, UnknownSyntaxError

DIGITS = "0123456789"

classes = st.lists(st.tuples(st.sampled_from(DIGITS), st.sampled_from(DIGITS)), min_size=1, max_size=3).map(
    lambda ranges: "[" + "".join(a if a == b else f"{min(a, b)}-{max(a, b)}" for a, b in ranges) + "]"
)
ones = st.sampled_from(DIGITS) | st.just(r"\d") | classes
counts = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda pair: f"{{{min(pair)},{max(pair)}}}")
patterns = st.recursive(
    ones,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda several: f"(?:{'|'.join(several)})"),
        st.lists(inner, min_size=1, max_size=3).map("|".join).map("({})".format),
        inner.map(lambda one: f"(?:{one})?"),
        st.tuples(ones, counts | st.sampled_from(["?", "{0}", "{1}", "{4}"])).map("".join),
    ),
    max_leaves=6,
)


def ends_reached(found: Patterns, begin: frozenset[int], digits: str) -> frozenset[int]:
    for digit in digits:
        begin = found.after(begin)[int(digit)]
    return begin


@settings(max_examples=300, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=4), st.lists(st.text(st.sampled_from("0129"), max_size=6), min_size=3))
def test_all_patterns_at_once_match_as_each_alone_does(texts: list[str], tried: list[str]) -> None:
    found = Patterns()
    whole = [found.add([text]) for text in texts]
    leading = [found.add([text], prefix=True) for text in texts]
    begin = frozenset().union(*(states for _, states in whole + leading))
    for digits in tried:
        reached = ends_reached(found, begin, digits)
        assert [end in reached for end, _ in whole] == [bool(re.fullmatch(text, digits)) for text in texts]
        assert [end in reached for end, _ in leading] == [bool(re.match(text, digits)) for text in texts]


def test_several_patterns_may_have_one_end() -> None:
    found = Patterns()
    end, begin = found.add(["12", "3[4-6]"])
    assert [end in ends_reached(found, begin, digits) for digits in ("12", "35", "13", "1", "124")] == [
        True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "lengths"),
    [(r"[2-9]\d{9}|3\d{6}", {7, 10}), ("1(?:2{2,4})?", {1, 3, 4, 5}), ("(?:12|3)4?", {1, 2, 3}), ("", {0})],
)
def test_how_long_a_match_may_be(pattern: str, lengths: set[int]) -> None:
    found = Patterns()
    end, begin = found.add([pattern])
    assert found.lengths(begin, end) == lengths


@pytest.mark.parametrize(
    "pattern",
    [
        "1*", "1+", "^1", "1$", ".", r"\D", r"\w", "[^1]", "[]", "[1", "[a]", "[9-1]", "[1-]", r"[\d]", "(1", "1)",
        "(?=1)2", "(?!1)2", "(?i:1)", "1{2", "1{}", "1{,2}", "1{3,2}", "1{200}", "1??", "1{2}?", "1{2}+", "1?{2}",
        "a", "²", "١", r"(1)\1", "1{²}", "1 ",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(UnknownSyntaxError):
        Patterns().add([pattern])
