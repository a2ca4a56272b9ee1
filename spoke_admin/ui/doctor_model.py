"""The results of the doctor as a table: the worst first, filtered in the data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, Qt

from spoke_admin.doctor.results import Outcome, Result
from spoke_admin.ui import theme
from spoke_admin.ui.findings_model import NOWHERE, Index, visible
from spoke_admin.ui.tables import row_icon

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

HEADS = ("Result", "Area", "What was looked at", "What was found")
LONGEST_SHOWN = 200  # characters of a cell
WORDS = {
    Outcome.FAIL: "Failed",
    Outcome.WARN: "Warning",
    Outcome.EXPECTED: "As declared",
    Outcome.PASSED: "Passed",
    Outcome.SKIPPED: "Not looked at",
}
SIGNS = {
    Outcome.FAIL: "error",
    Outcome.WARN: "warning",
    Outcome.EXPECTED: "done",
    Outcome.PASSED: "done",
    Outcome.SKIPPED: "asking",
}
WORST_FIRST = tuple(WORDS)
PROBLEMS = (Outcome.FAIL, Outcome.WARN)


class DoctorModel(QAbstractTableModel):
    """Shows those of its results that fit the filter; takes new ones in while a run goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[Result] = []
        self._shown: list[Result] = []
        self._text = ""
        self._only_problems = False
        self._icons: dict[Outcome, QIcon] = {}
        self.recolour()

    def recolour(self) -> None:
        """Light or dark was chosen."""
        now = theme.colours()
        colours = {Outcome.FAIL: now.error, Outcome.WARN: now.warning, Outcome.PASSED: now.done}
        self._icons = {outcome: row_icon(sign, colours.get(outcome, now.dim)) for outcome, sign in SIGNS.items()}

    def show_results(self, results: Sequence[Result]) -> None:
        """Replaces everything."""
        self._all = list(results)
        self._choose()

    def add(self, result: Result) -> None:
        """One more result of the run under way."""
        self._all.append(result)
        self._choose()

    def choose(self, text: str, *, only_problems: bool) -> None:
        """Shows the results that hold every word of the text."""
        self._text, self._only_problems = text, only_problems
        self._choose()

    @property
    def results(self) -> Sequence[Result]:
        return self._all

    def result(self, row: int) -> Result:
        return self._shown[row]

    def row_of(self, code: str) -> int:
        """The row of a check, -1 when it is not shown."""
        return next((row for row, it in enumerate(self._shown) if it.code == code), -1)

    def _choose(self) -> None:
        words = self._text.casefold().split()
        self.beginResetModel()
        fitting = [it for it in self._all if self._fits(it, words)]
        self._shown = sorted(fitting, key=lambda it: WORST_FIRST.index(it.outcome))
        self.endResetModel()

    def _fits(self, result: Result, words: Sequence[str]) -> bool:
        if self._only_problems and result.outcome not in PROBLEMS:
            return False
        searched = " ".join((result.code, *cells_of(result), result.fix, result.trips)).casefold()
        return all(word in searched for word in words)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return HEADS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return visible(cells_of(self.result(index.row()))[index.column()], LONGEST_SHOWN)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._icons[self.result(index.row()).outcome]
        return None


def cells_of(result: Result) -> tuple[str, ...]:
    """A result as it is read: one text a column."""
    return WORDS[result.outcome], result.area.value.capitalize(), result.title, result.found
