"""Light and dark: everything that is read can be read, and the palette is always set."""

from collections.abc import Iterator
from dataclasses import fields

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from spoke_admin.adapters.resources import resource
from spoke_admin.ui import theme
from spoke_admin.ui.theme import DARK, LIGHT, Colours, contrast

GROUNDS = ("window", "side", "base", "raised")
TEXTS = ("text", "dim", "link", "done", "warning", "error")
PAIRS = [(text, ground) for text in TEXTS for ground in GROUNDS] + [
    ("on_accent", "accent"),
    ("on_live", "live"),
    ("done", "done_ground"),
    *(
        (text, ground)
        for text in ("text", "dim", "link")
        for ground in ("warning_ground", "error_ground", "done_ground")
    ),
]


@pytest.fixture
def app(qtbot: QtBot) -> Iterator[QApplication]:
    found = QApplication.instance()
    assert isinstance(found, QApplication)
    yield found
    theme.apply(found, "light")


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out(colours: Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_focus_ring_and_the_check_box_stand_out(colours: Colours) -> None:
    assert contrast(colours.accent, colours.window) >= 3
    assert contrast(colours.accent, colours.side) >= 3
    assert contrast(colours.dim, colours.base) >= 3


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@pytest.mark.parametrize(("scheme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_the_palette_is_ours_in_every_text_role(app: QApplication, scheme: theme.Scheme, colours: Colours) -> None:
    theme.apply(app, scheme)
    assert app.style().name().lower() in ("fusion", "") or "fusion" in app.style().objectName().lower()
    assert theme.colours() is colours
    pairs = {
        QPalette.ColorRole.WindowText: QPalette.ColorRole.Window,
        QPalette.ColorRole.Text: QPalette.ColorRole.Base,
        QPalette.ColorRole.ButtonText: QPalette.ColorRole.Button,
        QPalette.ColorRole.HighlightedText: QPalette.ColorRole.Highlight,
        QPalette.ColorRole.ToolTipText: QPalette.ColorRole.ToolTipBase,
        QPalette.ColorRole.PlaceholderText: QPalette.ColorRole.Base,
        QPalette.ColorRole.Link: QPalette.ColorRole.Window,
    }
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive, QPalette.ColorGroup.Disabled):
        for text, ground in pairs.items():
            if group is QPalette.ColorGroup.Disabled and text is QPalette.ColorRole.HighlightedText:
                continue
            one, other = app.palette().color(group, text).name(), app.palette().color(group, ground).name()
            assert contrast(one, other) >= 4.5, (group, text, one, other)


def test_the_style_sheet_leaves_no_word_of_its_own_open() -> None:
    for colours in (LIGHT, DARK):
        sheet = theme.style_sheet(colours)
        assert not any(word in sheet for word in ("DIM", "SIDE", "ICONS"))
    assert {field.name for field in fields(Colours)} >= set(GROUNDS) | set(TEXTS)


def test_every_icon_and_drawing_can_be_drawn(app: QApplication) -> None:
    icons = [it.name for it in resource("icons").iterdir() if it.name.endswith(".svg")]
    assert len(icons) >= 12
    for name in icons:
        picture = theme.pixmap(name.removesuffix(".svg"), 32, "#ff0000").toImage()
        seen = {picture.pixelColor(x, y).alpha() for x in range(32) for y in range(32)}
        assert max(seen) > 128, f"{name} draws nothing"
    for it in resource("drawings").iterdir():
        if it.name.endswith(".svg"):
            assert b"$" not in theme.drawing(it.name.removesuffix(".svg")), f"{it.name}: a colour is left open"
            assert b"<title>Drawing of" in theme.drawing(it.name.removesuffix(".svg"))


def test_every_step_of_the_guides_has_its_drawing() -> None:
    from spoke_admin.guides import GUIDES

    for guide in GUIDES:
        for step in guide.steps:
            assert not step.drawing or resource("drawings", f"{step.drawing}.svg").is_file(), step.drawing
