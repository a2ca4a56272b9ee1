"""The findings table: filtered and sorted in the data, quick with many, silent for roles it does not serve."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.ui.findings_model import HEADS, RUN, Filter, FindingsModel, chosen, visible


def some(count: int) -> list[Finding]:
    draw = random.Random(7)
    codes = [("email_invalid", Severity.ERROR), ("phone_not_us", Severity.WARNING), ("too_long", Severity.ERROR)]
    found = []
    for line in range(2, count + 2):
        code, severity = draw.choice(codes)
        column = draw.choice(["login", "primaryPhone", None])
        found.append(Finding(line, column, code, severity, f"Value {draw.randrange(999)}", "It is wrong.", "Mend it."))
    return found


FINDINGS = some(300)


@pytest.mark.parametrize(
    ("wish", "fits"),
    [
        (Filter(), lambda it: True),
        (Filter(only_errors=True), lambda it: it.severity is Severity.ERROR),
        (Filter(code="phone_not_us"), lambda it: it.code == "phone_not_us"),
        (Filter(text="VALUE 12"), lambda it: "value 12" in it.value.lower()),
        (Filter(text="primaryphone"), lambda it: it.column == "primaryPhone"),
        (Filter(text="nothing like this"), lambda it: False),
        (Filter(text="wrong", code="too_long", only_errors=True), lambda it: it.code == "too_long"),
    ],
)
def test_the_filter_lets_through_what_fits_in_order(wish: Filter, fits: object) -> None:
    assert callable(fits)
    assert chosen(FINDINGS, wish) == [place for place, it in enumerate(FINDINGS) if fits(it)]


@given(st.integers(0, len(HEADS) - 1), st.booleans())
def test_sorting_orders_by_the_column_and_loses_nothing(column: int, descending: bool) -> None:
    places = chosen(FINDINGS, Filter(column=column, descending=descending))
    assert sorted(places) == list(range(len(FINDINGS)))
    keys = [(FINDINGS[at].line, FINDINGS[at].column or "", FINDINGS[at].code, FINDINGS[at].value)[:4] for at in places]
    if column < 4:
        sorted_keys = sorted((key[column] for key in keys), reverse=descending)
        assert [key[column] for key in keys] == sorted_keys


def test_a_filter_that_is_no_longer_wanted_stops() -> None:
    assert chosen(FINDINGS, Filter(), lambda: True) == []


def test_the_model_shows_findings_through_its_index(qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    model = FindingsModel()
    model.show_findings(FINDINGS, chosen(FINDINGS, Filter(code="too_long")))
    check: Any = qtmodeltester  # without types of its own
    check.check(model)
    first = model.finding(0)
    row = [model.data(model.index(0, column)) for column in range(len(HEADS))]
    assert row == [str(first.line), first.column or "", "Error: too long", first.value, "It is wrong.", "Mend it."]
    assert model.data(model.index(0, 2), Qt.ItemDataRole.DecorationRole) is not None
    assert model.data(model.index(0, 0), Qt.ItemDataRole.BackgroundRole) is None
    assert model.rowCount(model.index(0, 0)) == 0
    model.show_findings((), ())
    assert model.rowCount(QModelIndex()) == 0


def test_line_breaks_in_a_value_stay_on_one_line(qtbot: QtBot) -> None:
    model = FindingsModel()
    model.show_findings([Finding(2, "a", "too_long", Severity.ERROR, "x\r\ny" + "z" * 900, "m", "f")], [0])
    shown = str(model.data(model.index(0, 3)))
    assert "\n" not in shown
    assert len(shown) <= 200


@given(st.text(), st.integers(1, 60))
def test_a_value_is_shown_on_one_line_and_nothing_in_it_is_hidden(text: str, longest: int) -> None:
    shown = visible(text, longest)
    assert shown.isprintable()
    assert len(shown) <= longest
    if text.isprintable() and len(text) <= longest:
        assert shown == text


@given(st.integers(1, 5), st.booleans())
def test_many_runs_are_merged_as_one_sort_would(column: int, descending: bool) -> None:
    """Equal ones stay in the order of the lines, either way."""
    places = chosen(MANY, Filter(column=column, descending=descending))
    once = sorted(range(len(MANY)), key=lambda place: _key(place, column), reverse=descending)
    assert places == once
    assert len(places) > 2 * RUN


def _key(place: int, column: int) -> str:
    it = MANY[place]
    return (it.column or "", it.code, it.value, it.message, it.fix)[column - 1]


MANY = some(3 * RUN + 17)


def test_a_sort_that_is_no_longer_wanted_stops() -> None:
    asked = [0]

    def cancelled() -> bool:
        asked[0] += 1
        return asked[0] > len(MANY) // 4096 + 1

    assert chosen(MANY, Filter(column=3), cancelled) == []
