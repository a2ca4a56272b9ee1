"""How quickly the page Users reads, filters and sorts many findings, and how long its window is ever kept waiting.

`python benchmarks/findings.py [ROWS]`: a file with two findings in each row (100,000 rows by default) is opened in the
real window, offscreen. For each action: its seconds, and the longest time in which the window served no event.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QCoreApplication, Qt, QTimer  # the platform comes first

from spoke_admin.ui.application import application
from spoke_admin.ui.pages.users import UsersPage
from spoke_admin.ui.window import Window


class Pulse:
    """Beats as often as the window serves events; the longest gap in seconds."""

    def __init__(self) -> None:
        self.gap = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self.beat)
        self._timer.start(1)

    def beat(self) -> None:
        now = time.perf_counter()
        self.gap, self._last = max(self.gap, now - self._last), now

    def reset(self) -> None:
        self.gap, self._last = 0.0, time.perf_counter()


def measured(words: str, window: Window, pulse: Pulse, act: Callable[[], object]) -> None:
    pulse.reset()
    begin = time.perf_counter()
    act()
    while not window.tasks.quiet:
        QCoreApplication.processEvents()
    seconds = time.perf_counter() - begin
    for _ in range(20):  # what the action left to be drawn counts, too
        QCoreApplication.processEvents()
    pulse.beat()
    print(f"{words:28} {seconds:8.3f} s   longest wait {pulse.gap * 1000:5.0f} ms")


def roster(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("login,email,firstName,lastName,primaryPhone\r\n")
        for number in range(rows):
            phone = "1-800-555-0199" if number % 2 else f"+44 20 {number % 10_000_000:07d}"
            file.write(f"u{number}@example.com,u{number}@example.com,Ada,,{phone}\r\n")
    return path


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    application()
    window = Window()
    window.show()
    page = window.page("users")
    if not isinstance(page, UsersPage):
        raise SystemExit("the page Users is another one")
    pulse = Pulse()
    with tempfile.TemporaryDirectory() as folder:
        file = roster(Path(folder) / "users.csv", rows)
        measured(f"read {rows:,} rows", window, pulse, lambda: window.open_file(file))
        print(f"{page.model.rowCount():,} findings")
        measured("filter by text", window, pulse, lambda: page.search.setText("800"))
        measured("filter off", window, pulse, page.search.clear)
        measured("only what stops a row", window, pulse, lambda: page.only_errors.setChecked(True))
        measured("all", window, pulse, lambda: page.only_errors.setChecked(False))
        measured("one kind", window, pulse, lambda: page.bars.wanted.emit("phone_not_us"))
        measured("every kind", window, pulse, lambda: page.bars.wanted.emit(""))
        for column, words in enumerate(("line", "column", "kind", "value", "what is wrong")):
            sort = partial(page.table.sortByColumn, column, Qt.SortOrder.DescendingOrder)
            measured(f"sort by {words}", window, pulse, sort)
    window.close()
    window.deleteLater()


if __name__ == "__main__":
    main()
