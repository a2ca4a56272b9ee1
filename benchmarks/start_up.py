"""How soon the window paints, beside the least a PySide6 window can take in the same run.

`python benchmarks/start_up.py [RUNS]`: medians of warm runs, in seconds from the start of Python to the first paint,
and their ratio. The yardstick is an empty QMainWindow with a label. Offscreen, so that no display's speed is measured.
"""

import os
import statistics
import subprocess
import sys
import time

YARDSTICK = """
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
from PySide6.QtCore import QTimer
app = QApplication([])
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, app.quit)
window = Window()
window.setCentralWidget(QLabel("yardstick"))
window.show()
app.exec()
"""
OURS = """
from spoke_admin.ui import application
app = application.application()
window = application.opened_window()
window.painted.connect(app.quit)
window.show()
app.exec()
import os, sys
heavy = ("httpx", "keyring", "phonenumbers", "scim2_models", "pydantic")
found = [name for name in heavy if name in sys.modules]
os._exit(1 if found else 0)
"""


def seconds(program: str) -> float:
    """One run, from the start of the process to its end right after the first paint."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for program in (YARDSTICK, OURS):
        seconds(program)  # warms the disk's cache
    pairs = [(seconds(YARDSTICK), seconds(OURS)) for _ in range(runs)]
    bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"empty PySide6 window  {bare:.2f} s")
    print(f"Spoke Admin           {ours:.2f} s")
    print(f"ratio                 {ours / bare:.2f}")


if __name__ == "__main__":
    main()
