"""The findings table: shown through an index, silent for roles it does not serve, never waiting for the file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.roster.checking import check_file
from spoke_admin.roster.choosing import Chooser, Wish
from spoke_admin.ui.findings_model import (
    HEADS,
    MOST_WANTED,
    NOT_YET,
    REMEMBERED,
    FindingsModel,
    read_words,
    visible,
    with_blanks,
)
from tests.roster.profiles import ASKSPOKE

HEADER = "login,email,firstName,lastName,primaryPhone\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Every second login is there twice, which the file has to be read for."""
    made = tmp_path / "users.csv"
    rows = [f"u{number // 2}@example.com,u@example.com,A,,1-800-555-0199\n" for number in range(600)]
    made.write_text(HEADER + "".join(rows))
    return made


@pytest.fixture
def chooser(path: Path) -> Chooser:
    result = check_file(path, ASKSPOKE)
    return Chooser(result.findings, result.columns)


def shown(chooser: Chooser, wish: Wish) -> FindingsModel:
    model = FindingsModel()
    model.show_findings(chooser, chooser.chosen(wish).places)
    return model


def words(model: FindingsModel, row: int) -> list[object]:
    return [model.data(model.index(row, column)) for column in range(len(HEADS))]


def test_the_model_shows_findings_through_its_index(qtbot: QtBot, qtmodeltester: ModelTester, chooser: Chooser) -> None:
    model = shown(chooser, Wish(code="missing_value"))
    check: Any = qtmodeltester  # without types of its own
    check.check(model)
    assert model.rowCount() == 600
    assert words(model, 1) == [
        "3", "lastName", "Error: missing value", "", "lastName is empty.",
        "Fill it in: a user cannot be created without it.",
    ]  # fmt: skip
    assert model.data(model.index(0, 2), Qt.ItemDataRole.DecorationRole) is not None
    assert model.data(model.index(0, 0), Qt.ItemDataRole.BackgroundRole) is None
    assert model.data(model.index(0, 4), Qt.ItemDataRole.ToolTipRole) == "lastName is empty."
    assert model.rowCount(model.index(0, 0)) == 0
    assert model.row_of(model.place(7)) == 7
    assert model.row_of(10**6) == -1
    model.show_findings(None, None)
    assert model.rowCount(QModelIndex()) == 0
    assert model.row_of(0) == -1


def test_what_only_the_file_has_is_asked_for_and_comes_later(qtbot: QtBot, chooser: Chooser) -> None:
    model = shown(chooser, Wish(code="duplicate_identifier"))
    assert not chooser.in_memory(model.place(0))
    assert words(model, 0)[1:5] == ["login", "Error: duplicate identifier", NOT_YET, NOT_YET]
    with qtbot.waitSignal(model.wanted) as asked:
        words(model, 1)
    assert asked.args == [(model.place(0), model.place(1))]
    with qtbot.assertNotEmitted(model.wanted, wait=20):
        words(model, 2)  # one batch at a time
    with qtbot.waitSignal(model.dataChanged) as changed:
        model.take(read_words(chooser, asked.args[0]))
    assert [changed.args[0].row(), changed.args[1].row()] == [0, 1]
    assert words(model, 0)[3:5] == ["u0@example.com", "The same login stands on line 2."]
    with qtbot.waitSignal(model.wanted) as asked:
        words(model, 5)
    assert asked.args == [(model.place(2), model.place(5))]


def test_what_was_scrolled_past_is_not_asked_for_and_little_is_remembered(qtbot: QtBot, chooser: Chooser) -> None:
    model = shown(chooser, Wish(code="duplicate_identifier"))
    with qtbot.waitSignal(model.wanted) as asked:
        for row in range(300):
            words(model, row)
    assert len(asked.args[0]) == MOST_WANTED
    assert asked.args[0][-1] == model.place(299)
    model = shown(chooser, Wish())
    for row in range(model.rowCount()):
        model.finding(row)
    assert len(model._words) <= REMEMBERED


def test_a_changed_file_is_said_in_the_cell(qtbot: QtBot, chooser: Chooser, path: Path) -> None:
    model = shown(chooser, Wish(code="duplicate_identifier"))
    path.write_text(HEADER)
    model.take(read_words(chooser, [model.place(0)]))
    assert "was changed since it was checked" in str(words(model, 0)[4])
    assert words(model, 0)[3] == ""
    path.unlink()
    model.take(read_words(chooser, [model.place(1)]))
    assert "There is no file" in str(words(model, 1)[4])


def test_line_breaks_in_a_value_stay_on_one_line(qtbot: QtBot, chooser: Chooser) -> None:
    model = shown(chooser, Wish())
    long = Finding(2, "a", "too_long", Severity.ERROR, "x\r\ny" + "z" * 900, "m", "f")
    model.take({model.place(0): long})
    value = str(model.data(model.index(0, 3)))
    assert "\n" not in value
    assert len(value) <= 200


@given(st.text(), st.integers(1, 60))
def test_a_value_is_shown_on_one_line_and_nothing_in_it_is_hidden(text: str, longest: int) -> None:
    line = visible(text, longest)
    assert line.isprintable()
    assert len(line) <= longest
    if text.isprintable() and len(text) <= longest:
        assert line == text


@given(st.text(), st.integers(1, 60))
def test_blanks_around_a_value_can_be_seen(text: str, longest: int) -> None:
    line = with_blanks(text, longest)
    assert line == line.strip()
    assert len(line) == len(visible(text, longest))
    assert line.strip("·") == visible(text, longest).strip().strip("·")


def test_places_are_an_array(chooser: Chooser) -> None:
    assert isinstance(chooser.chosen(Wish()).places, np.ndarray)
