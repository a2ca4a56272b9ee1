"""The logins of a file held against a service's users, as the page Users lists them."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, Qt

from spoke_admin.domain.cross_check import Explained, Standing, cross_check, explained, only_there_explained
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.systems import ServiceUsers
from spoke_admin.ui.findings_model import NOWHERE, Index, visible
from spoke_admin.ui.tasks import Cancelled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spoke_admin.roster.many_texts import Texts

HEADS = ("Login", "Line", "Standing")
ONLY_THERE = "only_there"  # beside the standings: users whom no login names
NAMES = (*(standing.value for standing in Standing), ONLY_THERE)
LONGEST_LOGIN = 200  # characters in the table


@dataclass(frozen=True)
class Comparison:
    """Every login, and behind them the service's users whom none names.

    `lines`: physical lines in the file, 0 for users whom no login names; `standings`: places in NAMES. `complete` is
    False where the service may have users that it did not show.
    """

    logins: "Texts"
    lines: "NDArray[np.int64]"
    standings: "NDArray[np.uint8]"
    words: tuple[Explained, ...]  # of each of NAMES
    counts: tuple[int, ...]  # of each of NAMES
    complete: bool
    users: int

    def chosen(self, name: str, text: str, cancelled: Cancelled) -> "NDArray[np.int64]":
        """The places of the logins of a standing ("" for all) that hold a text. For a worker."""
        import numpy as np

        fits = np.ones(len(self.logins), np.bool_) if not name else self.standings == NAMES.index(name)
        if text.strip():
            fits = fits & self.logins.holding(text.strip(), cancelled)
        return np.flatnonzero(fits)


def compare(
    path: Path, users: ServiceUsers, profile: ServiceProfile, cancelled: Cancelled, sheet: str | None = None
) -> Comparison:
    """Reads the file's logins and looks each up among the users. For a worker. Raises AdminError."""
    import numpy as np

    from spoke_admin.roster.many_texts import Texts
    from spoke_admin.roster.people import logins_of

    text, ends, lines = bytearray(), array("q"), array("q")

    def logins() -> Iterator[str]:
        for line, login in logins_of(path, cancelled, sheet):
            take(line, login)
            yield login

    def take(line: int, login: str) -> None:
        text.extend(login.encode("utf-8", "replace"))
        ends.append(len(text))
        lines.append(line)

    found = cross_check(logins(), users.users, complete=users.complete)
    standings = np.full(len(ends) + len(found.only_there), NAMES.index(ONLY_THERE), np.uint8)
    for standing, places in found.places.items():
        standings[np.asarray(places, np.int64)] = NAMES.index(standing.value)
    for user in found.only_there:
        take(0, user.user_name)
    stops = np.array(ends, np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), stops[:-1]])[: len(stops)]
    words = (*(explained(it, profile, complete=found.complete) for it in Standing), only_there_explained(profile))
    counts = (*(found.count(it) for it in Standing), len(found.only_there))
    made = Texts.of(np.frombuffer(text, np.uint8), starts, stops)
    return Comparison(made, np.array(lines), standings, words, counts, found.complete, len(users.users))


class LoginsModel(QAbstractTableModel):
    """Shows the logins of a comparison at `places`."""

    def __init__(self) -> None:
        super().__init__()
        self._comparison: Comparison | None = None
        self._places: NDArray[np.int64] | None = None

    def show_logins(self, comparison: Comparison | None, places: "NDArray[np.int64] | None") -> None:
        """Replaces everything that is shown."""
        self.beginResetModel()
        self._comparison, self._places = comparison, places
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() or self._places is None else len(self._places)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return HEADS[section] if orientation is Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if self._comparison is None or self._places is None:
            return None
        place = int(self._places[index.row()])
        if index.column() == 0:
            return visible(self._comparison.logins[place], LONGEST_LOGIN)
        if index.column() == 1:
            line = int(self._comparison.lines[place])
            return f"{line:,}" if line else ""
        return self._comparison.words[int(self._comparison.standings[place])].title
