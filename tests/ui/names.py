"""The contract of names: every control has an object name of its own and a name that a screen reader reads."""

import re

from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QWidget,
)

CONTROLS = (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QPlainTextEdit, QProgressBar, QLabel)


def faults_of_names(page: QWidget) -> list[str]:
    """What is wrong with the names of the visible controls of a page; [] when all is well."""
    faults, seen = [], set()
    for kind in CONTROLS:
        for it in page.findChildren(kind):
            if not it.isVisibleTo(page) or it.objectName().startswith("qt_") or _inside_another(it):
                continue
            name = it.objectName()
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                faults.append(f"{it!r}: object name {name!r}")
            if name in seen:
                faults.append(f"{name}: twice on the page")
            seen.add(name)
            if not isinstance(it, QLabel) and not _read(it, page):
                faults.append(f"{name}: nothing to read")
            if isinstance(it, QLabel) and it.text() and it.accessibleName():
                faults.append(f"{name}: a label that shows a value has an accessible name")
    return faults


def _inside_another(it: QWidget) -> bool:
    """Parts that Qt makes of a control: a combo box's list, a table's corner."""
    parent = it.parentWidget()
    while parent is not None:
        if isinstance(parent, QComboBox | QAbstractItemView):
            return True
        parent = parent.parentWidget()
    return False


def _read(it: QWidget, page: QWidget) -> bool:
    interface = QAccessible.queryAccessibleInterface(it)
    return bool(interface.text(QAccessible.Text.Name).strip()) or any(
        label.buddy() is it and label.text() for label in page.findChildren(QLabel)
    )
