"""Repairs on real files: planned beside the window, chosen by class, undone, saved in two forms, checked again."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from spoke_admin.ui.pages.users import UsersPage
from spoke_admin.ui.repair_dialog import RepairDialog
from spoke_admin.ui.repairs import MEANINGS, SENTENCES, sentence
from spoke_admin.ui.save_repaired_dialog import SaveRepairedDialog
from spoke_admin.ui.tasks import Tasks
from tests.ui.names import faults_of_names

HEADER = "login,email,firstName,lastName,Cell,Shoe & size\n"
ROWS = (
    "a@example.com ,a@example.com,A,B,415-555-2671 x5,=1+1\n"
    "b@example.com,b@example.com,\u200bB,B,,42\n"
    "b@example.com,b@example.com,\u200bB,B,,42\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "users.csv"
    made.write_text(HEADER + ROWS, encoding="utf-8", newline="")
    return made


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot, path: Path) -> UsersPage:
    made = UsersPage(tasks)
    qtbot.addWidget(made)
    made.resize(1000, 760)
    made.show()
    made.open_file(path)
    settle(made, qtbot)
    return made


def settle(page: UsersPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.tasks.quiet, timeout=20_000)


def dialog_of(page: UsersPage, qtbot: QtBot) -> RepairDialog:
    page.repairs.repair_button.click()
    settle(page, qtbot)
    dialog = page.findChild(RepairDialog, "repair_dialog")
    assert isinstance(dialog, RepairDialog)
    return dialog


def applied(page: UsersPage, qtbot: QtBot) -> None:
    dialog_of(page, qtbot).apply_button.click()
    settle(page, qtbot)


def shown(dialog: RepairDialog) -> list[tuple[object, ...]]:
    model = dialog.model
    return [tuple(model.data(model.index(row, column)) for column in range(4)) for row in range(model.rowCount())]


def test_before_a_file_is_open_there_is_nothing_to_repair(tasks: Tasks, qtbot: QtBot) -> None:
    page = UsersPage(tasks)
    qtbot.addWidget(page)
    assert not page.repairs.repair_button.isEnabled()
    assert not page.repairs.save_button.isEnabled()
    assert not page.repairs.isVisible()


def test_each_class_is_offered_with_its_count_and_a_preview(page: UsersPage, qtbot: QtBot) -> None:
    dialog = dialog_of(page, qtbot)
    assert [check.text() for check in dialog.checks.values()] == [
        "Trim the blanks around 1 cell",
        "Remove invisible characters from 1 cell",
        "Drop 1 row that is there twice",
        "Unify 3 line ends",
    ]
    assert [check.isChecked() for check in dialog.checks.values()] == [True, True, True, False]
    assert dialog.apply_button.text() == "&Apply 3 repairs"
    assert shown(dialog) == [("2", "login", "a@example.com·", "a@example.com")]
    dialog.checks["invisible"].setChecked(False)
    assert dialog.apply_button.text() == "&Apply 2 repairs"
    assert shown(dialog) == [("3", "firstName", "⟨U+200B⟩B", "B")]
    assert faults_of_names(dialog) == []
    for check in dialog.checks.values():
        check.setChecked(False)
    assert not dialog.apply_button.isEnabled()
    dialog.reject()


def test_a_name_for_an_unknown_column_is_suggested_and_the_admin_confirms(page: UsersPage, qtbot: QtBot) -> None:
    dialog = dialog_of(page, qtbot)
    assert [combo.currentText() for combo in dialog.combos.values()] == ["Leave as it is"] * 2
    cell = dialog.combos[4]
    assert cell.itemText(1) == "mobilePhone (likely)"
    assert "phones" not in dialog.checks
    dialog.checks["trim"].setChecked(False)
    cell.setCurrentIndex(1)
    assert not dialog.apply_button.isEnabled()
    settle(page, qtbot)
    assert dialog.checks["headers"].text() == "Rename 1 column"
    assert dialog.checks["phones"].text() == "Write 1 phone number as its ten digits"
    assert not dialog.checks["trim"].isChecked()  # what was not wanted stays unwanted
    assert faults_of_names(dialog) == []
    dialog.apply_button.click()
    settle(page, qtbot)
    assert "Rename 1 column" in page.repairs.words.text()


def test_what_is_applied_shows_and_is_undone(page: UsersPage, qtbot: QtBot, path: Path) -> None:
    before = path.read_bytes()
    applied(page, qtbot)
    assert page.repairs.isVisible()
    assert page.repairs.words.text().startswith("3 repairs applied, not saved yet: Trim the blanks around 1 cell;")
    assert page.repairs.save_button.isEnabled()
    assert faults_of_names(page) == []
    page.repairs.undo_button.click()
    assert not page.repairs.isVisible()
    assert not page.repairs.save_button.isEnabled()
    applied(page, qtbot)
    page.verify()
    settle(page, qtbot)
    assert not page.repairs.isVisible()
    assert path.read_bytes() == before


@pytest.mark.parametrize("safe", [False, True])
def test_the_repaired_file_is_saved_with_its_changes_and_checked(
    page: UsersPage, qtbot: QtBot, path: Path, safe: bool
) -> None:
    before = path.read_bytes()
    applied(page, qtbot)
    page.repairs.save_button.click()
    form = page.findChild(SaveRepairedDialog, "save_repaired_dialog")
    assert isinstance(form, SaveRepairedDialog)
    assert faults_of_names(form) == []
    (form.safe_button if safe else form.exact_button).click()
    where = page.findChild(QFileDialog, "save_repaired_file_dialog")
    assert isinstance(where, QFileDialog)
    to = path.with_name("users-to-look-at.csv" if safe else "users-repaired.csv")
    assert where.selectedFiles() == [str(to)]
    where.accept()
    settle(page, qtbot)
    assert path.read_bytes() == before
    sign = "'" if safe else ""
    assert to.read_text(encoding="utf-8") == (
        f"{HEADER}a@example.com,a@example.com,A,B,415-555-2671 x5,{sign}=1+1\nb@example.com,b@example.com,B,B,,42\n"
    )
    changes = to.with_name(f"{to.stem}.changes.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(changes) == 4
    assert page.message.title.text() == f"The repaired file is saved as {to.name}."
    assert f"saved as {to.name}" in page.repairs.words.text()
    page.message.button.click()
    settle(page, qtbot)
    assert page.file_label.text() == to.name
    assert "2 rows" in page.summary.text()
    assert not page.repairs.isVisible()


def test_a_file_that_changed_since_is_not_repaired(page: UsersPage, qtbot: QtBot, path: Path, tmp_path: Path) -> None:
    applied(page, qtbot)
    path.write_text(HEADER + ROWS + "c@example.com,c@example.com,C,C,,\n", encoding="utf-8")
    page.repairs._save((tmp_path / "out.csv", False))
    assert page.repairs.progress.isVisible()
    assert not page.repairs.save_button.isEnabled()
    settle(page, qtbot)
    assert "was changed" in page.message.title.text()
    assert not (tmp_path / "out.csv").exists()
    assert page.repairs.save_button.isEnabled()
    page.repairs._save((path, False))
    settle(page, qtbot)
    assert "overwrite" in page.message.title.text()


def test_a_plan_that_fails_is_said_in_the_dialog(page: UsersPage, qtbot: QtBot, path: Path) -> None:
    path.unlink()
    dialog = dialog_of(page, qtbot)
    assert dialog.message.isVisible()
    assert "There is no file" in dialog.message.title.text()
    assert not dialog.apply_button.isEnabled()
    dialog.reject()


def test_a_dialog_that_is_left_ends_its_work(page: UsersPage, qtbot: QtBot) -> None:
    page.repairs.repair_button.click()
    dialog = page.findChild(RepairDialog, "repair_dialog")
    assert isinstance(dialog, RepairDialog)
    assert dialog.progress.isVisible()
    dialog.progress.cancel_button.click()
    settle(page, qtbot)
    assert not page.repairs.isVisible()
    qtbot.waitUntil(lambda: page.findChild(RepairDialog, "repair_dialog") is None)


def test_saving_is_cancelled(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    applied(page, qtbot)
    page.repairs._save((tmp_path / "out.csv", False))
    page.repairs.progress.cancel_button.click()
    assert not page.repairs.progress.isVisible()
    assert page.repairs.save_button.isEnabled()
    settle(page, qtbot)


def test_every_class_has_its_words() -> None:
    from spoke_admin.roster.repair.cells import Repair

    assert {it.value for it in Repair} == set(SENTENCES) == set(MEANINGS)
    assert sentence("trim", 1) == "Trim the blanks around 1 cell"
    assert sentence("trim", 1_200) == "Trim the blanks around 1,200 cells"
