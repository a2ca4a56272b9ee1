"""The findings of a check as a table: filtered and sorted in the data, shown through an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.ui import theme
from spoke_admin.ui.tasks import Cancelled

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
HEADS = ("Line", "Column", "Finding", "Value", "What is wrong", "What to do")
WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.INFO: "Note"}
SIGNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "ready"}
BETWEEN_LOOKS = 4096  # findings between two looks at whether the answer is still wanted


@dataclass(frozen=True)
class Filter:
    """What is listed: `text` anywhere in a finding, one `code` ("" for all), `only_errors`; sorted by `column`."""

    text: str = ""
    code: str = ""
    only_errors: bool = False
    column: int = 0
    descending: bool = False


def chosen(findings: Sequence[Finding], wish: Filter, cancelled: Cancelled = lambda: False) -> list[int]:
    """The places of the findings that the filter lets through, in its order. Meant for a worker: may take a while."""
    text = wish.text.strip().casefold()
    places = []
    for place, finding in enumerate(findings):
        if place % BETWEEN_LOOKS == 0 and cancelled():
            return []
        if _fits(finding, text, wish):
            places.append(place)
    if wish.column or wish.descending:
        places.sort(key=lambda place: _sort_key(findings[place], wish.column), reverse=wish.descending)
    return places


def _fits(finding: Finding, text: str, wish: Filter) -> bool:
    if wish.only_errors and finding.severity is not Severity.ERROR:
        return False
    if wish.code and finding.code != wish.code:
        return False
    if not text:
        return True
    words = f"{finding.line} {finding.column or ''} {finding.code} {finding.value} {finding.message}"
    return text in words.casefold()


def _sort_key(finding: Finding, column: int) -> tuple[Any, int]:
    keys = (finding.line, finding.column or "", finding.code, finding.value, finding.message, finding.fix)
    return keys[column], finding.line


class FindingsModel(QAbstractTableModel):
    """Shows `findings` through `places`. `data` returns at once for every role it does not serve."""

    def __init__(self) -> None:
        super().__init__()
        self._findings: Sequence[Finding] = ()
        self._places: Sequence[int] = ()
        self._icons: dict[Severity, QIcon] = {}
        self.recolour()

    def recolour(self) -> None:
        """Light or dark was chosen."""
        now = theme.colours()
        colours = {Severity.ERROR: now.error, Severity.WARNING: now.warning, Severity.INFO: now.dim}
        self._icons = {severity: theme.icon(SIGNS[severity], colour) for severity, colour in colours.items()}

    def show_findings(self, findings: Sequence[Finding], places: Sequence[int]) -> None:
        """Replaces everything that is shown."""
        self.beginResetModel()
        self._findings, self._places = findings, places
        self.endResetModel()

    def finding(self, row: int) -> Finding:
        return self._findings[self._places[row]]

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._places)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return HEADS[section] if orientation is Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return _shown(self.finding(index.row()), index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 2:
            return self._icons[self.finding(index.row()).severity]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() >= 3:
            return _shown(self.finding(index.row()), index.column())
        return None


def _shown(finding: Finding, column: int) -> str:
    if column == 0:
        return f"{finding.line:,}"
    if column == 1:
        return finding.column or ""
    if column == 2:
        return f"{WORDS[finding.severity]}: {words_of(finding.code)}"
    if column == 3:
        return finding.value[:200].replace("\r", "⏎").replace("\n", "⏎")
    return finding.message if column == 4 else finding.fix


def words_of(code: str) -> str:
    """A code as it is read: phone_not_us -> phone not us."""
    return code.replace("_", " ")
