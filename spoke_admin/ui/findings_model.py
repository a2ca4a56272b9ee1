"""The findings of a check as a table: filtered and sorted in the data, shown through an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.ui import theme
from spoke_admin.ui.tables import row_icon
from spoke_admin.ui.tasks import Cancelled

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
HEADS = ("Line", "Column", "Finding", "Value", "What is wrong", "What to do")
WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.INFO: "Note"}
SIGNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "ready"}
BETWEEN_LOOKS = 4096  # findings between two looks at whether the answer is still wanted
RUN = 8192  # findings sorted at a stroke: a sort holds the interpreter's lock, and a window waits for it
LINE_ENDS = {"\r": "⏎", "\n": "⏎", "\t": "⇥"}
LONGEST_SHOWN = 200  # characters of a value in the table


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
    if wish.column:
        places = _sorted(places, [_words(findings[place], wish.column) for place in places], wish.descending, cancelled)
    elif wish.descending:
        places.sort(reverse=True)
    return places


def _sorted(places: list[int], words: list[str], descending: bool, cancelled: Cancelled) -> list[int]:
    """`places` by their words, equal ones as they stand: in short runs, then merged, so that others get their turn."""
    ordinals = range(len(places))
    runs = [sorted(ordinals[at : at + RUN], key=words.__getitem__, reverse=descending) for at in ordinals[::RUN]]
    while len(runs) > 1:
        if cancelled():
            return []
        pairs = [runs[at : at + 2] for at in range(0, len(runs), 2)]
        runs = []
        for pair in pairs:
            both = [ordinal for run in pair for ordinal in run]
            both.sort(key=words.__getitem__, reverse=descending)  # finds the two runs and merges them
            runs.append(both)
    return [places[ordinal] for ordinal in runs[0]] if runs else []


def _fits(finding: Finding, text: str, wish: Filter) -> bool:
    if wish.only_errors and finding.severity is not Severity.ERROR:
        return False
    if wish.code and finding.code != wish.code:
        return False
    if not text:
        return True
    words = f"{finding.line} {finding.column or ''} {finding.code} {finding.value} {finding.message}"
    return text in words.casefold()


def _words(finding: Finding, column: int) -> str:
    """What a column is sorted by; the first one, the line, is the order of the findings themselves."""
    return ("", finding.column or "", finding.code, finding.value, finding.message, finding.fix)[column]


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
        self._icons = {severity: row_icon(SIGNS[severity], colour) for severity, colour in colours.items()}

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
        if role == Qt.ItemDataRole.ToolTipRole and index.column() >= 2:
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
        return visible(finding.value, LONGEST_SHOWN)
    return finding.message if column == 4 else finding.fix


def visible(text: str, longest: int) -> str:
    """A cell on one line of at most `longest` characters; what cannot be seen, or turns text round, by its number."""
    shown = text[: longest + 1]
    if not shown.isprintable():
        shown = "".join(it if it.isprintable() else LINE_ENDS.get(it, f"⟨U+{ord(it):04X}⟩") for it in shown)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def words_of(code: str) -> str:
    """A code as it is read: phone_not_us -> phone not us."""
    return code.replace("_", " ")
