"""Many texts at once: what is found in them and how they are ordered, held against Python's own way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.roster import many_texts
from spoke_admin.roster.many_texts import Texts, alike

LETTERS = st.text(st.sampled_from("aAbB1@. -+\x00éÉe\u0301ßüÜñяЯ中😀ǆǅſKİıς"), max_size=20)


@given(st.lists(LETTERS, max_size=30), st.text(st.sampled_from("aAb1@.éÉe\u0301üя中😀ßK"), min_size=1, max_size=4))
def test_what_is_found_at_once_is_what_is_found_one_by_one(texts: list[str], wanted: str) -> None:
    found = Texts.joined(texts).holding(wanted)
    assert found.tolist() == [bool(text) and alike(wanted, text) for text in texts]


@given(st.lists(LETTERS.filter(bool), max_size=30), st.sampled_from("aA1@\0é中"))
def test_one_letter_is_found_in_texts_that_adjoin(texts: list[str], wanted: str) -> None:
    assert Texts.joined(texts).holding(wanted).tolist() == [alike(wanted, text) for text in texts]


@given(st.lists(LETTERS, max_size=40))
def test_the_order_is_that_of_the_characters(texts: list[str]) -> None:
    ranks = Texts.joined(texts).ranks().tolist()
    assert ranks == [sum(other < text for other in texts) for text in texts]


@given(st.lists(LETTERS, min_size=1))
def test_each_text_comes_out_as_it_was(texts: list[str]) -> None:
    made = Texts.joined(texts)
    assert [made[place] for place in range(len(made))] == texts


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("JOSE\u0301", "josé"),
        ("josé", "JOSE\u0301 x"),
        ("müller", "MÜLLER"),
        ("ямб", "ЯМБ"),
        ("@EXAMPLE", "a@example.com"),
    ],
)
def test_case_and_the_making_of_accents_do_not_count(wanted: str, text: str) -> None:
    assert alike(wanted, text)
    assert Texts.joined(["", text, "", "other"]).holding(wanted).tolist() == [False, True, False, False]


def test_nothing_is_found_across_two_texts() -> None:
    assert not Texts.joined(["abc", "def", "", "ghi"]).holding("cd").any()
    assert not Texts.joined(["abc", "def"]).holding("f\0").any()  # what stands behind the last one is no text


def test_texts_may_stand_apart() -> None:
    buffer = np.frombuffer(b"..one..two..", np.uint8)
    texts = Texts.of(buffer, np.array([2, 7]), np.array([5, 10]))
    assert texts.holding("o").tolist() == [True, True]
    assert texts.holding(".").tolist() == [False, False]
    assert texts[1] == "two"


def test_what_lies_over_the_border_of_two_chunks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_texts, "CHUNK", 5)
    texts = Texts.joined(["aaabb", "bcccc", "xxabby", "b"])
    assert texts.holding("abb").tolist() == [True, False, True, False]


def test_a_search_that_is_no_longer_wanted_stops() -> None:
    assert not Texts.joined(["abc"] * 10).holding("bc", lambda: True).any()


def test_no_texts_hold_nothing() -> None:
    assert Texts.joined([]).holding("a").tolist() == []
    assert Texts.joined([]).ranks().tolist() == []
