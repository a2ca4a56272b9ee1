"""Repairs of a file of users in words, and the work that plans and saves them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, Qt

from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.ui.findings_model import NOWHERE, Index, visible, with_blanks
from spoke_admin.ui.tasks import Cancelled, TellProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spoke_admin.roster.checking import Result
    from spoke_admin.roster.repair.cells import Change, RepairPlan
    from spoke_admin.ui.roster_check import Checked

HEADS = ("Line", "Column", "Before", "After")
LONGEST_VALUE = 200  # characters in the table
MOST_HEADERS = 40  # unknown columns for which names are offered; a file with more is of another kind

# by the value of a Repair: what it does to one, what it does to many, and what it never does
SENTENCES = {
    "trim": ("Trim the blanks around 1 cell", "Trim the blanks around {count:,} cells"),
    "invisible": ("Remove invisible characters from 1 cell", "Remove invisible characters from {count:,} cells"),
    "phones": ("Write 1 phone number as its ten digits", "Write {count:,} phone numbers as their ten digits"),
    "duplicate_rows": ("Drop 1 row that is there twice", "Drop {count:,} rows that are there twice"),
    "headers": ("Rename 1 column", "Rename {count:,} columns"),
    "encoding": ("Save as UTF-8: 1 change", "Save as UTF-8: {count:,} changes"),
    "line_ends": ("Unify 1 line end", "Unify {count:,} line ends"),
}
MEANINGS = {
    "trim": "Blanks inside a cell stay.",
    "invisible": "Logins that look alike may differ by them.",
    "phones": "Numbers that the service ignores for an extension or for letters.",
    "duplicate_rows": "Only rows that are the same in every cell; the first one stays.",
    "headers": "As you chose below.",
    "encoding": "What cannot be decoded becomes a replacement sign.",
    "line_ends": "Every row then ends with CRLF, as in the template.",
}


@dataclass(frozen=True)
class Applied:
    """Repairs that were chosen: nothing is written yet. `as_of`: the state of the file they were planned for."""

    repairs: tuple[str, ...]  # values of Repair
    headers: Mapping[int, str]
    counts: Mapping[str, int]
    as_of: tuple[int, int] | None

    @property
    def count(self) -> int:
        return sum(self.counts[repair] for repair in self.repairs)

    @property
    def words(self) -> str:
        """What they do, in one line."""
        return "; ".join(sentence(repair, self.counts[repair]) for repair in self.repairs)


@dataclass(frozen=True)
class UnknownColumn:
    """A column whose name nobody knows. `place` from 0; `likely`: the field it most likely is, "" for none."""

    place: int
    name: str
    likely: str


def sentence(repair: str, count: int) -> str:
    """What a class of repairs would do."""
    one, many = SENTENCES[repair]
    return one if count == 1 else many.format(count=count)


def counted(count: int) -> str:
    """So many repairs."""
    return "1 repair" if count == 1 else f"{count:,} repairs"


def unknown_columns(checked: "Checked") -> tuple[list[UnknownColumn], list[str]]:
    """The first columns whose names nobody knows, and the fields that no column holds yet."""
    from spoke_admin.roster.columns import KNOWN, suggestion

    result = checked.result
    taken = {field for fields in result.fields for field in fields}
    free = [field for field in KNOWN if field not in taken]
    found = []
    for place in checked.chooser.columns_with("unknown_column")[:MOST_HEADERS]:
        likely = suggestion(result.columns[place], taken)
        if likely:
            taken.add(likely)
        found.append(UnknownColumn(place, result.columns[place], likely))
    return found, free


def plan(
    result: "Result",
    profile: ServiceProfile,
    headers: Mapping[int, str],
    progress: TellProgress,
    cancelled: Cancelled,
) -> "RepairPlan":
    """What repairs of every class would do. For a worker. Raises AdminError."""
    from spoke_admin.roster.repair.copy import plan_repairs

    return plan_repairs(result.file, profile, headers, progress, cancelled, sheet=result.sheet)


def save(  # each of them is a choice of its own
    result: "Result",
    profile: ServiceProfile,
    applied: Applied,
    to: Path,
    *,
    safe: bool,
    progress: TellProgress,
    cancelled: Cancelled,
) -> Path:
    """Saves the repaired copy at `to` and the list of changes beside it; where that is. For a worker."""
    from spoke_admin.connection import save_repaired
    from spoke_admin.roster.repair.cells import Repair

    changes_to = to.with_name(f"{to.stem}.changes.csv")
    save_repaired(
        result.file, profile, [Repair(it) for it in applied.repairs], to, changes_to, safe=safe,
        headers=applied.headers, sheet=result.sheet, as_of=applied.as_of, progress=progress, cancelled=cancelled,
    )  # fmt: skip
    return changes_to


class ChangesModel(QAbstractTableModel):
    """The first changes of a class of repairs, before and after."""

    def __init__(self) -> None:
        super().__init__()
        self._changes: Sequence[Change] = ()

    def show_changes(self, changes: "Sequence[Change]") -> None:
        self.beginResetModel()
        self._changes = changes
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._changes)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return HEADS[section] if orientation is Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        change = self._changes[index.row()]
        column = index.column()
        if column == 0:
            return f"{change.line:,}"
        if column == 1:
            return visible(change.column or "", LONGEST_VALUE)
        return with_blanks(change.before if column == 2 else change.after, LONGEST_VALUE)
