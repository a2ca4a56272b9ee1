"""How quickly the page Users shows, scrolls, filters and sorts many findings, and how long its window ever waits.

`python benchmarks/findings.py [--findings N] [--repeat N]`: a file with two findings in each row (1,000,000 in all by
default) is opened in the real window, offscreen. Each figure stands beside a yardstick of the same run:
- an empty table: first paint and frames of a QTableView of as many rows, all empty;
- a list: what a plain Python scan takes for `"800" in text` over a list of as many texts.
`wait`: the longest time in which the window served no event. Of several runs the median counts, of waits the longest.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QTableView

from spoke_admin.ui.application import application
from spoke_admin.ui.findings_model import HEADS
from spoke_admin.ui.pages.users import UsersPage
from spoke_admin.ui.tables import as_list
from spoke_admin.ui.window import Window

FRAMES = 200
FIRST_PAINT_MS, FRAME_MS, FILTER_MS = 100, 33, 100  # what is to be reached


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


class Figures:
    """Prints figures beside their yardstick."""

    def __init__(self) -> None:
        self.late = list[str]()

    def tell(self, words: str, seconds: float, yardstick: float = 0.0, wait: float = 0.0, most_ms: float = 0.0) -> None:
        ratio = f"{seconds / yardstick:8.2f} x" if yardstick else " " * 10
        waited = f"   wait {wait * 1000:6.1f} ms" if wait else ""
        print(f"{words:34} {seconds * 1000:9.1f} ms {ratio}{waited}")
        if most_ms and seconds * 1000 > most_ms:
            self.late.append(f"{words}: {seconds * 1000:.0f} ms instead of {most_ms:.0f} ms")


def roster(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("login,email,firstName,lastName,primaryPhone\r\n")
        for number in range(rows):
            phone = "1-800-555-0199" if number % 2 else f"+44 20 {number % 10_000_000:07d}"
            file.write(f"u{number}@example.com,u{number}@example.com,Ada,,{phone}\r\n")
    return path


def seconds_of(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def settled(window: Window) -> None:
    """Waits as a window does: without computing."""
    while not window.tasks.quiet:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def frames(table: QTableView) -> tuple[float, float]:
    """Seconds of a frame after a jump to any place: the median and the longest."""
    bar, taken = table.verticalScrollBar(), list[float]()
    for number in range(FRAMES):
        bar.setValue(number * 7919 % max(bar.maximum(), 1))
        taken.append(seconds_of(table.viewport().repaint))
    return statistics.median(taken), max(taken)


def empty_table(rows: int, size: tuple[int, int]) -> tuple[float, float]:
    """Seconds of the first paint and of a frame of a table over the trivial model."""
    table = QTableView()
    as_list(table, "yardstick_table", "Yardstick")
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.resize(*size)
    table.show()
    QCoreApplication.processEvents()

    def fill() -> None:
        table.setModel(QStandardItemModel(rows, len(HEADS), table))
        table.viewport().repaint()

    first = seconds_of(fill)
    frame, _ = frames(table)
    table.close()
    table.deleteLater()
    return first, frame


def plain_scan(count: int) -> float:
    """Seconds of a search in a plain list."""
    texts = [f"u{number}@example.com" for number in range(count)]
    return seconds_of(lambda: [place for place, text in enumerate(texts) if "800" in text])


class Bench:
    """One window, one file, every action."""

    def __init__(self, window: Window, page: UsersPage, figures: Figures, repeat: int) -> None:
        self.window, self.page, self.figures, self.repeat = window, page, figures, repeat
        self.panel = page.findings
        self.pulse = Pulse()

    def read(self, file: Path) -> None:
        """From the file to its findings; and from the moment they are there to their first paint."""
        painted = list[float]()
        show = self.panel.show_checked

        def timed(checked: object) -> None:
            begin = time.perf_counter()
            show(checked)  # type: ignore[arg-type]  # what the page gives
            if checked is not None:
                while not self.panel.model.rowCount():
                    QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
                self.panel.table.viewport().repaint()
                painted.append(time.perf_counter() - begin)

        self.panel.show_checked = timed  # type: ignore[method-assign]
        self.pulse.reset()
        begin = time.perf_counter()
        self.window.open_file(file)
        settled(self.window)
        seconds = time.perf_counter() - begin
        self.panel.show_checked = show  # type: ignore[method-assign]
        self.figures.tell("read the file", seconds, wait=self.pulse.gap)
        self.first_paint = painted[-1]

    def act(self, words: str, act: Callable[[], object], undo: Callable[[], object], yardstick: float) -> None:
        """An action and the wait for what comes of it, painted; `undo` is not measured."""
        taken, gap = list[float](), 0.0
        for _ in range(self.repeat):
            self.pulse.reset()
            begin = time.perf_counter()
            act()
            settled(self.window)
            self.panel.table.viewport().repaint()
            taken.append(time.perf_counter() - begin)
            self.pulse.beat()
            gap = max(gap, self.pulse.gap)
            undo()
            settled(self.window)
        self.figures.tell(words, statistics.median(taken), yardstick, gap, FILTER_MS)

    def filters(self, scan: float) -> None:
        panel = self.panel
        for text in ("800", "1-800-555", "@example", "5", "primaryPhone", "country code", "no such text"):
            self.act(f"filter by {text}", partial(panel.search.setText, text), panel.search.clear, scan)
        box = panel.only_errors
        self.act("only what stops a row", lambda: box.setChecked(True), lambda: box.setChecked(False), scan)
        wanted = panel.bars.wanted
        self.act("one kind", partial(wanted.emit, "phone_not_us"), partial(wanted.emit, ""), scan)

    def sorts(self, scan: float) -> None:
        table = self.panel.table
        back = partial(table.sortByColumn, 0, Qt.SortOrder.AscendingOrder)
        for column, words in enumerate(HEADS):
            down = partial(table.sortByColumn, column, Qt.SortOrder.DescendingOrder)
            self.act(f"sort by {words}", down, back, scan)

    def row(self, scan: float) -> None:
        table, far = self.panel.table, self.panel.model.rowCount() - 2
        self.act("the row of a finding", partial(table.selectRow, far), partial(table.selectRow, 5), scan)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--findings", type=int, default=1_000_000)
    reader.add_argument("--repeat", type=int, default=3)
    asked = reader.parse_args()
    application()
    window = Window()
    window.show()
    page = window.page("users")
    if not isinstance(page, UsersPage):
        raise SystemExit("the page Users is another one")
    figures = Figures()
    bench = Bench(window, page, figures, asked.repeat)
    with tempfile.TemporaryDirectory() as folder:
        bench.read(roster(Path(folder) / "users.csv", asked.findings // 2))
        count = bench.panel.model.rowCount()
        size = bench.panel.table.size()
        first, frame = empty_table(count, (size.width(), size.height()))
        scan = plain_scan(count)
        print(f"{count:,} findings\n")
        figures.tell("yardstick: an empty table, painted", first)
        figures.tell("first paint", bench.first_paint, first, most_ms=FIRST_PAINT_MS)
        figures.tell("yardstick: its frame", frame)
        middle, longest = frames(bench.panel.table)
        figures.tell("frame while scrolling", middle, frame, most_ms=FRAME_MS)
        figures.tell("the longest of them", longest, frame, most_ms=FRAME_MS)
        figures.tell("yardstick: a scan of a list", scan)
        bench.filters(scan)
        bench.sorts(scan)
        bench.row(scan)
    window.close()
    window.deleteLater()
    print("\n".join(["", *(figures.late or ["All within their limits."])]))


if __name__ == "__main__":
    main()
