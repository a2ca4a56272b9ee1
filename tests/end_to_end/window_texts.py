"""Opens the real window on a kept connection, visits every page and prints all that can be read, heard or pointed at.

`python -m tests.end_to_end.window_texts NAME`: ends by itself.
"""

import sys

from PySide6.QtCore import QTimer

from spoke_admin import cli
from spoke_admin.__main__ import main
from spoke_admin.ui import window
from tests.widget_texts import texts

LOOK_MS = 10


class Visited(window.Window):
    """Goes to the next page whenever nothing is under way."""

    def __init__(self, geometry: str = "") -> None:
        super().__init__(geometry)
        cli._log_level(2)  # as -vv of a command
        self._left = [*window.PAGES, ""]
        self._look = QTimer(self)
        self._look.timeout.connect(self._next)
        self.painted.connect(lambda: self._look.start(LOOK_MS))

    def _next(self) -> None:
        if not self.tasks.quiet or self.connection is None:
            return
        print("\n".join(texts(self)))
        name = self._left.pop(0)
        if name:
            self.show_page(name)
        else:
            self._look.stop()
            self.close()


if __name__ == "__main__":
    window.Window = Visited  # type: ignore[misc]  # the real one, but for going round by itself
    sys.exit(main(["--connection", *sys.argv[1:]]))
