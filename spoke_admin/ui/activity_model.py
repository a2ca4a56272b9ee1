"""The changes of the activity log as the page Activity lists them: filtered in the data, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, Qt

from spoke_admin.ui import theme
from spoke_admin.ui.findings_model import NOWHERE, Index, visible
from spoke_admin.ui.tables import row_icon
from spoke_admin.ui.tasks import Cancelled, TellProgress

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from spoke_admin.adapters.audit_chain import Entry
    from spoke_admin.adapters.audit_log import Verdict

HEADS = ("Time", "Result", "Person", "Where", "Change")
RESULT = 1
LONGEST_SHOWN = 200  # characters of a cell
MOST_LISTED = 100_000  # entries of a long log: more would cost each look at the page seconds, and much memory
LINES_A_LOOK = 4096  # between two looks whether the filter was changed
SIGNS = {"done": "done", "refused": "error", "unknown": "warning"}  # by the first word of a result


@dataclass(frozen=True)
class Activity:
    """The last entries of the log, oldest first, how many are `earlier`, and whether its chain holds."""

    entries: "Sequence[Entry]"
    verdict: "Verdict"
    earlier: int = 0
    _texts: list[str] = field(default_factory=list)  # of the entries, as they are searched

    def chosen(self, text: str, cancelled: Cancelled) -> Sequence[int]:
        """The places of the entries that hold every word of a text, newest first. For a worker."""
        newest_first = range(len(self.entries) - 1, -1, -1)
        words = text.casefold().split()
        if not words:
            return newest_first
        if not self._texts:
            self._make_texts(cancelled)
        found: list[int] = []
        for place in newest_first if self._texts else ():
            if place % LINES_A_LOOK == 0 and cancelled():
                break
            searched = self._texts[place]
            if all(word in searched for word in words):
                found.append(place)
        return found

    def _make_texts(self, cancelled: Cancelled) -> None:
        """What can be read in the rows: all of it at once, for another worker may be about the same."""
        made: list[str] = []
        for place, entry in enumerate(self.entries):
            if place % LINES_A_LOOK == 0 and cancelled():
                return
            made.append(" ".join(cells_of(entry)).casefold())
        self._texts[:] = made


def read(tell: TellProgress, cancelled: Cancelled) -> Activity:
    """Reads the log and follows its chain. For a worker. Raises AdminError."""
    from spoke_admin.connection import read_activity

    reading = read_activity(tell, cancelled, MOST_LISTED)
    return Activity(reading.entries, reading.verdict, reading.earlier)


def cells_of(entry: "Entry") -> tuple[str, ...]:
    """An entry as it is read: one text a column."""
    return when(entry.time), entry.result, entry.person or "", entry.host, f"{entry.method} {entry.path}"


def when(time: str) -> str:
    """The moment as the clock on the wall showed it, to the second; as it stands where it is none."""
    try:
        return datetime.fromisoformat(time).astimezone().isoformat(" ", "seconds")[:19]
    except (ValueError, OverflowError):
        return time


class ActivityModel(QAbstractTableModel):
    """Shows the entries of `activity` at `places`."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[Entry] = ()
        self._earlier = 0
        self._places: Sequence[int] = ()
        self._icons: dict[str, QIcon] = {}
        self.recolour()

    def recolour(self) -> None:
        """Light or dark was chosen."""
        now = theme.colours()
        colours = {"done": now.done, "refused": now.error, "unknown": now.warning}
        self._icons = {word: row_icon(sign, colours[word]) for word, sign in SIGNS.items()}

    def show_entries(self, activity: Activity | None, places: Sequence[int]) -> None:
        """Replaces everything that is shown."""
        self.beginResetModel()
        self._entries, self._places = activity.entries if activity else (), places
        self._earlier = activity.earlier if activity else 0
        self.endResetModel()

    def entry(self, row: int) -> "Entry":
        return self._entries[self._places[row]]

    def number(self, row: int) -> int:
        """Which entry of the whole log a row shows: that stays so when the log grows."""
        return self._earlier + self._places[row]

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._places)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return HEADS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.DecorationRole):
            return None
        entry = self.entry(index.row())
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icons.get(entry.result.partition(" ")[0]) if index.column() == RESULT else None
        return visible(cells_of(entry)[index.column()], LONGEST_SHOWN)
