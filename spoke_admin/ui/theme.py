"""The look: Fusion, a light and a dark palette of our own, a small style sheet with palette roles, one accent colour.

The palette is always set: a colour scheme alone changes nothing on a Linux without a desktop theme.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from spoke_admin.adapters.resources import resource

Scheme = Literal["light", "dark", "system"]
Role = QPalette.ColorRole


@dataclass(frozen=True)
class Colours:
    """Every colour of one scheme. Text on `window`, `base`, `raised` and `side` has a contrast of 4.5:1 or more."""

    window: str  # the page
    side: str  # the side bar
    base: str  # fields and tables
    raised: str  # buttons, every second row
    line: str  # borders
    text: str
    dim: str  # explanations
    accent: str  # the primary button, the current row, the focus ring
    on_accent: str
    link: str
    done: str
    warning: str
    error: str
    warning_ground: str
    error_ground: str
    done_ground: str
    live: str  # ground of the sign LIVE; its text is on_live
    on_live: str


LIGHT = Colours(
    window="#ffffff", side="#f2f3f7", base="#ffffff", raised="#f5f6f8", line="#c3c7d0", text="#1b1d22", dim="#5a606c",
    accent="#1f5eff", on_accent="#ffffff", link="#1a4fd6", done="#1d6f3f", warning="#8a5100", error="#b3261e",
    warning_ground="#fff6e5", error_ground="#fdeeed", done_ground="#edf7f0", live="#b3261e", on_live="#ffffff",
)  # fmt: skip
DARK = Colours(
    window="#202124", side="#1a1b1e", base="#1c1d20", raised="#2b2d33", line="#4a4d55", text="#e9eaee", dim="#a9adb8",
    accent="#2d6ae0", on_accent="#ffffff", link="#8ab0ff", done="#5fd08a", warning="#f2b968", error="#ff8f86",
    warning_ground="#33291a", error_ground="#3a2322", done_ground="#1d2e24", live="#ff8f86", on_live="#2a0d0a",
)  # fmt: skip


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (#rrggbb), 1 to 21, as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def palette(colours: Colours) -> QPalette:
    """The palette of these colours; nothing is left to the platform."""
    made = QPalette()
    roles = {
        Role.Window: colours.window, Role.WindowText: colours.text, Role.Base: colours.base,
        Role.AlternateBase: colours.raised, Role.Text: colours.text, Role.Button: colours.raised,
        Role.ButtonText: colours.text, Role.BrightText: colours.error, Role.Highlight: colours.accent,
        Role.HighlightedText: colours.on_accent, Role.Link: colours.link, Role.LinkVisited: colours.link,
        Role.ToolTipBase: colours.raised, Role.ToolTipText: colours.text, Role.PlaceholderText: colours.dim,
        Role.Light: colours.raised, Role.Midlight: colours.side, Role.Mid: colours.line, Role.Dark: colours.line,
        Role.Shadow: colours.line, Role.Accent: colours.accent,
    }  # fmt: skip
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    for role in (Role.WindowText, Role.Text, Role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.dim))
    made.setColor(QPalette.ColorGroup.Disabled, Role.Highlight, QColor(colours.line))
    return made


class _Follower(QObject):
    """Keeps the palette with the system's scheme while nobody chose one."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.setObjectName("theme")
        self.scheme: Scheme = "system"
        self.colours = LIGHT
        app.styleHints().colorSchemeChanged.connect(self.renew)

    def renew(self) -> None:
        """Sets palette and style sheet for the scheme that holds now."""
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        dark = self.scheme == "dark" or (
            self.scheme == "system" and app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        )
        self.colours = DARK if dark else LIGHT
        app.setPalette(palette(self.colours))
        app.setStyleSheet(style_sheet(self.colours))


def apply(app: QApplication, scheme: Scheme = "system") -> None:
    """Gives the application its look; "system" follows the desktop, now and when it changes."""
    follower = _follower(app)
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    follower.scheme = scheme
    follower.renew()


def _follower(app: QApplication) -> _Follower:
    found = app.findChild(_Follower, "theme")
    return found if isinstance(found, _Follower) else _Follower(app)


