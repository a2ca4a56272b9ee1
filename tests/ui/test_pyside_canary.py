"""PySide6 6.12.0 loses references to None and True: docs/decisions/0002-pyside.md."""

import os
import subprocess
import sys

CANARY = """
import sys
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

class Sender(QObject):
    told = Signal(object)

application = QApplication([])
heard = 0

def hear(value):
    global heard
    heard += value is None or value is True

sender, widget = Sender(), QWidget()
sender.told.connect(hear)
before = sys.getrefcount(None), sys.getrefcount(True)
for number in range(20_000):
    sender.told.emit(None)
    sender.told.emit(True)
    widget.setObjectName(f"name_{number % 7}")
    widget.setEnabled(True)
    widget.setProperty("tone", None)
lost = [then - now for then, now in zip(before, (sys.getrefcount(None), sys.getrefcount(True)))]
print(heard, max(lost))
"""


def test_signals_and_names_keep_their_references() -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    child = subprocess.run(
        [sys.executable, "-c", CANARY], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert child.returncode == 0, child.stderr
    heard, lost = map(int, child.stdout.split())
    assert heard == 40_000
    assert lost < 1000, f"{lost} references to None or True were lost"