def colours() -> Colours:
    """The colours of the scheme that holds now."""
    app = QApplication.instance()
    return _follower(app).colours if isinstance(app, QApplication) else LIGHT


def set_role(widget: QWidget, role: str) -> None:
    """Gives a widget another role of the style sheet: primary, link, done, warning, error, dim, card."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def icon(name: str, colour: str = "") -> QIcon:
    """An icon of resources/icons in a colour (#rrggbb; the text's without one), sharp at 100, 200 and 300 %."""
    made = QIcon()
    for size in (16, 32, 48, 64):
        drawn = _drawn(name, colour or colours().text, size)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # without its own, Qt tints the selected one
            made.addPixmap(drawn, mode)
    return made


def pixmap(name: str, size: int, colour: str = "") -> QPixmap:
    """An icon as a picture of `size` device-independent pixels."""
    ratio = QGuiApplication.primaryScreen().devicePixelRatio()
    drawn = QPixmap(_drawn(name, colour or colours().text, round(size * ratio)))
    drawn.setDevicePixelRatio(ratio)
    return drawn


def drawing(name: str) -> bytes:
    """An SVG of resources/drawings in the colours of the scheme that holds now."""
    text = resource("drawings", f"{name}.svg").read_text("utf-8")
    now = colours()
    for word in ("window", "base", "raised", "line", "dim", "text", "on_accent", "accent", "side"):
        text = text.replace(f"${word}$", getattr(now, word))
    return text.encode()


@lru_cache(maxsize=256)
def _drawn(name: str, colour: str, size: int) -> QPixmap:
    from PySide6.QtSvg import QSvgRenderer

    text = resource("icons", f"{name}.svg").read_text("utf-8").replace("currentColor", colour)
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture


def style_sheet(now: Colours) -> str:
    """What the palette cannot say: roundness, room, focus rings, the colours of states."""
    icons = Path(str(resource("icons", "check_box.svg"))).parent.as_posix()
    states = "".join(
        f'QLabel[role="{role}"] {{ color: {colour}; font-weight: 600; }}\n'
        f'QLabel[role="{role}_note"] {{ color: {colour}; }}\n'
        f'QFrame[role="{role}_box"] {{ border: 1px solid {colour}; background: {ground}; border-radius: 8px; }}\n'
        for role, colour, ground in (
            ("error", now.error, now.error_ground),
            ("warning", now.warning, now.warning_ground),
            ("done", now.done, now.done_ground),
            ("note", now.done, now.done_ground),
        )
    )
    return (
        SHEET.replace("ICONS", icons).replace("SIDE", now.side).replace("DIM", now.dim)
        + states
        + (
            f'QLabel#mode_label[mode="live"] {{ background: {now.live}; color: {now.on_live}; }}\n'
            f'QLabel#mode_label[mode="sandbox"] {{ background: {now.done_ground}; color: {now.done}; }}\n'
        )
    )


SHEET = """
QWidget { font-size: 10pt; }
QLabel { background: transparent; border: none; }
QLabel[role="title"] { font-size: 19pt; font-weight: 600; }
QLabel[role="heading"] { font-size: 12pt; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="dim"] { color: DIM; }
QLabel#mode_label { border-radius: 6px; padding: 4px 10px; font-weight: 700; }
QFrame#side_bar { background: SIDE; border: none; border-right: 1px solid palette(mid); }
QFrame[role="card"] { border: 1px solid palette(mid); border-radius: 8px; background: transparent; }
QScrollArea, QScrollArea > QWidget > QWidget#page_content { background: palette(window); border: none; }

QPushButton { background: palette(button); color: palette(button-text); border: 1px solid palette(mid);
  border-radius: 6px; padding: 6px 15px; min-height: 18px; }
QPushButton:hover { border-color: palette(highlight); }
QPushButton:pressed { background: palette(mid); }
QPushButton:disabled { color: DIM; background: transparent; }
QPushButton:focus { border: 2px solid palette(highlight); padding: 5px 14px; }
QPushButton[role="primary"] { background: palette(highlight); color: palette(highlighted-text);
  border-color: palette(highlight); font-weight: 600; }
QPushButton[role="primary"]:disabled { background: transparent; color: DIM; border-color: palette(mid); }
QPushButton[role="primary"]:focus { border: 2px solid palette(text); }
QPushButton[role="danger"] { color: palette(bright-text); border-color: palette(bright-text); font-weight: 600; }
QPushButton[role="danger"]:focus { border: 2px solid palette(bright-text); }
QPushButton[role="link"] { background: transparent; border: 1px solid transparent; color: palette(link);
  padding: 4px 6px; text-align: left; }
QPushButton[role="link"]:focus { border: 2px solid palette(highlight); padding: 3px 5px; }
QPushButton[role="bar"] { background: transparent; border: 1px solid transparent; color: palette(link);
  padding: 1px 4px; min-height: 16px; text-align: left; }
QPushButton[role="bar"]:checked { background: palette(button); border-color: palette(mid); font-weight: 600; }
QPushButton[role="bar"]:focus { border: 2px solid palette(highlight); padding: 0 3px; }
QPushButton[role="nav"] { background: transparent; border: 1px solid transparent; text-align: left; padding: 8px 12px; }
QPushButton[role="nav"]:hover { background: palette(button); }
QPushButton[role="nav"]:checked { background: palette(highlight); color: palette(highlighted-text); font-weight: 600; }
QPushButton[role="nav"]:focus { border: 2px solid palette(highlight); padding: 7px 11px; }
QPushButton[role="nav"]:checked:focus { border: 2px solid palette(text); }

QLineEdit, QPlainTextEdit, QTextEdit, QComboBox { background: palette(base); color: palette(text);
  border: 1px solid palette(mid); border-radius: 6px; padding: 6px 9px;
  selection-background-color: palette(highlight); selection-color: palette(highlighted-text); }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus { border: 2px solid palette(highlight);
  padding: 5px 8px; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox::down-arrow { image: url("ICONS/combo_arrow.svg"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: palette(base); color: palette(text); border: 1px solid palette(mid);
  selection-background-color: palette(highlight); selection-color: palette(highlighted-text); }

QCheckBox, QRadioButton { spacing: 8px; padding: 3px; border: 2px solid transparent; border-radius: 6px; }
QCheckBox:focus, QRadioButton:focus { border-color: palette(highlight); }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid DIM; border-radius: 4px;
  background: palette(base); }
QCheckBox::indicator:checked { background: palette(highlight); border-color: palette(highlight);
  image: url("ICONS/check_box.svg"); }
QCheckBox::indicator:disabled { border-color: palette(mid); }

QListWidget, QListView, QTableView, QTableWidget, QTreeView { background: palette(base); color: palette(text);
  border: 1px solid palette(mid); border-radius: 8px; alternate-background-color: palette(alternate-base);
  selection-background-color: palette(highlight); selection-color: palette(highlighted-text); outline: none; }
QListView:focus, QTableView:focus, QTreeView:focus { border: 2px solid palette(highlight); }
QTableView { gridline-color: transparent; }
QTableView::item { padding: 0 6px; }
QHeaderView::section { background: palette(alternate-base); color: palette(text); border: none;
  border-bottom: 1px solid palette(mid); padding: 7px 9px; font-weight: 600; }
QListWidget#step_list { background: transparent; border: 2px solid transparent; }
QListWidget#step_list::item { border-radius: 6px; padding-left: 6px; }
QListWidget#step_list::item:hover { background: palette(button); }
QListWidget#step_list::item:selected { background: palette(highlight); color: palette(highlighted-text); }
QListWidget#step_list:focus { border: 2px solid palette(highlight); }
QProgressBar { border: 1px solid palette(mid); border-radius: 6px; background: palette(base); text-align: center;
  min-height: 16px; }
QProgressBar::chunk { background: palette(highlight); border-radius: 5px; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: palette(mid); border-radius: 4px; margin: 2px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:disabled { background: transparent; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: none; border: none;
  width: 0; height: 0; }
QToolTip { background: palette(tool-tip-base); color: palette(tool-tip-text); border: 1px solid palette(mid);
  padding: 5px; }
"""
